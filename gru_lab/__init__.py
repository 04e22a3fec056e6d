"""GRU Lab: move a slider, watch a GRU learn to repair a broken sensor series, keep every run as a record.

    import gru_lab as lab

Names load when first used, so importing the package is quick and needs neither plots nor widgets.
"""

import importlib

__version__ = "0.1.0"

_HOMES = {
    "RunConfig": "config",
    "demo_series": "demo",
    "read_table": "table",
    "RNN": "model",
    "Trainer": "trainer",
    "prepare": "trainer",
    "linear_interpolation": "gaps",
    "read_log": "study.log",
    "stage": "study.stages",
    "Store": "study.store",
    "sweep": "study.sweep",
    "runs": "study.runs",
    "watch": "show.watch",
    "verdict": "study.verdict",
    "audit": "study.audit",
    "check": "mend.check",
    "repair": "mend.repairer",
    "Repairer": "mend.repairer",
    "report": "show.report",
    "second_opinion": "study.opinion",
    "search": "study.search",
    "test_once": "study.final",
    "plot_gaps": "show.figures",
    "plot_repair": "show.figures",
    "plot_losses": "show.figures",
    "plot_stage": "show.stage_figures",
    "plot_curves": "show.stage_figures",
    "plot_opinion": "show.overview",
    "plot_search": "show.search_figure",
    "predict": "show.predict",
    "panel": "show.panel",
    "explorer": "show.explorer",
    "record": "show.record",
}
__all__ = list(_HOMES)


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module 'gru_lab' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(importlib.import_module(f"gru_lab.{_HOMES[name]}"), name)


def __dir__():
    return __all__
