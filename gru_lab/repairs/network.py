"""A network that corrects the straight line across holes, trained on entries that are hidden anew
again and again.

A bidirectional GRU sees, for each row and channel, the interpolated value, whether it was observed,
and how far the nearest observed one is. It gives two corrections, learned by squared error and by
Huber's loss, in units of the interpolation's own error in that channel and at that distance; both
are zero at first. Arrays are (rows, channels).
"""

from itertools import islice
from time import perf_counter

import numpy as np
import torch
from torch import nn

from gru_lab.model import RNN, draw
from gru_lab.repairs.holes import hide_alike, wrapped
from gru_lab.repairs.intervals import CLASSES, classes, growth, usual_errors

WINDOW = 48  # steps
HIDDEN_SIZE, DROPOUT = 64, 0.1
BATCH, STEPS = 64, 40  # windows a step, steps an epoch
LEARNING_RATE, WEIGHT_DECAY, LARGEST_GRADIENT = 6e-3, 1e-2, 1.0
STRETCH, CHECKED = (
    20_000,
    5_000,
)  # rows: as many are hidden and interpolated at a time, and scored after each epoch
FAR = np.log1p(10 * WINDOW)  # a distance, as the network sees it
EXTREME = 8.0  # standard deviations; beyond them the network sees no difference
LEARNED = ("mean", "std", "low", "high", "scale", "reach")
LARGEST = 20.0  # of the corrections that it learns, in its units: one burst is not to outweigh all the rest


def windows_at(start, stretch):
    """Return the rows of the windows from `start` (windows,) on, and which of them count: both
    (windows, WINDOW).

    Where a part ends before its window, its last row stands in for what is not there.
    """
    row = start[:, None] + np.arange(WINDOW)
    end = stretch.end[start][:, None]
    return np.minimum(row, end - 1), row < end


