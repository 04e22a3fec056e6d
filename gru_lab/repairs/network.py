"""A network that corrects what the rivals put into holes, trained on entries that are hidden anew
again and again.

A bidirectional GRU sees, for each row and channel, the filled value, whether it was observed, and
how far the nearest observed ones are; and the time of day and week. It gives two corrections,
learned by squared error and by Huber's loss, in units of what the filling may be off by there; both
are zero at first. Arrays are (rows, channels), in units of each
channel's spread.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from time import perf_counter
from typing import Any

import numpy as np
import torch
from torch import nn

from gru_lab.adam import Adam
from gru_lab.model import RNN, draw
from gru_lab.repairs.holes import Stretch, wrapped
from gru_lab.repairs.rivals import CYCLES

WINDOW = 48  # steps
HIDDEN_SIZE, DROPOUT = 64, 0.1
BATCH, STEPS = 32, 40  # windows a step, steps an epoch
LEARNING_RATE, WEIGHT_DECAY, LARGEST_GRADIENT = 6e-3, 1e-2, 1.0
# rows: as many are hidden and filled at a time, each then seen so often; and scored after an epoch
STRETCH, SEEN, CHECKED = 10_000, 4, 5_000
FAR = np.log1p(10 * WINDOW)  # a distance, as the network sees it
EXTREME = 8.0  # standard deviations; beyond them the network sees no difference
LARGEST = 20.0  # of the corrections learned, in its units: one burst must not outweigh the rest
PATIENCE, GAIN, LAST = 0.3, 0.003, 0.15  # shares of the time so far, and of the error


def windows_at(start: np.ndarray, stretch: Stretch) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of the windows from `start` (windows,) on, and which of them count: both
    (windows, WINDOW).

    Where a part ends before its window, its last row stands in for what is not there.
    """
    row = start[:, None] + np.arange(WINDOW)
    end = stretch.end[start][:, None]
    return np.minimum(row, end - 1), row < end


