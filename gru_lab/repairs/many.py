"""One table a day: several files of the same sensors as one Sheet, with a part per file, so that
one repairer learns from all of them and each is written under its name.
"""

import glob
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from gru_lab.output import require_folder
from gru_lab.repairs.check import FEW_ROWS, check
from gru_lab.repairs.sheet import Sheet
from gru_lab.repairs.words import counted, listed
from gru_lab.tables.formats import is_known
from gru_lab.tables.layout import Layout, names_of

PART = "file"  # the column that tells the files apart


def files_of(sources: list[str]) -> tuple[list[Path], bool]:
    """Return the files that are meant, and whether they may be several: a folder or a pattern.

    Raises ValueError for a pattern or a folder without a table, and for two files of one name.
    """
    paths, several = [], len(sources) > 1
    for source in map(str, sources):
        path = Path(source)
        if path.is_dir():
            inside = sorted(file for file in path.iterdir() if file.is_file() and is_known(file))
        elif not path.exists() and glob.has_magic(source):
            inside = [Path(name) for name in sorted(glob.glob(source, recursive=True))]
        else:
            paths.append(path)
            continue
        several = True
        if not inside:
            raise ValueError(f"IN must be tables, and {source!r} holds none; name files")
        paths += inside
    paths = list(dict.fromkeys(paths))
    for name, count in Counter(path.name for path in paths).items():
        if count > 1:
            raise ValueError(f"IN must be files of different names, and {name!r} is there twice")
    return paths, several


@dataclass
class Sheets(Sheet):
    """Several Sheets as one; `part` names the column that tells them apart."""

    sheets: list = field(default_factory=list)

    @classmethod
    def of_all(cls, sheets: list[Sheet], split_by: Any = None, **layout: Any) -> "Sheets":
        """Return several sheets as one; ValueError where their columns differ, or the order of day
        and month.

        `split_by` names a column that tells parts apart within each file, too; `layout` are other
        settings of `Layout.of`.
        """
        if wrong := unlike(sheets):
            raise ValueError(f"files must have the same columns: {wrong[0]}; repair it by itself")
        layouts = [Layout.of(sheet.table, split_by, **layout) for sheet in sheets]
        if wrong := unlike_days([sheet.name for sheet in sheets], layouts):
            raise ValueError(f"files must be written alike: {wrong[0]}; repair it by itself")
        part = PART
        while part in sheets[0].table.columns:
            part += "_"
        order, tables, holes = list(sheets[0].table.columns), [], []
        for sheet in sheets:
            label = pd.Series(sheet.name, sheet.table.index, dtype=object)
            for name in names_of(split_by):
                label += " / " + sheet.table[name].astype(str)
            rest = [name for name in order if name not in names_of(split_by)]
            tables.append(sheet.table[rest].assign(**{part: label}))
            holes.append(sheet.holes[rest].assign(**{part: False}))
        dated = all(isinstance(table.index, pd.DatetimeIndex) for table in tables)
        table, mask = (pd.concat(frames, ignore_index=not dated) for frames in (tables, holes))
        notes = [f"{sheet.name}: {note}" for sheet in sheets for note in sheet.notes]
        doubts = [f"{sheet.name}: {doubt}" for sheet in sheets for doubt in sheet.doubts]
        unread = {name: text for sheet in sheets for name, text in sheet.unread.items()}
        path = Path(f"{counted(len(sheets), 'file')}")
        return cls(path, table, mask, notes, None, doubts, unread, part=part, sheets=sheets)

    def require_out(self, out: str | Path) -> Path:
        """Return the folder to write into, made if need be."""
        if Path(out).is_file():
            raise ValueError(
                f"OUT must be a folder for {self.name}, not the file {str(out)!r}; name one after "
                "them"
            )
        return require_folder("OUT", out)

    def places(self, out: str | Path) -> list[Path]:
        """Return the paths that are written for OUT."""
        return [Path(out) / sheet.name for sheet in self.sheets]

    def files(self, out: str | Path, repaired: Any, filled: Any, keep_flags: bool = False) -> dict:
        """Return {path: bytes} of every file, as `Sheet.files` does of one."""
        written, begin = {}, 0
        for sheet, place in zip(self.sheets, self.places(out), strict=True):
            rows = slice(begin, begin := begin + len(sheet.table))
            written[place] = sheet.rebuilt(repaired.iloc[rows], filled.iloc[rows], keep_flags)
        return written


