"""What a repair may do to the channels of one table."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from gru_lab.repairs.holes import Gaps, Stretch
from gru_lab.repairs.options import Options, in_steps


@dataclass(frozen=True, eq=False)
class Limits:
    """Bounds `low` and `high`, `whole` numbers, and which channels are filled (`fills`), each
    (channels,); the longest hole that is filled (`max_gap`) and the longest one at an end of a
    channel (`extrapolation`), in steps; the latter None where held-back ends decide.
    """

    low: np.ndarray
    high: np.ndarray
    whole: np.ndarray
    fills: np.ndarray
    max_gap: float
    extrapolation: float | None

    @classmethod
    def of(cls, options: Options, channels: list, stretch: Stretch) -> "Limits":
        """Return the Limits that Options draw for the `channels` of a Stretch."""
        options.require(channels)
        low = np.array([options.low.get(name, -np.inf) for name in channels], dtype=float)
        high = np.array([options.high.get(name, np.inf) for name in channels], dtype=float)
        whole = list(map(options.whole, channels, stretch.values.T))
        fills = np.array([options.repaired(name) for name in channels])
        most, far = in_steps("max_gap", options.max_gap, stretch.step), options.extrapolation
        limit = in_steps("extrapolation", None if far == "all" else far, stretch.step)
        ends = None if far is None else limit
        return cls(low, high, np.array(whole, dtype=bool), fills, most, ends)

    def allow(self, channel: int, gaps: Gaps, supported: float = np.inf) -> np.ndarray:
        """Return which entries of a channel's Gaps are to be filled, (entries,); at an end of it as
        many steps as are `supported`, where nobody said.
        """
        ends = supported if self.extrapolation is None else self.extrapolation
        most = np.where(gaps.open, min(ends, self.max_gap), self.max_gap)
        return (gaps.length <= most) & self.fills[channel]

    def clipped(
        self, channel: int, low: Any, high: Any, values: np.ndarray, below: Any, above: Any
    ) -> tuple[np.ndarray, ...]:
        """Return the `values` of a channel seen from `low` to `high`, and their bounds (`below` and
        `above` them), (entries,), within all limits.
        """
        low = max(low, self.low[channel])
        high = max(low, min(high, self.high[channel]))
        values = np.clip(values, low, high)
        if self.whole[channel]:
            values = np.clip(np.round(values), np.ceil(low), np.floor(high))
        lows, highs = (np.clip(values + add, low, high) for add in (below, above))
        return values, np.fmin(lows, values) + 0 * below, np.fmax(highs, values) + 0 * above
