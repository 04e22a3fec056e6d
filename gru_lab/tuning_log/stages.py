"""The five stages of the tuning log as data: settings, epochs, lines and conclusions.

`trained` rows carry the log's own figures. Where the log weighs the missing values, its code scaled
them by r² (0.0324: a fifth of the entries hidden, never the first of ten), so a logged weight w was
trained as w·r².
"""

from dataclasses import replace
from typing import Any

from gru_lab.config import RunConfig, one_of
from gru_lab.tuning_log.lines import parse_line
from gru_lab.tuning_log.stage import Profile, Setting, Stage

R_SQUARED = RunConfig().hidden_share ** 2
WEIGHT_1 = R_SQUARED  # what the stages after the second trained with


def trained(
    label: str,
    lines: str,
    epochs: int,
    weight: float = 0,
    seconds: float | None = None,
    **changes: Any,
) -> Setting:
    """A row of the log; `lines` are its figures as written, separated by ' | '."""
    parsed = tuple(parse_line(line)[0] for line in lines.split(" | "))
    return Setting(label, changes, epochs, weight, parsed, seconds)


def weighted(label: str, weight: float, lines: str, epochs: int) -> Setting:
    """A row of the log with a weight on the missing values, as its code trained it."""
    return trained(label, lines, epochs, weight, missing_weight=weight * R_SQUARED)


def meant(row: Setting) -> Setting:
    """The same row as its author meant it: the weight without r². The log has no figures for it."""
    return replace(
        row, changes={"missing_weight": float(row.weight)}, lines=(), seconds=None, kind="meant"
    )


def control(label: str, epochs: int, weight: float = 0, **changes: Any) -> Setting:
    """A run that the log lacks and its question needs."""
    return Setting(label, changes, epochs, weight, kind="control")


WITH_MASK = "0.00026 0.00460 | 0.00022 0.00442 | 0.00021 0.00450"
TWO_LAYERS = "0.00017 0.00170 | 0.00014 0.00177 | 0.00013 0.00179"

mask_input = Stage(
    number=1,
    name="mask_input",
    knob="mask_input",
    question="Should the network be told which values are made up?",
    conclusion="Giving the mask makes for too many inputs and a harder training, so the loss "
    "rises: leave it out.",
    adopted="not included",
    guess=("included", "not included"),
    start=RunConfig(epochs=50),
    settings=(
        trained("included", WITH_MASK, 50, mask_input=True),
        trained(
            "not included",
            "0.00021 0.00404 | 0.00020 0.00410 | 0.00020 0.00407",
            50,
            mask_input=False,
        ),
        control("included, 4 times as long", 200, mask_input=True),
        control("not included, 4 times as long", 200, mask_input=False),
    ),
)

_weights = (
    weighted("weight=1", 1, "0.00012 0.00250 | 0.00011 0.00246 | 0.00011 0.00242", 50),
    weighted("weight=0.5", 0.5, "0.00014 0.00317 | 0.00016 0.00314 | 0.00016 0.00312", 50),
    weighted("weight=0", 0, WITH_MASK, 50),
)
missing_weight = Stage(
    number=2,
    name="missing_weight",
    knob="missing_weight",
    question="Should missing values weigh more in the loss?",
    conclusion="The weight should perhaps be larger: set it to 1.",
    adopted="weight=1",
    guess=("weight=1", "weight=0"),
    start=RunConfig(epochs=50),
    settings=(
        *_weights,
        *(meant(row) for row in _weights if row.weight),
    ),  # a weight of 0 is the same run both ways
)

