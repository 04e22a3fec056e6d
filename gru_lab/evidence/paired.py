"""Settings compared in pairs: runs of one seed share its luck. All statistics are SciPy's."""

import warnings

import numpy as np
import pandas as pd
from scipy import stats

LEVEL, POWER, MOST_SEEDS = 0.95, 0.8, 1000


def interval(errors: np.ndarray, baseline: np.ndarray) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the relative difference of paired errors, or NaN.

    BCa, or by percentiles where that fails (all differences alike). A bootstrap of few values is
    too narrow, so its level is raised as far as Student's t asks: Hesterberg (2015), What Teachers
    Should Know About the Bootstrap.
    """
    n = len(errors)
    if n < 2:
        return np.nan, np.nan
    raised = 1 - 2 * stats.norm.sf(np.sqrt(n / (n - 1)) * stats.t.ppf((1 + LEVEL) / 2, n - 1))
    options = {"paired": True, "vectorized": True, "confidence_level": raised, "rng": 0}

    def relative(these, those, axis):
        return these.mean(axis=axis) / those.mean(axis=axis) - 1

    with warnings.catch_warnings(action="ignore"):
        for method in ("BCa", "percentile"):
            bounds = stats.bootstrap(
                (errors, baseline), relative, method=method, **options
            ).confidence_interval
            if np.isfinite(bounds).all():
                break
    return float(bounds.low), float(bounds.high)


def judge(
    low: pd.Series | np.ndarray, high: pd.Series | np.ndarray, smallest_difference: float
) -> str:
    """Return what the intervals of all differences say: 'against', 'for', 'same' or 'open'."""
    # some setting is better than the adopted one, by more than that
    if (high < -smallest_difference).any():
        return "against"
    if (low < -smallest_difference).any():  # some setting may be
        return "open"
    if (low > smallest_difference).any():  # none is, and turning the knob matters
        return "for"
    return "same" if (high <= smallest_difference).all() else "open"


def seeds_needed(
    differences: pd.DataFrame | np.ndarray, smallest_difference: float = 0.0
) -> int | None:
    """Return how many seeds would tell, with 80 % power, at this mean and spread; None above 1000.

    `differences` are (settings, seeds) or (seeds,), of two seeds or more. The interval of n seeds
    is taken as the mean ± (t₀.₉₇₅ + t₀.₈) times its standard error: with `smallest_difference` 0,
    the sample size of a paired t-test.
    """
    differences = np.atleast_2d(differences)
    mean, spread = differences.mean(axis=1), differences.std(axis=1, ddof=1)
    counts = np.arange(2, MOST_SEEDS + 1)
    quantiles = stats.t.ppf((1 + LEVEL) / 2, counts - 1) + stats.t.ppf(POWER, counts - 1)
    for count, margin in zip(counts, quantiles / np.sqrt(counts), strict=True):
        low, high = mean - margin * spread, mean + margin * spread
        if judge(low, high, smallest_difference) != "open":
            return int(count)
    return None


def compare(errors: pd.DataFrame, adopted: str) -> pd.DataFrame:
    """Return a row per setting: mean, spread, difference to the adopted one, interval, seeds.

    `errors` has a row per setting and a column per seed. The spread is the standard deviation over
    the seeds.
    """
    columns = ["mean", "spread", "difference", "low", "high", "seeds needed"]
    table = pd.DataFrame(
        {"mean": errors.mean(axis=1), "spread": errors.std(axis=1)}, columns=columns, dtype=float
    )
    baseline = errors.loc[adopted].to_numpy()
    for setting in errors.index.drop(adopted):
        row = errors.loc[setting].to_numpy()
        share = row.mean() / baseline.mean() - 1
        table.loc[setting, ["difference", "low", "high"]] = (share, *interval(row, baseline))
        table.loc[setting, "seeds needed"] = seeds_needed(row - baseline) if len(row) > 1 else None
    return table.astype({"seeds needed": "Int64"})
