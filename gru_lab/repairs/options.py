"""What a person says of channels before a repair: their kinds, their limits, which are repaired."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from gru_lab.config import Rule, one_of
from gru_lab.repairs.kinds import is_count, kind_of, wraps
from gru_lab.tables.layout import names_of

LIMIT = Rule(float, words="a finite number")


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
        for kind in ("codes", "angles", "integer", "inputs", "only"):
            object.__setattr__(self, kind, names_of(getattr(self, kind)))  # one may be a text
        for side in ("low", "high"):
            for channel, limit in getattr(self, side).items():
                LIMIT.fix(f"{side} of column {channel!r}", limit)
        for channel, low in self.low.items():
            if channel in self.high and not low < self.high[channel]:
                raise ValueError(
                    f"low must be below high, and for column {channel!r} it is {low:g} and high "
                    f"{self.high[channel]:g}; change one of them"
                )
        in_steps("max_gap", self.max_gap)

    @property
    def settled(self) -> set:
        """The channels whose kind is said."""
        return {*self.codes, *self.angles, *self.integer}

    def require(self, channels: list[str]) -> None:
        """Raise ValueError for a name that is no channel, and for a channel of two kinds."""
        for option in ("codes", "angles", "integer", "inputs", "only", "low", "high"):
            for name in getattr(self, option):
                one_of(option, name, channels)
        for first, other in (("codes", "angles"), ("codes", "integer"), ("inputs", "only")):
            if both := set(getattr(self, first)) & set(getattr(self, other)):
                raise ValueError(
                    f"column {sorted(both)[0]!r} must be in {first} or in {other}, not in both"
                )

    def kind(self, channel: str, values: np.ndarray) -> str:
        """Return what a channel (rows,) is, as it was said or as its values tell: as `kind_of` has
        it, or 'angle' or 'count' of numbers between which others may lie.
        """
        kind = kind_of(values)
        if kind not in ("code", "measured"):
            return kind
        for given, names in (("code", self.codes), ("angle", self.angles), ("count", self.integer)):
            if channel in names:
                return given
        return "count" if kind == "measured" and is_count(values) and not wraps(values) else kind

    def whole(self, channel: str, values: np.ndarray) -> bool:
        """Tell whether a channel (rows,) takes whole numbers only: as was said, or a count."""
        counted = channel not in (*self.angles, *self.codes) and is_count(values)
        return channel in self.integer or counted

    def repaired(self, channel: str) -> bool:
        """Tell whether the holes of a channel are to be filled."""
        return channel not in self.inputs and (not self.only or channel in self.only)


def in_steps(name: str, length: int | str | None, step: float = 1.0) -> float:
    """Return the setting `name`, a number of rows or a time such as '6h', in steps of so many
    seconds; infinite for None. Raises ValueError for what is neither, and for a time where there is
    no step.
    """
    if length is None:
        return np.inf
    kinds: tuple[Any, ...] = (int, pd.Timedelta)
    for kind in kinds:
        try:
            limit = kind(length)
        except ValueError:
            continue
        if limit < kind(0):
            break
        if kind is pd.Timedelta and not step:
            raise ValueError(
                f"{name} {length!r} is a time, and the table has no time stamps; give a number of "
                "rows"
            )
        return limit / pd.Timedelta(seconds=step) if kind is pd.Timedelta else limit
    raise ValueError(
        f"{name} must be a number of rows, or a time such as 6h, 30min or 2d, not {length!r}"
    )
