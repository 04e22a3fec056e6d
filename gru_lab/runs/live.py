"""The run that is going on now: trained in a thread, steered on the way, seen in snapshots.

    live = Live(stage.series, store)
    live.start(config)            # returns at once
    live.missing_weight = 3.0     # from the next batch on
    live.snapshot()               # where it stands, from any thread
    live.stop()

Nothing here draws. Each run's thread writes to that run's own `_Run` and to nothing else, so a run
that was stopped or replaced cannot disturb the next one.
"""

import copy
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import torch

from gru_lab.config import RULES, RunConfig
from gru_lab.gaps import Gapped, validation_gaps
from gru_lab.model import inputs_of
from gru_lab.runs.one_run import readable
from gru_lab.runs.snapshot import Snapshot, Status, no_better
from gru_lab.runs.store import Store
from gru_lab.series import Series
from gru_lab.trainer import SAMPLE_CHANNELS, SAMPLE_WINDOWS, Trainer


@dataclass
class _Run:
    """One run, shared by its thread and the caller's; changed only under the lock of its `Live`."""

    config: RunConfig
    status: Status
    patience: int = 0
    rows: list = field(default_factory=list)
    missing_weight: float = 0.0
    trainer: Trainer | None = None
    network: torch.nn.Module | None = None
    stopped: bool = False
    began: float | None = None
    error: str = ""


