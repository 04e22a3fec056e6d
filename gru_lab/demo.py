"""The built-in series: 66 smooth channels that know something of each other, from a seed.

Eight slow factors swing with periods of tens to hundreds of rows, their phase and amplitude
drifting; a sparse matrix and a tanh mix them into channels. Like real sensors, each channel is easy
to guess from its neighbours in time and harder, but possible, to guess from the other channels.
"""

import numpy as np
import pandas as pd

from gru_lab.config import COUNT, RULES
from gru_lab.series import Series

CHANNELS, FACTORS = 66, 8
SHORTEST, LONGEST = 42, 600  # periods of the factors, in rows
DRIFT_ROWS = 400  # a factor's phase and amplitude wander from one such knot to the next
NOISE = 0.003


def _factors(rows, rng):
    """Return slow swings with drifting phase and amplitude, (rows, factors)."""
    row = np.arange(rows, dtype=np.float64)
    knots = np.arange(0, rows + DRIFT_ROWS, DRIFT_ROWS)
    factors = np.empty((rows, FACTORS), dtype=np.float32)
    for f, period in enumerate(np.geomspace(SHORTEST, LONGEST, FACTORS)):
        phase = np.interp(row, knots, np.cumsum(rng.normal(0, 1.0, len(knots))))
        amplitude = np.interp(row, knots, rng.uniform(0.4, 1.0, len(knots)))
        factors[:, f] = amplitude * np.sin(2 * np.pi * row / period + phase)
    return factors  # (rows, factors)


def demo_series(rows: int = 24_500, seed: int = 0) -> Series:
    """Return a Series of 66 channels scaled to [0, 1]; the same rows and seed give the same values.

    400,000 rows take about three seconds. Raises ValueError unless rows >= 1 and seed is a whole
    number >= 0.
    """
    rows, seed = COUNT.fix("rows", rows), RULES["seed"].fix("seed", seed)
    rng = np.random.default_rng(seed)
    mixing = rng.normal(0, 1.2, (FACTORS, CHANNELS)) * (rng.random((FACTORS, CHANNELS)) < 0.4)
    # no channel without a factor
    mixing[rng.integers(0, FACTORS, CHANNELS), np.arange(CHANNELS)] += 0.8
    offset = rng.normal(0, 0.5, CHANNELS)
    values = np.tanh(_factors(rows, rng) @ mixing.astype(np.float32) + offset.astype(np.float32))
    values += NOISE * rng.standard_normal(values.shape, dtype=np.float32)
    values -= values.min(axis=0)
    span = values.max(axis=0)
    values /= np.where(span > 0, span, 1)
    names = tuple(f"s{channel:02d}" for channel in range(1, CHANNELS + 1))
    return Series(values, names, name=f"demo-{rows}-{seed}")


def demo_table(rows: int = 6_000, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return (table, truth), DataFrames: 12 built-in channels with holes, and the same without.

    3 % of the entries are missing one by one; now and then a device of four channels fails for 20
    to 120 rows; and in 'b1' five values read -999.9, as loggers write it. The first column is the
    time, one row a minute.
    """
    truth = pd.DataFrame(demo_series(rows, seed).values[:, :12].astype(np.float64))
    truth = truth.set_axis(
        [f"{device}{sensor}" for device in "abc" for sensor in range(1, 5)], axis="columns"
    )
    truth = (10 + 30 * truth).round(2)
    rng = np.random.default_rng((seed, 1))
    missing = rng.random(truth.shape) < 0.03
    for first in rng.integers(0, rows, rows // 300):
        device = 4 * rng.integers(3)
        missing[first : first + rng.integers(20, 120), device : device + 4] = True
    table = truth.mask(missing)
    table.loc[rng.choice(rows, 5, replace=False), "b1"] = -999.9
    table.insert(0, "time", pd.date_range("2024-05-01", periods=rows, freq="min"))
    return table, truth
