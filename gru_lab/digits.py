"""Numbers as people read them, and tables of them as HTML: plain decimals, equal in a column."""

import math
from html import escape
from numbers import Integral, Real

import numpy as np
import pandas as pd

MOST_DECIMALS = 12


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


def places(values, digits: int = 3) -> int:
    """Return the decimals for a column: `digits` digits of its largest, two of its smallest."""
    numbers = pd.to_numeric(pd.Series(list(values)), errors="coerce").astype(float).abs()
    sizes = numbers[np.isfinite(numbers) & (numbers > 0)]
    if sizes.empty:
        return 0
    return max(decimals(sizes.max(), digits), decimals(sizes.min(), min(2, digits)))


def column(values, fixed: int | None = None) -> list[str]:
    """Return numbers as texts with equal decimals (default: `places`), '–' for what is missing.

    >>> column([0.0147, 0.012, 0.00031])
    ['0.01470', '0.01200', '0.00031']
    """
    fixed = places(values) if fixed is None else fixed
    return ["–" if pd.isna(value) else f"{value:.{fixed}f}" for value in values]


def _texts(values: pd.Series) -> list[str]:
    """Return a column's cells as texts: words as they are, whole numbers whole, others alike."""
    shown = [value for value in values if not pd.isna(value)]
    if all(isinstance(value, Real) and not isinstance(value, bool) for value in shown):
        whole = all(isinstance(value, Integral) for value in shown)
        return ["–" if pd.isna(one) else str(one) for one in values] if whole else column(values)
    return ["–" if pd.isna(value) else str(value) for value in values]


def html_table(table: pd.DataFrame, look: str = "dataframe") -> str:
    """Return a table as HTML: one header row, the index as the first columns, numbers to the right.

    Texts are put in as text. `look` is the table's class: 'dataframe', or 'words' for sentences,
    which wrap.
    """
    table = table.reset_index()
    texts = {name: _texts(values) for name, values in table.items()}
    head = "".join(f'<th scope="col">{escape(str(name))}</th>' for name in table)
    rows = [
        "".join(
            f'<th scope="row">{escape(text)}</th>' if place == 0 else f"<td>{escape(text)}</td>"
            for place, text in enumerate(cells)
        )
        for cells in zip(*texts.values(), strict=True)
    ]
    body = "".join(f"<tr>{row}</tr>\n" for row in rows)
    return (
        f'<table class="{look}">\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>'
    )
