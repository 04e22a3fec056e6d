"""A stage as a log to trust: what was fixed, what was turned, how often, by which ruler."""

from gru_lab.config import in_words
from gru_lab.digits import signed
from gru_lab.evidence.verdict import verdict
from gru_lab.runs.results import Results
from gru_lab.tuning_log.stage import Setting, Stage


def changes(stage: Stage, setting: Setting) -> str:
    """Return what a setting changes in the adopted one, as text."""
    return in_words(stage.config(setting.name).difference(stage.config(stage.adopted)))


def trusted_log(results: Results) -> str:
    """Return a stage's Results as Markdown: a tuning log with all a reader needs to judge it.

    The kit fills in all but the last line, the decision and its reason, which are the author's.
    """
    stage, judged = results.stage, verdict(results)
    references = ", ".join(f"{way} {error:.2g}" for way, error in results.references.items())
    seeds, table = ", ".join(map(str, results.seeds)), judged.table["corrected ruler"]
    several = [name for name in table.index if "," in changes(stage, stage[name])]
    return "\n".join(
        [
            f"## {stage.question if stage.own else f'{stage.number}. {stage.question}'}\n",
            f"- **Data:** {results.stage.series.name}, digest {results.stage.series.digest}",
            f"- **Start:** `{' '.join(repr(stage.config(stage.adopted)).split())}`",
            f"- **Knob:** {stage.knob}. Compared, although more than one thing differs: "
            f"{', '.join(several) or 'none'}",
            "- **Ruler, the same for every run:** mean squared error on hidden validation values, "
            f"dropout off, mean of the last three epochs. To compare: {references}",
            f"- **Seeds:** {seeds}, the same for every setting\n",
            f"| setting | changes | epochs | error ± half its range | beside '{stage.adopted}' "
            "(95 % interval) |",
            "|---|---|---|---|---|",
            *_rows(results, table),
            f"\n**{judged.label.capitalize()}.** {judged.sentence}\n",
            "**Decision, and its reason:** …",
        ]
    )


def _rows(results, table):
    """Return a row of Markdown per setting; `table` compares some of them with the adopted one."""
    stage, summary = results.stage, results.summary()
    for setting in stage.settings:
        mean, spread = summary.loc[setting.name, ["corrected ruler", "±"]]
        beside = ""
        if setting.name in table.index.drop(stage.adopted):
            shares = table.loc[setting.name, ["difference", "low", "high"]]
            beside = "{} ({} to {})".format(*map(signed, shares))
        epochs = stage.profile.epochs(setting.epochs)
        error = f"{mean:.3g} ± {spread:.1g}"
        yield f"| {setting.name} | {changes(stage, setting)} | {epochs} | {error} | {beside} |"
