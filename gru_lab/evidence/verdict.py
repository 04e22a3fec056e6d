"""The label on a stage: what its runs support of the log's claim, over several seeds and read with
both rulers.

A stage claims that the setting it adopted is among the best, and that turning the knob matters.
Each other setting is compared with the adopted one by the runs of the same seed: the same gaps and
batches, so that much of the seed's luck cancels. A difference is a share of the adopted setting's
error; above zero, the adopted one is better.
"""

from dataclasses import dataclass, replace
from html import escape

import numpy as np
import pandas as pd

from gru_lab.config import RULES, one_of
from gru_lab.evidence.paired import MOST_SEEDS, compare, judge, seeds_needed, signed
from gru_lab.runs.recording import note

RULERS = {"recorded ruler": "validation", "corrected ruler": "val_missing"}
MIN_SEEDS = 5  # the whole range of n differences holds their median with 1 - 2^(1-n): 75 % for 3 seeds, 94 % for 5
SMALLEST_DIFFERENCE = (
    0.01  # the smallest difference worth adopting anything for: a hundredth of the error
)


def choose_label(recorded, corrected, seeds):
    """Return the label, from what `judge` says by either ruler. The corrected one decides:

    - *supported*: no interval reaches below -smallest_difference (no setting is better), and at
      least one lies above +smallest_difference.
    - *not supported*: an interval lies below -smallest_difference (that setting is better), or all
      lie between the two (the knob does nothing that matters).
    - *artefact of the ruler*: the same, but by the recorded ruler alone it would have been
      *supported*.
    - *cannot tell*: the intervals leave it open, or there are fewer than 5 seeds.
    """
    if seeds < MIN_SEEDS or corrected == "open":
        return "cannot tell"
    if corrected == "for":
        return "supported"
    return "artefact of the ruler" if recorded == "for" else "not supported"


def explain(label, recorded, corrected, adopted, seeds, needed, smallest_difference):
    """Return the reason for a label in one sentence, with its figures, from the tables that
    `compare` returns.
    """

    def lies(setting, table=corrected):
        share, low, high = table.loc[setting, ["difference", "low", "high"]]
        where = f"{signed(abs(share))[1:]} {'below' if share < 0 else 'above'} that of '{adopted}'"
        between = f" (95% interval {signed(low)} to {signed(high)})" if seeds > 1 else ""
        return f"the error of '{setting}' lies {where}{between}"

    lowest, farthest = corrected["difference"].idxmin(), corrected["difference"].abs().idxmax()
    better = corrected["high"].min() < -smallest_difference
    same = f"no error lies as much as {100 * smallest_difference:g}% away from that of '{adopted}'; at most, {lies(farthest)}"
    enough = f"{'about ' * (needed > MIN_SEEDS)}{needed}" if needed else f"more than {MOST_SEEDS}"
    return {
        "cannot tell": f"By {seeds} seed{'s' * (seeds > 1)}, {lies(lowest)}; it takes {enough} to tell.",
        "supported": f"No error lies {100 * smallest_difference:g}% or more below that of '{adopted}', and {lies(farthest)}.",
        "not supported": f"On hidden values, {lies(lowest) if better else same}.",
        "artefact of the ruler": f"As the log read its runs, {lies(recorded['difference'].idxmax(), recorded)}; but on "
        f"hidden values, {lies(lowest) if better else same}.",
    }[label]


@dataclass(frozen=True, eq=False, repr=False)
class Verdict:
    """The label on a stage, the figures behind it, and how far a ranking of its settings can be
    trusted.

    `table` is what `compare` returns, by either ruler. A ranking is the order of the means, however
    close they lie.
    """

    label: str
    sentence: str
    table: pd.DataFrame
    seeds: int
    seeds_needed: int | None  # to tell; None above 1000
    best_at_edge: bool  # of the values tried, where the knob goes further: the best may lie beyond
    ruler_changes_ranking: bool
    epochs_change_ranking: bool  # half of the epochs would have ranked the settings differently
    seed_changes_ranking: bool  # the seeds do not all rank them alike

    def __repr__(self):
        return f"{self.label.capitalize()}: {self.sentence}"

    def _repr_html_(self):
        """Show the label, its reason, the figures and the checks in a notebook."""
        rows = pd.concat({ruler: self.table[ruler] for ruler in RULERS})
        formats = dict.fromkeys(rows, "{:.3g}") | dict.fromkeys(
            ("difference", "low", "high"), signed
        )
        table = (
            rows.style.format(formats, na_rep="–")
            .set_table_attributes('class="dataframe"')
            ._repr_html_()
        )
        checks = [
            (name.replace("_", " "), value)
            for name, value in vars(self).items()
            if isinstance(value, bool)
        ]
        checks = "; ".join(f"{name}: <b>{'yes' if value else 'no'}</b>" for name, value in checks)
        return f"<p><b>{self.label.capitalize()}.</b> {escape(self.sentence)}</p>{table}<p>{checks}.</p>"


