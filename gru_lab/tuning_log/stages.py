"""The five stages of the tuning log: what the rows of `recorded_log.md` were trained with.

Where the log weighs the missing values, its code scaled them by r² (0.0324: a fifth of the entries
hidden, never the first of ten), so a logged weight w was trained as w·r².
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from gru_lab.config import RunConfig, one_of
from gru_lab.tuning_log.read import read_log
from gru_lab.tuning_log.stage import Profile, Setting, Stage

RECORDED = read_log(Path(__file__).with_name("recorded_log.md"))
R_SQUARED = RunConfig().hidden_share ** 2
CHOSEN = {  # the setting that the log went on with, and the two whose errors a learner compares
    "mask_input": ("not included", "included", "not included"),
    "missing_weight": ("weight=1", "weight=1", "weight=0"),
    "num_layers": ("2 layers", "2 layers, no dropout (control)", "1 layer"),
    "dropout": ("dropout=0", "dropout=0", "dropout=0.5"),
    "loss_ratio": ("1:3", "1:3", "1:1"),
}


def _trained(number, knob, values, weight=0):
    """The rows of a stage of the log as its code trained them, each with a value of the knob; with
    a `weight` on the missing values unless that is the knob.
    """
    stage, rows = RECORDED.stages[number - 1], []
    for run, value in zip(stage.runs, values, strict=True):
        changes = {knob: value}
        if knob == "missing_weight":
            changes, weight = {knob: value * R_SQUARED}, value
        epochs, lines = run.epochs or stage.epochs, tuple(run.lines)
        rows.append(Setting(run.label, changes, epochs, weight, lines, run.seconds))
    return rows


def _meant(row):
    """The same row as its author meant it: the weight without r². The log has no figures for it."""
    changes = {"missing_weight": float(row.weight)}
    return replace(row, changes=changes, lines=(), seconds=None, kind="meant")


def _control(row, label, epochs, **changes):
    """A run like that row which the log lacks and its question needs."""
    changes, label = row.changes | changes, f"{row.label}, {label}"
    return Setting(label, changes, epochs, row.weight, kind="control")


def _stage(number, name, settings, validate_missing_only=False, **start):
    """Return a stage whose question, epochs and conclusion are those of the log."""
    logged, (adopted, *guess) = RECORDED.stages[number - 1], CHOSEN[name]
    return Stage(
        number=number,
        name=name,
        question=logged.title,
        conclusion=logged.conclusion,
        adopted=adopted,
        knob=next(iter(settings[0].changes)),
        start=RunConfig(epochs=logged.epochs, **start),
        settings=tuple(settings),
        guess=tuple(guess),
        validate_missing_only=validate_missing_only,
    )


_masks = _trained(1, "mask_input", (True, False))
_weights = _trained(2, "missing_weight", (1, 0.5, 0))
_layers = _trained(3, "num_layers", (1, 2, 3, 4), weight=1)
_dropouts = _trained(4, "dropout", (0.5, 0.2, 0.1, 0, 0), weight=1)
_ratios = _trained(5, "missing_weight", (1, 2, 3, 4, 5, 10, 3))

_masks += [_control(row, "4 times as long", 200) for row in _masks]
_weights += [_meant(row) for row in _weights if row.weight]  # 0 is the same run both ways
_layers += [
    _control(row, label, epochs, dropout=0)
    for label, epochs in (("no dropout", 20), ("no dropout, 5 times as long", 100))
    for row in _layers
]
_dropouts += [
    _control(row, "a tenth of the rows", 250, train_share=0.1)
    for row in _dropouts
    if row.label in ("dropout=0.5", "dropout=0")
]
_ratios += map(_meant, list(_ratios))

STAGES = {
    stage.name: stage
    for stage in (
        _stage(1, "mask_input", _masks),
        _stage(2, "missing_weight", _weights),
        _stage(3, "num_layers", _layers, missing_weight=R_SQUARED),  # a weight of 1, as logged
        _stage(4, "dropout", _dropouts, missing_weight=R_SQUARED),
        _stage(5, "loss_ratio", _ratios, validate_missing_only=True, dropout=0, learning_rate=5e-4),
    )
}


def known_stage(name: Any) -> Stage:
    """Return a stage by its name or number, bound to nothing; ValueError for an unknown one."""
    known = STAGES | {str(row.number): row for row in STAGES.values()}
    return known[one_of("stage", str(name), known)]


def stage(
    name: str | int | Stage,
    profile: str | Profile = "lesson",
    data: object = None,
    split_by: str | None = None,
) -> Stage:
    """Return a stage of the log by name or number at a profile and on a series; a Stage as it is.

    `data` is a file, a DataFrame or a Series (default: the built-in series); `split_by` names its
    run-label column. Raises ValueError for an unknown stage or profile and for a series the stage
    cannot be run on.

    >>> stage("dropout", "tiny")
    Stage 4, dropout: How much dropout? Tiny profile, demo-2800-0: 2,800 rows, 66 channels
    >>> stage("droput")
    Traceback (most recent call last):
    ...
    ValueError: stage must be one of mask_input, ... not 'droput'. Did you mean 'dropout'?
    """
    if isinstance(name, Stage):
        return name
    return known_stage(name).bind(profile, data, split_by)
