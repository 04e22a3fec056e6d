"""The second opinion: the log's conclusions beside its own figures and our runs, in one table.

All differences are shares of the figure of the setting that the log adopted; above zero, the
adopted one is better.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gru_lab.digits import html_table, signed
from gru_lab.evidence.verdict import RULERS, errors_of, verdict
from gru_lab.runs.recording import note
from gru_lab.runs.results import Results
from gru_lab.tuning_log.audit import audit


@dataclass(frozen=True, eq=False, repr=False)
class SecondOpinion:
    """The log's conclusions judged: `table` has a row per stage, `ratios` are `ratios_of`."""

    table: pd.DataFrame
    ratios: pd.DataFrame

    def _repr_html_(self):
        return html_table(self.table.reset_index().set_index("stage"), "words")


def ratios_of(results: Results, *names: str) -> pd.DataFrame:
    """Return the figures of settings, by default all, as multiples of the adopted one's: by the log
    and both rulers.

    Columns (source, figure): of the log the mean of its last lines; of ours the ratio of the means
    over the seeds, and the lowest and highest ratio of a seed. NaN where the log has no figures.
    """
    stage, columns = results.stage, {}
    chosen = list(names) or [setting.name for setting in stage.settings]
    logged = {
        row.name: np.mean([line.validation for line in row.lines])
        for row in stage.settings
        if row.lines
    }
    columns["the log", "ratio"] = pd.Series(logged, index=chosen) / logged[stage.adopted]
    for ruler, figure in RULERS.items():
        errors = errors_of(results, chosen, figure)
        each = errors / errors.loc[stage.adopted]
        columns[ruler, "ratio"] = errors.mean(axis=1) / errors.loc[stage.adopted].mean()
        columns[ruler, "low"], columns[ruler, "high"] = each.min(axis=1), each.max(axis=1)
    return pd.DataFrame(columns)


def in_words(differences: pd.Series) -> str:
    """Return the lowest and the highest of the differences in words, with their settings."""
    # one, where there is but one other setting
    ends = dict.fromkeys((differences.idxmin(), differences.idxmax()))
    return " to ".join(f"{signed(differences[name])} ({name})" for name in ends)


def _row(results, ratios, objections):
    """Return a stage's row of the opinion, {column: text}."""
    judged = verdict(results)
    needed = f"about {judged.seeds_needed}" if judged.seeds_needed else "more than 1000"
    others = judged.table.index.drop(results.stage.adopted)
    figures = in_words(ratios.loc[others, ("the log", "ratio")] - 1)
    ours = {
        f"our runs, {ruler}": in_words(judged.table.loc[others, (ruler, "difference")])
        for ruler in RULERS
    }
    return {
        "the log says": results.stage.conclusion,
        "its own figures": "; ".join([figures, *objections]),
        **ours,
        "verdict": judged.label,
        "seeds to tell": needed if judged.label == "cannot tell" else f"{judged.seeds} were enough",
    }


def second_opinion(results: Iterable[Results]) -> SecondOpinion:
    """Return the SecondOpinion on a log's conclusions from its stages' Results, without training.

    The log's own figures are audited by `audit`, our runs judged by `verdict`. 'seeds to tell' says
    how many decided the question, or would with 80 % power if mean and spread stay as they are.

    >>> import gru_lab as lab
    >>> results = lab.sweep(lab.stage("mask_input", "tiny"), seeds=2, workers=1)
    >>> list(lab.second_opinion([results]).table["verdict"])
    ['cannot tell']
    """
    results, rows, ratios = list(results), {}, {}
    if strange := next((part.stage.question for part in results if part.stage.own), None):
        raise ValueError(
            f"results must be of the log's stages: {strange!r} has no log to compare with; "
            "lab.verdict judges its claim"
        )
    findings = audit().table.groupby("stage")["kind"].unique()
    for part in results:
        stage, ratios[part.stage.number] = part.stage, ratios_of(part)
        objections = list(findings.get(stage.number, []))
        rows[stage.number, stage.question] = _row(part, ratios[stage.number], objections)
    table = pd.DataFrame.from_dict(rows, orient="index")
    counts = table["verdict"].value_counts()
    outcome = ", ".join(f"{count} {label}" for label, count in counts.items())
    note(verdict=f"Of the log's {len(table)} conclusions: {outcome}.")
    table = table.rename_axis(index=["stage", "question"])
    return SecondOpinion(table, pd.concat(ratios, names=["stage", "setting"]))
