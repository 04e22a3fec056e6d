"""The training of a network that corrects what the rivals fill, on entries that are hidden anew
again and again: half the time as the table's own holes lie, else of many kinds.

Its first correction is learned by squared error, the second by Huber's loss, in units of what the
filling may be off by. Arrays are (rows, channels), in units of each channel's spread.
"""

from collections.abc import Callable
from itertools import islice
from time import perf_counter

import numpy as np
import torch
from torch import nn

from gru_lab.adam import Adam
from gru_lab.repairs.hiding import Pattern
from gru_lab.repairs.holes import Stretch, wrapped
from gru_lab.repairs.network import BATCH, WINDOW, CorrectionNetwork, windows_at

STEPS = 40  # an epoch
LEARNING_RATE, WEIGHT_DECAY, LARGEST_GRADIENT = 6e-3, 1e-2, 1.0
# rows: as many are hidden and filled at a time, each then seen so often; and scored after an epoch
STRETCH, SEEN, CHECKED = 10_000, 4, 5_000
LARGEST = 20.0  # of the corrections learned, in their units: one burst must not outweigh the rest
PATIENCE, GAIN, LAST = 0.3, 0.003, 0.15  # shares of the time so far, and of the error


def train(
    network: CorrectionNetwork,
    shown: Stretch,
    pattern: Pattern,
    truth: Stretch,
    held: np.ndarray,
    ends: float,
    epochs: int | None,
    progress: Callable,
) -> None:
    """Train a `network` on the Stretch `shown`, in which holes lie as the Pattern says; call
    `progress` with a row of figures after each epoch.

    `held` (rows, channels) tells entries of the Stretch `truth` that `shown` lacks: by them an
    epoch is scored, and the network is left with the weights that scored best, also where Ctrl-C
    ends the training. It ends after `epochs`, if given, at the time `ends` (of `perf_counter`;
    infinite beside epochs), or sooner when the score no longer falls.
    """
    began, best, scores, times = perf_counter(), None, [np.inf], [0.0]
    torch.set_num_threads(1)
    checked = truth.spread(CHECKED)
    score = _scorer(network, truth.where(checked), held[checked])
    optimizer = Adam(network.parameters(), LEARNING_RATE, WEIGHT_DECAY)
    dropping = torch.Generator(network.device).manual_seed(network.seed)
    batches = _batches(network, shown, pattern, np.random.default_rng((network.seed, 1)))
    steps, last, ending = 0, STEPS * epochs if epochs else np.inf, False
    try:
        while steps < last:
            network.train()
            for batch in islice(batches, STEPS):
                elapsed = (perf_counter() - began) / max(ends - began, 1e-9)
                done = min(1, max(steps / last, elapsed))
                optimizer.learning_rate = LEARNING_RATE * (1 + np.cos(np.pi * done)) / 2
                _step(network, batch, optimizer, dropping)
                steps += 1
                if done == 1:
                    last = steps
                    break
            now = score()
            if now < min(scores):
                best = {name: value.clone() for name, value in network.state_dict().items()}
            scores.append(now)
            times.append(perf_counter() - began)
            tried = len(scores) > 20 and times[-1] > 0.2 * (ends - began)
            if tried and not ending and _gains_little(scores, times):
                ending, ends = True, min(ends, began + times[-1] * (1 + LAST))
            progress({"epoch": -(-steps // STEPS), "seconds": times[-1], "score": now})
    finally:
        if best:
            network.load_state_dict(best)


def _gains_little(scores, times):
    """Tell whether the last part of the time so far lowered the score by next to nothing."""
    known = zip(scores, times, strict=True)
    before = min(score for score, time in known if time < (1 - PATIENCE) * times[-1])
    return min(scores) > before * (1 - GAIN)


def _step(network, batch, optimizer, dropping):
    """Take one step: squared error for the first correction, Huber's loss for the second."""
    inputs, target, hidden_mask = batch
    target = target[hidden_mask]
    output = network.network(inputs, dropping).chunk(2, dim=-1)
    by_square, by_huber = (correction[hidden_mask] for correction in output)
    loss = nn.functional.mse_loss(by_square, target)
    loss = loss + 2 * nn.functional.huber_loss(by_huber, target)
    loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), LARGEST_GRADIENT)
    optimizer.step()


def _batches(network, stretch, pattern, rng):
    """Yield (inputs, target, hidden_mask) without end; hidden anew after SEEN passes."""
    rivals, number = network.rivals, np.arange(len(stretch))
    while True:
        first = rng.integers(0, max(1, len(stretch) - STRETCH + 1))
        now = stretch.where((number >= first) & (number < first + STRETCH))
        hidden_mask, holed = pattern.hide(now, rng, rng.random() < 0.5, rivals.goal)
        scene = rivals.fill(holed)
        seen, truth = network.seen(scene), (now.values - rivals.mean) / rivals.std
        hidden_mask &= np.isfinite(seen[1])  # a part that lost all its values cannot be filled
        lacking = wrapped(truth - seen[0], rivals.turn) / scene.deviation.T
        target = np.where(hidden_mask, lacking.clip(-LARGEST, LARGEST), 0).astype(np.float32)
        start = np.flatnonzero(np.arange(len(now)) <= np.maximum(now.end - WINDOW, now.begin))
        start = rng.choice(start, max(8 * BATCH, SEEN * len(now) // WINDOW))
        for chosen in np.array_split(start, max(1, round(len(start) / BATCH))):
            row, _ = windows_at(chosen, now)
            if hidden_mask[row].any():
                arrays = (
                    torch.tensor(a[row], device=network.device) for a in (target, hidden_mask)
                )
                yield network.inputs(seen, row), *arrays


def _scorer(network, truth, held):
    """Return a function: the error on `held`, as a share of the straight line's, averaged over
    channels. It is the mean of MAE's and MSE's share, by whichever correction serves a channel
    better, or the rivals' where none does.
    """
    rivals = network.rivals
    scene, values = rivals.fill(truth.without(held)), (truth.values - rivals.mean) / rivals.std
    line = _errors(values, rivals.line(scene.stretch).filled.T, held, rivals.turn)
    goal = rivals.goal & (line > 0).all(axis=0)

    def measured(filled):
        share = _errors(values, filled, held, rivals.turn)[:, goal] / line[:, goal]
        return np.mean(share, axis=0)

    base = measured(scene.filled.T)

    def score():
        refined = scene.filled.T[:, None] + network.correct(scene)
        by_head = [measured(refined[:, head]) for head in (0, 1)]
        return float(np.min([*by_head, base], axis=0).mean()) if goal.any() else 1.0

    return score


def _errors(truth, filled, held, turn):
    """Return MAE and MSE on the `held` entries of each channel, (2, channels)."""
    error = np.where(held, np.nan_to_num(wrapped(filled - truth, turn)), 0)
    sums = np.stack([np.abs(error).sum(axis=0), np.square(error).sum(axis=0)])
    return sums / np.maximum(held.sum(axis=0), 1)