def windows_in_use(stretch, batch=4 * BATCH):
    """Yield `windows_at` that overlap by half, a batch at a time; within a batch no row comes
    twice.
    """
    start = np.unique(stretch.begin)
    count = np.maximum(1, np.ceil(2 * (stretch.end[start] - start) / WINDOW - 1)).astype(int)
    number = np.arange(count.sum()) - np.repeat(
        np.cumsum(count) - count, count
    )  # of a window in its part
    start = np.repeat(start, count) + number * (WINDOW // 2)
    for phase in (0, 1):
        chosen = start[number % 2 == phase]
        for first in range(0, len(chosen), batch):
            yield windows_at(chosen[first : first + batch], stretch)


def errors(truth, filled, held, period):
    """Return the mean absolute and the mean squared error on the `held` entries of each channel,
    (2, channels).
    """
    error = np.where(held, np.nan_to_num(wrapped(filled - truth, period)), 0)
    return np.stack([np.abs(error).sum(axis=0), np.square(error).sum(axis=0)]) / np.maximum(
        held.sum(axis=0), 1
    )


class CorrectionNetwork:
    """Corrects channels filled in their `ways` (channels,), with `period` (channels,), 0 where they
    do not wrap.

    Channels whose way is not 'linear' are seen and not corrected. `plain` makes it the tuning log's
    network instead: forward in time only, it sees the value carried forward and gives the value
    itself.
    """

    def __init__(self, ways, period, seed=0, device="cpu", plain=False):
        self.goal, channels = np.array([way == "linear" for way in ways], dtype=bool), len(ways)
        self.ways, self.period = (
            ["previous"] * channels if plain else list(ways),
            np.asarray(period, dtype=float),
        )
        self.seed, self.device, self.plain = seed, torch.device(device), plain
        self.mean, self.std, self.scale = np.zeros(channels), np.ones(channels), np.ones(channels)
        self.low, self.high = np.full(channels, -np.inf), np.full(channels, np.inf)
        self.reach = np.ones(
            CLASSES
        )  # by how much the interpolation's error grows with the distance
        inputs = channels if plain else 3 * channels + int((self.period > 0).sum())
        with torch.device("meta"):
            network = RNN(
                inputs, HIDDEN_SIZE, 2, DROPOUT, output_size=2 * channels, bidirectional=not plain
            )
        self.network = draw(network, torch.Generator().manual_seed(seed)).to(self.device)
        if not plain:
            nn.init.zeros_(self.network.out.weight)
            nn.init.zeros_(self.network.out.bias)
        self.best = None

    def _features(self, filled, distance):
        """Return what the network sees, (..., inputs), of values filled and their distances, (...,
        channels).
        """
        scaled = np.clip(np.nan_to_num((filled - self.mean) / self.std), -EXTREME, EXTREME)
        if self.plain:
            return torch.from_numpy(scaled.astype(np.float32)).to(self.device)
        turning = self.period > 0
        turn = np.nan_to_num(2 * np.pi * filled[..., turning] / self.period[turning])
        scaled[..., turning] = np.sin(turn)
        pieces = [scaled, distance == 0, np.minimum(np.log1p(distance), FAR) / FAR, np.cos(turn)]
        return torch.from_numpy(np.concatenate(pieces, axis=-1, dtype=np.float32)).to(self.device)

    @torch.no_grad()
    def correct(self, stretch, head=None, watch=iter):
        """Return the values by each channel's `head` (channels,), (rows, channels); or by both,
        (rows, 2, channels).

        Each row's values come from two windows, weighted towards their middle, so that there is
        context on both sides. None lies outside what the channel was seen to be, in training or
        here: no count below 0. `watch` is put around the list of batches, for a progress bar.
        """
        self.network.eval()
        torch.set_num_threads(1)
        filled, distance = stretch.fill(self.ways, self.period)
        channels = np.arange(filled.shape[1])
        chosen = (
            np.stack([channels, channels + len(channels)])
            if head is None
            else channels + len(channels) * head
        )
        total = np.zeros((len(stretch), *chosen.shape), dtype=np.float32)
        weights = np.zeros((len(stretch), *[1] * chosen.ndim), dtype=np.float32)
        middle = np.minimum(np.arange(WINDOW) + 1, WINDOW - np.arange(WINDOW)).astype(np.float32)
        for row, inside in watch(list(windows_in_use(stretch))):
            output = self.network(self._features(filled[row], distance[row])).cpu().numpy()
            weight = np.broadcast_to(middle, row.shape)[inside].reshape(-1, *[1] * chosen.ndim)
            total[row[inside]] += output[inside][:, chosen] * weight
            weights[row[inside]] += weight
        total /= weights
        for c in channels:
            total[..., c] *= self._unit(distance[:, c], c).reshape(-1, *[1] * (chosen.ndim - 1))
        filled = np.broadcast_to(self.mean, filled.shape).copy() if self.plain else filled
        refined = np.add(filled, total, out=filled) if head is not None else filled[:, None] + total
        low, high = (
            np.fmin.reduce(stretch.values, initial=np.inf),
            np.fmax.reduce(stretch.values, initial=-np.inf),
        )
        return np.clip(refined, np.fmin(low, self.low), np.fmax(high, self.high), out=refined)

    def train(self, shown, missing, truth, held, minutes=3.0, epochs=None):
        """Train on the Stretch `shown`, and yield a row of figures after each epoch; `best` holds
        the best weights.

        `missing` (rows, channels) gives the pattern to hide by. `held` (other rows, channels) tells
        entries of `truth` that `shown` lacks: by them an epoch is scored. It ends after `epochs`,
        or else after so many `minutes`.
        """
        began, rng, best = perf_counter(), np.random.default_rng((self.seed, 1)), np.inf
        torch.set_num_threads(1)
        self._measure(shown, missing, rng)
        checked = truth.spread(CHECKED)
        score = self._scorer(truth.where(checked), held[checked])
        optimizer = torch.optim.AdamW(
            self.network.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY
        )
        dropping = torch.Generator(self.device).manual_seed(self.seed)
        batches, steps, ended = self._batches(shown, missing, rng), 0, False
        while not ended:
            self.network.train()
            for batch in islice(batches, STEPS):
                elapsed = (perf_counter() - began) / (60 * minutes)
                done = steps / (STEPS * epochs) if epochs else min(1, elapsed)
                optimizer.param_groups[0]["lr"] = LEARNING_RATE * (1 + np.cos(np.pi * done)) / 2
                self._step(batch, optimizer, dropping)
                steps += 1
                if ended := steps == STEPS * epochs if epochs else done == 1:
                    break
            if (now := score()) < best:
                best, self.best = (
                    now,
                    {name: value.clone() for name, value in self.network.state_dict().items()},
                )
            yield {"epoch": -(-steps // STEPS), "seconds": perf_counter() - began, "score": now}

    def _step(self, batch, optimizer, dropping):
        """Take one step on hidden entries: squared error for the first correction, Huber's loss for
        the second.
        """
        inputs, target, hidden_mask = batch
        target = target[hidden_mask]
        by_square, by_huber = (
            one[hidden_mask] for one in self.network(inputs, dropping).chunk(2, dim=-1)
        )
        loss = nn.functional.mse_loss(by_square, target) + 2 * nn.functional.huber_loss(
            by_huber, target
        )
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), LARGEST_GRADIENT)
        optimizer.step()

    def _measure(self, shown, missing, rng):
        """Learn each channel's mean and spread, and the interpolation's own error: the unit of the
        corrections.
        """
        for c, values in enumerate(shown.values.T):
            self.mean[c], self.std[c] = np.nanmean(values), np.nanstd(values) or 1
        self.low, self.high = np.fmin.reduce(shown.values), np.fmax.reduce(shown.values)
        self.low[self.period > 0], self.high[self.period > 0] = -np.inf, np.inf
        some = shown.where(shown.spread(STRETCH))
        hidden_mask = hide_alike(missing, len(some), rng) & ~np.isnan(some.values)
        filled, distance = some.without(hidden_mask).fill(self.ways, self.period)
        row, channel = np.nonzero(hidden_mask & ~np.isnan(filled))
        error = wrapped(filled - some.values, self.period)[row, channel]
        if self.plain:
            self.scale = self.std.copy()
        else:
            usual, self.reach = usual_errors(
                channel, classes(distance[row, channel]), error, len(self.std)
            )
            self.scale = np.maximum(usual, 1e-6 * self.std)

    def _unit(self, distance, channel=slice(None)):
        """Return the unit of a correction at a `distance` (..., channels), or (rows,) of one
        channel.
        """
        return (self.scale[channel] * growth(self.reach, distance)).astype(np.float32)

    def _batches(self, stretch, missing, rng):
        """Yield (inputs, target, hidden_mask) without end; all is hidden anew once each row was
        seen about twice.
        """
        number = np.arange(len(stretch))
        while True:
            first = rng.integers(0, max(1, len(stretch) - STRETCH + 1))
            now = stretch.where((number >= first) & (number < first + STRETCH))
            hidden_mask = hide_alike(missing, len(now), rng) & ~np.isnan(now.values) & self.goal
            filled, distance = now.without(hidden_mask).fill(self.ways, self.period)
            target = wrapped(
                now.values - (self.mean if self.plain else filled), self.period
            ) / self._unit(distance)
            hidden_mask &= ~np.isnan(target)
            target = np.where(hidden_mask, target.clip(-LARGEST, LARGEST), 0).astype(np.float32)
            start = np.flatnonzero(np.arange(len(now)) <= np.maximum(now.end - WINDOW, now.begin))
            start = rng.permutation(start)[: max(1, 2 * len(now) // WINDOW)]
            for chosen in np.array_split(start, max(1, round(len(start) / BATCH))):
                row, _ = windows_at(chosen, now)
                if hidden_mask[row].any():
                    arrays = target[row], hidden_mask[row]
                    yield (
                        self._features(filled[row], distance[row]),
                        *(torch.tensor(a, device=self.device) for a in arrays),
                    )

    def _scorer(self, truth, held):
        """Return a function: the error on `held`, as a share of the interpolation's, averaged over
        channels.

        It is the mean of MAE's and MSE's share, by whichever correction serves a channel better, or
        1 where none does.
        """
        check = truth.without(held)
        filled, _ = check.fill(self.ways, self.period)
        line = errors(truth.values, filled, held, self.period)
        goal = self.goal & (line > 0).all(axis=0)

        def score():
            refined = self.correct(check)
            by_head = [
                errors(truth.values, refined[:, h], held, self.period)[:, goal] / line[:, goal]
                for h in (0, 1)
            ]
            return (
                float(np.minimum(np.mean(by_head, axis=1).min(axis=0), 1).mean())
                if goal.any()
                else 1.0
            )

        return score

    def take_best(self):
        """Go back to the weights that scored best; without a finished epoch to those that correct
        nothing.
        """
        if self.best:
            self.network.load_state_dict(self.best)

    def state_dict(self):
        """Return all that was learned, by name."""
        own = {name: torch.from_numpy(getattr(self, name)) for name in LEARNED}
        return own | {
            f"network.{name}": value.cpu() for name, value in self.network.state_dict().items()
        }

    def load_state_dict(self, tensors):
        """Take up what `tensors` of another CorrectionNetwork of the same settings gave; return
        self.
        """
        for name in LEARNED:
            setattr(self, name, tensors[name].numpy())
        self.network.load_state_dict(
            {name: tensors[f"network.{name}"] for name in self.network.state_dict()}
        )
        return self
