"""The label on a stage: what its runs support of the log's claim, by both rulers.

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
from gru_lab.digits import column, html_table, percent, places
from gru_lab.evidence.paired import MOST_SEEDS, compare, judge, seeds_needed
from gru_lab.runs.recording import note

RULERS = {"recorded ruler": "validation", "corrected ruler": "val_missing"}
# the whole range of n differences holds their median with 1 - 2^(1-n): 75 % for 3, 94 % for 5
MIN_SEEDS = 5
SMALLEST_DIFFERENCE = 0.01  # that is worth adopting anything for: a hundredth of the error


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


CLAIMS = {  # what the log says, in a few words
    "mask_input": "leave the mask out",
    "missing_weight": "set the weight to 1",
    "num_layers": "keep 2 layers",
    "dropout": "train without dropout",
    "loss_ratio": "take 1:3",
}


def claim_of(stage, adopted):
    """Return the claim that is judged, as a sentence."""
    if adopted == stage.adopted and stage.name in CLAIMS:
        return f"The log says: {CLAIMS[stage.name]}."
    return f"The claim: no other setting is better than '{adopted}'."


def beside(setting, adopted, table, seeds):
    """Return how a setting's error compares with the adopted one's, and how sure that is."""
    share, low, high = (float(table.at[setting, name]) for name in ("difference", "low", "high"))
    if share >= 1:
        words = f"is {1 + share:.1f} times that of '{adopted}'"
        between = f"{1 + low:.1f} to {1 + high:.1f} times"
    else:
        words = f"is {percent(share)} {'lower' if share < 0 else 'higher'} than that of '{adopted}'"
        near, far = sorted([low, high], key=abs)
        between = f"{percent(near).removesuffix(' %')} to {percent(far)}"
        if low < 0 < high:
            between = f"from {percent(low)} lower to {percent(high)} higher"
    sure = f" (95 % interval {between}, {seeds} seeds)" if seeds > 1 else ""
    return f"the error of '{setting}' {words}{sure}"


def explain(label, tables, adopted, seeds, needed, smallest_difference, way="as the log did"):
    """Return in words what was found, with its figures; `tables` are what `compare` returns, by
    the recorded and by the corrected ruler; `way` is how the recorded one measures.
    """
    recorded, corrected = tables
    lowest, farthest = corrected["difference"].idxmin(), corrected["difference"].abs().idxmax()

    def lies(setting, table=corrected):
        return beside(setting, adopted, table, seeds)

    def nearest(setting):
        share = abs(corrected.loc[setting, "difference"])
        return "less than 0.01 %" if share < 0.0001 else percent(share)

    least = f"{100 * smallest_difference:g} %"
    hidden = (
        f"on hidden values {lies(lowest)}"
        if corrected["high"].min() < -smallest_difference
        else f"on hidden values no setting differs from '{adopted}' by {least} or more (95 % "
        f"intervals, {seeds} seeds); '{farthest}' differs most, by {nearest(farthest)}"
    )
    if label == "cannot tell":
        enough = f"about {needed}" if needed else f"more than {MOST_SEEDS}"
        found = f"{seeds} seeds leave it open: {lies(lowest)}. To tell, {enough} would be needed"
        if seeds < MIN_SEEDS:
            count = "1 seed is" if seeds == 1 else f"{seeds} seeds are"
            found = f"{count} too few to tell, {MIN_SEEDS} are needed. So far, {lies(lowest)}"
        return f"{found}."
    if label == "supported":
        found = lies(farthest)
        return f"{found[0].upper()}{found[1:]}, and no setting is better by {least} or more."
    if label == "not supported":
        return f"But {hidden}."
    worst = recorded["difference"].idxmax()
    return (
        f"Measured {way}, {lies(worst, recorded)}. But {hidden}. "
        "The gain comes only from how the error was measured."
    )


@dataclass(frozen=True, eq=False, repr=False)
class Verdict:
    """The label on a stage, the figures behind it, and how far its ranking can be trusted.

    `sentence` says what was claimed and what was found; `checks` are the flags in words. `table` is
    what `compare` returns, by either ruler. A ranking is the order of the means, however close they
    lie.
    """

    label: str
    sentence: str
    checks: tuple[str, ...]
    table: pd.DataFrame
    seeds: int
    seeds_needed: int | None  # to tell; None above 1000
    best_at_edge: bool  # of the values tried, where the knob goes further: the best may lie beyond
    ruler_changes_ranking: bool
    epochs_change_ranking: bool  # half of the epochs would have ranked the settings differently
    seed_changes_ranking: bool  # the seeds do not all rank them alike

    def __repr__(self):
        return f"{self.label.capitalize()}. {self.sentence}"

    def _repr_html_(self):
        """Show the label, its reason, the figures and the checks in a notebook."""
        rows = pd.concat([shown(self.table[ruler], ruler) for ruler in RULERS], ignore_index=True)
        checks = "".join(f"<li>{escape(check)}</li>" for check in self.checks)
        page = (
            f"<p><b>{self.label.capitalize()}.</b> {escape(self.sentence)}</p>\n"
            f"{html_table(rows.set_index('measured by'))}\n<ul>{checks}</ul>"
        )
        return page.replace(" %", "\u00a0%")  # no line ends between a number and its sign


def shown(table, ruler):
    """Return one ruler's rows as texts; the figures of a column have equal decimals."""
    fixed = places(table["mean"])
    return pd.DataFrame(
        {
            "measured by": ruler,
            "setting": table.index,
            "mean": column(table["mean"], fixed),
            "spread": column(table["spread"], fixed),
            **{name: list(table[name]) for name in ("difference", "low", "high")},
            "seeds needed": list(table["seeds needed"]),
        }
    )


