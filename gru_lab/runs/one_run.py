"""One run of a sweep: from its start or its checkpoint to all that is kept of it."""

import datetime
import os
import platform
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from gru_lab.config import RunConfig
from gru_lab.errors import Diverged, WorkerDied
from gru_lab.series import Series
from gru_lab.trainer import Trainer


class Trained(NamedTuple):
    """A run that has ended; its checkpoint, None if it is another run's, may go once it is kept."""

    curve: pd.DataFrame
    sample: np.ndarray
    origin: dict[str, str]
    checkpoint: str | None


def train_one(
    config: RunConfig,
    series: Series,
    device: str = "auto",
    folder: str | Path | None = None,
    on_epochs: Callable | None = None,
) -> Trained:
    """Train a run to its end and return it as Trained; its checkpoint is kept in `folder`.

    `on_epochs(key, [(epoch, val_missing), ...])` is called at once with the epochs that the
    checkpoint holds, then with each new one; what it raises ends the run.
    """
    checkpoint = Path(folder).expanduser() / f"{config.key}.safetensors" if folder else None
    trainer = Trainer(config, series, device, checkpoint)

    def tell(rows):
        if on_epochs:
            on_epochs(config.key, [(row["epoch"], row["val_missing"]) for row in rows])

    tell(trainer.rows)
    for row in trainer:
        tell([row])
    kept = str(trainer.checkpoint) if trainer.checkpoint else None
    return Trained(trainer.curve, trainer.sample(), origin(trainer.device), kept)


def forget(checkpoint: str | Path | None) -> None:
    """Delete a checkpoint, and what a killed process may have left half written beside it."""
    if checkpoint is not None:
        for path in Path(checkpoint).parent.glob(f"{Path(checkpoint).stem}.*"):
            path.unlink(missing_ok=True)


def kind_of_machine() -> str:
    """Return the system and the kind of processor, which decide how figures are rounded."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    processor = names[0] if names else platform.processor() or "unknown processor"
    return f"{platform.system()} {platform.machine()}, {processor.replace(',', ' ')}"


def origin(device: object) -> dict[str, str]:
    """Return what is noted of where and when a run was trained: device, machine, torch, time."""
    return {
        "device": str(device),
        "machine": f"{kind_of_machine()}, {os.cpu_count()} cores",
        "torch": version("torch"),
        "trained": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


def readable(error: Exception) -> str:
    """Return what a person can make of an error of the training."""
    if (
        isinstance(error, MemoryError)
        or "allocate memory" in str(error)
        or "out of memory" in str(error)
    ):
        return (
            "not enough memory for this network: lower hidden_size or num_layers, or give fewer "
            "rows"
        )
    if isinstance(error, Diverged | WorkerDied | ValueError):
        return str(error)
    return f"{type(error).__name__}: {str(error) or 'no reason given'}".splitlines()[0]