num_layers = Stage(
    number=3,
    name="num_layers",
    knob="num_layers",
    question="How many layers?",
    conclusion="Keep 2 layers.",
    adopted="2 layers",
    guess=("2 layers, no dropout (control)", "1 layer"),
    start=RunConfig(epochs=20, missing_weight=WEIGHT_1),
    settings=(
        trained(
            "1 layer", "0.00001 0.00018 | 0.00001 0.00018 | 0.00001 0.00017", 20, 1, num_layers=1
        ),
        trained("2 layers", TWO_LAYERS, 20, 1, num_layers=2),
        trained(
            "3 layers", "0.00020 0.00322 | 0.00018 0.00332 | 0.00019 0.00339", 20, 1, num_layers=3
        ),
        trained(
            "4 layers", "0.00031 0.00400 | 0.00026 0.00420 | 0.00029 0.00408", 20, 1, num_layers=4
        ),
        control("1 layer, no dropout", 20, 1, num_layers=1, dropout=0),
        control("2 layers, no dropout", 20, 1, num_layers=2, dropout=0),
        control("3 layers, no dropout", 20, 1, num_layers=3, dropout=0),
        control("4 layers, no dropout", 20, 1, num_layers=4, dropout=0),
        control("1 layer, no dropout, 5 times as long", 100, 1, num_layers=1, dropout=0),
        control("2 layers, no dropout, 5 times as long", 100, 1, num_layers=2, dropout=0),
        control("3 layers, no dropout, 5 times as long", 100, 1, num_layers=3, dropout=0),
        control("4 layers, no dropout, 5 times as long", 100, 1, num_layers=4, dropout=0),
    ),
)

dropout = Stage(
    number=4,
    name="dropout",
    knob="dropout",
    question="How much dropout?",
    conclusion="Larger dropout can prevent overfitting, but makes convergence slower.",
    adopted="dropout=0",
    guess=("dropout=0", "dropout=0.5"),
    start=RunConfig(epochs=25, missing_weight=WEIGHT_1),
    settings=(
        trained("dropout=0.5", TWO_LAYERS, 25, 1, dropout=0.5),
        trained(
            "dropout=0.2", "0.00007 0.00065 | 0.00005 0.00059 | 0.00008 0.00053", 25, 1, dropout=0.2
        ),
        trained(
            "dropout=0.1",
            "0.00008 0.00048 | 0.00005 0.00045 | 0.00004 0.00047",
            25,
            1,
            126.8,
            dropout=0.1,
        ),
        trained(
            "dropout=0", "0.00001 0.00022 | 0.00001 0.00021 | 0.00001 0.00022", 25, 1, dropout=0
        ),
        trained(
            "dropout=0, 250 epochs",
            "248 300 0.000004 0.000099 | 249 300 0.000011 0.000069 | 250 300 0.000003 0.000063",
            250,
            1,
            dropout=0,
        ),
        control("dropout=0.5, a tenth of the rows", 250, 1, dropout=0.5, train_share=0.1),
        control("dropout=0, a tenth of the rows", 250, 1, dropout=0, train_share=0.1),
    ),
)

_ratios = (
    weighted(
        "1:1",
        1,
        "48 300 0.000016 0.000009 | 49 300 0.000005 0.000009 | 50 300 0.000011 0.000009",
        50,
    ),
    weighted(
        "1:2",
        2,
        "48 300 0.000005 0.000009 | 49 300 0.000005 0.000009 | 50 300 0.000004 0.000009",
        50,
    ),
    weighted(
        "1:3", 3, "48 0.0000068 0.0000084 | 49 0.0000051 0.0000085 | 50 0.0000037 0.0000088", 50
    ),
    weighted(
        "1:4", 4, "48 0.0000032 0.0000094 | 49 0.0000077 0.0000092 | 50 0.0000042 0.0000095", 50
    ),
    weighted(
        "1:5", 5, "48 0.0000025 0.0000089 | 49 0.0000029 0.0000084 | 50 0.0000025 0.0000084", 50
    ),
    weighted(
        "1:10", 10, "48 0.0000028 0.0000087 | 49 0.0000032 0.0000087 | 50 0.0000050 0.0000090", 50
    ),
    weighted(
        "1:3, 156 epochs",
        3,
        "154 0.0000020 0.0000060 | 155 0.0000021 0.0000057 | 156 0.0000022 0.0000055",
        156,
    ),
)
loss_ratio = Stage(
    number=5,
    name="loss_ratio",
    knob="missing_weight",
    question="What ratio of the two errors?",
    conclusion="Take 1:3.",
    adopted="1:3",
    guess=("1:3", "1:1"),
    start=RunConfig(epochs=50, dropout=0, learning_rate=5e-4),
    settings=(*_ratios, *(meant(row) for row in _ratios)),
    validate_missing_only=True,
)

STAGES = {
    stage.name: stage for stage in (mask_input, missing_weight, num_layers, dropout, loss_ratio)
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
