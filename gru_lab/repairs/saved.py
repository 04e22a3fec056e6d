"""A fitted repairer as one file without code, and back. Anybody may have made such a file: whatever
is wrong with it shows when it is read, and not in the middle of a repair.
"""

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from safetensors.torch import safe_open, save

from gru_lab.repairs.choice import Evidence
from gru_lab.repairs.imputer import Imputer
from gru_lab.repairs.intervals import Intervals
from gru_lab.repairs.network import CorrectionNetwork
from gru_lab.repairs.ways import Ways
from gru_lab.tables.layout import names_of

FORMAT = 6
TRUTHS = ("rivals.straight",)  # no numbers: True or False
UNKNOWN = ("low", "high", "Intervals.low", "Intervals.high")  # NaN or infinite: nothing seen
ROWS = 60  # of the table that is repaired once to try a model
LEARNED = (
    *("channels_", "set_aside_", "time_", "way_", "warnings_", "coverage_"),
    *("n_features_in_", "feature_names_in_"),
)


def to_bytes(repairer: Any) -> bytes:
    """Return a fitted repairer as a safetensors file, settings and scores in its metadata."""
    known = {name: getattr(repairer, name) for name in LEARNED if hasattr(repairer, name)}
    kinds = repairer._imputer.ways.kinds
    known |= {"settings": repairer.get_params(), "kinds": kinds, "format": FORMAT}
    known["history_"] = repairer.history_.to_dict(orient="split")
    return save(tensors_of(repairer._imputer), {"gru_lab": json.dumps(known, default=_plain)})


def _plain(value):
    """Return what JSON can hold of NumPy's numbers and arrays in settings and names."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(
        f"only text and numbers can be saved as settings and names of channels, not {value!r}"
    )


def read(path: str | Path, repairer_class: Any, device: str) -> Any:
    """Return the repairer in a file, tried on a small table; ValueError for any other file."""
    try:
        return tried(_untried(path, repairer_class, device))
    except Exception as error:  # a damaged file fails in whatever way
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise ValueError(
            f"path must be a file that Repairer.save wrote, not {str(path)!r}: {reason[0]}"
        ) from error


def _untried(path, repairer_class, device):
    with safe_open(path, "pt") as file:
        known = json.loads(file.metadata()["gru_lab"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    names = [*known["channels_"], *names_of(known["time_"])]
    if known["format"] != FORMAT or not all(isinstance(name, str | int) for name in names):
        raise ValueError(f"its format must be {FORMAT}, and its channels_ and time_ names")
    settings = known["settings"] | {"device": device}
    settings = {n: tuple(v) if isinstance(v, list) else v for n, v in settings.items()}
    repairer = repairer_class(**settings)
    for name in set(LEARNED) & set(known):
        setattr(repairer, name, known[name])
    repairer.warnings_ = list(map(str, known["warnings_"]))
    repairer.history_ = pd.DataFrame(**known["history_"])
    repairer.history_[["epoch", "seconds", "score"]].to_numpy(float)
    imputer = imputer_of(tensors, known["kinds"], **repairer.settings())
    imputer.coverage, repairer._imputer = float(known["coverage_"]), imputer
    repairer.take_scores()
    return repairer


def _parts(imputer):
    """Return what an Imputer is made of and has `LEARNED`, with the head of its names in a file."""
    ways = imputer.ways
    heads = ("", imputer), ("", ways), ("rivals.", ways.rivals)
    return *heads, ("kriging.", ways.rivals.kriging), ("trees.", ways.trees)


def tensors_of(imputer: Imputer) -> dict:
    """Return all that an Imputer learned, as {name: tensor}."""
    learned = {
        head + name: getattr(part, name) for head, part in _parts(imputer) for name in part.LEARNED
    }
    for part in (imputer.intervals, imputer.evidence):
        learned |= {f"{type(part).__name__}.{name}": a for name, a in vars(part).items()}
    tensors = {name: torch.tensor(array) for name, array in learned.items()}
    weights = imputer.ways.network.state_dict() if imputer.ways.network else {}
    return tensors | {name: weight.cpu() for name, weight in weights.items()}


def imputer_of(tensors: dict, kinds: Any, **settings: Any) -> Imputer:
    """Return the Imputer whose `tensors`, `kinds` and settings these are."""
    for name, tensor in tensors.items():
        if (tensor.dtype == torch.bool) != (name in TRUTHS):
            raise ValueError(f"its tensor {name!r} must be of the kind that is saved there")
        if name not in UNKNOWN and not tensor.isfinite().all():
            raise ValueError(f"its tensor {name!r} must hold finite numbers only")
    arrays = {name: value.numpy() for name, value in tensors.items()}
    imputer = Imputer(Ways(kinds, arrays["turn"], arrays["known"]), **settings)
    for head, part in _parts(imputer):
        for name in part.LEARNED:
            setattr(part, name, arrays[head + name])
    imputer.ways.trees.require_sound()
    for name, kind in (("intervals", Intervals), ("evidence", Evidence)):
        head = f"{kind.__name__}."
        parts = {n.removeprefix(head): a for n, a in arrays.items() if n.startswith(head)}
        setattr(imputer, name, kind(**parts))
    if weights := {n: value for n, value in tensors.items() if n.startswith("network.")}:
        network = CorrectionNetwork(imputer.ways.rivals, imputer.seed, imputer.device)
        network.load_state_dict(weights)
        imputer.ways.network = network
    return imputer


def tried(repairer: Any) -> Any:
    """Return the repairer once it has repaired a small table of its channels.

    Raises whatever goes wrong on the way, as with tensors of odd shapes.
    """
    rows, rng = np.arange(ROWS), np.random.default_rng(0)
    columns = {}
    for number, name in enumerate(repairer.channels_):
        columns[name] = np.where(rng.random(ROWS) < 0.1, np.nan, np.sin(rows / (5 + number % 7)))
    for name in names_of(repairer.split_by):
        columns[name] = np.zeros(ROWS, dtype=int)
    trial = copy.copy(repairer)
    trial.time = trial.time_ = trial.time_format = None
    hours = pd.date_range("2024-01-01", periods=ROWS, freq="h")  # a setting may be a time, as 6h
    with np.errstate(all="ignore"):
        done = trial.repaired(pd.DataFrame(columns, hours))
    for table in (done.table[repairer.channels_], done.half_width):
        if np.isinf(table.to_numpy(float)).any():
            raise ValueError("its tensors must give finite repairs")
    return repairer
