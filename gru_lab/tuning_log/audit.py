"""What arithmetic alone says of a tuning log: which of its figures follow from others, repeat,
overlap or disagree.

Nothing is trained. Every finding carries its figures, so that it can be checked with a pencil. The
figure of a setting is its validation loss, the mean of its last lines; settings are compared at the
epochs most of a stage has.
"""

import re
from collections import Counter
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd

from gru_lab.tuning_log.read import DECIMALS, LoggedRun, LoggedStage, TuningLog, read_log
from gru_lab.tuning_log.stages import STAGES

DECIDES = r"(?:保持|设为|取|选|用|\bset(?: it)? to|\bkeep|\btake|\buse|\badopt|\bchoose)\W*"
DIGITS = 10  # significant ones that two different runs hardly share
UNITS = 100  # of the last decimal: a range in which a prediction hardly comes true by chance
NUMERALS = {
    "一": 1,
    "单": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
}
LAYERS = re.compile(
    rf"layers\s*=\s*(\d+)|(\d+|{'|'.join(NUMERALS)})[\s-]*(?:层|layers?\b)", re.IGNORECASE
)
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
        self.value = self.layers or (
            number and float(number[0])
        )  # where the setting lies on the stage's knob
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


@dataclass(frozen=True)
class Finding:
    """One thing that the figures of a log say by themselves."""

    stage: int
    kind: str
    sentence: str
    figures: dict


class Findings(list):
    """A list of Findings that shows itself in a notebook; `table` is the same as a DataFrame."""

    @property
    def table(self):
        return pd.DataFrame(
            [vars(one) for one in self], columns=["stage", "kind", "sentence", "figures"]
        )

    def _repr_html_(self):
        items = "".join(
            f"<li><b>Stage {one.stage}, {one.kind}.</b> {escape(one.sentence)}</li>" for one in self
        )
        return (
            f"<ul>{items}</ul>"
            if self
            else "<p>Arithmetic alone has nothing to say of this log.</p>"
        )


def same_errors(rows, *_):
    """Three weights or more: does the loss (A + w·r²M)/(1 + w), with A and r²M from two rows, give
    the others?

    It is a straight line in 1/(1 + w), so what lies between two rows is predicted to a unit of the
    last decimal.
    """
    rows = sorted((row for row in rows if row.weight is not None), key=lambda row: -row.weight)
    if len({row.weight for row in rows}) < 3:
        return
    unit, shares = max(row.unit for row in rows), np.array([1 / (1 + row.weight) for row in rows])
    means, last = np.array([(row.mean, row.losses[-1]) for row in rows]).T
    by_means, by_last = (
        np.polynomial.Polynomial.fit(shares[[0, -1]], one[[0, -1]], 1) for one in (means, last)
    )
    if (
        abs(means[0] - means[-1]) < UNITS * unit
        or by_means(0) < 0
        or (abs(by_means(shares) - means) > unit).any()
    ):
        return
    show, errors = rows[-1].show, {"A": float(by_last(1)), "r²M": float(by_last(0))}
    must = {
        row.label: (float(by_last(share)), row.losses[-1].item())
        for row, share in zip(rows, shares, strict=True)
    }
    told = [
        f"{show(loss)} for '{label}', and the log has {show(logged)}"
        for label, (loss, logged) in must.items()
    ]
    yield (
        "same errors, other rulers",
        f"From the last lines of '{rows[0].label}' and '{rows[-1].label}' follow A = "
        f"{show(errors['A'])} and r²M = "
        f"{show(errors['r²M'])}. The loss (A + w·r²M)/(1 + w) must then be "
        f"{'; '.join(told[1:-1])}. The same errors "
        "explain every row: the ruler changes with the weight, and the loss says nothing about "
        "the network.",
        errors | must,
    )


def copied(rows, every, _):
    """Runs of an earlier stage repeated digit for digit, and whether both stages state the same
    epochs.
    """
    for row in (row for row in every if row.stage == rows[0].stage):
        figures = [figure for line in row.lines for figure in (line.train, line.validation)]
        digits = sum(len(str(round(figure / row.unit))) for figure in figures)
        twin = next(
            (one for one in every if one.stage < row.stage and one.lines == row.lines), None
        )
        if twin is None or digits < DIGITS:
            continue
        name = f"'{row.label}' is '{twin.label}' of stage {twin.stage}"
        yield (
            "copied run",
            f"{name}, digit for digit: most likely one run, noted twice.",
            {"figures": figures},
        )
        if None not in (row.epochs, twin.epochs) and row.epochs != twin.epochs:
            said = f"the log states {twin.epochs} epochs there and {row.epochs} here: one of the two is a slip."
            yield (
                "epochs disagree",
                f"{name}, yet {said}",
                {"there": twin.epochs, "here": row.epochs},
            )


