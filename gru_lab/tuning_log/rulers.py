"""The two rulers that read a run, and any run of a stage as the log would have written it."""

import pandas as pd

from gru_lab.loss import weighted_loss
from gru_lab.trainer import batches
from gru_lab.tuning_log.lines import write_lines

LAST = 3  # epochs the log notes of each run


def recorded(curve, weight, hidden_share, validate_missing_only=False):
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


def corrected(curve):
    """Read a run by the figure that compares any two runs: `validation` is M on validation, dropout
    off.
    """
    return curve.assign(train=curve["train_missing"], validation=curve["val_missing"])


def log_setting(stage, config):
    """Return the stage's setting that this run repeats, with whatever seed, or None; of several,
    the nearest in length.

    `config` is bound to the stage's series.
    """
    pairs = [(setting, stage.config(setting, config.seed)) for setting in stage.settings]
    same = [
        (abs(row.epochs - config.epochs), setting)
        for setting, row in pairs
        if row.key == config.key
    ]
    return min(same, key=lambda pair: pair[0])[1] if same else None


def as_logged(stage, config, curve, schedule=()):
    """Read any run of a stage as the log read its own: `recorded`, with the weight in the log's
    notation.

    Where the stage has no such setting, that is the weight it was trained with over r², as the
    log's code had it. `schedule` says where the weight was moved on the way, as (epoch, batch,
    weight).
    """
    setting = None if schedule else log_setting(stage, config)
    if setting:
        weight = setting.weight
    else:
        weight = pd.Series(config.missing_weight, index=curve.index)
        for epoch, _, moved_to in schedule:
            weight[curve["epoch"] >= epoch] = moved_to
        weight = weight / config.hidden_share**2
    return recorded(curve, weight, config.hidden_share, stage.validate_missing_only)


def log_lines(stage, config, curve, schedule=()):
    """Return the last three epochs of any run of a stage as the log writes them."""
    setting = log_setting(stage, config)
    lines = next((one.lines for one in (setting, *stage.settings) if one and one.lines), None)
    read = as_logged(stage, config, curve, schedule)
    return write_lines(read, lines[0].format, LAST, batches(stage.series, config))
