"""Rows for time steps that have none: counted, and put into a file in their places.

path.write_bytes(with_rows(open_file("sensor.csv"), layout))   # their other cells are empty
"""

import datetime
import io

import numpy as np
import pandas as pd

from gru_lab.tables.formats import Parquet
from gru_lab.tables.layout import Layout
from gru_lab.tables.steps import month_numbers, steps_of
from gru_lab.tables.text import Text
from gru_lab.tables.time import DAY, SECOND
from gru_lab.tables.time_calendars import BUDDHIST, ERA
from gru_lab.tables.time_joined import GPS
from gru_lab.tables.time_write import Writer, rounded
from gru_lab.tables.workbook import Excel

LONG = 1.5  # usual steps without a row leave one out
MOSTLY = 0.5  # of the steps are the usual one where missing rows can be counted
MOST = 20  # times as many rows as there are, and no more, are put in


def missing_steps(layout: Layout) -> np.ndarray:
    """Return how many usual steps before each row have no row of their own, (rows,), in `order`.

    0 where time has no usual step: then nothing can be called missing.
    """
    step = steps_of(layout.position, layout.first)
    usual = (step > 1 / LONG) & (step < LONG)
    if layout.stamps is None or usual.sum() < MOSTLY * (step > 0).sum():
        return np.zeros(len(step), dtype=int)
    lacking = np.where(step > LONG, np.rint(step) - 1, 0).astype(int)
    repeats = np.r_[False, (step == 0)[:-1] & ~layout.first[:-1]]  # a row with a wrong stamp
    return np.maximum(lacking - repeats, 0)


def new_stamps(layout: Layout) -> list[tuple]:
    """Return (row of the file after which rows are put, their stamps, a row like them) for each
    gap, as they come in the file.
    """
    gaps = []
    counts = missing_steps(layout)
    for place in np.flatnonzero(counts):
        before, after = layout.order[place - 1], layout.order[place]
        if {before, after} & set(layout.odd.get("lacking", ())):
            continue
        begin, end, count = layout.stamps[before], layout.stamps[after], counts[place]
        if layout.step.months and month_numbers(layout.stamps[[before, after]]) is not None:
            start = pd.Timestamp(int(begin))
            last = start.is_month_end and pd.Timestamp(int(end)).is_month_end
            step = pd.DateOffset(months=layout.step.months)
            end_of = pd.offsets.MonthEnd(0) if last else pd.Timedelta(0)
            dates = [start + step * (n + 1) + end_of for n in range(count)]
            stamps = np.array([date.as_unit("ns").value for date in dates])
        else:
            inner = (np.arange(count) + 1) / (count + 1)
            if layout.dated:
                stamps = int(begin) + np.rint(inner * (int(end) - int(begin))).astype(np.int64)
                stamps = rounded(stamps, layout.stamps, layout.reading.order.endswith("days"))
            else:
                stamps = np.round(begin + inner * (end - begin), 9)
        newest_first = after < before
        gaps.append(
            (int(min(before, after)), stamps[::-1] if newest_first else stamps, int(before))
        )
    return sorted(gaps, key=lambda gap: gap[0])


def with_rows(file: Parquet | Text | Excel, layout: Layout) -> bytes:
    """Return the bytes of a file with a row for each time step that has none.

    Time is written as the column writes it; the columns that tell parts apart are copied from the
    row before; all other new cells are empty. Raises ValueError where that cannot be done.
    """
    gaps = new_stamps(layout)
    total = sum(len(stamps) for _, stamps, _ in gaps)
    if file.separator == " ":
        raise ValueError("fill_rows: where only spaces separate cells, none can be empty")
    stored = isinstance(file, Parquet) or set(layout.time) <= set(layout.set_aside)
    if layout.stamps is None or not stored:
        raise ValueError("fill_rows: rows are put in by a column of time, and there is none")
    if not total:
        raise ValueError("fill_rows: no time step lacks its row; leave --fill-rows out")
    if total > MOST * len(layout.order):
        raise ValueError(
            f"fill_rows: {total:,} rows would be put between {len(layout.order):,}; the usual step "
            f"of {layout.step.words} is too short for this table, so split it by --split-by first"
        )
    for kind, put in ((Text, _into_text), (Excel, _into_excel), (Parquet, _into_parquet)):
        if isinstance(file, kind):
            return put(file, layout, gaps)
    raise ValueError("fill_rows: rows can be put into text, Excel and Parquet, not into NumPy")


def _writers(layout, texts):
    """Return {column: function (stamp, text of a neighbour) → text}; `texts` are its cells."""
    order = layout.reading.order
    if order == "numbers":
        return {
            n: _number_writer(way, texts[n])
            for n, way in zip(layout.time, layout.ways, strict=True)
        }
    first, *others = layout.time
    dates, late = Writer(texts[first], order), False
    writers = {first: dates.write}
    for name, way in zip(others, layout.ways[1:], strict=True):
        if way in ("%H", "%H%M", "%H%M%S") or ".." in way:
            writers[name] = _number_writer(way, texts[name])
        else:
            clock = Writer(texts[name], "")
            writers[name], late = clock.write, late or clock.late
    if late:  # 24:00 is of the day that ends
        writers[first] = lambda stamp, like: dates.write(stamp - (stamp % DAY == 0), like)
    return writers


