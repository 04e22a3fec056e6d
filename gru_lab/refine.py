"""A network that corrects the straight line across holes, trained on entries that are hidden anew each time.

A bidirectional GRU sees, per row and channel, the interpolated value, whether it was observed, and how far the nearest
observed one is. It gives a correction in units of the interpolation's own error, channel by channel: zero at first.
"""

import time
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from gru_lab.holes import fill, hide_alike
from gru_lab.model import RNN

WINDOW = 48  # steps
HIDDEN_SIZE, DROPOUT = 64, 0.1
BATCH, STEPS = 64, 40  # windows a step, steps an epoch
LEARNING_RATE = 3e-3
STRETCH, CHECKED, QUICK = 20_000, 40_000, 5_000  # rows: hidden at a time, held back for the scores, for each epoch's
FAR = np.log1p(10 * WINDOW)


def wrapped(difference, period):
    """Return differences (..., channels) the short way round where `period` (channels,) is not 0."""
    turn = np.where(period > 0, period, 1)
    return np.where(period > 0, (difference + turn / 2) % turn - turn / 2, difference)


@dataclass(frozen=True, eq=False)
class Stretch:
    """Rows: `values` (rows, channels) with NaN, `position` in time, where the part of each row begins and ends."""

    values: np.ndarray
    position: np.ndarray
    begin: np.ndarray
    end: np.ndarray

    def __len__(self):
        return len(self.values)

    def rows(self, first, last):
        """Return the rows from `first` to before `last`; a part that is cut begins or ends there."""
        cut = slice(first, last)
        begin, end = np.clip(self.begin[cut], first, last) - first, np.clip(self.end[cut], first, last) - first
        return Stretch(self.values[cut], self.position[cut], begin, end)

    def spread(self, total, pieces=20):
        """Return which of the rows make up about `total`, (rows,): evenly spread pieces, or all of fewer."""
        if len(self) <= total:
            return np.ones(len(self), dtype=bool)
        return np.arange(len(self)) % (len(self) / pieces) < total / pieces

    def channels(self, chosen):
        """Return the same rows of the `chosen` channels, by their numbers."""
        return replace(self, values=self.values[:, chosen])

    def where(self, chosen):
        """Return the rows where `chosen` (rows,); each run of neighbours in one part is a part."""
        row = np.flatnonzero(chosen)
        first = np.flatnonzero(np.r_[True, (np.diff(row) > 1) | (np.diff(self.begin[row]) != 0)])
        lengths = np.diff(np.r_[first, len(row)])
        begin, end = np.repeat(first, lengths), np.repeat(first + lengths, lengths)
        return Stretch(self.values[row], self.position[row], begin, end)

    def without(self, hidden_mask):
        """Return the same rows with the entries of `hidden_mask` (rows, channels) missing."""
        return replace(self, values=np.where(hidden_mask, np.nan, self.values))

    def fill(self, ways, period):
        """Return every channel filled in its own way, and the distances to the nearest observed entry.

        Both are (rows, channels); `ways` and `period` are (channels,).
        """
        filled, distance = np.empty(self.values.shape), np.empty(self.values.shape, dtype=np.float32)
        for c, way in enumerate(ways):
            filled[:, c], distance[:, c] = self.fill_one(c, way, period[c])
        return filled, distance

    def fill_one(self, channel, way="linear", period=0):
        """Return one channel filled, and the distances, both (rows,); from 350 to 10 degrees the line leads over 0."""
        values = self.values[:, channel]
        if period:
            seen = ~np.isnan(values)
            values = values.copy()
            values[seen] = np.unwrap(values[seen], period=period)
        return fill(values, self.position, self.begin, self.end, way)


