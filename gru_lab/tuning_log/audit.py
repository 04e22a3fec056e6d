"""What arithmetic alone says of a tuning log: which of its figures follow from others, repeat,
overlap or disagree.

A stage with lines that were not understood is not judged unless asked for. Nothing is trained. Every finding carries its figures, so that it can be checked with a pencil. The
figure of a setting is its validation loss, the mean of its last lines; settings are compared at the
epochs most of a stage has.
"""

import re
from collections import Counter
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd

from gru_lab.tuning_log.lines import DECIMALS, number
from gru_lab.tuning_log.log import LoggedRun, LoggedStage, TuningLog
from gru_lab.tuning_log.read import read_log
from gru_lab.tuning_log.stages import STAGES
from gru_lab.tuning_log.wording import DECIDES, LAYERS, numeral

DIGITS = 10  # significant ones that two different runs hardly share
UNITS = 100  # of the last decimal: a range in which a prediction hardly comes true by chance
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


def value_of(label, decimal="."):
    """Return the first number of a label, or None: 'dropout=.25', 'lr 1E-4', 'rate 10^-4', '1/3',
    '25 %', '10k', and '0,5' where the log writes decimal commas.
    """
    if power := POWER.search(label):
        factor = number(power[1], decimal) if power[1] else (1.0,)
        return factor and factor[0] * 10.0 ** int(power[2].replace("−", "-"))
    matches = list(VALUE.finditer(label))
    apart = [one for one in matches if not label[one.start() - 1 : one.start()].isalpha()]
    for match in apart or matches:
        found = number(match["number"].replace("−", "-"), decimal)
        if found:
            unit = match["unit"] or ""
            scale = {"%": 0.01, "k": 1000.0}.get(unit.lower(), 1.0)
            scale = 1 / float(match["part"]) if match["part"] and float(match["part"]) else scale
            return found[0] * scale * (-1 if match["sign"] else 1)
    return None


class Row:
    """A run of the log, and what its label and its last lines say."""

    def __init__(self, stage, label, lines, epochs, decimal="."):
        self.stage, self.label, self.lines, self.epochs = stage, label, lines, epochs
        self.diverged = not all(line.finite for line in lines)
        self.losses = np.array([line.validation for line in lines])
        self.mean, self.low, self.high = (float(f(self.losses)) for f in (np.mean, np.min, np.max))
        self.decimals = max(
            line.decimals or DECIMALS.get(line.format, 5)
            for line in lines
            if line.finite or not line.decimals
        )
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

    def show(self, figure=None):
        """Return a figure, by default the mean, with the decimals of the lines."""
        return f"{self.mean if figure is None else figure:.{self.decimals}f}"

    def overlaps(self, other):
        """Tell whether the last lines of two runs share a range, as far as their rounding tells."""
        return max(self.low, other.low) <= min(self.high, other.high) + (self.unit + other.unit) / 2


def rows_of(log, stage):
    """Return a stage's runs that have figures as Rows; of several seeds of a setting, the first."""
    rows = {}
    for run in (run for run in stage.runs if run.lines):
        label = re.sub(r"\s{0,3}\[seed \d{1,10}\]", "", run.label[:LONGEST]) or "no label"
        epochs = run.epochs or run.lines[-1].epoch or stage.epochs or log.epochs
        row = Row(stage.number, label, run.lines, epochs, log.decimal)
        rows.setdefault((label, epochs), row)
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
        f"From the last lines of '{rows[0].label}' and '{rows[-1].label}' follow A = {show(errors['A'])} and r²M = "
        f"{show(errors['r²M'])}. The loss (A + w·r²M)/(1 + w) must then be {'; '.join(told[1:-1])}. The same errors "
        "explain every row: the ruler changes with the weight, and the loss says nothing about the network.",
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
            f" Its {one.show()} stands beside {none.show()} of '{none.label}' in stage {none.stage}."
            if none
            else ""
        )
        yield (
            "two things at once",
            f"Dropout acts between layers, so the network's dropout of {dropout[1]} does nothing with '{one.label}': "
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
            f"The last lines of {names} overlap: their means differ by {show(apart)} at most, and a single run moves "
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


def diverged(rows, every, _):
    """Runs whose last lines are not finite: whatever stood before, they are never the best."""
    gone = [row for row in every if row.stage == rows[0].stage and row.diverged]
    if gone:
        names = ", ".join(f"'{row.label}'" for row in gone)
        yield (
            "diverged run",
            f"{names}: the last lines hold a figure that is not finite. A diverged run is never the best, "
            "and is compared with nothing.",
            {row.label: row.losses[-1].item() for row in gone},
        )


def against_own_figures(rows, _, log):
    """The conclusion decides for one setting, and the figures are clearly in favour of another."""
    text = " ".join(one.conclusion for one in log.stages if one.number == rows[0].stage)

    def decided(row):
        name = RATIO.search(row.label)[0] if RATIO.search(row.label) else row.label
        name = r"\s{0,3}".join(map(re.escape, name[:LONGEST].split()))
        # a number that counts something else is none
        value = "" if row.value is None else f"{row.value:g}"
        value = value and "|" + re.escape(value).replace(r"\.", "[.,]") + r"(?!\s?\w)"
        return re.search(rf"{DECIDES}(?:{name}{value})(?![\d:]|[.,]\d)", text, re.IGNORECASE)

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
ANYWAY = "mend those lines, or pass anyway=True to judge the rest without them"


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


def _lost(log):
    """Return (stage's number, sentence) for all lines that were not understood, stage by stage."""
    inside = [(stage.number, stage.not_understood) for stage in log.stages]
    known = [line for _, lines in inside for line in lines]
    inside.append((0, [line for line in log.not_understood if line not in known]))
    for number_, lines in inside:
        if lines:
            where = f"stage {number_}" if number_ else "no stage"
            shown = "; ".join(f"line {place}: {text[:60]!r}" for place, text in lines[:5])
            more = f"; and {len(lines) - 5} more" if len(lines) > 5 else ""
            yield (
                number_,
                lines,
                f"{len(lines)} lines of {where} were not understood ({shown}{more})",
            )


def audit(log=None, anyway: bool = False) -> Findings:
    """Return the Findings on a tuning log: a TuningLog, a path, a log's text, or by default the
    recorded one.

    Raises ValueError if there is no log in it, and where lines with figures were not understood,
    with their numbers: what is concluded without them may be wrong. `anyway` judges the rest, with
    a finding that names them.
    """
    log = recorded_log() if log is None else log if isinstance(log, TuningLog) else read_log(log)
    lost, found = list(_lost(log)), Findings()
    if lost and not anyway:
        raise ValueError(
            f"log must be understood as a whole, but {'; '.join(one[-1] for one in lost)}; {ANYWAY}"
        )
    for number_, lines, sentence in lost:
        found.append(Finding(number_, "lines not understood", f"{sentence}.", dict(lines)))
    every = [row for stage in log.stages for row in rows_of(log, stage)]
    for stage in dict.fromkeys(row.stage for row in every):
        rows = [row for row in every if row.stage == stage]
        found += [Finding(stage, *one) for one in diverged(rows, every, log)]
        rows = [row for row in rows if not row.diverged]
        if not rows:
            continue
        usual = Counter(row.epochs for row in rows).most_common(1)[0][0]
        rows = [row for row in rows if row.epochs == usual]
        finite = [row for row in every if not row.diverged]
        found += [Finding(stage, *one) for check in CHECKS for one in check(rows, finite, log)]
    return found
