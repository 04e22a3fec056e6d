"""Where a run stands at one moment: what `Live` tells whoever wants to draw it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from gru_lab.config import RunConfig
from gru_lab.runs.store import Pin


class Status(StrEnum):
    """What a run is doing, or how it ended."""

    EMPTY = "empty"  # not trained, and not in the store
    PREPARING = "preparing"
    TRAINING = "training"
    STOPPED = "stopped"
    DONE = "done"
    NO_BETTER = "no better"  # ended by its patience
    STORED = "stored"  # taken from the store, not trained
    FAILED = "failed"


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Where a run stands: its finished epochs, and `batch` of `batches` in the one after them."""

    run: int  # tells one run from the next
    config: RunConfig
    status: Status
    rows: tuple = ()
    batch: int = 0
    batches: int = 0
    schedule: tuple = ()  # where the weight was moved: (epoch, batch, weight)
    elapsed: float = 0.0  # seconds since the first batch
    error: str = ""

    @property
    def running(self) -> bool:
        return self.status in (Status.PREPARING, Status.TRAINING)

    @property
    def share(self) -> float:
        """The share of the run that is done, from 0 to 1."""
        begun = self.batch / self.batches if self.running and self.batches else 0
        return min(1.0, (len(self.rows) + begun) / self.config.epochs)

    @property
    def seconds_left(self) -> float | None:
        """An estimate from the last epochs; None before the first batch and when nothing runs."""
        if not self.running or not self.share:
            return None
        last = [row["seconds"] for row in self.rows[-3:]]
        whole = np.mean(last) * self.config.epochs if last else self.elapsed / self.share
        return float(whole * (1 - self.share))

    def pin(self) -> Pin:
        """Return the finished epochs, at least one, as a Pin: a run that ends here."""
        epochs = len(self.rows)
        schedule = tuple(move for move in self.schedule if move[0] <= epochs)
        return Pin(self.config.replace(epochs=epochs), pd.DataFrame(self.rows), schedule)


def no_better(errors: Iterable[float], patience: int) -> int | None:
    """Return the epoch without improvement for `patience` epochs (0: no end), or None."""
    best, since = math.inf, 0
    for epoch, error in enumerate(errors if patience else (), start=1):
        best, since = (error, 0) if error < best else (best, since + 1)
        if since >= patience:
            return epoch
    return None
