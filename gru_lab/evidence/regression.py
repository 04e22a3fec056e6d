"""The third reference line beside last value and straight line: a regression, without a network.

    train, validation, _ = prepare(series, config)
    validation.error(regression(train, validation))  # a mean squared error, as of the other two

It is the regression of `lab.repair`, learned on the training windows and shown nothing but windows.
"""

import numpy as np
from threadpoolctl import threadpool_limits

from gru_lab.gaps import Gapped
from gru_lab.repairs.hiding import Pattern
from gru_lab.repairs.holes import Stretch, part_ends
from gru_lab.repairs.rivals import Rivals


def regression(train: Gapped, validation: Gapped, seed: int = 0) -> np.ndarray:
    """Return the windows of `validation`, each hidden entry filled from the other channels and from
    what is seen before and after it: (windows, time, channels), scaled as they were.

    Both are `Gapped`, as `prepare` gives them; their hidden values are not looked at. Solved in
    closed form, in seconds; the same `seed` gives the same figures.
    """
    shown = _stretch(train)
    channels = shown.values.shape[1]
    pattern = Pattern(np.isnan(shown.values), shown.begin)
    rivals = Rivals(np.ones(channels), np.zeros(channels))
    with threadpool_limits(1, "blas"):  # systems so small gain nothing from more, and round alike
        rivals.fit(shown, pattern, np.random.default_rng(seed))
        filled = rivals.fill(_stretch(validation)).filled.T * rivals.std + rivals.mean
    filled = np.clip(filled, np.nanmin(shown.values, axis=0), np.nanmax(shown.values, axis=0))
    filled = filled.reshape(validation.truth.shape)  # (windows, time, channels)
    return np.where(validation.hidden_mask, filled, validation.truth).astype(np.float32)


def _stretch(gapped):
    """Return windows as rows, each window a part of its own, hidden entries missing."""
    count, steps, channels = gapped.truth.shape
    values = np.where(gapped.hidden_mask, np.nan, gapped.truth).reshape(-1, channels)
    begin, end = part_ends(np.arange(0, count * steps, steps), count * steps)
    return Stretch(values, np.arange(count * steps, dtype=float), begin, end)
