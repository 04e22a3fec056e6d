"""The weighted loss, and the two rulers that read a run.

With A the mean squared error over all entries and M over the hidden ones, training minimises (A + w·M)/(1 + w).
A *ruler* is a way to read a finished run, never a property of it: both are computed from the same curve.
"""

import torch

# what an epoch keeps: A and M of training (mean over batches), of its last batch, of validation, and of validation
# with dropout active
FIGURES = ("train_all", "train_missing", "last_all", "last_missing")
FIGURES += ("val_all", "val_missing", "val_all_dropout", "val_missing_dropout")


def errors(output, target, hidden_mask):
    """Return (A, M) as 0-d tensors: mean squared error over all and over hidden entries, (batch, time, channels).

    Raises ValueError where nothing is hidden, since M does not exist there.
    """
    squared = torch.square(output - target)
    hidden = hidden_mask.sum()
    if hidden == 0:
        raise ValueError("hidden_mask must hide at least one entry of each batch; use more or longer windows")
    return squared.mean(), (squared * hidden_mask).sum() / hidden


def weighted_loss(all_error, missing_error, missing_weight):
    """Return (A + w·M)/(1 + w)."""
    return (all_error + missing_weight * missing_error) / (1 + missing_weight)


def recorded(curve, weight, hidden_share, validate_missing_only=False):
    """Read a run as the log read its own: a copy of `curve` with columns `train` and `validation`.

    The log's code scaled M by r² (r: `hidden_share`), took the training figure from the last batch of the epoch,
    and left dropout on while validating. In stage 5 it validated on r²·M alone: `validate_missing_only`.
    `weight` is the log's own notation, 0.5 for 'weight=0.5' and 3 for '1:3'.
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
    """Read a run by the figure that compares any two runs: `validation` is M on validation, dropout off."""
    return curve.assign(train=curve["train_missing"], validation=curve["val_missing"])
