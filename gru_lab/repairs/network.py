"""A network that corrects what the rivals put into holes.

A bidirectional GRU sees, for each row and channel, the filled value, whether it was observed, and
how far the nearest observed ones are; and the time of day and week. It gives two corrections, in
units of what the filling may be off by there; both are zero at first. Arrays are (rows, channels),
in units of each channel's spread.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

from gru_lab.model import RNN, draw
from gru_lab.repairs.holes import Stretch
from gru_lab.repairs.regression import Scene
from gru_lab.repairs.rivals import CYCLES, Rivals

WINDOW = 48  # steps
HIDDEN_SIZE, DROPOUT = 64, 0.1
BATCH = 32  # windows
FAR = np.log1p(10 * WINDOW)  # a distance, as the network sees it
EXTREME = 8.0  # standard deviations; beyond them the network sees no difference


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


class CorrectionNetwork(nn.Module):
    """Corrects what `rivals` fill in the channels of their `goal`; the others are seen only. The
    weights are drawn by `seed`.
    """

    def __init__(self, rivals: Rivals, seed: int = 0, device: str = "cpu") -> None:
        super().__init__()
        self.rivals, self.seed, self.device = rivals, seed, torch.device(device)
        channels, turning = len(rivals.goal), rivals.turn > 0
        with torch.device("meta"):
            inputs = 3 * channels + int(turning.sum()) + 4
            network = RNN(inputs, HIDDEN_SIZE, 2, DROPOUT, 2 * channels, bidirectional=True)
        self.network = draw(network, torch.Generator().manual_seed(seed)).to(self.device)
        nn.init.zeros_(self.network.out.weight)
        nn.init.zeros_(self.network.out.bias)

    def seen(self, scene: Scene) -> tuple[np.ndarray, ...]:
        """Return filled values and distances, (rows, channels), and the clock, (rows, 4)."""
        turns = [2 * np.pi * scene.stretch.clock(cycle) for cycle in CYCLES[:2]]
        clock = np.stack([f(turn) for turn in turns for f in (np.sin, np.cos)], axis=1)
        clock = np.where(scene.stretch.step > 0, clock, 0).astype(np.float32)
        distance = np.where(scene.observed.T, 0, np.inf).astype(np.float32)
        for c in range(distance.shape[1]):
            gaps = scene.stretch.gaps(c)
            distance[gaps.row, c] = gaps.reach
        return np.ascontiguousarray(scene.filled.T), distance, clock

    def inputs(self, seen: Any, row: np.ndarray) -> torch.Tensor:
        """Return what the network sees of each `row` (...,) of what is `seen`, (..., inputs)."""
        filled, distance, clock = (array[row] for array in seen)
        scaled = np.clip(filled, -EXTREME, EXTREME)
        turning = self.rivals.turn > 0
        turn = 2 * np.pi * filled[..., turning] / self.rivals.turn[turning]
        scaled[..., turning] = np.sin(turn)
        far = np.minimum(np.log1p(distance), FAR) / FAR
        pieces = [scaled, distance == 0, far, np.cos(turn), clock]
        return torch.from_numpy(np.concatenate(pieces, axis=-1, dtype=np.float32)).to(self.device)

    @torch.no_grad()
    def correct(self, scene: Scene, watch: Callable = iter) -> np.ndarray:
        """Return the corrections by both of its heads, (rows, 2, channels).

        Each row's come from two windows, weighted towards their middle, so that there is context
        on both sides. `watch` is put around the list of batches, for a progress bar.
        """
        self.eval()
        torch.set_num_threads(1)
        seen, stretch, channels = self.seen(scene), scene.stretch, len(scene.filled)
        total = np.zeros((len(stretch), 2, channels), dtype=np.float32)
        weights = np.zeros((len(stretch), 1, 1), dtype=np.float32)
        middle = np.minimum(np.arange(WINDOW) + 1, WINDOW - np.arange(WINDOW)).astype(np.float32)
        for row, inside in watch(list(windows_in_use(stretch))):
            output = self.network(self.inputs(seen, row)).cpu().numpy()
            weight = np.broadcast_to(middle, row.shape)[inside].reshape(-1, 1, 1)
            total[row[inside]] += output[inside].reshape(-1, 2, channels) * weight
            weights[row[inside]] += weight
        total /= weights
        total *= scene.deviation.T[:, None]
        return total