def windows_in_use(stretch: Stretch) -> Iterator:
    """Yield `windows_at` that overlap by half, in batches; in one batch no row comes twice."""
    start = np.unique(stretch.begin)
    count = np.maximum(1, np.ceil(2 * (stretch.end[start] - start) / WINDOW - 1)).astype(int)
    number = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)  # in its part
    start = np.repeat(start, count) + number * (WINDOW // 2)
    for phase in (0, 1):
        chosen = start[number % 2 == phase]
        for first in range(0, len(chosen), 8 * BATCH):
            yield windows_at(chosen[first : first + 8 * BATCH], stretch)


def errors(truth: Any, filled: Any, held: np.ndarray, period: Any) -> np.ndarray:
    """Return MAE and MSE on the `held` entries of each channel, (2, channels)."""
    error = np.where(held, np.nan_to_num(wrapped(filled - truth, period)), 0)
    sums = np.stack([np.abs(error).sum(axis=0), np.square(error).sum(axis=0)])
    return sums / np.maximum(held.sum(axis=0), 1)


def gains_little(scores: Any, times: Any) -> bool:
    """Tell whether the last part of the time so far lowered the score by next to nothing."""
    known = zip(scores, times, strict=True)
    before = min(score for score, time in known if time < (1 - PATIENCE) * times[-1])
    return min(scores) > before * (1 - GAIN)


class CorrectionNetwork:
    """Corrects what `rivals` fill; channels that these fill by the nearest value are seen only."""

    def __init__(self, rivals, seed=0, device="cpu"):
        self.rivals, self.period = rivals, rivals.turn
        self.goal, channels = np.array([way == "linear" for way in rivals.ways]), len(rivals.ways)
        self.seed, self.device = seed, torch.device(device)
        inputs = 3 * channels + int((self.period > 0).sum()) + 4
        with torch.device("meta"):
            shape = {"output_size": 2 * channels, "bidirectional": True}
            network = RNN(inputs, HIDDEN_SIZE, 2, DROPOUT, **shape)
        self.network = draw(network, torch.Generator().manual_seed(seed)).to(self.device)
        nn.init.zeros_(self.network.out.weight)
        nn.init.zeros_(self.network.out.bias)
        self.best = None

    def _seen(self, scene):
        """Return filled values and distances, (rows, channels), and the clock, (rows, 4)."""
        turns = [2 * np.pi * scene.stretch.clock(cycle) for cycle in CYCLES[:2]]
        clock = np.stack([f(turn) for turn in turns for f in (np.sin, np.cos)], axis=1)
        clock = np.where(scene.stretch.step > 0, clock, 0).astype(np.float32)
        distance = np.where(scene.observed.T, 0, np.inf).astype(np.float32)
        for c in range(distance.shape[1]):
            gaps = scene.stretch.gaps(c)
            distance[gaps.row, c] = gaps.reach
        return np.ascontiguousarray(scene.filled.T), distance, clock

    def _features(self, filled, distance, clock):
        """Return what the network sees, (..., inputs), of values, their distances and the clock."""
        scaled = np.clip(filled, -EXTREME, EXTREME)
        turning = self.period > 0
        turn = 2 * np.pi * filled[..., turning] / self.period[turning]
        scaled[..., turning] = np.sin(turn)
        far = np.minimum(np.log1p(distance), FAR) / FAR
        pieces = [scaled, distance == 0, far, np.cos(turn), clock]
        return torch.from_numpy(np.concatenate(pieces, axis=-1, dtype=np.float32)).to(self.device)

    @torch.no_grad()
    def correct(self, scene: Any, watch: Callable = iter) -> np.ndarray:
        """Return the corrections by both of its heads, (rows, 2, channels).

        Each row's come from two windows, weighted towards their middle, so that there is context
        on both sides. `watch` is put around the list of batches, for a progress bar.
        """
        self.network.eval()
        torch.set_num_threads(1)
        seen, stretch, channels = self._seen(scene), scene.stretch, len(self.goal)
        total = np.zeros((len(stretch), 2, channels), dtype=np.float32)
        weights = np.zeros((len(stretch), 1, 1), dtype=np.float32)
        middle = np.minimum(np.arange(WINDOW) + 1, WINDOW - np.arange(WINDOW)).astype(np.float32)
        for row, inside in watch(list(windows_in_use(stretch))):
            output = self.network(self._features(*(a[row] for a in seen))).cpu().numpy()
            weight = np.broadcast_to(middle, row.shape)[inside].reshape(-1, 1, 1)
            total[row[inside]] += output[inside].reshape(-1, 2, channels) * weight
            weights[row[inside]] += weight
        total /= weights
        total *= scene.deviation.T[:, None]
        return total

    def train(
        self,
        shown: Any,
        pattern: Any,
        truth: Any,
        held: np.ndarray,
        ends: Any,
        epochs: int | None = None,
    ) -> Iterator[dict]:
        """Train on the Stretch `shown`, and yield a row of figures after each epoch; `best` holds
        the best weights.

        The Pattern says what to hide. `held` (rows, channels) tells entries of the Stretch `truth`
        that `shown` lacks: by them an epoch is scored. It ends after `epochs`, or else at the time
        `ends`, or sooner when the score no longer falls.
        """
        began, rng, scores = perf_counter(), np.random.default_rng((self.seed, 1)), [np.inf]
        torch.set_num_threads(1)
        checked = truth.spread(CHECKED)
        score = self._scorer(truth.where(checked), held[checked])
        optimizer = Adam(self.network.parameters(), LEARNING_RATE, WEIGHT_DECAY)
        dropping = torch.Generator(self.device).manual_seed(self.seed)
        batches, times = self._batches(shown, pattern, rng), [0.0]
        steps, ended, ending = 0, False, 0
        while not ended:
            self.network.train()
            for batch in islice(batches, STEPS):
                elapsed = (perf_counter() - began) / max(ends - began, 1e-9)
                done = steps / (STEPS * epochs) if epochs else min(1, elapsed)
                optimizer.learning_rate = LEARNING_RATE * (1 + np.cos(np.pi * done)) / 2
                self._step(batch, optimizer, dropping)
                steps += 1
                if ended := steps == STEPS * epochs if epochs else done == 1:
                    break
            now = score()
            if now < min(scores):
                state = self.network.state_dict()
                self.best = {name: value.clone() for name, value in state.items()}
            scores.append(now)
            times.append(perf_counter() - began)
            tried = len(scores) > 20 and times[-1] > 0.2 * (ends - began)
            if tried and not ending and gains_little(scores, times):
                ending = ends = min(ends, began + times[-1] * (1 + LAST))
            yield {"epoch": -(-steps // STEPS), "seconds": times[-1], "score": now}

    def _step(self, batch, optimizer, dropping):
        """Take one step: squared error for the first correction, Huber's loss for the second."""
        inputs, target, hidden_mask = batch
        target = target[hidden_mask]
        by_square, by_huber = (
            output[hidden_mask] for output in self.network(inputs, dropping).chunk(2, dim=-1)
        )
        loss = nn.functional.mse_loss(by_square, target)
        loss = loss + 2 * nn.functional.huber_loss(by_huber, target)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), LARGEST_GRADIENT)
        optimizer.step()

    def _hidden(self, stretch, pattern, rng):
        """Hide anew; return what is seen, what its filling lacks in units of what it may be off by,
        and the hidden_mask.
        """
        if rng.random() < 0.5:
            hidden_mask, starts = pattern.alike(stretch, rng), []
        else:
            hidden_mask, starts = pattern.mixed(stretch, rng)
        hidden_mask &= ~np.isnan(stretch.values) & self.goal
        scene = self.rivals.fill(stretch.cut(starts).without(hidden_mask))
        seen, truth = self._seen(scene), (stretch.values - self.rivals.mean) / self.rivals.std
        lacking = wrapped(truth - seen[0], self.period) / scene.deviation.T
        return seen, lacking, hidden_mask & np.isfinite(seen[1])

    def _batches(self, stretch, pattern, rng):
        """Yield (inputs, target, hidden_mask) without end; hidden anew after SEEN passes."""
        number = np.arange(len(stretch))
        while True:
            first = rng.integers(0, max(1, len(stretch) - STRETCH + 1))
            now = stretch.where((number >= first) & (number < first + STRETCH))
            seen, target, hidden_mask = self._hidden(now, pattern, rng)
            target = np.where(hidden_mask, target.clip(-LARGEST, LARGEST), 0).astype(np.float32)
            start = np.flatnonzero(np.arange(len(now)) <= np.maximum(now.end - WINDOW, now.begin))
            start = rng.choice(start, max(8 * BATCH, SEEN * len(now) // WINDOW))
            for chosen in np.array_split(start, max(1, round(len(start) / BATCH))):
                row, _ = windows_at(chosen, now)
                if hidden_mask[row].any():
                    arrays = target[row], hidden_mask[row]
                    yield (
                        self._features(*(a[row] for a in seen)),
                        *(torch.tensor(a, device=self.device) for a in arrays),
                    )

    def _scorer(self, truth, held):
        """Return a function: the error on `held`, as a share of the straight line's, averaged over
        channels. It is the mean of MAE's and MSE's share, by whichever correction serves a channel
        better, or the rivals' where none does.
        """
        scene = self.rivals.fill(truth.without(held))
        values = (truth.values - self.rivals.mean) / self.rivals.std
        line = errors(values, self.rivals.line(scene.stretch).filled.T, held, self.period)
        goal = self.goal & (line > 0).all(axis=0)

        def measured(filled):
            share = errors(values, filled, held, self.period)[:, goal] / line[:, goal]
            return np.mean(share, axis=0)

        base = measured(scene.filled.T)

        def score():
            refined = scene.filled.T[:, None] + self.correct(scene)
            by_head = [measured(refined[:, h]) for h in (0, 1)]
            return float(np.min([*by_head, base], axis=0).mean()) if goal.any() else 1.0

        return score

    def take_best(self) -> None:
        """Go back to the weights that scored best, if an epoch was finished."""
        if self.best:
            self.network.load_state_dict(self.best)

    def state_dict(self) -> dict:
        """Return all that was learned, by name."""
        weights = self.network.state_dict().items()
        return {f"network.{name}": value.cpu() for name, value in weights}

    def load_state_dict(self, tensors: dict) -> None:
        """Take up what `tensors` of another CorrectionNetwork of the same settings gave."""
        weights = {name: tensors[f"network.{name}"] for name in self.network.state_dict()}
        self.network.load_state_dict(weights)