class Live:
    """One run at a time on a series; `changed` is an Event, set when there is something new.

    Runs that end by themselves are put into `store`, and a run that is there is shown instead of
    trained; a run whose weight was moved on the way is neither. Errors of the training end in the
    snapshot, not in the caller.
    """

    def __init__(self, series: Series, store: Store, device: str = "auto") -> None:
        self.series, self.store, self.device = series, store, device
        self.changed = threading.Event()
        self._lock = threading.Lock()
        self._run: _Run | None = None
        self._number = 0

    def start(self, config: RunConfig, patience: int = 0, again: bool = False) -> None:
        """Stop what is going on; train `config`, or show it from the store unless `again`.

        `patience` ends the run after so many epochs without a better `val_missing`; 0 leaves it to
        `config.epochs`.
        """
        config = config.on(self.series)
        rows = None if again else self._stored(config, patience)
        run = self._replace(config, Status.STORED if rows else Status.PREPARING, patience, rows)
        if not rows:
            threading.Thread(target=self._train, args=(run,), daemon=True).start()

    def show(self, config: RunConfig, patience: int = 0) -> None:
        """Stop what is going on and show `config` as the store has it; does not train."""
        config = config.on(self.series)
        rows = self._stored(config, patience)
        self._replace(config, Status.STORED if rows else Status.EMPTY, patience, rows)

    def clear(self) -> None:
        """Stop what is going on and show nothing."""
        if self._run:
            self._replace(self._run.config, Status.EMPTY)

    def stop(self) -> None:
        """Stop the run before its next batch; its finished epochs stay."""
        with self._lock:
            if self._run and not self._run.stopped:
                self._run.stopped = True
                if self._run.trainer:
                    self._run.trainer.stop()
                if self._run.status in (Status.PREPARING, Status.TRAINING):
                    self._end(self._run, Status.STOPPED)

    @property
    def missing_weight(self) -> float | None:
        """The weight of hidden entries in the running loss; set, it holds from the next batch."""
        return self._run.missing_weight if self._run else None

    @missing_weight.setter
    def missing_weight(self, weight: float) -> None:
        with self._lock:
            self._run.missing_weight = RULES["missing_weight"].fix("missing_weight", weight)
            if self._run.trainer:
                self._run.trainer.missing_weight = self._run.missing_weight

    def until(self, epochs: int, patience: int = 0) -> None:
        """Set when the running training ends."""
        with self._lock:
            self._run.config, self._run.patience = self._run.config.replace(epochs=epochs), patience
            if self._run.trainer:
                self._run.trainer.config = self._run.config

    def snapshot(self) -> Snapshot | None:
        """Return where the run stands, a Snapshot, or None before there is any."""
        with self._lock:
            run, number = self._run, self._number
            if run is None:
                return None
            seen: dict[str, Any] = {"rows": tuple(run.rows), "error": run.error}
            if run.trainer:
                elapsed = time.monotonic() - run.began
                seen |= {"batch": run.trainer.batch, "batches": run.trainer.batches}
                seen["elapsed"] = elapsed
                seen["schedule"] = tuple(run.trainer.schedule)
            return Snapshot(number, run.config, run.status, **seen)

    @torch.no_grad()
    def repair(self, windows: slice) -> tuple[Gapped, np.ndarray | None]:
        """Return some validation windows, a Gapped, and the network's values for them.

        Both (windows, time, channels); the values are None where there is no network. Of a run from
        the store only the sample kept with it is there: NaN elsewhere.
        """
        with self._lock:
            config, network = self._run.config, self._run.network
        gapped = validation_gaps(self.series, config)
        part = Gapped(gapped.truth[windows], gapped.hidden_mask[windows], gapped.filled[windows])
        if network is None:
            return part, self._sampled(config, gapped, windows)
        filled, hidden_mask = torch.from_numpy(part.filled), torch.from_numpy(part.hidden_mask)
        return part, network(inputs_of(filled, hidden_mask, config.mask_input)).numpy()

    def _sampled(self, config, gapped, windows):
        """Return the stored sample of a run's repair in its place among these windows, or None."""
        sample = (
            self.store.sample(config.key) if windows.start == 0 and self.snapshot().rows else None
        )
        if sample is None:
            return None
        values = np.full(gapped.truth[windows].shape, np.nan)
        channels = gapped.liveliest(SAMPLE_WINDOWS, SAMPLE_CHANNELS)
        count = min(len(values), len(sample))
        values[:count, :, channels] = sample[:count]
        return values

    def _replace(self, config, status, patience=0, rows=()):
        self.stop()
        with self._lock:
            self._run = _Run(config, status, patience, list(rows or ()), config.missing_weight)
            self._number += 1
            self.changed.set()
            return self._run

    def _stored(self, config, patience):
        """Return the stored run's rows, as many as asked for or as `patience` allows, or None."""
        kept = self.store.lengths([config.key]).get(config.key)
        if not kept:
            return None
        curve = self.store.curve(config.replace(epochs=min(config.epochs, kept)))
        end = no_better(curve["val_missing"], patience)
        if end or len(curve) == config.epochs:
            return curve.head(end or len(curve)).to_dict("records")
        return None

    def _train(self, run):
        """The work of a run's thread, from the first look at the data to the store."""
        try:
            trainer = Trainer(run.config, self.series, self.device)
            with self._lock:
                trainer.config = run.config  # its epochs may have been changed meanwhile
                trainer.missing_weight = run.missing_weight
                trainer.stopped = run.stopped
                run.trainer, run.began = trainer, time.monotonic()
                run.status = Status.STOPPED if run.stopped else Status.TRAINING
            self.changed.set()
            ended = self._epochs(run, trainer)
            if not trainer.stopped and not trainer.schedule:
                self.store.put(run.config, pd.DataFrame(run.rows), trainer.device, trainer.sample())
            with self._lock:
                self._end(run, ended)
        # of whatever kind: the caller has long gone on, the snapshot tells
        except Exception as error:
            with self._lock:
                run.error = readable(error)
                self._end(run, Status.FAILED)

    def _epochs(self, run, trainer):
        """Train to the end and return why it ended."""
        for row in trainer:
            # a still one, for `repair` while training goes on
            network = copy.deepcopy(trainer.model).cpu().eval()
            with self._lock:
                run.rows.append(row)
                run.network = network
                trainer.batch = 0  # of the next epoch
            self.changed.set()
            if no_better([row["val_missing"] for row in run.rows], run.patience):
                return Status.NO_BETTER
        return Status.DONE

    def _end(self, run, status):
        if run.status in (Status.PREPARING, Status.TRAINING):
            run.status = status
        self.changed.set()