class Refiner:
    """The correction to the straight line, for channels of known `period` (channels,), 0 where they do not wrap."""

    def __init__(self, ways, period, seed=0, device="cpu", plain=False):
        self.plain, self.device = plain, torch.device(device)
        self.ways, self.period = ["previous"] * len(ways) if plain else list(ways), np.asarray(period, dtype=float)
        self.seed, channels = seed, len(self.period)
        self.mean, self.std, self.scale = np.zeros(channels), np.ones(channels), np.ones(channels)
        self.network = self._build(channels)
        self.best = None

    def _build(self, channels):
        inputs = channels if self.plain else 3 * channels + int((self.period > 0).sum())
        torch.manual_seed(self.seed)
        network = RNN(inputs, HIDDEN_SIZE, 2, DROPOUT, output_size=2 * channels, bidirectional=not self.plain)
        if not self.plain:
            nn.init.zeros_(network.out.weight)
            nn.init.zeros_(network.out.bias)
        return network.to(self.device)

    def _features(self, filled, distance):
        """Return what the network sees, (..., inputs), of what `Stretch.fill` gave."""
        scaled = np.clip(np.nan_to_num((filled - self.mean) / self.std), -8, 8)
        turning = self.period > 0
        if turning.any():
            turn = 2 * np.pi * filled[..., turning] / self.period[turning]
            scaled[..., turning] = np.nan_to_num(np.sin(turn))
        if self.plain:
            return torch.from_numpy(scaled.astype(np.float32)).to(self.device)
        far = np.minimum(np.log1p(distance), FAR) / FAR
        pieces = [scaled, distance == 0, far] + ([np.nan_to_num(np.cos(turn))] if turning.any() else [])
        return torch.from_numpy(np.concatenate(pieces, axis=-1, dtype=np.float32)).to(self.device)

    def _anchor(self, filled):
        return self.mean if self.plain else filled

    @torch.no_grad()
    def refine(self, stretch, head=None):
        """Return the values of each channel's `head` (channels,), (rows, channels); or of both, (rows, 2, channels)."""
        self.network.eval()
        torch.set_num_threads(1)
        filled, distance = stretch.fill(self.ways, self.period)
        channels = np.arange(filled.shape[1])
        chosen = np.stack([channels, channels + len(channels)]) if head is None else channels + len(channels) * head
        total = np.zeros((len(stretch), *chosen.shape), dtype=np.float32)
        weights = np.zeros(len(stretch), dtype=np.float32)
        for row, inside in self._in_use(stretch):
            output = self.network(self._features(filled[row], distance[row])).cpu().numpy()
            weight = np.minimum(np.arange(WINDOW) + 1, WINDOW - np.arange(WINDOW))
            weight = np.broadcast_to(weight, row.shape)[inside].astype(np.float32)
            row = row[inside]
            total[row] += output[inside][:, chosen] * weight.reshape(-1, *[1] * chosen.ndim)
            weights[row] += weight
        total /= weights.reshape(-1, *[1] * chosen.ndim)
        anchor = self._anchor(filled)
        if head is None:
            anchor = anchor[..., None, :]
        return anchor + self.scale * total

    @staticmethod
    def _in_use(stretch, batch=4 * BATCH):
        """Yield (row, inside), each (windows, WINDOW): half-overlapping windows, no row twice in one batch."""
        start = np.unique(stretch.begin)
        length = stretch.end[start] - start
        count = np.maximum(1, np.ceil((length - WINDOW / 2) / (WINDOW / 2))).astype(int)
        number = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        start = np.repeat(start, count) + number * (WINDOW // 2)
        for phase in (0, 1):
            chosen = start[number % 2 == phase]
            for first in range(0, len(chosen), batch):
                yield windows_at(chosen[first : first + batch], stretch)

    def train(self, stretch, held, minutes=3.0, epochs=None):
        """Train, and yield a row after each epoch; the best network so far is kept."""
        began = time.perf_counter()
        rng = np.random.default_rng((self.seed, 1))
        torch.set_num_threads(1)
        shown = stretch.without(held)
        missing = np.isnan(stretch.values)
        quick = stretch.spread(QUICK)
        truth, check = stretch.where(quick), shown.where(quick)
        held = held[quick]
        filled, distance = check.fill(self.ways, self.period)
        self._measure(shown, missing, rng)
        line = self._errors(truth, filled, held)
        optimizer = torch.optim.AdamW(self.network.parameters(), lr=LEARNING_RATE, weight_decay=1e-2)
        dropping = torch.Generator(self.device).manual_seed(self.seed)
        batches, step, done, best = self._batches(shown, missing, rng), 0, 0.0, np.inf
        while done < 1:
            self.network.train()
            losses = []
            for _ in range(STEPS):
                done = step / (epochs * STEPS) if epochs else (time.perf_counter() - began) / (60 * minutes)
                if done >= 1:
                    break
                optimizer.param_groups[0]["lr"] = LEARNING_RATE * (1 + np.cos(np.pi * done)) / 2
                inputs, target, hidden = next(batches)
                difference = self.network(inputs, dropping).unflatten(-1, (2, -1)) - target[..., None, :]
                squared, size = difference[..., 0, :].square(), difference[..., 1, :].abs()
                huber = torch.where(size < 1, size.square(), 2 * size - 1)
                loss = ((squared + huber) * hidden).sum() / hidden.sum()
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
                optimizer.step()
                losses.append(loss.item())
                step += 1
            if not losses:
                break
            score = self.score(truth, check, held, line)
            if score < best:
                best = score
                self.best = {name: value.clone() for name, value in self.network.state_dict().items()}
            done = step / (epochs * STEPS) if epochs else (time.perf_counter() - began) / (60 * minutes)
            yield {"epoch": step / STEPS, "seconds": time.perf_counter() - began, "score": score}

    def take_best(self):
        """Go back to the network that scored best; without any, to the one that corrects nothing."""
        if self.best:
            self.network.load_state_dict(self.best)

    def tensors(self):
        """Return what was learned, by name, for a safetensors file."""
        own = {name: torch.tensor(getattr(self, name)) for name in ("mean", "std", "scale")}
        return own | {f"network.{name}": value.cpu().contiguous() for name, value in self.network.state_dict().items()}

    def take(self, tensors):
        """Take up what `tensors` of another Refiner for the same channels gave; return self."""
        self.mean, self.std, self.scale = (tensors[name].numpy() for name in ("mean", "std", "scale"))
        own = {name: tensors[f"network.{name}"] for name in self.network.state_dict()}
        self.network.load_state_dict(own)
        return self

    def score(self, truth, check, held, line):
        refined = self.refine(check)
        errors = [self._errors(truth, refined[:, h], held) for h in (0, 1)]
        ratio = [np.where(line > 0, e / np.where(line > 0, line, 1), 1) for e in errors]  # (2, channels) each
        self.ratio = ratio
        return float(np.minimum(ratio[0].mean(axis=0), ratio[1].mean(axis=0)).mean())

    def _errors(self, truth, filled, held):
        """Return mean absolute and mean squared error per channel, (2, channels)."""
        error = np.where(held, wrapped(filled - truth.values, self.period), 0)
        error = np.nan_to_num(error)
        count = np.maximum(held.sum(axis=0), 1)
        return np.stack([np.abs(error).sum(axis=0) / count, np.square(error).sum(axis=0) / count])

    def _measure(self, shown, missing, rng):
        """Learn mean, spread and the interpolation's own error per channel."""
        self.mean, self.std = np.nanmean(shown.values, axis=0), np.nanstd(shown.values, axis=0)
        self.std = np.where(self.std > 0, self.std, 1)
        if self.plain:
            self.scale = self.std
            return
        chosen = shown.where(shown.spread(STRETCH))
        hidden = hide_alike(missing, len(chosen), rng) & ~np.isnan(chosen.values)
        filled, _ = chosen.without(hidden).fill(self.ways, self.period)
        mae, mse = self._errors(chosen, filled, hidden)
        self.scale = np.maximum(self.size(mae, mse), 1e-6 * self.std)

    @staticmethod
    def size(mae, mse):
        return np.sqrt(mse)

    def _batches(self, stretch, missing, rng):
        """Yield (inputs, target, hidden) without end: windows anywhere; hide anew once all were seen about twice."""
        while True:
            first = rng.integers(0, max(1, len(stretch) - STRETCH + 1))
            now = stretch.rows(first, first + STRETCH)
            hidden = hide_alike(missing, len(now), rng) & ~np.isnan(now.values)
            filled, distance = now.without(hidden).fill(self.ways, self.period)
            target = wrapped(now.values - self._anchor(filled), self.period) / self.scale
            hidden &= ~np.isnan(target)
            target = np.where(hidden, target, 0).astype(np.float32)
            last = np.maximum(now.end - WINDOW, now.begin)
            start = np.flatnonzero(np.arange(len(now)) <= last)
            count = min(len(start), max(1, 2 * len(now) // WINDOW))
            for chosen in np.array_split(rng.permutation(start)[:count], max(1, round(count / BATCH))):
                row, inside = windows_at(chosen, now)
                if hidden[row].any():
                    tensors = (torch.from_numpy(one).to(self.device) for one in (target[row], hidden[row]))
                    yield self._features(filled[row], distance[row]), *tensors


def windows_at(start, stretch):
    """Return the rows of the windows from `start` (windows,) on and which of them count, each (windows, WINDOW).

    Where a part ends before its window, its last row stands in for what is not there.
    """
    row = start[:, None] + np.arange(WINDOW)
    end = stretch.end[start][:, None]
    return np.minimum(row, end - 1), row < end
