"""The rows of a tuning log as the audit reads them: where a label's setting lies, and the range of its last losses."""

import re

import numpy as np

from gru_lab.study.log import DECIMALS

NUMERALS = {"一": 1, "单": 1, "二": 2, "两": 2, "三": 3, "四": 4, "one": 1, "two": 2, "three": 3, "four": 4}
LAYERS = re.compile(rf"layers\s*=\s*(\d+)|(\d+|{'|'.join(NUMERALS)})[\s-]*(?:层|layers?\b)", re.IGNORECASE)
RATIO = re.compile(r"(\d+(?:\.\d+)?)\s*[:：]\s*(\d+(?:\.\d+)?)")
NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e-?\d+)?")


class Row:
    """A run of the log, and what its label and its last lines say."""

    def __init__(self, stage, label, lines, epochs):
        self.stage, self.label, self.lines, self.epochs = stage, label, lines, epochs
        self.losses = np.array([line.validation for line in lines])
        self.mean, self.low, self.high = (float(f(self.losses)) for f in (np.mean, np.min, np.max))
        self.decimals = DECIMALS[lines[-1].format]
        self.unit = 10.0**-self.decimals
        layers, ratio, number = (pattern.search(label) for pattern in (LAYERS, RATIO, NUMBER))
        layers = layers and (layers[1] or layers[2]).lower()
        self.layers = layers and int(NUMERALS.get(layers, layers))
        self.value = self.layers or (number and float(number[0]))  # where the setting lies on the stage's knob
        self.weight = self.value if re.search("weight|权重", label, re.IGNORECASE) else None
        if ratio and float(ratio[1]):
            self.value = self.weight = float(ratio[2]) / float(ratio[1])

    def show(self, figure=None):
        """Return a figure, by default the mean, with the decimals of the lines."""
        return f"{self.mean if figure is None else figure:.{self.decimals}f}"

    def overlaps(self, other):
        """Tell whether the last lines of two runs share a range, as far as their rounding tells."""
        return max(self.low, other.low) <= min(self.high, other.high) + (self.unit + other.unit) / 2


def rows_of(log, stage):
    """Return a stage's runs that have figures as Rows; of several seeds of one setting, the first."""
    rows = {}
    for run in (run for run in stage.runs if run.lines):
        label = re.sub(r"\s*\[seed \d+\]", "", run.label) or "no label"
        epochs = run.epochs or run.lines[-1].epoch or stage.epochs or log.epochs
        rows.setdefault((label, epochs), Row(stage.number, label, run.lines, epochs))
    return list(rows.values())