def idle_dropout(rows, every, log):
    """One layer against more, in a network with dropout: it acts between layers, so one layer has
    none.
    """
    dropout = re.search(r"dropout=(\d*\.?\d+)", log.model)
    one = next(
        (row for row in rows if row.layers == 1 and "dropout" not in row.label.lower()), None
    )
    more = next((row for row in rows if (row.layers or 0) > 1), None)
    if dropout and float(dropout[1]) and one and more:
        none = next(
            (row for row in every if re.fullmatch(r"dropout\s*=\s*0(\.0*)?", row.label)), None
        )
        beside = (
            f" Its {one.show()} stands beside {none.show()} of '{none.label}' in stage "
            f"{none.stage}."
            if none
            else ""
        )
        yield (
            "two things at once",
            f"Dropout acts between layers, so the network's dropout of {dropout[1]} does nothing "
            f"with '{one.label}': "
            f"against '{more.label}' both the depth and the dropout change.{beside}",
            {"dropout": float(dropout[1]), one.label: one.mean}
            | ({none.label: none.mean} if none else {}),
        )


def within_spread(rows, *_):
    """Settings whose last lines overlap with those of the best: closer than one run's own last
    epochs.
    """
    best = min(rows, key=lambda row: row.mean)
    close = [row for row in rows if row.overlaps(best) and len(row.lines) > 1]
    if len(close) > 1:
        show = max(close, key=lambda row: row.decimals).show
        apart, moves = (
            max(row.mean for row in close) - best.mean,
            max(row.high - row.low for row in close),
        )
        names = ", ".join(f"'{row.label}'" for row in close)
        yield (
            "within the spread",
            f"The last lines of {names} overlap: their means differ by {show(apart)} at most, "
            "and a single run moves "
            f"by up to {show(moves)} over its last lines. These figures do not rank the settings.",
            {"difference": apart, "spread": moves} | {row.label: row.mean for row in close},
        )


def at_the_edge(rows, *_):
    """The best of three or more values, clear of the others, is the largest, or the smallest where
    less is possible.
    """
    best, values = min(rows, key=lambda row: row.mean), [row.value for row in rows]
    close = sum(row.overlaps(best) for row in rows)  # itself among them
    if close > 1 or None in values or len(set(values)) < max(3, len(values)):
        return
    smallest = best.value == min(values) > (1 if best.layers else 0)
    if smallest or best.value == max(values):
        edge = f"'{best.label}', the {'smallest' if smallest else 'largest'} value tried"
        sentence = (
            f"The best figure, {best.show()}, is that of {edge}: a better one may lie beyond it."
        )
        yield "edge of the grid", sentence, {row.label: row.mean for row in rows}


def against_own_figures(rows, _, log):
    """The conclusion decides for one setting, and the figures are clearly in favour of another."""
    text = next(stage.conclusion for stage in log.stages if stage.number == rows[0].stage)

    def decided(row):
        name = RATIO.search(row.label)[0] if RATIO.search(row.label) else row.label
        name = r"\s*".join(map(re.escape, name.split()))
        value = (
            "" if row.value is None else rf"|{row.value:g}(?!\s*\w)"
        )  # a number that counts something else is none
        return re.search(rf"{DECIDES}(?:{name}{value})(?![\d:]|\.\d)", text, re.IGNORECASE)

    chosen, best = [row for row in rows if decided(row)], min(rows, key=lambda row: row.mean)
    if len(chosen) == 1 and not chosen[0].overlaps(best):
        kept = f"The conclusion is for '{chosen[0].label}' at {chosen[0].show()}, while '{best.label}' stands at"
        sentence = f"{kept} {best.show()}: if there was a reason, the log does not give it."
        yield (
            "against its own figures",
            sentence,
            {row.label: row.mean for row in (chosen[0], best)},
        )


CHECKS = (same_errors, copied, idle_dropout, within_spread, at_the_edge, against_own_figures)


def recorded_log():
    """Return the recorded log from the five stages' own data."""
    stages = []
    for one in STAGES.values():
        runs = [
            LoggedRun(row.label, list(row.lines), row.epochs, row.seconds)
            for row in one.settings
            if row.lines
        ]
        stages.append(
            LoggedStage(one.number, one.question, one.start.epochs, None, runs, one.conclusion)
        )
    return TuningLog(model=f"dropout={STAGES['num_layers'].start.dropout}", stages=stages)


def audit(log=None):
    """Return the Findings on a tuning log: a TuningLog, a path, a log's text, or by default the
    recorded one.

    Raises ValueError if there is no log in it.
    """
    log = recorded_log() if log is None else log if isinstance(log, TuningLog) else read_log(log)
    found, every = Findings(), [row for stage in log.stages for row in rows_of(log, stage)]
    for number in dict.fromkeys(row.stage for row in every):
        rows = [row for row in every if row.stage == number]
        usual = Counter(row.epochs for row in rows).most_common(1)[0][0]
        rows = [row for row in rows if row.epochs == usual]
        found += [Finding(number, *one) for check in CHECKS for one in check(rows, every, log)]
    return found
