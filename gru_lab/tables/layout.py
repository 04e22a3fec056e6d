"""How a table is laid out, answered once: which columns are its time, which tell parts apart, which
are channels, which are set aside and why, and in which order its rows come.

    layout = Layout.of(table, split_by="station")
    layout.time, layout.channels, layout.step.words     # ('date',), ('T', 'RH'), '1 h'
    table.iloc[layout.order]                             # part by part, in the order of time

Whatever asks one of these questions asks this object. Where a table can be read in two ways,
`refusals` says so, with the option that settles it, and `require()` raises.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from gru_lab.config import one_of
from gru_lab.tables.apart import teller, tells_apart
from gru_lab.tables.channels import EMPTY, why_no_channel
from gru_lab.tables.frames import is_numeric, numeric, part_numbers
from gru_lab.tables.order import in_order, oddities
from gru_lab.tables.steps import Step, month_numbers, seconds, usual_step
from gru_lab.tables.time_columns import find_time, read_time
from gru_lab.tables.time_joined import with_halves
from gru_lab.tables.time_readings import Found, unclear


def one_or_several(names: list) -> Any:
    """Return names of columns as one name, a tuple of several, or None: what `names_of` takes."""
    return tuple(names) if len(names) > 1 else names[0] if names else None


def names_of(columns: Any) -> tuple:
    """Return one column's name, a list of names, or None as a tuple of names."""
    if columns is None:
        return ()
    return tuple(columns) if isinstance(columns, list | tuple) else (columns,)


@dataclass(frozen=True, eq=False)
class Layout:
    """The layout of a table of so many rows; see the module.

    `time` and `split_by` name columns or levels of the index. `stamps` (rows,) are nanoseconds in
    UTC (whole numbers, NAT where there is none) or plain numbers, None without any time; `order`
    (rows,) are the numbers of the rows part by part in time, `starts` the places in it at which
    parts begin, `position` (rows,) where those rows lie in time, in usual steps.
    """

    time: tuple
    ways: tuple
    stamps: np.ndarray | None
    split_by: tuple
    channels: tuple
    set_aside: dict
    order: np.ndarray
    starts: tuple
    position: np.ndarray
    moments: np.ndarray  # seconds in `order`, as they count for a repair; row numbers without time
    step: Step
    odd: dict = field(default_factory=dict)  # rows of the table by what is wrong with their stamps
    problems: tuple = ()
    refusals: tuple = ()
    readings: tuple = ()  # of the time, the best first
    written: tuple = ()  # the columns of the time as they stand in the table
    sorted_alike: bool = False  # all readings of the time put the rows in this order

    @classmethod
    def of(
        cls,
        table: pd.DataFrame,
        split_by: Any = None,
        time: Any = None,
        time_format: str | None = None,
        dayfirst: bool | None = None,
        channels: Any = None,
        way: Any = None,
    ) -> "Layout":
        """Return the Layout of a DataFrame.

        `split_by` and `time` name a column each, or several: those that tell parts apart, and those
        that make the time together. `time_format` says how it is written, `dayfirst` whether the
        day comes before the month. `channels` are known to be such, and `way` is how an earlier
        table was read, for where this one leaves it open. A table without names of columns has no
        numbers of rows and no time in numbers. Raises ValueError for columns that do not exist or
        cannot be read as asked.
        """
        columns, levels = _sources(table)
        asked = names_of(time)
        splits = names_of(split_by)
        for name in splits:
            one_of("split_by", name, list(columns))
        for name in asked:
            one_of("time", name, list(columns))
        rows = len(table)
        part = part_numbers([columns[name] for name in splits], rows)
        if channels is None and isinstance(table.columns, pd.RangeIndex):
            channels = [n for n in table if n not in {*asked, *splits} and is_numeric(table[n])]
        others = {name: column for name, column in columns.items() if name not in splits}
        for name in set(channels or ()) - set(asked):
            others.pop(name, None)
        timing = _found(others, part, asked, levels, time_format, dayfirst)
        if not splits and len(levels) > 1 and timing.columns and set(timing.columns) <= set(levels):
            splits = tuple(name for name in levels if name not in timing.columns)
            part = part_numbers([columns[name] for name in splits], rows)
        settled = tuple(reading for reading in timing.readings if reading.order == way)
        timing = replace(timing, readings=settled or timing.readings)  # as in an earlier table
        return cls._laid_out(table, timing, splits, part, others, channels, time_format)

    @classmethod
    def _laid_out(cls, table, timing, splits, part, others, known, time_format):
        by_part = np.argsort(part, kind="stable")
        first = np.r_[True, np.diff(part[by_part]) != 0][: len(part)]
        starts, taken = np.flatnonzero(first), {*timing.columns, *splits}
        refusals = unclear(timing, others, by_part, first, time_format)
        stamps = timing.readings[0].stamps if timing.readings else None
        rest = {name: column for name, column in others.items() if name not in taken}
        warning = tells_apart(rest, stamps, part, first, by_part) if stamps is not None else None
        odd = {} if stamps is None else oddities(stamps, by_part, first)
        refusals = refusals or [warning] * bool(warning)
        order, moments = in_order(stamps, by_part, first)
        orders = [in_order(way.stamps, by_part, first)[0] for way in timing.readings[1:]]
        step = usual_step(moments, np.zeros(0) if stamps is None else stamps[order], first)
        set_aside = {name: f"tells {len(starts)} runs apart" for name in splits if name in table}
        set_aside |= {name: "time" for name in timing.columns if name in table}
        channels = [name for name in known or () if numeric(table[name]) is not None]
        for name in table.columns:
            if name in set_aside or name in channels:
                continue
            if why := why_no_channel(table[name].iloc[by_part], starts, first):
                set_aside[name] = why
            else:
                channels.append(name)
        months = month_numbers(stamps[order]) if step.months else None
        position = moments / (step.length or 1) if months is None else months / step.months
        return cls(
            tuple(timing.columns),
            tuple(timing.ways),
            stamps,
            splits,
            tuple(channels),
            set_aside,
            order,
            tuple(int(row) for row in starts),
            position,
            moments,
            step,
            odd,
            timing.doubts,
            tuple(refusals),
            timing.readings,
            tuple(others[name] for name in timing.columns),
            not warning and all(np.array_equal(order, other) for other in orders),
        )

    @property
    def reading(self) -> Any:
        """The Reading of the time, None without any."""
        return self.readings[0] if self.readings else None

    @property
    def way(self) -> str:
        """The order of the fields in which the time is read, such as 'dmY'; '' without any."""
        return self.reading.order if self.reading else ""

    @property
    def first(self) -> np.ndarray:
        """Where a part begins, (rows,), in `order`."""
        return np.isin(np.arange(len(self.order)), self.starts)

    @property
    def part(self) -> np.ndarray:
        """The number of each row's part, (rows,), in `order`."""
        return np.cumsum(self.first) - 1

    @property
    def dated(self) -> bool:
        """Tell whether the time is a date or a clock, and not only a number."""
        return self.stamps is not None and self.stamps.dtype.kind != "f"

    @property
    def labels(self) -> np.ndarray:
        """Each row's time, (rows,) in the table's order; its row number in a table without."""
        if self.stamps is None:
            return np.arange(len(self.order))
        return self.stamps.view("M8[ns]") if self.dated else self.stamps

    def repaired(self, table: pd.DataFrame) -> list:
        """Return the columns that a repair looks at: the channels, and those that stay empty."""
        empty = [n for n, why in self.set_aside.items() if why == EMPTY and is_numeric(table[n])]
        return [name for name in table.columns if name in self.channels or name in empty]

    def require(self, name: str = "table") -> "Layout":
        """Return the layout, or raise ValueError where the table can be read in two ways."""
        if self.refusals:
            raise ValueError(f"{name}: {self.refusals[0]}")
        return self


