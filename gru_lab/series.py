"""A table of channels, and what a study does with it: split in time, scale, cut into windows.

Values are (rows, channels). Rows are steps of time; a series may hold several runs of the same
sensors one after the other ("parts"), and no window crosses from one part into the next.
"""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

TRAIN_END, VALIDATION_END = 5 / 7, 6 / 7  # the log's 300,000 : 60,000 : 60,000


@dataclass(frozen=True, eq=False)
class Series:
    """Channels over time: `values` (rows, channels), NaN where a sensor gave nothing.

    Raises ValueError for anything but a table of at least one row and one channel, and for infinite
    values.
    """

    values: np.ndarray
    channels: tuple[str, ...]
    name: str = "series"
    starts: tuple[int, ...] = (0,)  # rows at which a part begins
    set_aside: dict[str, str] = field(default_factory=dict)  # columns that are no channels, and why

    def __post_init__(self):
        values = np.asarray(self.values)
        if values.dtype not in (np.float32, np.float64):
            values = values.astype(np.float64)
        object.__setattr__(self, "values", values)
        if values.ndim != 2 or 0 in values.shape:
            raise ValueError(
                f"{self.name}: values must be (rows, channels), not empty, not {values.shape}"
            )
        if len(self.channels) != values.shape[1]:
            raise ValueError(
                f"{self.name}: {len(self.channels)} names for {values.shape[1]} channels"
            )
        infinite = self._where(np.isinf)
        if infinite:
            raise ValueError(
                f"{self.name}: values must be finite, but {infinite}; mark them as missing first"
            )

    def __len__(self):
        return len(self.values)

    def _where(self, test):
        """Return 'channel a has 3 nan values, the first in row 7' for the first bad one, or ''."""
        # a sum is finite only if everything in it is: most channels need no look at each value
        for name, values in zip(self.channels, self.values.T, strict=True):
            if not np.isfinite(values.sum()) and (bad := test(values)).any():
                kind = test.__name__.removeprefix("is")
                first = f"the first in row {bad.argmax():,}"
                return f"channel {name!r} has {bad.sum():,} {kind} values, {first}"
        return ""

    @cached_property
    def digest(self) -> str:
        """12 hex digits of the values, channel names and parts."""
        digest = hashlib.blake2b(np.ascontiguousarray(self.values).data, digest_size=6)
        digest.update(repr((self.values.shape, self.channels, self.starts)).encode())
        return digest.hexdigest()

    @property
    def parts(self) -> list[slice]:
        """The parts as slices of rows."""
        return [
            slice(*ends) for ends in zip(self.starts, (*self.starts[1:], len(self)), strict=True)
        ]

    def require_complete(self) -> "Series":
        """Return the series, or raise ValueError naming the first channel with a NaN."""
        missing = self._where(np.isnan)
        if missing:
            raise ValueError(
                f"{self.name}: the tuning log needs a complete series, but {missing}; fill the "
                "holes first with gru-lab repair (or lab.repair), and give the repaired table"
            )
        return self

    def _share(self, begin, end):
        """Return the rows from share `begin` to share `end` of each part, as a Series."""
        pieces = []
        for part in self.parts:
            rows = part.stop - part.start
            pieces.append(slice(part.start + round(rows * begin), part.start + round(rows * end)))
        lengths = [piece.stop - piece.start for piece in pieces]
        if not any(lengths):
            raise ValueError(
                f"{self.name}: its {len(self)} rows are too few to take rows from {begin:.0%} to "
                f"{end:.0%}; give a longer series"
            )
        values = [self.values[piece] for piece in pieces]
        starts = (0, *(int(start) for start in np.cumsum(lengths)[:-1]))
        return Series(_joined(values), self.channels, self.name, starts, self.set_aside)

    def head(self, rows: int) -> "Series":
        """Return the first `rows` rows; of a series in parts, the same share of each part."""
        return self if rows >= len(self) else self._share(0, rows / len(self))

    def split(self) -> tuple["Series", ...]:
        """Return the training, validation and test parts, 5 : 1 : 1, in time within each part."""
        ends = (0, TRAIN_END, VALIDATION_END, 1)
        return tuple(self._share(begin, end) for begin, end in zip(ends, ends[1:], strict=False))

    def windows(self, length: int) -> np.ndarray:
        """Return the values as (windows, length, channels): no overlap, no window across two parts.

        Raises ValueError if no part holds a whole window.
        """
        pieces = []
        for part in self.parts:
            values = self.values[part]
            count = len(values) // length
            if count:
                pieces.append(values[: count * length].reshape(count, length, -1))
        if not pieces:
            raise ValueError(
                f"{self.name}: window must fit into the rows: a window of {length} steps needs "
                f"{length} rows in one "
                f"part, and the longest has {max(part.stop - part.start for part in self.parts)}; "
                f"give a longer series or a shorter window"
            )
        return _joined(pieces)  # (windows, length, channels)


def _joined(pieces):
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)  # a view instead of a copy


@dataclass(frozen=True)
class Scaler:
    """Min-max scaling per channel, fitted on the training part: `low`, `span` (channels,)."""

    low: np.ndarray
    span: np.ndarray

    @classmethod
    def fit(cls, values: np.ndarray) -> "Scaler":
        """Return the scaler that takes `values` (rows, channels) to [0, 1].

        A constant channel, or one that moves by no more than rounding does, is shifted to 0 and not
        stretched: stretching would blow noise of 1e-15 up to [0, 1].
        """
        low, high = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
        size = np.maximum(np.abs(low), np.abs(high))
        rounding = 1e-6 if values.dtype == np.float32 else 1e-9
        constant = high - low <= np.maximum(rounding * size, 1e-12)
        return cls(low, np.where(constant, np.maximum(size, 1), high - low))

    def transform(self, values: np.ndarray) -> np.ndarray:
        """Return `values` (..., channels) as float32, [0, 1] being the training range."""
        return ((values - self.low) / self.span).astype(np.float32, copy=False)
