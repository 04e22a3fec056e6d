"""A repaired table, with all that tells how sure it is."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from gru_lab.repairs.columns import numbers
from gru_lab.tables.layout import Layout


@dataclass(frozen=True, eq=False)
class Repaired:
    """A repaired table: `filled` tells its cells that were, `bounds` their 90 % intervals; `draws`
    are plausible tables, as many as were asked for.

    `bounds` is {channel: (row numbers, low, high)}, each (entries,), of the channels with holes.
    """

    table: pd.DataFrame
    filled: pd.DataFrame
    bounds: dict
    repairer: Any  # the Repairer
    layout: Layout  # of the table: its time, its parts, the order of its rows
    draws: list = field(default_factory=list)

    @property
    def frame(self) -> pd.DataFrame:
        """The repaired table as a DataFrame, also where a Series was given."""
        return self.table.to_frame() if isinstance(self.table, pd.Series) else self.table

    def _bound(self, place):
        channels = list(self.repairer.channels_)
        values = np.full((len(self.table), len(channels)), np.nan)
        for name, bound in self.bounds.items():
            values[bound[0], channels.index(name)] = bound[place]
        return pd.DataFrame(values, self.table.index, channels, copy=False)

    @property
    def low(self) -> pd.DataFrame:
        """The lower bounds of the channels' repaired values, NaN where a value was observed."""
        return self._bound(1)

    @property
    def high(self) -> pd.DataFrame:
        """The upper bounds; an angle's may pass 360."""
        return self._bound(2)

    @property
    def interval(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The bounds, (low, high)."""
        return self.low, self.high

    @property
    def half_width(self) -> pd.DataFrame:
        """Half the width of the intervals."""
        return (self.high - self.low) / 2

    def jumps(self) -> pd.Series:
        """Return, for each channel with holes, how large the step from observed to repaired is at
        the ends of its holes, as a share of its usual step: 95 % quantiles of both, in the order of
        rows.
        """
        shares = {}
        for name, (rows, *_) in self.bounds.items():
            step = np.abs(np.diff(numbers(self.frame[name])))
            repaired = np.isin(np.arange(len(self.table)), rows)
            edge, inside = repaired[1:] != repaired[:-1], repaired[1:] & repaired[:-1]
            usual, there = step[~edge & ~inside], step[edge]
            usual, there = (a[~np.isnan(a)] for a in (usual, there))
            known = len(usual) and len(there) and np.quantile(usual, 0.95) > 0
            shares[name] = np.quantile(there, 0.95) / np.quantile(usual, 0.95) if known else np.nan
        return pd.Series(shares, name="jump", dtype=float)
