"""The weighted loss, and the two rulers that read a run.

With A the mean squared error over all entries and M over the hidden ones, training minimises (A +
w·M)/(1 + w). A *ruler* is a way to read a finished run, never a property of it: both are computed
from the same curve.
"""

from typing import Any

import torch

# what an epoch keeps: A and M of training (mean over batches), of its last batch, of validation,
# and of validation with dropout active
METRICS: tuple[str, ...] = ("train_all", "train_missing", "last_all", "last_missing")
METRICS += ("val_all", "val_missing", "val_all_dropout", "val_missing_dropout")


def errors(
    output: torch.Tensor, target: torch.Tensor, hidden_mask: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (A, M), 0-d tensors: mean squared error over all and over hidden entries of a batch.

    Raises ValueError where nothing is hidden, since M does not exist there.
    """
    squared = torch.square(output - target)
    hidden = hidden_mask.sum()
    if hidden == 0:
        raise ValueError(
            "hidden_mask must hide at least one entry of each batch; use more or longer windows"
        )
    return squared.mean(), (squared * hidden_mask).sum() / hidden


def weighted_loss(all_error: Any, missing_error: Any, missing_weight: float) -> Any:
    """Return (A + w·M)/(1 + w)."""
    return (all_error + missing_weight * missing_error) / (1 + missing_weight)
