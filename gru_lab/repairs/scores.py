"""What entries held back foretell for a table's own holes, by channel and by length of hole."""

import numpy as np
import pandas as pd

from gru_lab.repairs.holes import LABELS
from gru_lab.repairs.imputer import Imputer
from gru_lab.repairs.ways import WAYS

NAMES = ("forward fill", "linear", *WAYS[2:])
MEASURES = [f"{way} {error}" for way in (*NAMES, "repair") for error in ("MAE", "RMSE")]
FIXED = {"none": "none", "constant": "constant", "flag": "flag", "code": "flag"}


def _errors(imputer):
    """Return (MAE, RMSE) of NAMES and of the repair, (names, channels, classes), and the chance
    that the repair is worse than the line.
    """
    mae, rmse, _ = imputer.evidence.errors()
    used = np.stack(np.broadcast_arrays(1, 0, 2, 3, 4, 5, 6, imputer.way))
    mae, rmse = (np.take_along_axis(a, used, axis=0) for a in (mae, rmse))
    unlearned = [not imputer.ways.trees.roots.size, *[imputer.ways.network is None] * 2]
    for errors in (mae, rmse):
        errors[4:7][unlearned] = np.nan
    return mae, rmse, imputer.evidence.errors(imputer.way)[2]


def tables(imputer: Imputer, channels: list) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what is foretold by channel and by length, two DataFrames.

    The first has a row per channel: the errors for its own holes, of all ways and of the repair;
    the way that fills most of them (`kept`), the entries that tell, and the chance that it is worse
    than the straight line. The second has a row for each channel and class of length that has holes
    to fill or entries held back.
    """
    (mae, rmse, worse), holes = _errors(imputer), imputer.composition
    count, shape = imputer.evidence.count, (-1, *holes.shape)
    figures = np.stack([mae, rmse], axis=1).reshape(shape)  # as MEASURES
    fixed = np.array([kind != "measured" for kind in imputer.ways.kinds])
    by_channel = pd.DataFrame(
        np.stack([_mean(mae, holes), np.sqrt(_mean(rmse**2, holes))], axis=1).reshape(shape[:2]).T,
        pd.Index(channels, name="channel"),
        MEASURES,
        dtype=float,
    )
    by_channel.loc[fixed, [m for m in MEASURES if m.split()[0] in NAMES[2:]]] = np.nan
    ways = zip(imputer.way, holes, strict=True)
    most = [np.bincount(way, n, len(WAYS)).argmax() for way, n in ways]
    by_channel["kept"] = [_fills(imputer, c, way) for c, way in enumerate(most)]
    by_channel["entries"] = count.sum(axis=1).astype(int)
    by_channel["worse"] = _mean(worse, holes)

    c, k = np.nonzero((holes > 0) | (count > 0))
    names = [[channels[i] for i in c], np.array(LABELS)[k]]
    index = pd.MultiIndex.from_arrays(names, names=["channel", "length"])
    by_length = pd.DataFrame(figures[:, c, k].T, index, MEASURES)
    by_length.insert(0, "holes", holes[c, k].astype(int))
    by_length.insert(1, "entries", count[c, k].astype(int))
    fills = [_fills(imputer, i, imputer.way[i, j]) for i, j in zip(c, k, strict=True)]
    return by_channel, by_length.assign(fills=fills, worse=worse[c, k])


def _fills(imputer, channel, way):
    """Return what fills a channel in a `way`, by its name."""
    return FIXED.get(imputer.ways.kinds[channel], WAYS[way])


def _mean(figures, holes):
    """Return the mean of `figures` (..., channels, classes) over so many `holes` of each class,
    where they are known.
    """
    share = holes / np.maximum(holes.sum(axis=1, keepdims=True), 1)
    known = np.where(np.isnan(figures), 0, share)
    total = known.sum(axis=-1)
    sums = (np.nan_to_num(figures) * known).sum(axis=-1)
    return np.divide(sums, total, out=np.full(total.shape, np.nan), where=total > 0)