def _number_writer(way, texts):
    """Return a function that writes a part of a date as a number, with zeros where cells have."""
    padded = any(text.strip(' "').startswith("0") and len(text.strip(' "')) > 1 for text in texts)

    def write(stamp, like):
        if way.startswith("GPS"):
            week, rest = divmod(int(stamp) - GPS * DAY, 7 * DAY)
            return str(week if way.endswith("week") else rest // SECOND)
        if ".." in way:
            low, high = map(int, way.split(".."))
            return str(low + int(stamp) % DAY * (high - low + 1) // DAY)
        moment, later = pd.Timestamp(int(stamp)), way == "%Y" and float(like) >= ERA
        text = str(moment.year + BUDDHIST) if later else moment.strftime(way)
        return text if padded else text.lstrip("0") or "0"

    return write


def _into_text(file, layout, gaps):
    names = list(file.cells.columns)
    cut = {n: names.index(n) for n in (*layout.time, *layout.split_by) if n in names}
    raw = [file.raw_cells(row + 1) for row in range(len(file.cells))]
    texts = {n: [cells[cut[n]].strip().strip('"') for cells in raw] for n in layout.time}
    writers, lines = _writers(layout, texts), file.lines.copy()
    for after, stamps, like in reversed(gaps):
        begin, end = file.rows[after + 1]
        whole = "".join(file.lines[begin:end])
        ending = whole[len(whole.rstrip("\r\n")) :]
        new = []
        for stamp in stamps:
            cells = [""] * len(raw[like])
            for name, place in cut.items():
                cells[place] = raw[like][place]
                if name in writers:
                    old = cells[place].strip().strip('"')
                    cells[place] = cells[place].replace(old, writers[name](stamp, old))
            new.append(file.separator.join(cells) + (ending or "\n"))
        if not ending:
            new[-1], lines[end - 1] = new[-1].rstrip("\r\n"), lines[end - 1] + "\n"
        lines[end:end] = new
    return file.encoded(lines)


def _into_excel(file, layout, gaps):
    import openpyxl

    book = openpyxl.load_workbook(file.path, keep_vba=file.macros)
    sheet = book[file.sheet]
    if any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row):
        raise ValueError("fill_rows: the sheet holds formulas, which would point to other rows")
    if sheet.tables or any(area.max_row > file.first + 1 for area in sheet.merged_cells.ranges):
        raise ValueError("fill_rows: the sheet holds merged cells or a named table; undo it first")
    names, wide = list(file.cells.columns), sheet.max_column
    cut = {n: names.index(n) + 1 for n in (*layout.time, *layout.split_by) if n in names}
    texts = {n: [str(cell) for cell in file.cells[n]] for n in layout.time}
    writers = _writers(layout, texts) if layout.reading.order != "dates" else {}
    shift, end = sum(len(stamps) for _, stamps, _ in gaps), sheet.max_row
    for after, stamps, like in reversed(gaps):
        row = file.at[after] + 1
        if end > row:
            last = openpyxl.utils.get_column_letter(wide)
            sheet.move_range(f"A{row + 1}:{last}{end}", rows=shift)
        shift, end = shift - len(stamps), row
        model = file.at[like] + 1  # not moved yet, or the row just above
        for n, stamp in enumerate(stamps):
            for name, column in cut.items():
                old, new = sheet.cell(model, column), sheet.cell(row + shift + n + 1, column)
                new.value = old.value
                if name in layout.time:
                    new.value = _excel_value(stamp, old.value, writers.get(name))
                new.number_format = old.number_format
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _excel_value(stamp, like, write):
    """Return a stamp as a cell holds it: a date, a clock, a number or text, like its neighbour."""
    moment = pd.Timestamp(int(stamp)).round("us").to_pydatetime(warn=False)
    if isinstance(like, datetime.time):
        return moment.replace(microsecond=0).time()
    if isinstance(like, datetime.datetime):
        alone = like.time() == datetime.time() and write is not None
        return datetime.datetime.combine(moment, datetime.time()) if alone else moment
    text = write(stamp, str(like))
    return type(like)(float(text)) if isinstance(like, int | float) else text


def _into_parquet(file, layout, gaps):
    import pyarrow as pa
    import pyarrow.compute as pc

    placed = {after: (new, like) for after, new, like in gaps}
    rows, stamps, likes = [], [], []
    for row in range(len(file.cells)):
        new, like = placed.get(row, ((), None))
        rows += [row, *[None] * len(new)]
        stamps += [None, *map(int, new)]
        likes += [row, *[like] * len(new)]
    arrow, copied = (file.arrow.take(pa.array(n, pa.int64())) for n in (rows, likes))
    cells = file.cells.reset_index()
    texts = {n: cells[n].astype(str).tolist() for n in layout.time}
    writers = _writers(layout, texts) if layout.reading.order != "dates" else {}
    for name in (*layout.time, *layout.split_by):
        column = name if name in arrow.schema.names else "__index_level_0__"
        place, values = arrow.schema.get_field_index(column), copied.column(column)
        if name in layout.time:
            values = _stamped(values, stamps, writers.get(name))
        whole = pc.if_else(pa.array([row is None for row in rows]), values, arrow.column(column))
        arrow = arrow.set_column(place, arrow.schema.field(place), whole)
    return file.written(arrow)


def _stamped(values, stamps, write):
    """Return an Arrow array of the type of `values` with the stamps: dates, or what `write` makes
    of them.
    """
    import pyarrow as pa

    kind = values.type
    if write is None:
        zone = kind.tz if pa.types.is_timestamp(kind) else None
        return pa.array(stamps, pa.timestamp("ns", zone)).cast(kind, safe=False)
    pairs = zip(stamps, values.to_pylist(), strict=True)
    text = pa.array([s if s is None else write(s, str(like)) for s, like in pairs], pa.string())
    return (text.cast(pa.int64()) if pa.types.is_integer(kind) else text).cast(kind)
