"""Finished runs as a tuning log in the manner of the recorded one, in English or Chinese."""

import re
from collections.abc import Callable

from gru_lab.evidence.verdict import verdict
from gru_lab.model import RNN
from gru_lab.runs.results import Results
from gru_lab.tuning_log.lines import parse_line
from gru_lab.tuning_log.log import LoggedRun, LoggedStage, TuningLog
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
