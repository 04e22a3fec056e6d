"""The two rulers that read a run, and any run of a stage as the log would have written it."""

from typing import Any

import pandas as pd

from gru_lab.config import RunConfig, one_of
from gru_lab.loss import weighted_loss
from gru_lab.trainer import batches
from gru_lab.tuning_log.lines import DECIMALS, Line
from gru_lab.tuning_log.stage import Setting, Stage

LAST = 3  # epochs the log notes of each run


def recorded(
    curve: pd.DataFrame, weight: Any, hidden_share: float, validate_missing_only: bool = False
) -> pd.DataFrame:
    """Read a run as the log read its own: a copy of `curve` with columns `train` and `validation`.

    The log's code scaled M by r² (r: `hidden_share`), took the training figure from the last batch
    of the epoch, and left dropout on while validating. In stage 5 it validated on r²·M alone:
    `validate_missing_only`. `weight` is the log's own notation, 0.5 for 'weight=0.5' and 3 for
    '1:3'.
    """

    def read(all_error, missing_error, weight):
        return weighted_loss(all_error, hidden_share**2 * missing_error, weight)

    train = read(curve["last_all"], curve["last_missing"], weight)
    if validate_missing_only:
        validation = hidden_share**2 * curve["val_missing_dropout"]
    else:
        validation = read(curve["val_all_dropout"], curve["val_missing_dropout"], weight)
    return curve.assign(train=train, validation=validation)


def corrected(curve: pd.DataFrame) -> pd.DataFrame:
    """Read a run by the figure that compares any two: `validation` is M, dropout off."""
    return curve.assign(train=curve["train_missing"], validation=curve["val_missing"])


RULERS = {"recorded": "as the log read its runs", "corrected": "the error on hidden entries"}


def log_setting(stage: Stage, config: RunConfig) -> Setting | None:
    """Return the stage's setting that this run repeats, with whatever seed, or None.

    Of several the nearest in length, then the first. `config` is bound to the stage's series.
    """
    same = stage.by_key.get(config.replace(seed=0).key, ())
    return min(
        same, key=lambda row: abs(stage.profile.epochs(row.epochs) - config.epochs), default=None
    )


def read_run(
    stage: Stage,
    config: RunConfig,
    curve: pd.DataFrame,
    ruler: str = "recorded",
    schedule: tuple = (),
) -> pd.DataFrame:
    """Return any run of a stage read by a ruler: `curve` with columns `train` and `validation`.

    This is the one place where a run is read; panel, explorer, results and written logs ask it.
    `recorded` takes the weight in the log's notation; for a run that is no setting of the stage, or
    whose weight was moved, that is the weight it was trained with over r², as the log's code had
    it. Of a question of one's own it is the loss as it was trained. `schedule` says where the
    weight was moved on the way, as (epoch, batch, weight). Raises ValueError for an unknown ruler.

    >>> from gru_lab.tuning_log.stages import stage
    >>> import pandas as pd
    >>> dropout = stage("dropout", "tiny")
    >>> curve = pd.DataFrame({"epoch": [1], "train_missing": [0.2], "val_missing": [0.1]})
    >>> float(read_run(dropout, dropout.config("dropout=0"), curve, "corrected")["validation"][0])
    0.1
    """
    if one_of("ruler", ruler, RULERS) == "corrected":
        return corrected(curve)
    setting = None if schedule else log_setting(stage, config)
    share = 1.0 if stage.own else config.hidden_share  # the log's code scaled M by r²
    weight = setting.weight if setting else _weights(config, curve, schedule, share)
    return recorded(curve, weight, share, stage.validate_missing_only)


def _weights(config, curve, schedule, share):
    """Return the weight of each epoch (epochs,) in the log's notation."""
    weight = pd.Series(config.missing_weight, index=curve.index)
    for epoch, _, moved_to in schedule:
        weight[curve["epoch"] >= epoch] = moved_to
    return weight / share**2


def write_lines(
    curve: pd.DataFrame, line_format: str = "train valid", last: int = 3, steps: int | None = None
) -> str:
    """Return the last epochs of a run as the log writes them, a string of one line each.

    `curve` has columns epoch, train, validation: read it with a ruler first. `steps` is the number
    of batches of an epoch, which the format 'epoch steps train valid' needs. Raises ValueError for
    an unknown format, or no steps.
    """
    counts = one_of("line_format", line_format, DECIMALS).split()[:-2]
    if "steps" in counts and steps is None:
        raise ValueError(
            f"steps must be given for the format {line_format!r}: the batches of an epoch"
        )
    rows = curve.tail(last).assign(steps=steps)
    return "\n".join(
        str(Line(row.train, row.validation, **{name: int(getattr(row, name)) for name in counts}))
        for row in rows.itertuples()
    )


def log_lines(stage: Stage, config: RunConfig, curve: pd.DataFrame, schedule: tuple = ()) -> str:
    """Return the last three epochs of any run of a stage as the log writes them.

    The format is that of the setting's own lines, or else of the stage's first.
    """
    rows = (log_setting(stage, config), *stage.settings)
    lines = next((row.lines for row in rows if row and row.lines), None)
    line_format = lines[0].format if lines else "train valid"
    read = read_run(stage, config, curve, schedule=schedule)
    return write_lines(read, line_format, LAST, batches(stage.series, config))