def at_edge(stage, names, best):
    """Tell whether the best of three or more values is the smallest or largest, and the knob goes
    further.
    """
    values = {name: getattr(stage.config(name), stage.knob) for name in names}
    low, high, rule = min(values.values()), max(values.values()), RULES[stage.knob]
    further = (values[best] == low and low > rule.low) or (
        values[best] == high and high < rule.high
    )
    return len(set(values.values())) > 2 and further


def errors_of(results, names, figure):
    """Return the runs' final errors: a row per setting, a column per seed that all of them have."""
    table = results.finals.pivot(index="setting", columns="seed", values=figure)
    return table.loc[names].dropna(axis="columns")


def compared(stage, chosen, adopted):
    """Return the name of the adopted setting, and of all that are compared, in the stage's order."""
    settings = stage.choose(*(chosen or ["trained"]))
    adopted = adopted or next(
        (one.name for one in settings if one.label == stage.adopted), stage.adopted
    )
    one_of("adopted", adopted, [one.name for one in settings])
    epochs = stage[adopted].epochs
    alike = [one for one in settings if one.epochs == epochs or stage.knob == "epochs"]
    names = [one.name for one in settings if one in alike or one.name in chosen]
    if len(names) < 2:
        raise ValueError(
            f"chosen must hold another setting beside {adopted!r} that was trained for {epochs} "
            "epochs"
        )
    return adopted, names


def verdict(results, *chosen, adopted=None, smallest_difference=SMALLEST_DIFFERENCE):
    """Return the Verdict on a stage's Results.

    `chosen` are kinds or names of settings, by default what the log trained; of a kind, those with
    the epochs of the `adopted` one (default: the log's). `smallest_difference` is the smallest
    difference that counts, a share of its error. Raises ValueError if there is nothing to compare
    the adopted setting with. The rule: `choose_label`.
    """
    adopted, names = compared(results.stage, chosen, adopted)
    recorded, corrected = (errors_of(results, names, figure) for figure in RULERS.values())
    tables = [compare(errors, adopted) for errors in (recorded, corrected)]
    judged = [
        judge(table["low"].dropna(), table["high"].dropna(), smallest_difference)
        for table in tables
    ]
    seeds, baseline = corrected.shape[1], corrected.loc[adopted]
    label = choose_label(*judged, seeds)
    needed = (
        seeds_needed((corrected.drop(adopted) - baseline) / baseline.mean(), smallest_difference)
        if seeds > 1
        else MIN_SEEDS
    )
    needed = needed and max(needed, MIN_SEEDS, seeds + 1 if label == "cannot tell" else 0)

    length = results.curves.groupby(["setting", "seed"])["epoch"].transform("max")
    half = replace(results, curves=results.curves[results.curves["epoch"] <= np.ceil(length / 2)])
    ranking = corrected.mean(axis=1).rank()
    sentence = explain(label, *tables, adopted, seeds, needed, smallest_difference)
    if results.stage.own:
        sentence = sentence.replace("As the log read its runs", "By the loss that was trained")
    judged = Verdict(
        label,
        " ".join(filter(None, [sentence, results.stage.note])),
        pd.concat(dict(zip(RULERS, tables, strict=True)), axis="columns"),
        seeds,
        needed,
        at_edge(results.stage, names, ranking.idxmin()),
        ruler_changes_ranking=not ranking.equals(recorded.mean(axis=1).rank()),
        epochs_change_ranking=not ranking.equals(
            errors_of(half, names, "val_missing").mean(axis=1).rank()
        ),
        seed_changes_ranking=bool((corrected.rank().nunique(axis=1) > 1).any()),
    )
    if results.stage.own:
        note(verdict=repr(judged), **about(results.stage))
    return judged


def about(stage):
    """Return what a record says of the question in it, as label and text."""
    rows, channels = stage.series.values.shape
    data = f"{stage.series.name}: {rows:,} rows, {channels} channels, digest {stage.series.digest}"
    return {"profile": f"{stage.profile.about}: {stage.question}", "data": data}
