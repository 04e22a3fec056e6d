"""Finished runs as a tuning log in the manner of the recorded one, in English or Chinese."""

import re
from collections.abc import Callable
from typing import Any

from gru_lab.config import one_of
from gru_lab.evidence.verdict import verdict
from gru_lab.model import RNN
from gru_lab.runs.results import Results
from gru_lab.tuning_log.lines import parse_line
from gru_lab.tuning_log.log import LoggedRun, LoggedStage, TuningLog
from gru_lab.tuning_log.write import LANGUAGES

CHINESE: dict[str, Any] = {  # titles, conclusions, parts of labels, verdicts
    "mask_input": (
        "输入参数中是否应该包含mask？",
        "有mask会导致输入参数过多，训练难度增加，因而loss增加：取消mask。",
    ),
    "missing_weight": ("在loss中，是否应为缺失部分增加权重？", "weight也许应大些：设为1。"),
    "num_layers": ("GRU应有几层？", "保持2层。"),
    "dropout": ("dropout应取多大？", "dropout取较大的值，能够防止过拟合，但同时收敛的速度变慢。"),
    "loss_ratio": ("两种误差应取什么比例？", "取1:3。"),
    "included": "包括",
    "not included": "不包括",
    "no dropout": "无dropout",
    "a tenth of the rows": "十分之一的数据",
    "supported": "支持",
    "not supported": "不支持",
    "artefact of the ruler": "由衡量方式造成",
    "cannot tell": "无法判断",
}
COUNTED = {r"(\d+) layers?": r"\1层", r"(\d+) times as long": r"\1倍时长", r"(\d+) epochs": r"\1次"}
KINDS = {" (control)": "（对照）", " (meant)": "（按本意）"}


def in_chinese(name: str) -> str:
    """Return a setting's name in Chinese, part by part; what needs no translation stays."""
    kind = next((ending for ending in KINDS if name.endswith(ending)), "")
    parts = [CHINESE.get(part, part) for part in name.removesuffix(kind).split(", ")]
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
    stage, words = results.stage, LANGUAGES[one_of("language", language, LANGUAGES)]
    chinese, usual = language == "zh", stage.profile.epochs(stage.start.epochs)
    runs = logged_runs(results, chinese, results.lines)
    title, conclusion = stage.question, stage.conclusion
    if chinese:  # a question of one's own stays in its own words
        title, conclusion = CHINESE.get(stage.name, (title, conclusion))
    label = verdict(results).label
    conclusion = words["verdict"].format(
        conclusion, results.seeds[-1], CHINESE[label] if chinese else label
    )
    return LoggedStage(stage.number, title, usual, stage.start.learning_rate, runs, conclusion)


def tuning_log(results: list[Results], language: str = "en") -> TuningLog:
    """Return the Results of one or more stages on the same series as one TuningLog."""
    first, words = results[0].stage, LANGUAGES[one_of("language", language, LANGUAGES)]
    # a file's name may hold anything; a heading is one line
    name = re.sub(r"[\s<>]+", " ", first.series.name)
    start, channels = first.start, first.series.values.shape[1]
    network = str(RNN(channels, start.hidden_size, start.num_layers, start.dropout))
    title = f"{words['title']}: {name}, {first.profile.name}"
    return TuningLog(title, network, None, [logged_stage(part, language) for part in results])
