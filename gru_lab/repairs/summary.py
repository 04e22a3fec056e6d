"""What came of a repair, channel by channel and in one line; and the repair of a file with all that
goes with it.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from gru_lab.repairs.check import Check
from gru_lab.repairs.choice import DOUBT
from gru_lab.repairs.holes import runs_of
from gru_lab.repairs.repaired import Repaired
from gru_lab.repairs.repairer import Repairer, repair
from gru_lab.repairs.sheet import Sheet
from gru_lab.repairs.words import counted, listed, shown

HOW = {
    "network": "network",
    "linear": "straight line",
    "forward fill": "last value",
    "seasonal": "seasonal line",
    "regression": "regression",
    "trees": "boosted trees",
    "network + trees": "network and trees",
    "flag": "nearer neighbour",
    "constant": "its one value",
    "none": "stays empty",
}


READING = ("split_by", "time", "time_format", "dayfirst")  # may be said again beside a model


def repair_sheet(
    sheet: Sheet, checked: Check, model: Any = None, device: str = "auto", **settings: Any
) -> Repaired:
    """Return the Repaired of a Sheet, of which `checked` is the Check; `model` is a file with a
    saved Repairer.

    Cells that hold text are no holes, so they are left alone. Raises ValueError for infinite
    values, for settings beside a `model` other than `draws`, and as Repairer does.
    """
    checked.layout.require(sheet.name)
    table = sheet.table
    for name in checked.channels.index:
        if np.isinf(table[name].to_numpy(float, na_value=np.nan)).any():
            raise ValueError(
                f"{sheet.name}: column {name!r} has infinite values; to have them repaired, add "
                "--missing-value inf"
            )
    if model is None:
        done = repair(table, device=device, **settings)
    else:
        _require_none([name for name in settings if name not in (*READING, "draws")])
        learned = Repairer.load(model, device)
        learned.draws = settings.pop("draws", learned.draws)
        _require_none([name for name in settings if settings[name] != getattr(learned, name)])
        learned.split_by = sheet.part or learned.split_by
        done = learned.repaired(table)
    text = done.filled & ~sheet.holes[table.columns]
    return replace(
        done,
        table=done.table.mask(text) if text.any(axis=None) else done.table,
        filled=done.filled & ~text,
    )


def _require_none(names):
    """Raise ValueError where settings stand beside a saved model that has its own."""
    if names:
        raise ValueError(
            f"a saved model has its own {', '.join(names)}; leave that out, or leave the model out"
        )


def summary(repaired: Repaired) -> pd.DataFrame:
    """Return a DataFrame with a row per channel: holes, filled, left, how, better, and the scores
    of its Repairer.

    `better` is by how much the error (MAE) foretold by held-back entries is below the straight
    line's, 0 where the line is kept.
    """
    scores = repaired.repairer.scores_
    filled = repaired.filled[scores.index].sum()
    left = repaired.frame[scores.index].isna().sum()
    better = (1 - scores["repair MAE"] / scores["linear MAE"]).where(scores["entries"] > 0)
    how = scores["kept"].map(HOW)
    counts = pd.DataFrame(
        {"holes": filled + left, "filled": filled, "left": left, "how": how, "better": better}
    )
    return counts.join(scores)


def by_length(repaired: Repaired) -> pd.DataFrame:
    """Return a DataFrame with a row per channel and class of length of its holes: how many, what
    fills them, `why`, the chance that this is worse than the straight line, and the errors of all
    ways on entries held back.
    """
    rows = repaired.repairer.by_length_
    rows = rows[rows["holes"] > 0].copy()
    ways = [name.removesuffix(" MAE") for name in rows.columns if name.endswith(" MAE")]
    others = [way for way in ways if way not in ("linear", "repair")]
    rows["why"] = [_why(row, others) for row in rows.to_dict(orient="records")]
    return rows


def _why(row, others):
    """Return by which measure a way was taken, in words."""
    if row["fills"] not in HOW or row["fills"] in ("flag", "constant", "none"):
        return ""
    if not row["entries"]:
        return "none held back: as other lengths"
    if row["fills"] != "linear":
        surer = "with other channels and lengths" if row["worse"] < 0.5 else "where it was learned"
        return f"surely better {'by MAE and RMSE' if row['worse'] < DOUBT else surer}"
    better = {
        measure: [way for way in others if row[f"{way} {measure}"] < row[f"linear {measure}"]]
        for measure in ("MAE", "RMSE")
    }
    both = [HOW[way] for way in better["MAE"] if way in better["RMSE"]]
    if both:
        return f"{both[0]} better, but not surely"
    for measure, ways in better.items():
        if ways:
            return f"{HOW[ways[0]]} better by {measure} only"
    return "best by MAE and RMSE"


def left_empty(repaired: Repaired) -> list[tuple]:
    """Return the holes that stay as (channel, rows, why), the longest first."""
    layout, channels = repaired.layout, list(repaired.repairer.scores_.index)
    missing = repaired.table[channels].isna().to_numpy()[layout.order]
    first_rows, ends = set(layout.starts), {*layout.starts[1:], len(missing)}
    beyond = "longer than max_gap" if repaired.repairer.extrapolation == "all" else "extrapolation"
    left = []
    for c, first, last in runs_of(missing, layout.starts):
        why = {
            (True, True): "no value in this series",
            (True, False): f"before its first value: {beyond}",
            (False, True): f"after its last value: {beyond}",
            (False, False): "between two values",
        }[first in first_rows, last + 1 in ends]
        left.append((channels[c], layout.order[first : last + 1], why))
    return sorted(left, key=lambda hole: -len(hole[1]))


def each_value(repaired: Repaired) -> pd.DataFrame:
    """Return a row per repaired value: its row, time if any, channel, value, low and high."""
    table, layout, pieces = repaired.frame, repaired.layout, []
    low, high = repaired.interval
    for name in repaired.repairer.scores_.index:
        at = np.flatnonzero(repaired.filled[name])
        when = {} if layout.stamps is None else {"time": layout.labels[at]}
        value = table[name].iloc[at].to_numpy(np.float64)
        bounds = {"low": low[name].to_numpy()[at], "high": high[name].to_numpy()[at]}
        pieces.append(
            pd.DataFrame(
                {"row": table.index[at], **when, "channel": name, "value": value, **bounds}
            )
        )
    return pd.concat(pieces, ignore_index=True)


def compare(repaired: Repaired, truth: pd.DataFrame) -> pd.DataFrame:
    """Return, where the `truth` of the holes is known (a DataFrame with rows as the table's, of
    some channels), what the repair was worth, a row per channel.

    The mean absolute errors of a straight line and of the repair, the error `foretold` by held-back
    entries, and the share of the truth `inside` its interval; NaN without holes.

    >>> from gru_lab.demo import demo_table
    >>> table, truth = demo_table(600)
    >>> list(compare(repair(table, minutes=0), truth[["a1", "a2"]]).columns)
    ['straight line', 'repair', 'foretold', 'inside']
    """
    filled, scores = repaired.filled[truth.columns], repaired.repairer.scores_.loc[truth.columns]
    line = repaired.frame[truth.columns].mask(filled).interpolate(limit_direction="both")
    low, high = repaired.interval
    inside = ((truth >= low[truth.columns]) & (truth <= high[truth.columns])).where(filled)
    ways = {"straight line": line, "repair": repaired.frame[truth.columns]}
    errors = {way: (values - truth).where(filled).abs().mean() for way, values in ways.items()}
    return pd.DataFrame(
        errors | {"foretold": scores["repair MAE"], "inside": inside.astype(float).mean()}
    )


def last_line(repaired: Repaired) -> str:
    """Return in words what was filled, what was not, and how much better than a straight line."""
    rows = summary(repaired)
    holed = rows[rows["holes"] > 0]
    filled, holes = holed["filled"].sum(), holed["holes"].sum()
    words = [f"Filled {filled:,} of {counted(holes, 'hole')} in {counted(len(holed), 'channel')}."]
    left = holed[holed["left"] > 0]["left"]
    if len(left):
        names = listed(f"{shown(name)} ({count:,})" for name, count in left.items())
        words.append(f"Not filled: {names}{' channels' * (len(left) > 5)}.")
    known = holed["better"].dropna()
    if len(known):
        better, middle = known >= 0.005, known.median()
        much = (
            f"{middle:.0%} below a straight line's"
            if middle >= 0.005
            else "about a straight line's"
        )
        there = f", and there it is {known[better].median():.0%} below" * bool(better.any())
        where = "all of them" if better.all() else f"{better.sum()} of them{there}"
        several = f" (median of {len(known)} channels); it is better in {where}"
        words.append(f"On held-back entries the error is {much}" + several * (len(known) > 1) + ".")
    return " ".join(words)
