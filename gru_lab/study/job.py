"""One run of a sweep, wherever it is trained: from its start or its checkpoint to all that is kept of it."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from gru_lab.study.store import origin
from gru_lab.trainer import Trainer


class WorkerDied(RuntimeError):
    """The process that trained a run came to a sudden end, whenever it was tried."""

    def __str__(self):
        return "its process died each time it was tried, the last time alone: most often for lack of memory"


class Unfit(RuntimeError):
    """A worker that joined late and is not as the others; no run can be trusted to it, so the sweep ends."""


class Trained(NamedTuple):
    """A run that has come to its end. Its checkpoint may go once it is kept; None if that is another run's."""

    curve: pd.DataFrame
    sample: np.ndarray
    origin: dict[str, str]
    checkpoint: str | None


def train_one(config, series, device="auto", checkpoint=None, on_rows=None):
    """Train a run to its end and return it as Trained.

    `on_rows(rows)` is called at once with the epochs that the checkpoint holds, then with each new one; what it raises
    ends the run.
    """
    trainer = Trainer(config, series, device, checkpoint)
    if on_rows:
        on_rows(trainer.rows)
    for row in trainer:
        if on_rows:
            on_rows([row])
    kept = str(trainer.checkpoint) if trainer.checkpoint else None
    return Trained(trainer.curve, trainer.sample(), origin(trainer.device), kept)


def forget(checkpoint):
    """Delete a checkpoint, and what a killed process may have left half written beside it."""
    if checkpoint is not None:
        for path in Path(checkpoint).parent.glob(f"{Path(checkpoint).stem}.*"):
            path.unlink(missing_ok=True)
