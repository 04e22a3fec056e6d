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
from gru_lab.digits import column, html_table, places
from gru_lab.evidence.paired import compare, judge, seeds_needed
from gru_lab.evidence.verdict_words import MIN_SEEDS, checks_in_words, claim_of, explain
from gru_lab.runs.recording import note
from gru_lab.runs.results import Results
from gru_lab.tuning_log.stage import Stage
from gru_lab.words import OURS

RULERS = {"recorded ruler": "validation", "corrected ruler": "val_missing"}
SMALLEST_DIFFERENCE = 0.01  # that is worth adopting anything for: a hundredth of the error


def choose_label(recorded: str, corrected: str, seeds: int) -> str:
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


@dataclass(frozen=True, eq=False, repr=False)
class Verdict:
    """The label on a stage, the figures behind it, and how far its ranking can be trusted.

    `sentence` says what was claimed and what was found; `checks` are the flags in words. `table` is
    what `compare` returns, by either ruler.
    """

    label: str
    sentence: str
    checks: tuple[str, ...]
    table: pd.DataFrame
    seeds: int
    seeds_needed: int | None  # to tell; None above 1000

    def __repr__(self):
        return f"{self.label.capitalize()}. {self.sentence}"

    def _repr_html_(self):
        """Show the label, its reason, the figures and the checks in a notebook."""
        rows = pd.concat([shown(self.table[ruler], ruler) for ruler in RULERS], ignore_index=True)
        checks = "".join(f"<li>{escape(check)}</li>" for check in self.checks)
        page = (
            f'<p class="{OURS}"><b>{self.label.capitalize()}.</b> {escape(self.sentence)}</p>\n'
            f'{html_table(rows.set_index("measured by"))}\n<ul class="{OURS}">{checks}</ul>'
        )
        return page.replace(" %", "\u00a0%")  # no line ends between a number and its sign


def shown(table: pd.DataFrame, ruler: str) -> pd.DataFrame:
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


def edge(stage: Stage, names: list[str], best: str) -> str:
    """Return 'smallest' or 'largest' if the best of 3 or more is that and more is possible."""
    values = {name: getattr(stage.config(name), stage.knob) for name in names}
    low, high, rule = min(values.values()), max(values.values()), RULES[stage.knob]
    if len(set(values.values())) < 3:
        return ""
    if values[best] == low and low > rule.low:
        return "smallest"
    return "largest" if values[best] == high and high < rule.high else ""


def errors_of(results: Results, names: list[str], figure: str) -> pd.DataFrame:
    """Return the runs' final errors: a row per setting, a column per seed that all of them have.

    Raises ValueError if there is no such seed.
    """
    errors = results.errors(figure).reindex(names).dropna(axis="columns")
    if errors.empty:
        raise ValueError(f"results must hold runs of {', '.join(names)} with a seed in common")
    return errors


def compared(stage: Stage, chosen: tuple, adopted: str | None) -> tuple[str, list[str]]:
    """Return the name of the adopted setting, and those of all compared, in the stage's order."""
    settings = stage.choose(*(chosen or ["trained"]))
    same = (setting.name for setting in settings if setting.label == stage.adopted)
    adopted = adopted or next(same, stage.adopted)
    one_of("adopted", adopted, [setting.name for setting in settings])
    names = [
        setting.name
        for setting in settings
        if setting.epochs == stage[adopted].epochs
        or stage.knob == "epochs"
        or setting.name in chosen
    ]
    if len(names) < 2:
        raise ValueError(
            f"chosen must hold another setting beside {adopted!r} that was trained for "
            f"{stage[adopted].epochs} epochs"
        )
    return adopted, names


def verdict(
    results: Results,
    *chosen: str,
    adopted: str | None = None,
    smallest_difference: float = SMALLEST_DIFFERENCE,
) -> Verdict:
    """Return the Verdict on a stage's Results.

    `chosen` are kinds or names of settings, by default what the log trained; of a kind, those with
    the epochs of the `adopted` one (default: the log's). `smallest_difference` that counts is a
    share of its error. Raises ValueError where nothing is there to compare. Rule:
    `choose_label`.

    >>> import gru_lab as lab
    >>> results = lab.sweep(lab.stage("mask_input", "tiny"), seeds=2, workers=1)
    >>> lab.verdict(results).label  # five seeds are the least for a word
    'cannot tell'
    """
    if not isinstance(results, Results):
        kind = type(results).__name__
        raise ValueError(f"results must be what lab.sweep returns, not {kind}; sweep it first")
    stage = results.stage
    adopted, names = compared(stage, chosen, adopted)
    recorded, corrected = (errors_of(results, names, figure) for figure in RULERS.values())
    tables = [compare(errors, adopted) for errors in (recorded, corrected)]
    by_recorded, by_corrected = (
        judge(table["low"].dropna(), table["high"].dropna(), smallest_difference)
        for table in tables
    )
    seeds = corrected.shape[1]
    label = choose_label(by_recorded, by_corrected, seeds)
    needed = seeds_to_tell(corrected, adopted, label, smallest_difference)
    way = "by the loss that was trained" if stage.own else "as the log did"
    sentence = explain(label, tables, adopted, seeds, needed, smallest_difference, way)
    judgement = Verdict(
        label,
        " ".join(filter(None, [claim_of(stage, adopted), sentence, stage.note])),
        _checks(results, names, recorded, corrected),
        pd.concat(dict(zip(RULERS, tables, strict=True)), axis="columns"),
        seeds,
        needed,
    )
    if stage.own:
        note(verdict=repr(judgement), **about(stage))
    return judgement


def seeds_to_tell(
    corrected: pd.DataFrame, adopted: str, label: str, smallest_difference: float
) -> int | None:
    """Return how many seeds tell, more than there are if those cannot; None above 1000."""
    seeds, baseline, needed = corrected.shape[1], corrected.loc[adopted], MIN_SEEDS
    if seeds > 1:
        shares = (corrected.drop(adopted) - baseline) / baseline.mean()
        needed = seeds_needed(shares, smallest_difference)
    return needed and max(needed, MIN_SEEDS, seeds + 1 if label == "cannot tell" else 0)


def _checks(results, names, recorded, corrected):
    """Return the flags of a ranking, in words: the order of the means, however close they lie."""
    curves, ranking = results.curves, corrected.mean(axis=1).rank()
    length = curves.groupby(["setting", "seed"])["epoch"].transform("max")
    half = replace(results, curves=curves[curves["epoch"] <= np.ceil(length / 2)])
    sooner = errors_of(half, names, "val_missing").mean(axis=1).rank()
    ruler = "by the loss" if results.stage.own else "by the recorded ruler"
    changed = {
        ruler: not ranking.equals(recorded.mean(axis=1).rank()),
        "after half of the epochs": not ranking.equals(sooner),
        "with a single seed": bool((corrected.rank().nunique(axis=1) > 1).any()),
    }
    best = ranking.idxmin()
    return checks_in_words(best, edge(results.stage, names, best), changed)


def about(stage: Stage) -> dict[str, str]:
    """Return what a record says of the question in it, as label and text."""
    rows, channels = stage.series.values.shape
    data = f"{stage.series.name}: {rows:,} rows, {channels} channels, digest {stage.series.digest}"
    return {"profile": f"{stage.profile.about}: {stage.question}", "data": data}