def _sources(table):
    """Return {name: Series} of the index's levels and of all columns, and the levels' names."""
    columns, levels, index = {}, [], table.index
    plain = isinstance(index, pd.RangeIndex) or (index.nlevels == 1 and index.dtype.kind in "iub")
    if not plain or (index.nlevels == 1 and index.name is not None and index.dtype.kind in "iu"):
        for place in range(index.nlevels):
            name = index.names[place] or ("index" if index.nlevels == 1 else f"level {place}")
            name = name if name not in table.columns else f"{name} (index)"
            columns[name] = pd.Series(index.get_level_values(place)).reset_index(drop=True)
            levels.append(name)
    for name in table.columns:
        columns[name] = table[name].reset_index(drop=True)
    return columns, levels


def _found(columns, part, asked, levels, time_format, dayfirst):
    """Return the Found with the stamps of its readings in the order of the table's rows."""
    by_part = np.argsort(part, kind="stable")
    first = np.r_[True, np.diff(part[by_part]) != 0][: len(part)]
    back = np.argsort(by_part)
    ordered = {
        name: column.iloc[by_part].reset_index(drop=True) for name, column in columns.items()
    }
    ordered, halves, changed = with_halves(ordered)
    asked = tuple(name for name in asked if name != halves or not changed)
    indexed = {name: ordered[name] for name in levels if name in ordered}

    def sorts(reading):
        return teller(ordered, seconds(reading.stamps), first) is not None

    timing = Found()
    if asked:
        timing = read_time(ordered, asked, first, time_format, dayfirst)
    elif len(part):
        dates = tuple(name for name, column in indexed.items() if column.dtype.kind == "M")
        if len(dates) == 1:
            timing = read_time(ordered, dates, first, time_format, dayfirst)
        for names in (indexed, {n: c for n, c in ordered.items() if n not in indexed}):
            if not timing.columns and names:
                again = find_time(names, first, sorts, time_format, dayfirst)
                timing = replace(again, doubts=timing.doubts + again.doubts)
        if time_format is not None and not timing.columns:
            raise ValueError(f"time_format: no column can be read as {time_format!r}; leave it out")
    if changed & set(timing.columns) and halves not in timing.columns:
        columns, ways = (*timing.columns, halves), (*timing.ways, "%p")
        timing = replace(timing, columns=columns, ways=ways)
    readings = tuple(replace(way, stamps=way.stamps[back]) for way in timing.readings)
    return replace(timing, readings=readings)
