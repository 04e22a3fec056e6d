"""The public protocols of imputation on tables such as ETT, and what was published on them.

    python benchmarks/repair.py --protocol tsibench|tslib|t1 ETTh1.csv [--minutes 1] [--masks 5]

A table is cut by time into train, validation and test, z-scored by train, and cut into windows
which a method sees alone: 'tsibench' 14 / 5 / 5 calendar months and disjoint windows of 48 with
points, blocks or subsequences; 'tslib' and 't1' 12 / 4 / 4 months of 30 days and windows of 96 at
stride 1 with points. The pattern also lies on the training part. The same holes in one unbroken
series stand beside: that is what a person's table is. ETT tables are not part of this repository.
Ours see the time stamps (the hour); the published networks do not.
"""

import copy
import time

import numpy as np
import pandas as pd

import gru_lab as lab
from gru_lab.repairs.ways import WAYS

POINTS = {f"point {rate:.0%}": rate for rate in (0.1, 0.5, 0.9)}
PROTOCOLS = {
    "tsibench": (48, 48, [*POINTS, "block 50%", "subsequence 50%"]),
    "tslib": (96, 1, ["point 12.5%", "point 25%", "point 37.5%", "point 50%"]),
    "t1": (96, 1, ["point 10%", "point 30%", "point 50%", "point 70%"]),
}
PUBLISHED = {  # MSE in z-scores, the best rows that were found
    ("tsibench", "point 10%"): ".044 HELIX (its ablation); .047 SAITS (TSI-Bench, 2024)",
    ("tsibench", "point 50%"): ".093 to .098, the best three (TSI-Bench, 2024)",
    ("tsibench", "point 90%"): ".364, the best (TSI-Bench, 2024)",
    ("tsibench", "block 50%"): ".286, the best (TSI-Bench, 2024)",
    ("tsibench", "subsequence 50%"): ".659, the best (TSI-Bench, 2024)",
    ("tslib", "average"): "ETTh1 .069 One-Fits-All, .078 TimesNet; ETTh2 .048 (their papers, 2023)",
    ("t1", "average"): "ETTh1 .049, ETTh2 .036 (T1, ICLR 2026)",
}


def split(table, protocol):
    """Return the rows of train and test of a table with a time index, as two tables."""
    if protocol == "tsibench":
        begin = table.index[0].normalize().replace(day=1)
        ends = [begin + pd.DateOffset(months=months) for months in (14, 19, 24)]
        return table[table.index < ends[0]], table[
            (table.index >= ends[1]) & (table.index < ends[2])
        ]
    months = np.cumsum([12, 4, 4]) * 30 * 24
    return table.iloc[: months[0]], table.iloc[months[1] : months[2]]


def windows_of(table, length, stride):
    """Return the rows of windows, (windows, length), and the stamp of each."""
    start = np.arange(0, len(table) - length + 1, stride)
    rows = start[:, None] + np.arange(length)
    return table.to_numpy()[rows], table.index.to_numpy()[rows]


def hide(shape, pattern, rng):
    """Return a mask of `shape` (windows, length, channels), True where hidden."""
    windows, length, channels = shape
    kind, share = pattern.split()
    share = float(share.rstrip("%")) / 100
    if kind == "point":
        return rng.random(shape) < share
    hidden = np.zeros((windows, channels, length), dtype=bool)
    if kind == "subsequence":  # 36 steps of a channel
        hit = rng.random((windows, channels)) < share * length / 36
        first = rng.integers(0, length - 36 + 1, (windows, channels, 1))
        steps = np.arange(length)
        hidden |= hit[..., None] & (steps >= first) & (steps < first + 36)
    else:  # blocks of 6 steps by all channels but one
        while hidden.mean() < share:
            w, t, c = (rng.integers(0, n) for n in (windows, length - 5, max(1, channels - 5)))
            hidden[w, c : c + 6, t : t + 6] = True
    return hidden.transpose(0, 2, 1)


def as_table(values, stamps):
    """Return windows (windows, length, channels) as a table with their parts and stamps."""
    rows = pd.DataFrame(values.reshape(-1, values.shape[-1])).add_prefix("c")
    part = np.repeat(np.arange(len(values)), values.shape[1])
    return rows.assign(part=part, time=stamps.reshape(-1))


