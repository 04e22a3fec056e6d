"""Numbers as people read them, and tables of them as HTML: plain decimals, equal in a column."""

import math
from collections.abc import Iterable
from html import escape
from numbers import Integral, Real

import numpy as np
import pandas as pd

MOST_DECIMALS = 12
SHARES = {"difference", "low", "high"}  # columns that are shown in percent


def decimals(value: float, digits: int = 3) -> int:
    """Return how many decimals show `digits` significant digits of a number: 2 for 3.14159."""
    if not (math.isfinite(value) and value):
        return 0
    return min(max(0, digits - 1 - math.floor(math.log10(abs(value)))), MOST_DECIMALS)


def plain(value: float, digits: int = 3) -> str:
    """Return a number with `digits` significant digits at most, never in powers of ten.

    >>> plain(0.0000085), plain(0.0324, 2), plain(120), plain(0.5)
    ('0.0000085', '0.032', '120', '0.5')
    """
    if not math.isfinite(value):
        return "–"
    text = f"{value:.{decimals(value, digits)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def places(values: Iterable) -> int:
    """Return the decimals for a column: three digits of its largest number, two of its smallest."""
    numbers = pd.to_numeric(pd.Series(list(values)), errors="coerce").astype(float).abs()
    sizes = numbers[np.isfinite(numbers) & (numbers > 0)]
    if sizes.empty:
        return 0
    return max(decimals(sizes.max()), decimals(sizes.min(), 2))


def column(values: Iterable, fixed: int | None = None) -> list[str]:
    """Return numbers as texts with equal decimals (default: `places`), '–' for what is missing.

    >>> column([0.0147, 0.012, 0.00031])
    ['0.01470', '0.01200', '0.00031']
    """
    fixed = places(values) if fixed is None else fixed
    return ["–" if pd.isna(value) else f"{value:.{fixed}f}" for value in values]


def percent(share: float, fixed: int | None = None) -> str:
    """Return the size of a share as a percentage, with the digits that a small one needs.

    >>> percent(-0.0846), percent(0.0002)
    ('8.5 %', '0.02 %')
    """
    fixed = (1 if abs(share) >= 0.01 else 2) if fixed is None else fixed
    return f"{100 * abs(share):.{fixed}f} %"


def signed(share: float, fixed: int | None = None) -> str:
    """Return a share as a percentage with its sign; one that rounds to zero has none."""
    text = percent(share, fixed)
    return ("" if not text.strip("0. %") else "+" if share > 0 else "-") + text


def _shares(values: pd.Series) -> list[str]:
    fixed = 2 if values.abs().between(0, 0.01, inclusive="neither").any() else 1
    return ["–" if pd.isna(share) else signed(share, fixed) for share in values]


def _cells(values: pd.Series) -> tuple[list[str], str]:
    """Return a column's cells as texts, and the attribute that says whether they are words."""
    shown = [value for value in values if not pd.isna(value)]
    if all(isinstance(value, Real) and not isinstance(value, bool) for value in shown):
        if not all(isinstance(value, Integral) for value in shown):
            return column(values), ""
    texts = ["–" if pd.isna(value) else str(value) for value in values]
    number = all(text == "–" or text.lstrip("+-")[:1].isdigit() for text in texts)
    return texts, "" if number else ' class="word"'


def html_table(table: pd.DataFrame, look: str = "dataframe") -> str:
    """Return a table as HTML: one header row, the index as the first columns, words to the left.

    Texts are put in as text. `look` is the table's class: 'dataframe', or 'words' for sentences,
    which wrap.
    """
    table = table.reset_index()
    for name in SHARES.intersection(table):
        if pd.api.types.is_numeric_dtype(table[name]):
            table[name] = _shares(table[name])
    columns = [(escape(str(name)), *_cells(values)) for name, values in table.items()]
    head = "".join(f'<th scope="col"{kind}>{name}</th>' for name, _, kind in columns)
    rows = []
    for place in range(len(table)):
        (_, first, _), *others = columns
        cells = [f'<th scope="row">{escape(first[place])}</th>']
        cells += [f"<td{kind}>{escape(texts[place])}</td>" for _, texts, kind in others]
        rows.append(f"<tr>{''.join(cells)}</tr>\n")
    body = "".join(rows)
    return (
        f'<table class="{look}">\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>'
    )


class Table(pd.DataFrame):
    """A DataFrame shown by `html_table`; what is computed from it is a plain one."""

    def _repr_html_(self):
        return html_table(self)
