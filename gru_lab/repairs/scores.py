"""What entries held back foretell for a table's own holes, by channel and by length of hole."""

import numpy as np
import pandas as pd

from gru_lab.repairs.choice import WAYS
from gru_lab.repairs.holes import LABELS

NAMES = ("forward fill", "linear", "seasonal", "regression", "network")
MEASURES = [f"{way} {error}" for way in (*NAMES, "repair") for error in ("MAE", "RMSE")]
FIXED = {"none": "none", "constant": "constant", "flag": "flag", "code": "flag"}


def _errors(imputer):
    """Return (MAE, RMSE) of NAMES and of the repair, (names, channels, classes), and the chance
    that the repair is worse than the line.
    """
    mae, rmse, _ = imputer.evidence.errors()
    head = 4 + (mae[5] * rmse[5] < mae[4] * rmse[4])
    used = np.stack(np.broadcast_arrays(1, 0, 2, 3, head, imputer.way))
    mae, rmse = (np.take_along_axis(a, used, axis=0) for a in (mae, rmse))
    if imputer.network is None:
        mae[4] = rmse[4] = np.nan
    return mae, rmse, imputer.evidence.errors(imputer.way)[2]


def by_channel(imputer, channels):
    """Return a DataFrame with a row per channel: the errors foretold for its own holes, of all
    ways and of the repair; the way that fills most of them (`kept`), the entries that tell, and the
    chance that it is worse than the straight line.
    """
    holes, kinds = imputer.composition, imputer.kinds
    share = holes / np.maximum(holes.sum(axis=1, keepdims=True), 1)
    mae, rmse, worse = _errors(imputer)

    def mean(figures):
        known = np.where(np.isnan(figures), 0, share)
        total = known.sum(axis=-1)
        figures = (np.nan_to_num(figures) * known).sum(axis=-1)
        return np.where(total > 0, figures / np.where(total > 0, total, 1), np.nan)

    pairs = zip(mae, rmse, strict=True)
    figures = [a for way, square in pairs for a in (mean(way), np.sqrt(mean(square**2)))]
    scores = pd.DataFrame(
        np.array(figures).T, pd.Index(channels, name="channel"), MEASURES, dtype=float
    )
    fixed = np.array(kinds) != "measured"
    scores.loc[fixed, [m for m in MEASURES if m.split()[0] in NAMES[2:]]] = np.nan
    most = [np.bincount(w, n, len(WAYS)).argmax() for w, n in zip(imputer.way, holes, strict=True)]
    scores["kept"] = [FIXED.get(kind, WAYS[w]) for kind, w in zip(kinds, most, strict=True)]
    scores["entries"] = imputer.evidence.count.sum(axis=1).astype(int)
    scores["worse"] = mean(worse)
    return scores


def by_length(imputer, channels):
    """Return a DataFrame with a row for each channel and class of length that has holes to fill or
    entries held back, with the errors of every way.
    """
    mae, rmse, worse = _errors(imputer)
    holes, count = imputer.composition, imputer.evidence.count
    c, k = np.nonzero((holes > 0) | (count > 0))
    names = [[channels[i] for i in c], np.array(LABELS)[k]]
    index = pd.MultiIndex.from_arrays(names, names=["channel", "length"])
    measures = np.stack([mae, rmse], axis=1).reshape(-1, *count.shape)[:, c, k].T
    rows = pd.DataFrame(measures, index, MEASURES)
    rows.insert(0, "holes", holes[c, k].astype(int))
    rows.insert(1, "entries", count[c, k].astype(int))
    fills = [
        FIXED.get(imputer.kinds[i], WAYS[imputer.way[i, j]]) for i, j in zip(c, k, strict=True)
    ]
    return rows.assign(fills=fills, worse=worse[c, k])