def unlike(sheets: list[Sheet]) -> list[str]:
    """Return in words which files have other columns, or text where others have numbers."""
    usual = Counter(tuple(sorted(sheet.table.columns)) for sheet in sheets).most_common(1)[0][0]
    tables, sentences = [sheet.table for sheet in sheets], []
    kinds = {name: [_is_text(t[name]) for t in tables if name in t] for name in usual}
    text = {name: Counter(known).most_common(1)[0][0] for name, known in kinds.items()}
    for sheet in sheets:
        names = sheet.table.columns
        lacks = [name for name in usual if name not in names]
        has = [name for name in names if name not in usual]
        diff = [f"lacks {', '.join(map(repr, lacks))}"] * bool(lacks)
        diff += [f"has {', '.join(map(repr, has))} besides"] * bool(has)
        for name in [name for name in usual if name in names]:
            if _is_text(sheet.table[name]) != text[name] and sheet.table[name].notna().any():
                other = "numbers" if text[name] else "text"
                diff.append(f"holds {other} in {name!r}, unlike the others")
        sentences += [f"{sheet.name} {' and '.join(diff)}"] * bool(diff)
    return sentences


def _day_or_month(layouts: list) -> tuple[list, str | None]:
    """Return for each Layout which of day and month may come first, {'dm', 'md'}, and which does in
    most files that leave no doubt.
    """
    ways = [{way.order[:2] for way in layout.readings} & {"dm", "md"} for layout in layouts]
    counts = Counter(way for known in ways if len(known) == 1 for way in known)
    return ways, max(counts, key=lambda way: counts[way], default=None)


def unlike_days(names: list[str], layouts: list) -> list[str]:
    """Return in words which files have the month first where others have the day, or the reverse.

    Files that can be read in both ways are as the others.
    """
    ways, usual = _day_or_month(layouts)
    words = {"dm": "the day first", "md": "the month first"}
    return [
        f"{name} has {words[way]} in {layout.time[0]!r}, and others {words[usual]}"
        for name, known, layout in zip(names, ways, layouts, strict=True)
        for way in known
        if usual not in known
    ]


def _is_text(column):
    return not (
        pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column)
    )


@dataclass
class Checks:
    """The Check of each of several files, and in which they differ, as sentences."""

    checks: list
    differences: list

    @property
    def problems(self) -> list[str]:
        """Those of all files, each with its file."""
        named = [f"{file.name}: {text}" for file in self.checks for text in file.problems]
        return self.differences + named

    def __str__(self):
        rows = [("file", "rows", "time", "channels", "holes", "problems")]
        for file in self.checks:
            holes = int(file.channels["holes"].sum())
            counts = (f"{len(file.channels)}", f"{holes:,}", f"{len(file.problems)}")
            rows.append((file.name, file.facts["rows"], file.facts["time"], *counts))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [f"{len(self.checks)} files, read as {self.checks[0].facts['read as']}"]
        lines += ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        if problems := self.problems:
            lines += ["", "Problems:", *(f"{n}. {text}" for n, text in enumerate(problems, 1))]
        return "\n".join(lines)


def check_all(sheets: list[Sheet], **options: Any) -> Checks:
    """Return the Checks of several files; `options` are those of `check`."""
    checks = [check(sheet, **options) for sheet in sheets]
    ways, usual = _day_or_month([file.layout for file in checks])
    for place, known in enumerate(ways):  # the other files say how this one is to be read
        if len(known) == 2 and usual:
            checks[place] = check(sheets[place], **options, dayfirst=usual == "dm")
    if sum(len(sheet.table) for sheet in sheets) >= FEW_ROWS:  # together they are enough
        few = "too few to learn from"
        checks = [replace(c, problems=[p for p in c.problems if few not in p]) for c in checks]
    names = [file.name for file in checks]
    odd = unlike(sheets) + unlike_days(names, [file.layout for file in checks])
    steps = [re.split(r"[;(]", file.facts["time"])[0].strip() for file in checks]  # no pauses
    for fact, ways in (("read as", [file.facts["read as"] for file in checks]), ("time", steps)):
        usual = Counter(ways).most_common(1)[0][0]
        pairs = zip(names, ways, strict=True)
        odd += [f"{name}: {fact} {way}, the others {usual}" for name, way in pairs if way != usual]
    kinds = pd.DataFrame({file.name: file.channels["kind"] for file in checks})
    for channel, row in kinds.iterrows():
        row = row[~row.isin(["constant", "empty", "none"])].dropna()
        if row.nunique() > 1:
            usual = row.mode()[0]
            other = row[row != usual]
            where = listed(other.index)
            odd.append(f"{channel!r} is {other.iloc[0]} in {where}, and {usual} in the others")
    return Checks(checks, odd)
