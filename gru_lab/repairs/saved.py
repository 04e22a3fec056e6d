"""A saved repairer, read from a file that anybody may have made: whatever is wrong with it shows
here, and not in the middle of a repair.
"""

import copy
import json
from numbers import Real

import numpy as np
import pandas as pd
from safetensors.torch import safe_open

from gru_lab.tables.layout import names_of

ROWS = 60  # of the table that is repaired once to try a model


def read(path, format_number):
    """Return what a file knows (a dict) and its tensors; raises whatever is wrong with it."""
    with safe_open(path, "pt") as file:
        known = json.loads(file.metadata()["gru_lab"])
        if known["format"] != format_number:
            raise ValueError(f"its format is {known['format']}, not {format_number}")
        return known, {name: file.get_tensor(name) for name in file.keys()}


def require(holds, what):
    """Raise ValueError, saying what a part of the file must be, unless it holds."""
    if not holds:
        raise ValueError(f"its {what}")


def require_facts(known):
    """Raise ValueError for what a file says about a repairer and could not be used."""
    channels = known["channels_"]
    require(isinstance(channels, list) and channels, "channels_ must be a list of names")
    require(all(isinstance(name, str | int) for name in channels), "channels_ must be names")
    require(len(set(channels)) == len(channels), "channels_ must differ")
    names = names_of(known["time_"])
    require(all(isinstance(name, str | int) for name in names), "time_ must be a name, or several")
    texts = known["warnings_"]
    require(isinstance(texts, list), "warnings_ must be sentences")
    require(all(isinstance(text, str) for text in texts), "warnings_ must be sentences")
    require(isinstance(known["coverage_"], Real | None), "coverage_ must be a number")


def require_history(history):
    """Raise ValueError for a history that is no table of numbers."""
    for name in ("epoch", "seconds", "score"):
        numeric = name in history and pd.api.types.is_numeric_dtype(history[name])
        require(numeric or not len(history), "history_ must be numbers")


def tried(repairer):
    """Return the repairer once it has repaired a small table of its channels.

    Raises whatever goes wrong on the way, as with tensors of odd shapes.
    """
    rows, rng = np.arange(ROWS), np.random.default_rng(0)
    columns = {}
    for number, name in enumerate(repairer.channels_):
        columns[name] = np.where(rng.random(ROWS) < 0.1, np.nan, np.sin(rows / (5 + number % 7)))
    if repairer.split_by is not None:
        columns[repairer.split_by] = np.zeros(ROWS, dtype=int)
    trial = copy.copy(repairer)
    trial.time = trial.time_ = trial.time_format = None
    with np.errstate(all="ignore"):
        done = trial.repaired(pd.DataFrame(columns))
    for table in (done.table[repairer.channels_], done.half_width):
        require(not np.isinf(table.to_numpy(float)).any(), "tensors must give finite repairs")
    return repairer
