"""Train one run: epochs as rows of data, stopped on request, resumed from a checkpoint.

    trainer = Trainer(config, series)
    for row in trainer: ...        # one dict per epoch; trainer.stop() from any thread ends it

Nothing here draws, prints or keeps a store. The same configuration and seed give the same curve in
any process: each epoch's batches and dropout come from (seed, epoch, batch) and not from what ran
before.
"""

import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from gru_lab.adam import Adam
from gru_lab.checkpoint import Checkpoint, load, save
from gru_lab.config import RunConfig
from gru_lab.device import pick_device
from gru_lab.errors import Diverged
from gru_lab.gaps import prepare
from gru_lab.loss import METRICS, errors, weighted_loss
from gru_lab.model import build, inputs_of
from gru_lab.series import Series

CHECKPOINT_SECONDS = 15  # a killed run loses at most this and the epoch it was in
VALIDATION_BATCH = 500  # windows at a time
SAMPLE_WINDOWS, SAMPLE_CHANNELS = 6, 3  # of the repair that is kept with a run


def _generator(device, *seed):
    """Return a random generator of our own: torch's is shared by all threads, and left alone."""
    return torch.Generator(device).manual_seed(
        int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0])
    )


class Trainer:
    """One run of `config` on `series`; iterate over it to train.

    `missing_weight` may be changed while it runs and holds from the next batch on; `schedule` then
    says when that was, as (epoch, batch, weight), and given to another Trainer it repeats the run.
    `checkpoint` is a path: written at most every 15 seconds, taken up again if it is there and of
    this run, and left to whoever keeps the run. Raises Diverged when the loss is not finite,
    ValueError for an unusable series or device.

    >>> import gru_lab as lab
    >>> stage = lab.stage("dropout", "tiny")
    >>> trainer = lab.Trainer(stage.config("dropout=0"), stage.series)
    >>> [row["epoch"] for row in trainer]
    [1, 2]
    """

    def __init__(
        self,
        config: RunConfig,
        series: Series,
        device: str = "auto",
        checkpoint: str | Path | None = None,
        schedule: Iterable[tuple[int, int, float]] = (),
    ):
        self.config = config.on(series)
        self.device = pick_device(device)
        self.missing_weight = self._weight = config.missing_weight
        self.schedule: list[tuple[int, int, float]] = []
        self._planned = {(epoch, batch): weight for epoch, batch, weight in schedule}
        self.rows, self.batch, self.stopped = [], 0, False
        self.training, self.validation, self.scaler = prepare(series, config)
        self._train, self._val = self._tensors(self.training), self._tensors(self.validation)
        windows = len(self._train[0])
        # even batches: a last one of a few windows might hide nothing and have no M
        self.batches = max(1, round(windows / config.batch_size))
        self._require_hidden()
        self.model = build(
            config, self.training.truth.shape[-1], _generator("cpu", config.seed)
        ).to(self.device)
        self.optimizer = Adam(self.model.parameters(), config.learning_rate)
        self.checkpoint = Path(checkpoint) if checkpoint else None
        self._saved = time.monotonic()
        self._keep_weights()
        self._resume()

    def _tensors(self, gapped):
        arrays = (gapped.filled, gapped.hidden_mask, gapped.truth)
        filled, hidden_mask, truth = (torch.from_numpy(array).to(self.device) for array in arrays)
        return inputs_of(filled, hidden_mask, self.config.mask_input), hidden_mask, truth

    @property
    def curve(self) -> pd.DataFrame:
        """The epochs so far as a DataFrame, one row each."""
        return pd.DataFrame(self.rows)

    def stop(self) -> None:
        """Ask the run to end before its next batch; the epoch it is in is not counted."""
        self.stopped = True

    def __iter__(self):
        # small networks gain nothing from more, and one thread sums in one order
        torch.set_num_threads(1)
        while len(self.rows) < self.config.epochs and not self.stopped:
            row = self._epoch(len(self.rows) + 1)
            if row is None:
                return
            self.rows.append(row)
            self._keep_weights()
            self._save()
            yield row

    def _epoch(self, epoch):
        """Train and validate one epoch and return its row, or None if asked to stop on the way."""
        began = time.perf_counter()
        figures = []
        for batch, windows in enumerate(self._batches_of(epoch), start=1):
            if self.stopped:
                return None
            self.batch = batch
            self._weigh(epoch)
            figures.append(self._step(epoch, torch.from_numpy(windows).to(self.device)))
        plain = self._validate()
        drops = self.config.dropout > 0 and self.config.num_layers > 1
        dropping = self._validate(dropout=epoch) if drops else plain
        values = [*np.mean(figures, axis=0).tolist(), *figures[-1], *plain, *dropping]
        self._require_finite(values, epoch)
        row = {"epoch": epoch} | dict(zip(METRICS, values, strict=True))
        return row | {"seconds": time.perf_counter() - began}

    def _batches_of(self, epoch):
        """Return the numbers of the windows of each batch of an epoch."""
        order = np.random.default_rng((self.config.seed, epoch)).permutation(len(self._train[0]))
        return np.array_split(order, self.batches)

    def _require_hidden(self):
        """Raise ValueError if a batch would come to hide nothing: it would have no M."""
        hides = self.training.hidden_mask.any(axis=(1, 2))  # (windows,)
        if (~hides).sum() < len(hides) // self.batches:  # not even the smallest batch can
            return
        for epoch in range(1, self.config.epochs + 1):
            for number, windows in enumerate(self._batches_of(epoch), start=1):
                if not hides[windows].any():
                    raise ValueError(
                        f"batch_size must be large enough for each batch to hide an entry; with "
                        f"{self.config.batch_size} batch {number} of epoch {epoch} hides none. "
                        "Raise batch_size or missing_rate"
                    )

    def _weigh(self, epoch):
        """Take up the weight planned for this batch or set since the last, and note when."""
        if (epoch, self.batch) in self._planned:
            self.missing_weight = self._planned[epoch, self.batch]
        weight = self.missing_weight  # read once: another thread may set it at any time
        if weight != self._weight:
            self._weight = weight
            self.schedule.append((epoch, self.batch, weight))

    def _step(self, epoch, windows):
        """Take one step of Adam on a batch and return its (A, M)."""
        # (batch, time, ...)
        inputs, hidden_mask, truth = (tensor[windows] for tensor in self._train)
        self.model.train()
        output = self.model(inputs, _generator(self.device, self.config.seed, epoch, self.batch))
        all_error, missing_error = errors(output, truth, hidden_mask)
        figures = torch.stack([all_error, missing_error]).tolist()
        self._require_finite(figures, epoch)
        weighted_loss(all_error, missing_error, self._weight).backward()
        self.optimizer.step()
        return figures

    @torch.no_grad()
    def _validate(self, dropout=None):
        """Return (A, M) over all validation windows; with dropout active where `dropout` gives the
        epoch.
        """
        self.model.train(dropout is not None)
        totals = torch.zeros(2, dtype=torch.float64)
        inputs, hidden_mask, truth = self._val
        generator = _generator(self.device, self.config.seed, dropout or 0, 0)
        for begin in range(0, len(truth), VALIDATION_BATCH):
            part = slice(begin, begin + VALIDATION_BATCH)
            squared = torch.square(self.model(inputs[part], generator) - truth[part])
            totals += torch.stack([squared.sum(), squared[hidden_mask[part]].sum()]).double().cpu()
        return (totals / torch.tensor([truth.numel(), int(hidden_mask.sum())])).tolist()

    @torch.no_grad()
    def repair(self, windows: slice = slice(None)) -> np.ndarray:
        """Return the network's values for validation windows, scaled, (windows, time, channels)."""
        self.model.eval()
        return self.model(self._val[0][windows]).cpu().numpy()

    def sample(self) -> np.ndarray:
        """Return the network's values for a few validation windows and their liveliest channels.

        The shape is (SAMPLE_WINDOWS, time, SAMPLE_CHANNELS), or smaller where there are fewer.
        """
        channels = self.validation.liveliest(SAMPLE_WINDOWS, SAMPLE_CHANNELS)
        return self.repair(slice(SAMPLE_WINDOWS))[..., channels]

    def _require_finite(self, figures, epoch):
        if not np.isfinite(figures).all():
            self.model.load_state_dict(self._good)
            raise Diverged(
                f"the loss is no longer finite in epoch {epoch}, batch {self.batch} of "
                f"{self.batches}, with learning_rate {self.config.learning_rate:g}: lower "
                "learning_rate, or look for extreme values in the data. The network holds its "
                f"weights after epoch {epoch - 1}."
            )

    def _keep_weights(self):
        self._good = {name: value.clone() for name, value in self.model.state_dict().items()}

    def _save(self):
        """Write the checkpoint if it is time; no key names a run whose weight was moved."""
        due = time.monotonic() - self._saved >= CHECKPOINT_SECONDS
        if self.checkpoint and due and not self.schedule:
            weights, state = self.model.state_dict(), self.optimizer.state
            now = Checkpoint(self.config.key, self.rows, weights, state)
            save(self.checkpoint, now)
            self._saved = time.monotonic()

    def _resume(self):
        """Take up the checkpoint if it is there, of this run, and whole; otherwise start anew.

        The checkpoint of a longer run that got beyond this one's end is left to that run.
        """
        if not self.checkpoint or not self.checkpoint.exists():
            return
        try:
            kept = load(self.checkpoint)
            if kept.key != self.config.key:
                return
            if len(kept.rows) > self.config.epochs:
                self.checkpoint = None
                return
            self.model.load_state_dict(kept.weights)
            self.optimizer.load(kept.state)
            self.rows = kept.rows
        except Exception:  # a damaged checkpoint costs the time of training again, nothing more
            self.model.load_state_dict(self._good)
        self._keep_weights()


def batches(series: Series, config: RunConfig) -> int:
    """Return the batches in an epoch of a run, as the trainer makes them."""
    train, _, _ = series.split()
    windows = train.head(round(len(train) * config.train_share)).windows(config.window)
    return max(1, round(len(windows) / config.batch_size))
