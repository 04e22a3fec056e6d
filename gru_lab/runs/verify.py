"""Train the first epochs of someone else's runs again, and compare them figure by figure.

for answer in verify(shipped_runs(3)):
    print(answer)
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from gru_lab.config import COUNT, RunConfig
from gru_lab.demo import demo_series
from gru_lab.loss import METRICS
from gru_lab.runs import shipped
from gru_lab.runs.exchange import rounded, sound_runs
from gru_lab.runs.one_run import kind_of_machine
from gru_lab.runs.store import config_of
from gru_lab.series import Series
from gru_lab.tables.read import read_table
from gru_lab.trainer import Trainer

TOLERANCE = 1e-3  # relative, where torch or the kind of processor is another


@dataclass(frozen=True)
class Answer:
    """What came of one run: `table` has a row per epoch and figure, theirs beside ours."""

    config: RunConfig
    table: pd.DataFrame
    exact: bool  # agreement was asked for to the last digit kept

    @property
    def agrees(self) -> bool:
        """True if every figure is the same, or within TOLERANCE where `exact` is False."""
        return bool((self.table["difference"] <= (0 if self.exact else TOLERANCE)).all())

    def __str__(self):
        asked = "to the last digit" if self.exact else f"to {TOLERANCE:.1%}"
        word = "agrees" if self.agrees else "DIFFERS"
        worst = self.table["difference"].max()
        lines = [f"{self.config.key}, seed {self.config.seed}: {word} {asked}, worst {worst:.2g}"]
        return "\n".join([*lines, self.table.to_string(index=False)])


def shipped_runs(count: int = 3) -> list[tuple]:
    """Return the `count` cheapest shipped runs as (config, curve, origin)."""
    table = shipped.runs()
    cost = table["seconds"] / table["epochs"]
    rows = table.iloc[cost.argsort(kind="stable")[: COUNT.fix("count", count)]]
    runs = [(config_of(row), row) for row in rows.to_dict("records")]
    return [(config, shipped.curve(config), row) for config, row in runs]


def record_runs(path: str | Path, count: int = 3) -> list[tuple]:
    """Return up to `count` runs inside a record as (config, curve, origin), the cheapest first.

    Raises ValueError for a file that is no record, or has no runs.
    """
    runs = [(config, curve, origin) for config, curve, _, origin in sound_runs(path)[1]]
    if not runs:
        raise ValueError(f"record {str(path)!r} must hold runs to verify, and it holds none")
    cheap = sorted(runs, key=lambda run: run[1]["seconds"].mean())
    return cheap[: COUNT.fix("count", count)]


def series_of(config: RunConfig, data: object = None, split_by: str | None = None) -> Series:
    """Return the series of a run: the built-in one by its name, else the file `data`.

    Raises ValueError where it is another one, by its digest.
    """
    kind, _, numbers = config.data.partition("-")
    if data is None and kind == "demo" and numbers.replace("-", "").isdigit():
        rows, seed = map(int, numbers.split("-"))
        series = demo_series(rows, seed)
    elif data is None:
        raise ValueError(
            f"data must be given: the run was trained on {config.data!r}; name that file by --data"
        )
    else:
        series = read_table(data, split_by)
    if series.digest != config.data_digest:
        raise ValueError(
            f"data must be the series that the run was trained on, with digest "
            f"{config.data_digest}, and {series.name} has {series.digest}"
        )
    return series


def verify(
    runs: Iterable[tuple], epochs: int = 1, data: object = None, split_by: str | None = None
) -> Iterator[Answer]:
    """Train the first `epochs` of each run again on this machine's CPU; yield an Answer for each.

    Figures are asked to be the same to the last digit kept where torch and the kind of processor
    are those of the run, and else within TOLERANCE. Raises ValueError as `series_of` does.
    """
    epochs, known = COUNT.fix("epochs", epochs), {}
    for config, curve, origin in runs:
        if config.data_digest not in known:
            known = {config.data_digest: series_of(config, data, split_by)}
        short = config.replace(epochs=min(epochs, config.epochs))
        trainer = Trainer(short, known[config.data_digest], "cpu")
        ours = pd.DataFrame(list(trainer))
        yield Answer(config, _compared(curve.head(short.epochs), ours), _is_alike(origin))


def _is_alike(origin: Mapping) -> bool:
    here = f"{kind_of_machine()}, "
    same_torch = origin["torch"].partition("+")[0] == version("torch").partition("+")[0]
    return same_torch and origin["machine"].startswith(here) and origin["device"] == "cpu"


def _compared(theirs, ours):
    kept, here = (
        curve.set_index("epoch")[[*METRICS]].stack().map(rounded) for curve in (theirs, ours)
    )
    table = pd.DataFrame({"kept": kept, "trained here": here})
    table["difference"] = (here - kept).abs() / np.maximum(kept.abs(), 1e-300)
    return table.rename_axis(["epoch", "figure"]).reset_index()
