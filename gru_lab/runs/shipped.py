"""Runs that come with the kit: the log at its own size, trained once, read-only under every store.

One Parquet file in the package has a row per run: settings, where and when it was trained, the
curve as lists, and the small sample of its repair. Nobody has to train them again.
"""

import functools
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from gru_lab.config import RunConfig
from gru_lab.loss import METRICS
from gru_lab.tuning_log.rulers import LAST

FILE = Path(__file__).with_name("shipped.parquet")
CURVE = ("epoch", *METRICS, "seconds")
ORIGIN = ("device", "machine", "torch", "trained")


@functools.cache
def _table() -> pd.DataFrame:
    """The file's rows by key, the curve's lists in columns such as 'curve seconds'."""
    return pq.read_table(FILE).to_pandas().set_index("key", drop=False)


@functools.cache
def facts() -> dict:
    """Return what is said of all shipped runs: what they are, `references` and their series."""
    return json.loads(pq.read_schema(FILE).metadata[b"gru_lab"])


def lengths(keys: Iterable[str]) -> dict[str, int]:
    """Return how many epochs there are of the shipped runs with these keys."""
    table = _table()
    return {key: int(table.at[key, "epochs"]) for key in keys if key in table.index}


def curve(config: RunConfig) -> pd.DataFrame | None:
    """Return a run's curve of `config.epochs` rows, or None if it is not shipped as long."""
    if lengths([config.key]).get(config.key, 0) < config.epochs:
        return None
    row = _table().loc[config.key]
    columns = {name: row[f"curve {name}"] for name in CURVE}
    return pd.DataFrame(columns).head(config.epochs).astype({"epoch": int})


def sample(key: str) -> np.ndarray | None:
    """Return the sample of a run's repair, (windows, time, channels), or None."""
    if key not in _table().index:
        return None
    row = _table().loc[key]
    return np.reshape(np.asarray(row["sample values"], dtype=float), row["sample shape"])


def runs(keys: Iterable[str] | None = None) -> pd.DataFrame:
    """Return the shipped runs as `Store.runs` does; only those with these keys, if given."""
    table = _table()
    table = table if keys is None else table.loc[[key for key in keys if key in table.index]]
    lists = [name for name in table.columns if name.startswith(("curve ", "sample "))]
    errors = [np.mean(values[-LAST:]) for values in table["curve val_missing"]]
    table = table.drop(columns=lists).assign(error=errors, record="comes with the kit")
    return table.reset_index(drop=True)
