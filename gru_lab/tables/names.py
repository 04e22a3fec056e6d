"""The names of columns: different from each other, no data, and units beside them."""

import re
from collections import Counter

import pandas as pd

from gru_lab.tables.manner import begins_as_number
from gru_lab.tables.time import text_readings
from gru_lab.tables.time_words import months_of

SIDEWAYS = 8  # names that are times: a table lies on its side
UNITS = set(
    "% ‰ ° deg degc degf degrees c f k celsius kelvin v a w wh va var hz pa bar m g s h d l t j n"
    " ohm ω min sec hr day mol ppm ppb lux lx rpm db ph psu ntu ft in mi kt kn knots mph psi gal"
    " atm cal rad sr cd lm bq sv avg smp max tot std sum mean med ts rn utc - 1 unit units none"
    " dbm fnu percent volt volts watt amp ampere meter kmh kts inch state".split()
)
PREFIX = re.compile("^(da|[munpkMGTµμhcd])(?=[A-Za-zΩ])")


def is_unit(text: str) -> bool:
    """Tell whether a text is a unit or a statistic, such as degC, W/m2, [hPa] or Avg."""
    parts = [part for part in re.split(r"[\s/·*^.()\[\]{}²³\d]+|(?<=\w)-", text.strip()) if part]
    return all(
        {part.lower(), PREFIX.sub("", part, count=1).lower(), part.lstrip("°").lower()} & UNITS
        for part in parts
    ) and bool(parts)


def unique_names(header: list) -> list[str]:
    """Return the cells of a header as text, an empty one named as pandas does; ValueError for the
    same name twice.
    """
    names = [f"Unnamed: {n}" if name in (None, "") else str(name) for n, name in enumerate(header)]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ValueError(
            f"columns must have different names, and {twice[0]!r} is there twice; rename one, or "
            "put names above the first row if it holds data"
        )
    return names


def nameless(names: list[str]) -> list[str]:
    """Return the sentence on a first row that is taken as names and looks like data, if it does."""
    if len(names) > SIDEWAYS and (
        text_readings(pd.Series(names[1:], dtype=object)) or len(months_of(set(names))) >= 12
    ):
        return [
            f"the names of the columns are times, such as {names[1]!r}: one row holds many of "
            "them; give each time a row of its own, as pandas.DataFrame.stack or transpose does"
        ]
    if not all(map(begins_as_number, names)):
        return []
    return [f"the first row is taken as names and holds data: {names[:5]}; put names above it"]