def fill(repairer, table, way=None):
    """Return the channels of a table as a Repairer fills them, or by one way alone."""
    if way is None:
        done = repairer.repaired(table)
    else:
        alone = copy.copy(repairer)
        alone._imputer = copy.copy(repairer._imputer)
        alone._imputer.way = np.full_like(alone._imputer.way, WAYS.index(way))
        done = alone._fill(*alone._stretch(table))
    return done.table[list(repairer.channels_)].fillna(0).to_numpy()


def one_mask(parts, pattern, minutes, mask, others, alone):
    """Return {method: (MAE, MSE)} for one mask of one pattern; `alone`: windows seen alone."""
    rng, (train, stamps), (truth, moments) = np.random.default_rng(mask), *parts
    masks = [hide(values.shape, pattern, rng) for values in (train, truth)]
    tables = [
        as_table(np.where(hidden, np.nan, values), when)
        for hidden, values, when in zip(masks, (train, truth), (stamps, moments), strict=True)
    ]
    if not alone:
        tables = [table.assign(part=0) for table in tables]
    settings = {"split_by": "part", "time": "time", "extrapolation": "all", "device": "cpu"}
    fitted = {}
    for name, budget in (("regression", 0), ("repair", minutes)):
        began = time.process_time()
        fitted[name] = lab.Repairer(minutes=budget, seed=mask, **settings).fit(tables[0])
        print(f"  {name}: {time.process_time() - began:.0f} CPU s", flush=True)
    fills = {
        "last value": fill(fitted["regression"], tables[1], "forward fill"),
        "straight line": fill(fitted["regression"], tables[1], "linear"),
        "seasonal line": fill(fitted["regression"], tables[1], "seasonal"),
        "regression": fill(fitted["regression"], tables[1], "regression"),
        "repair": fill(fitted["repair"], tables[1]),
    }
    if minutes:
        fills["boosted trees"] = fill(fitted["repair"], tables[1], "trees")
    for name, method in others.items() if alone else ():
        holed = np.where(masks[0], np.nan, train), np.where(masks[1], np.nan, truth)
        last = slice(-len(train) // 5, None)  # of the training part, to stop by
        fills[name] = method((holed[0],), (holed[0][last], 0, train[last]), (holed[1],), minutes)
    found = {}
    for name, values in fills.items():
        error = (values.reshape(truth.shape) - truth)[masks[1]]
        found[name] = np.abs(error).mean(), np.square(error).mean()
    return found


def run(source, protocol, minutes, masks, others, patterns=None):
    """Print a table of MAE and MSE for each pattern, windows alone and unbroken."""
    table = pd.read_csv(source, index_col=0, parse_dates=True)
    length, stride, known = PROTOCOLS[protocol]
    train, test = split(table, protocol)
    mean, std = train.mean(), train.std(ddof=0)
    train, test = (train - mean) / std, (test - mean) / std
    shown, average = patterns or known, {}
    print(f"{protocol}: {len(train):,} rows to learn from, {len(test):,} to fill, {masks} masks\n")
    for alone in (True, False):
        step = stride if alone else length
        parts = [windows_of(train, length, length), windows_of(test, length, step)]
        for pattern in shown:
            runs = [one_mask(parts, pattern, minutes, mask, others, alone) for mask in range(masks)]
            print(f"\n{pattern}, {'windows alone' if alone else 'one unbroken series'}")
            print("| method | MAE | MSE |\n|---|---|---|")
            for name in runs[0]:
                figures = np.array([found[name] for found in runs])
                told = zip(figures.mean(axis=0), figures.std(axis=0), strict=True)
                print(f"| {name} | " + " | ".join(f"{m:.4f} ± {s:.4f}" for m, s in told) + " |")
                average.setdefault((alone, name), []).append(figures.mean(axis=0)[1])
            if alone and (protocol, pattern) in PUBLISHED:
                print(f"published: {PUBLISHED[protocol, pattern]}")
    for (alone, name), errors in average.items():
        where = "windows alone" if alone else "unbroken"
        print(f"average MSE, {where}, {name}: {np.mean(errors):.4f}")
    print(f"published: {PUBLISHED.get((protocol, 'average'), 'by pattern, above')}")