def edge(stage, names, best):
    """Return 'smallest' or 'largest' if the best of 3 or more is that and more is possible."""
    values = {name: getattr(stage.config(name), stage.knob) for name in names}
    low, high, rule = min(values.values()), max(values.values()), RULES[stage.knob]
    if len(set(values.values())) < 3:
        return ""
    if values[best] == low and low > rule.low:
        return "smallest"
    return "largest" if values[best] == high and high < rule.high else ""


def listed(words):
    """Return words as a list in a sentence: 'a, b and c'."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def in_words(best, at, changed):
    """Return the checks as sentences; `changed` says by each cause whether it changes the order."""
    words = [f"The best setting is '{best}'."]
    if at:
        words = [
            f"The best value is the {at} one tried ('{best}'), so a better one may lie beyond."
        ]
    differs = [cause for cause, change in changed.items() if change]
    same = [cause for cause, change in changed.items() if not change]
    if differs:
        words.append(f"The settings rank differently {listed(differs)}.")
    if same:
        words.append(f"{'They' if differs else 'The settings'} rank the same {listed(same)}.")
    return tuple(words)


def errors_of(results, names, figure):
    """Return the runs' final errors: a row per setting, a column per seed that all of them have."""
    return results.errors(figure).loc[names].dropna(axis="columns")


def compared(stage, chosen, adopted):
    """Return the name of the adopted setting, and those of all compared, in the stage's order."""
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

    >>> import gru_lab as lab
    >>> results = lab.sweep(lab.stage("mask_input", "tiny"), seeds=2, workers=1)
    >>> lab.verdict(results).label  # five seeds are the least for a word
    'cannot tell'
    """
    adopted, names = compared(results.stage, chosen, adopted)
    own = results.stage.own
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
    at = edge(results.stage, names, ranking.idxmin())
    sooner = errors_of(half, names, "val_missing").mean(axis=1).rank()
    changed = {
        "by the loss" if own else "by the recorded ruler": not ranking.equals(
            recorded.mean(axis=1).rank()
        ),
        "after half of the epochs": not ranking.equals(sooner),
        "with a single seed": bool((corrected.rank().nunique(axis=1) > 1).any()),
    }
    way = "by the loss that was trained" if own else "as the log did"
    found = explain(label, tables, adopted, seeds, needed, smallest_difference, way)
    told = Verdict(
        label,
        " ".join(filter(None, [claim_of(results.stage, adopted), found, results.stage.note])),
        in_words(ranking.idxmin(), at, changed),
        pd.concat(dict(zip(RULERS, tables, strict=True)), axis="columns"),
        seeds,
        needed,
        bool(at),
        *changed.values(),
    )
    if own:
        note(verdict=repr(told), **about(results.stage))
    return told


def about(stage):
    """Return what a record says of the question in it, as label and text."""
    rows, channels = stage.series.values.shape
    data = f"{stage.series.name}: {rows:,} rows, {channels} channels, digest {stage.series.digest}"
    return {"profile": f"{stage.profile.about}: {stage.question}", "data": data}
