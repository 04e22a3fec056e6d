"""The checks of an audit: each yields (kind, sentence, figures) for what a stage's rows give away.

A check takes the stage's Rows of equal length, all finite Rows of the log, and the log.
"""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from gru_lab.tuning_log.log import TuningLog
from gru_lab.tuning_log.rows import LONGEST, RATIO, Row
from gru_lab.tuning_log.wording import DECIDES, DECIDES_BEFORE

DIGITS = 10  # significant ones that two different runs hardly share
LONGEST_CONCLUSION = 5_000  # characters that are looked at
UNITS = 100  # of the last decimal: a range in which a prediction hardly comes true by chance


def same_errors(rows: list[Row], *_: Any) -> Iterator:
    """Does the loss (A + w·r²M)/(1 + w), with A and r²M from two rows, give the other rows?

    It is a straight line in 1/(1 + w), so what lies between two rows is predicted to a unit of the
    last decimal.
    """
    rows = sorted((row for row in rows if row.weight is not None), key=lambda row: -row.weight)
    if len({row.weight for row in rows}) < 3:
        return
    unit, shares = max(row.unit for row in rows), np.array([1 / (1 + row.weight) for row in rows])
    means, last = np.array([(row.mean, row.losses[-1]) for row in rows]).T
    by_means, by_last = (
        np.polynomial.Polynomial.fit(shares[[0, -1]], losses[[0, -1]], 1)
        for losses in (means, last)
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
    others = [
        f"{show(loss)} for '{label}', and the log has {show(logged)}"
        for label, (loss, logged) in must.items()
    ]
    yield (
        "same errors, other rulers",
        f"From the last lines of '{rows[0].label}' and '{rows[-1].label}' follow A = "
        f"{show(errors['A'])} and r²M = {show(errors['r²M'])}. The loss (A + w·r²M)/(1 + w) must "
        f"then be {'; '.join(others[1:-1])}. The same errors explain every row: the ruler changes "
        "with the weight, and the loss says nothing about the network.",
        errors | must,
    )


def copied(rows: list[Row], all_rows: list[Row], _: Any) -> Iterator:
    """Runs of an earlier stage repeated digit for digit, and whether their epochs agree."""
    for row in (row for row in all_rows if row.place == rows[0].place):
        figures = [figure for line in row.lines for figure in (line.train, line.validation)]
        digits = sum(len(str(round(figure / row.unit))) for figure in figures)
        earlier = (other for other in all_rows if other.place < row.place)
        twin = next((other for other in earlier if other.lines == row.lines), None)
        if twin is None or digits < DIGITS:
            continue
        name = f"'{row.label}' is '{twin.label}' of stage {twin.stage}"
        sentence = f"{name}, digit for digit: most likely one run, noted twice."
        yield "copied run", sentence, {"figures": figures}
        if None not in (row.epochs, twin.epochs) and row.epochs != twin.epochs:
            yield (
                "epochs disagree",
                f"{name}, yet the log states {twin.epochs} epochs there and {row.epochs} here: "
                "one of the two is a slip.",
                {"there": twin.epochs, "here": row.epochs},
            )


def idle_dropout(rows: list[Row], all_rows: list[Row], log: TuningLog) -> Iterator:
    """One layer against more, with dropout: it acts between layers, so one layer has none."""
    dropout = re.search(r"dropout=(\d*\.?\d+)", log.model)
    alone = (row for row in rows if row.layers == 1 and "dropout" not in row.label.lower())
    single = next(alone, None)
    more = next((row for row in rows if (row.layers or 0) > 1), None)
    if dropout and float(dropout[1]) and single and more:
        none = next(
            (row for row in all_rows if re.fullmatch(r"dropout\s*=\s*0(\.0*)?", row.label)), None
        )
        beside = (
            f" Its {single.show()} stands beside {none.show()} of '{none.label}' in stage "
            f"{none.stage}."
            if none
            else ""
        )
        yield (
            "two things at once",
            f"Dropout acts between layers, so the network's dropout of {dropout[1]} does nothing "
            f"with '{single.label}': against '{more.label}' both the depth and the dropout change."
            f"{beside}",
            {"dropout": float(dropout[1]), single.label: single.mean}
            | ({none.label: none.mean} if none else {}),
        )


def other_rates(rows: list[Row], *_: Any) -> Any:
    """Settings of a stage that were trained with unlike learning rates, as the log states."""
    rates = {row.label: row.rate for row in rows}
    if len({*rates.values()}) > 1 and None not in rates.values():
        names = ", ".join(f"'{label}' with {rate:g}" for label, rate in rates.items())
        sentence = f"The learning rate changes beside the setting: {names}."
        yield "two things at once", sentence, rates


def within_spread(rows: list[Row], *_: Any) -> Iterator:
    """Settings whose last lines overlap with the best: closer than one run's own last epochs."""
    best = min(rows, key=lambda row: row.mean)
    close = [row for row in rows if row.overlaps(best) and len(row.lines) > 1]
    if len(close) > 1:
        show = max(close, key=lambda row: row.decimals).show
        apart = max(row.mean for row in close) - best.mean
        moves = max(row.high - row.low for row in close)
        names = ", ".join(f"'{row.label}'" for row in close)
        yield (
            "within the spread",
            f"The last lines of {names} overlap: their means differ by {show(apart)} at most, and "
            f"a single run moves by up to {show(moves)} over its last lines. These figures do not "
            "rank the settings.",
            {"difference": apart, "spread": moves} | {row.label: row.mean for row in close},
        )


def at_the_edge(rows: list[Row], *_: Any) -> Iterator:
    """The best of three or more values, clear of the others, is at an end with more beyond."""
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


def decided(row: Row, text: str) -> bool:
    """Tell whether a conclusion decides for a run, by its label or its value."""
    name = RATIO.search(row.label)[0] if RATIO.search(row.label) else row.label
    name = r"\s{0,3}".join(map(re.escape, name[:LONGEST].split()))
    # a number that counts something else is none
    value = "" if row.value is None else f"{row.value:g}"
    value = value and "|" + re.escape(value).replace(r"\.", "[.,]") + r"(?!\s?\w)"
    names = rf"(?:{name}{value})(?![\d:]|[.,]\d)"
    pattern = rf"{DECIDES}{names}|{names}\s{DECIDES_BEFORE}"
    return re.search(pattern, text[:LONGEST_CONCLUSION], re.IGNORECASE) is not None


def diverged(rows: list[Row], text: str) -> Iterator:
    """Runs whose last lines are not finite: whatever stood before, they are never the best."""
    gone = [row for row in rows if row.diverged]
    if gone:
        names = ", ".join(f"'{row.label}'" for row in gone)
        kept = ", ".join(f"'{row.label}'" for row in gone if decided(row, text))
        kept = f" The conclusion is for {kept}." if kept else ""
        yield (
            "diverged run",
            f"The last lines of {names} hold figures that are not finite. A diverged run is never "
            f"the best, and is compared with nothing.{kept}",
            {row.label: row.losses[-1].item() for row in gone},
        )


def against_own_figures(rows: list[Row], _: Any, log: TuningLog) -> Iterator:
    """The conclusion decides for one setting, and the figures are clearly in favour of another."""
    text = log.stages[rows[0].place].conclusion
    chosen, best = [row for row in rows if decided(row, text)], min(rows, key=lambda row: row.mean)
    if len(chosen) == 1 and not chosen[0].overlaps(best):
        sentence = (
            f"The conclusion is for '{chosen[0].label}' at {chosen[0].show()}, while "
            f"'{best.label}' stands at {best.show()}: if there was a reason, the log does not "
            "give it."
        )
        figures = {row.label: row.mean for row in (chosen[0], best)}
        yield "against its own figures", sentence, figures


CHECKS = (
    same_errors,
    copied,
    idle_dropout,
    other_rates,
    within_spread,
    at_the_edge,
    against_own_figures,
)
