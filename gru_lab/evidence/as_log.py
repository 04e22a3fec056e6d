"""Finished runs as a tuning log: in the manner of the recorded one, in English or Chinese, or as
one to trust, which says what was fixed, what was turned, how often, and by which ruler.
"""

import re
from collections.abc import Callable

from gru_lab.config import in_words
from gru_lab.digits import signed
from gru_lab.evidence.verdict import verdict
from gru_lab.model import RNN
from gru_lab.runs.results import Results
from gru_lab.tuning_log.lines import parse_line
from gru_lab.tuning_log.log import LoggedRun, LoggedStage, TuningLog
from gru_lab.tuning_log.stage import Setting, Stage
from gru_lab.words import translated, words

SETTINGS = {  # parts of their names
    "included": "包括",
    "not included": "不包括",
    "no dropout": "无dropout",
    "a tenth of the rows": "十分之一的数据",
}
COUNTED = {r"(\d+) layers?": r"\1层", r"(\d+) times as long": r"\1倍时长", r"(\d+) epochs": r"\1次"}
KINDS = {" (control)": "（对照）", " (meant)": "（按本意）"}


def in_chinese(name: str) -> str:
    """Return a setting's name in Chinese, part by part; what needs no translation stays."""
    kind = next((ending for ending in KINDS if name.endswith(ending)), "")
    parts = [SETTINGS.get(part, part) for part in name.removesuffix(kind).split(", ")]
    for pattern, counted in COUNTED.items():
        parts = [re.sub(pattern, counted, part) for part in parts]
    return "，".join(parts) + KINDS.get(kind, "")


def logged_runs(
    results: Results, chinese: bool, lines_of: Callable[[str, int], str]
) -> list[LoggedRun]:
    """Return all runs of Results as LoggedRuns; `lines_of(setting, seed)` is a text of lines."""
    stage, runs = results.stage, []
    for setting in stage.settings:
        epochs = stage.profile.epochs(setting.epochs)
        epochs = None if epochs == stage.profile.epochs(stage.start.epochs) else epochs
        name = in_chinese(setting.name) if chinese else setting.name
        for seed in results.seeds:
            text = lines_of(setting.name, seed)
            lines = [parse_line(line)[0] for line in text.splitlines()]
            runs.append(LoggedRun(f"{name} [seed {seed}]", lines, epochs))
    return runs


def logged_stage(results: Results, language: str = "en") -> LoggedStage:
    """Return a stage's Results as a LoggedStage: runs' last lines, conclusion, verdict."""
    stage, texts = results.stage, words(language)
    usual = stage.profile.epochs(stage.start.epochs)
    runs = logged_runs(results, language == "zh", results.lines)
    # a question of one's own stays in its own words
    title = stage.question if stage.own else translated(stage.question, language)
    conclusion = texts["{} (Run again with seeds 0 to {}: {}.)"].format(
        translated(stage.conclusion, language),
        results.seeds[-1],
        translated(verdict(results).label, language),
    )
    return LoggedStage(stage.number, title, usual, stage.start.learning_rate, runs, conclusion)


def tuning_log(results: list[Results], language: str = "en") -> TuningLog:
    """Return the Results of one or more stages on the same series as one TuningLog."""
    first, texts = results[0].stage, words(language)
    # a file's name may hold anything; a heading is one line
    name = re.sub(r"[\s<>]+", " ", first.series.name)
    start, channels = first.start, first.series.values.shape[1]
    network = str(RNN(channels, start.hidden_size, start.num_layers, start.dropout))
    title = f"{texts['GRU tuning log']}: {name}, {first.profile.name}"
    return TuningLog(title, network, None, [logged_stage(part, language) for part in results])


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
