"""The runs of a log as an audit compares them: the figure of each, and its place on the knob.

A label's number is read as it is written: .25, 1E-4, 10^-4, 1/3, 25 %, 10k, or 0,5 in a log with
decimal commas.
"""

import re

import numpy as np

from gru_lab.tuning_log.figures import number
from gru_lab.tuning_log.lines import DECIMALS
from gru_lab.tuning_log.log import TuningLog
from gru_lab.tuning_log.wording import LAYERS, numeral

RATIO = re.compile(r"(\d{1,9}(?:[.,]\d{1,9})?)\s?[:：]\s?(\d{1,9}(?:[.,]\d{1,9})?)")
POWER = re.compile(
    r"(?:(\d{1,9}(?:[.,]\d{1,9})?)\s?[x×·*]\s?)?10\s?(?:\^|\*\*)\s?\(?\{?([-−]?\d{1,3})",
    re.IGNORECASE,
)
VALUE = re.compile(
    r"(?P<sign>(?<![\w.)])[-−])?(?P<number>(?:\d{1,3}(?:[.,'’]\d{3}){1,3}(?!\d)|\d{1,15})(?:[.,]\d{1,15})?"
    r"(?:e[+-−]?\d{1,3})?|[.,]\d{1,15}(?:e[+-−]?\d{1,3})?)\s?(?P<unit>%|k\b|/\s?(?P<part>\d{1,6}))?",
    re.IGNORECASE,
)
LONGEST = 300  # characters of a label that are looked at


def value_of(label: str, decimal: str = ".") -> float | None:
    """Return the first number of a label (1E-4, 10^-4, 1/3, 25 %, 10k, 0,5), or None."""
    if power := POWER.search(label):
        factor = number(power[1], decimal) if power[1] else (1.0,)
        return factor and factor[0] * 10.0 ** int(power[2].replace("−", "-"))
    matches = list(VALUE.finditer(label))
    apart = [match for match in matches if not label[: match.start()][-1:].isalpha()]
    for match in apart or matches:
        value = number(match["number"].replace("−", "-"), decimal)
        if value:
            unit = match["unit"] or ""
            scale = {"%": 0.01, "k": 1000.0}.get(unit.lower(), 1.0)
            scale = 1 / float(match["part"]) if match["part"] and float(match["part"]) else scale
            return value[0] * scale * (-1 if match["sign"] else 1)
    return None


class Row:
    """A run of the log, and what its label and its last lines say."""

    def __init__(self, label, lines, epochs=None, stage=(0, 1), decimal=".", rate=None):
        self.place, self.stage = stage  # among the log's stages, and its number
        self.label, self.lines, self.epochs, self.rate = label, lines, epochs, rate
        self.diverged = not all(line.finite for line in lines)
        self.losses = np.array([line.validation for line in lines])
        self.mean, self.low, self.high = (float(f(self.losses)) for f in (np.mean, np.min, np.max))
        decimals = [line.decimals or DECIMALS.get(line.format, 5) for line in lines]
        self.decimals = min(max(decimals), 300)  # a float has no more
        self.unit = 10.0**-self.decimals
        label = label[:LONGEST]
        layers, ratio = (pattern.search(label) for pattern in (LAYERS, RATIO))
        self.layers = layers and numeral(layers[1] or layers[2])
        # where the setting lies on the stage's knob
        self.value = self.layers or value_of(label, decimal)
        self.weight = (
            self.value if re.search("weight|权重|gewicht|poids", label, re.IGNORECASE) else None
        )
        if ratio and (first := number(ratio[1], decimal)) and first[0]:
            second = number(ratio[2], decimal)
            self.value = self.weight = second and second[0] / first[0]

    def show(self, figure: float | None = None) -> str:
        """Return a figure, by default the mean, with the decimals of the lines."""
        return f"{self.mean if figure is None else figure:.{self.decimals}f}"

    def overlaps(self, other: "Row") -> bool:
        """Tell whether the last lines of two runs share a range, as far as their rounding tells."""
        return max(self.low, other.low) <= min(self.high, other.high) + (self.unit + other.unit) / 2


def rows_of(log: TuningLog, place: int) -> list[Row]:
    """Return a stage's runs with figures as Rows; of several seeds of a setting, the first."""
    rows, stage = {}, log.stages[place]
    for run in (run for run in stage.runs if run.lines):
        label = re.sub(r"\s{0,3}\[seed \d{1,10}\]", "", run.label[:LONGEST]) or "no label"
        epochs = run.epochs or run.lines[-1].epoch or stage.epochs or log.epochs
        rate = run.learning_rate or stage.learning_rate
        row = Row(label, run.lines, epochs, (place, stage.number), log.decimal, rate)
        rows.setdefault((label, epochs, rate), row)
    return list(rows.values())
