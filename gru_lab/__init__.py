"""GRU Lab: move a slider, watch a GRU learn to repair a broken sensor series, keep every run.

    import gru_lab as lab

The names below are the face of the kit; all else is imported from its room. A room imports only
from the rooms above it:

    config series gaps demo model loss trainer device    one run: validated, trained, told as data
    tables/      files in and out, every other byte kept
    repairs/     fill the holes of your own table
    tuning_log/  a tuning log as data, and what it says alone
    runs/        many runs, each trained once, all kept
    evidence/    what the runs support
    plots/       numbers in, a Figure out
    widgets/     live in a notebook
    records/     one offline HTML file each

Names load when first used, so importing the package is quick.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # for editors and type checkers
    from gru_lab.config import RunConfig as RunConfig
    from gru_lab.evidence.grid import grid as grid
    from gru_lab.evidence.opinion import second_opinion as second_opinion
    from gru_lab.evidence.own_log import write_log as write_log
    from gru_lab.evidence.search import search as search
    from gru_lab.evidence.test_part import test_once as test_once
    from gru_lab.evidence.verdict import verdict as verdict
    from gru_lab.plots.plot import plot as plot
    from gru_lab.records.pool import pool as pool
    from gru_lab.records.record import record as record
    from gru_lab.records.report import report as report
    from gru_lab.repairs.check import check as check
    from gru_lab.repairs.repairer import Repairer as Repairer
    from gru_lab.repairs.repairer import repair as repair
    from gru_lab.runs.store import Store as Store
    from gru_lab.runs.sweep import sweep as sweep
    from gru_lab.trainer import Trainer as Trainer
    from gru_lab.tuning_log.audit import audit as audit
    from gru_lab.tuning_log.question import question as question
    from gru_lab.tuning_log.stages import stage as stage
    from gru_lab.widgets.panel import panel as panel
    from gru_lab.widgets.predict import predict as predict

__version__ = "0.1.0"

_HOMES = {
    "RunConfig": "config",
    "Trainer": "trainer",
    "stage": "tuning_log.stages",
    "question": "tuning_log.question",
    "audit": "tuning_log.audit",
    "Store": "runs.store",
    "sweep": "runs.sweep",
    "verdict": "evidence.verdict",
    "second_opinion": "evidence.opinion",
    "search": "evidence.search",
    "grid": "evidence.grid",
    "write_log": "evidence.own_log",
    "test_once": "evidence.test_part",
    "plot": "plots.plot",
    "predict": "widgets.predict",
    "panel": "widgets.panel",
    "check": "repairs.check",
    "repair": "repairs.repairer",
    "Repairer": "repairs.repairer",
    "report": "records.report",
    "record": "records.record",
    "pool": "records.pool",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        known = ", ".join(__all__)
        raise AttributeError(f"module 'gru_lab' has no attribute {name!r}; it has {known}")
    return getattr(importlib.import_module(f"gru_lab.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
