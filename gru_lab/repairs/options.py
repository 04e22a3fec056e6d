"""What a person says of channels before a repair: their kinds, their limits, which are repaired."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from gru_lab.config import one_of
from gru_lab.repairs.holes import runs_of
from gru_lab.repairs.kinds import is_count, kind_of, wraps


@dataclass(frozen=True)
class Options:
    """Columns that are `codes`, `angles` or `integer`, limits (`low`, `high`: {column: number}),
    columns that are only seen (`inputs`) or alone repaired (`only`), how long a hole may be to be
    filled (`max_gap`: rows, or a time such as '6h'), and how long at the ends of a channel
    (`extrapolation`: the same, or 'all'). Raises ValueError for a gap that is neither.
    """

    codes: tuple = ()
    angles: tuple = ()
    integer: tuple = ()
    inputs: tuple = ()
    only: tuple = ()
    low: dict = field(default_factory=dict)
    high: dict = field(default_factory=dict)
    max_gap: int | str | None = None
    extrapolation: int | str | None = None

    def __post_init__(self):
        for channel, low in self.low.items():
            if channel in self.high and not low < self.high[channel]:
                raise ValueError(
                    f"low must be below high, and for column {channel!r} it is {low:g} and high "
                    f"{self.high[channel]:g}; change one of them"
                )
        gap_limit(self.max_gap)

    @property
    def settled(self) -> set:
        """The channels whose kind is said."""
        return {*self.codes, *self.angles, *self.integer}

    def require(self, channels: list[str]) -> None:
        """Raise ValueError for a name that is no channel, and for a channel of two kinds."""
        for option in ("codes", "angles", "integer", "inputs", "only", "low", "high"):
            for name in getattr(self, option):
                one_of(option, name, channels)
        for one, other in (("codes", "angles"), ("codes", "integer"), ("inputs", "only")):
            if both := set(getattr(self, one)) & set(getattr(self, other)):
                raise ValueError(
                    f"column {sorted(both)[0]!r} must be in {one} or in {other}, not in both"
                )

    def kind(self, channel: str, values: np.ndarray) -> str:
        """Return what a channel (rows,) is, as it was said or as its values tell."""
        if channel in self.codes:
            return "code"
        if channel in self.angles:
            return "angle"
        kind = kind_of(values)
        if kind in ("measured", "code") and channel in self.integer:
            return "count"
        return "count" if kind == "measured" and is_count(values) and not wraps(values) else kind

    def whole(self, channel: str, values: np.ndarray) -> bool:
        """Tell whether a channel (rows,) takes whole numbers only: as was said, or a count."""
        counted = channel not in (*self.angles, *self.codes) and is_count(values)
        return channel in self.integer or counted

    def repaired(self, channel: str) -> bool:
        """Tell whether the holes of a channel are to be filled."""
        return channel not in self.inputs and (not self.only or channel in self.only)

    def stay(self, missing, channels, starts, seconds=None) -> np.ndarray:
        """Return which of the `missing` entries (rows, channels), in the order of time, are to stay
        empty: those of channels that are not repaired, and holes longer than `max_gap`.

        `starts` are the first rows of the parts, `seconds` (rows,) the time. A hole lasts from its
        first stamp to its last and a usual step more. Raises ValueError where `max_gap` is a time
        and there is none.
        """
        left = missing & ~np.array([self.repaired(name) for name in channels])
        limit = gap_limit(self.max_gap)
        if limit is None:
            return left
        runs = runs_of(missing, starts)
        length = runs[:, 2] - runs[:, 1] + 1
        if isinstance(limit, pd.Timedelta):
            step = np.diff(seconds) if seconds is not None else np.zeros(0)
            step = np.median(step[step > 0]) if (step > 0).any() else 0
            limit = in_steps("max_gap", self.max_gap, step)
            length = (seconds[runs[:, 2]] - seconds[runs[:, 1]]) / step + 1
        for channel, first, last in runs[length > limit]:
            left[first : last + 1, channel] = True
        return left


def gap_limit(text: int | str | None, name: str = "max_gap") -> int | pd.Timedelta | None:
    """Return the longest hole that is filled, as rows or as a time; None for no limit.

    gap_limit("6h")  # Timedelta('0 days 06:00:00')
    """
    if text is None:
        return None
    try:
        limit = int(text)
        good = limit >= 0
    except ValueError:
        try:
            limit = pd.Timedelta(text)
            good = limit >= pd.Timedelta(0)
        except ValueError:
            good = False
    if not good:
        raise ValueError(
            f"{name} must be a number of rows, or a time such as 6h, 30min or 2d, not {text!r}"
        )
    return limit


def in_steps(name: str, length: int | str | None, step: float) -> float | None:
    """Return the setting `name`, a number of rows or a time such as '6h', in steps of so many
    seconds; None for no limit. Raises ValueError for a time where there is no step.
    """
    limit = gap_limit(length, name)
    if not isinstance(limit, pd.Timedelta):
        return limit
    if not step:
        raise ValueError(
            f"{name} {length!r} is a time, and the table has no time stamps; give a number of rows"
        )
    return limit.total_seconds() / step
