"""How well holes are repaired: the published protocol on any table, every method on the same data
in the same run.

python benchmarks/repair.py [FILE or URL] [--split-by COLUMN] [--hash sha256:...] [--minutes 3]
[--masks 5] [--rows N] python benchmarks/repair.py --size      # memory and CPU time on tables of up
to 1,000,000 x 40

Channels are z-scored by the training part of a split in time (5 : 1 : 1). A tenth of all entries is
hidden, each independently, in every part, the training part too; MAE and MSE are means over what is
hidden in the test part. The whole is repeated with other masks. Minutes of training are CPU time,
so run it with OMP_NUM_THREADS=1. PyPOTS' SAITS and BRITS take part where they can be imported (the
extra `benchmark`).
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
import pandas as pd

import gru_lab as lab
from gru_lab.demo import demo_series
from gru_lab.repairs import training
from gru_lab.tables.read import read_table

WINDOW, RATE = 48, 0.1
SAITS = dict(
    n_layers=2, d_model=256, n_heads=4, d_k=64, d_v=64, d_ffn=128, dropout=0.1
)  # as in PyPOTS' own example
BRITS = dict(rnn_hidden_size=128)


def frame_of(windows, parts):
    """Return windows (windows, time, channels) as a table of rows with a column `part`."""
    rows = pd.DataFrame(windows.reshape(-1, windows.shape[-1])).add_prefix("c")
    return rows.assign(part=np.repeat(parts, WINDOW))


def by_part(fill):
    """Make a method of a function that fills the rows of one part."""

    def method(train, validation, test, minutes):
        table = frame_of(*test)
        filled = table.groupby("part", group_keys=False).apply(fill)[table.columns.drop("part")]
        return filled.fillna(0).to_numpy().reshape(test[0].shape)

    return method


def in_windows(train, validation, test, minutes):
    """Linear interpolation within each window alone, as the published tables have it."""
    filled = [
        pd.DataFrame(window).interpolate(limit_direction="both").fillna(0) for window in test[0]
    ]
    return np.stack(filled)


def ours(fixed=None):
    def method(train, validation, test, minutes):
        minutes = minutes if fixed is None else fixed
        repairer = lab.Repairer(
            minutes=minutes, split_by="part", device="cpu", extrapolation="all"
        ).fit(frame_of(*train))
        filled = repairer.transform(frame_of(*test)).drop(columns="part")
        return filled.fillna(0).to_numpy().reshape(test[0].shape)

    return method


def pypots(name, settings):
    def method(train, validation, test, minutes):
        import pypots.imputation

        def train_for(epochs):
            network = getattr(pypots.imputation, name)(
                n_steps=WINDOW,
                n_features=test[0].shape[-1],
                epochs=epochs,
                device="cpu",
                verbose=False,
                **settings,
            )
            began = time.process_time()
            network.fit({"X": train[0]}, {"X": validation[0], "X_ori": validation[2]})
            return network, time.process_time() - began

        _, seconds = train_for(
            1
        )  # it has no time budget, so measure an epoch and give it as many as fit in
        network, _ = train_for(max(1, int(60 * minutes / seconds)))
        return network.predict({"X": test[0]})["imputation"]

    return method


METHODS = {
    "mean": lambda train, validation, test, minutes: np.zeros_like(test[0]),
    "forward fill": by_part(lambda rows: rows.ffill().bfill()),
    "linear": by_part(lambda rows: rows.interpolate(limit_direction="both")),
    f"linear in windows of {WINDOW}": in_windows,
    "regression": ours(0),
    "repair": ours(),
    "SAITS": pypots("SAITS", SAITS),
    "BRITS": pypots("BRITS", BRITS),
    "HELIX": pypots("HELIX", {}),
}


def read(source, known_hash, split_by, rows):
    """Return the Series of a file, of a URL (kept and checked by pooch), or the built-in one."""
    if not source:
        return demo_series(rows or 28_000)
    if "://" in source:
        import pooch

        source = pooch.retrieve(source, known_hash=known_hash)
    series = read_table(source, split_by)
    return series.head(rows) if rows else series


def scaled(series):
    """Return the three parts as (windows, part of each), z-scored, and the channels that move in
    training.
    """
    parts = series.split()
    mean, std = np.nanmean(parts[0].values, axis=0), np.nanstd(parts[0].values, axis=0)
    moving = std > 1e-9 * np.maximum(np.abs(mean), 1)
    done = []
    for part in parts:
        pieces = [rows for rows in part.parts if rows.stop - rows.start >= WINDOW]
        count = [(rows.stop - rows.start) // WINDOW for rows in pieces]
        windows = (part.windows(WINDOW)[..., moving] - mean[moving]) / std[moving]
        done.append((windows.astype(np.float64), np.repeat(np.arange(len(pieces)), count)))
    return done, [name for name, moves in zip(series.channels, moving, strict=True) if moves]


def one_mask(parts, mask, methods, minutes):
    """Hide a tenth by the seed `mask`; return {method: (sums of errors, (2, channels), CPU
    seconds)} and the counts.
    """
    rng, holed = np.random.default_rng(mask), []
    for windows, numbers in parts:
        hidden = rng.random(windows.shape) < RATE
        holed.append((np.where(hidden, np.nan, windows), numbers, windows))
    hidden = hidden & ~np.isnan(windows)
    found = {}
    for name in methods:
        began = time.process_time()
        filled = METHODS[name](
            *[part if name in ("SAITS", "BRITS", "HELIX") else part[:2] for part in holed], minutes
        )
        error = np.where(hidden, filled - windows, 0)
        sums = np.stack([np.abs(error).sum(axis=(0, 1)), np.square(error).sum(axis=(0, 1))])
        found[name] = sums, time.process_time() - began
    return found, hidden.sum(axis=(0, 1))


def compare(source, known_hash, split_by, rows, minutes, masks, methods):
    series = read(source, known_hash, split_by, rows)
    parts, channels = scaled(series)
    shapes = " + ".join(f"{part[0].shape[0] * WINDOW:,}" for part in parts)
    print(
        f"{series.name}: {shapes} rows x {len(channels)} channels, {masks} masks, {minutes:g} "
        "minutes of training\n"
    )
    runs = []
    for mask in range(masks):
        runs.append(one_mask(parts, mask, methods, minutes))
        found, count = runs[-1]
        said = ", ".join(
            f"{name} {sums[1].sum() / count.sum():.4f}" for name, (sums, _) in found.items()
        )
        print(f"mask {mask}: MSE {said}", file=sys.stderr, flush=True)
    print("| method | MAE | MSE | MSE against linear | CPU seconds |\n|---|---|---|---|---|")
    line = np.array([found["linear"][0].sum(axis=1) / count.sum() for found, count in runs])
    for name in methods:
        error = np.array(
            [found[name][0].sum(axis=1) / count.sum() for found, count in runs]
        )  # (masks, 2)
        seconds = np.mean([found[name][1] for found, _ in runs])
        spread = error.std(axis=0, ddof=1) if masks > 1 else [np.nan] * 2
        told = " | ".join(
            f"{mean:.4f} ± {std:.4f}" for mean, std in zip(error.mean(axis=0), spread, strict=True)
        )
        print(f"| {name} | {told} | {error[:, 1].mean() / line[:, 1].mean():.3f} | {seconds:.1f} |")
    if "repair" in methods and masks > 1:
        per_channel(runs, channels)


def per_channel(runs, channels):
    """Print on how many channels the repair is worse than the line, by more than twice the standard
    error of masks.
    """
    count = np.array([count for _, count in runs])[:, None]  # (masks, 1, channels)
    ours, line = (
        np.array([found[name][0] for found, _ in runs]) / np.maximum(count, 1)
        for name in ("repair", "linear")
    )
    difference = ours - line  # (masks, 2, channels)
    error = difference.std(axis=0, ddof=1) / np.sqrt(len(runs))
    worse = difference.mean(axis=0) > np.maximum(2 * error, 1e-3 * line.mean(axis=0))
    better = difference.mean(axis=0) < -2 * error
    for measure, bad, good in zip(("MAE", "MSE"), worse, better, strict=True):
        named = (
            ", ".join(name for name, is_bad in zip(channels, bad, strict=True) if is_bad) or "none"
        )
        print(
            f"\nby {measure} better than linear on {good.sum()} of {len(channels)} channels, "
            f"worse on: {named}"
        )


TABLE = """
import contextlib, os, resource, sys, time
import numpy as np, pandas as pd
import gru_lab as lab
from gru_lab.cli import main
from gru_lab.repairs import training
training.perf_counter = time.process_time
rows = int(sys.argv[1])
rng = np.random.default_rng(0)
values = demo_series(rows).values[:, :40].astype(float)
values[rng.random(values.shape, dtype=np.float32) < 0.1] = np.nan
table = pd.DataFrame(values).add_prefix("c")
del values
began = time.process_time()
"""
SIZE = """
done = lab.repair(table, epochs=2, device="cpu")
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
trained = done.repairer.history_["seconds"].iloc[-1]
print(f"| {rows:,} x 40 | {time.process_time() - began - trained:.0f} | {peak:.2f} |", flush=True)
"""
COMMAND = """
place = sys.argv[2] + "/table." + sys.argv[3]
as_text = "csv" in place
table.to_csv(place, index=False, float_format="%.5f") if as_text else table.to_parquet(place)
del table
began = time.process_time()
with contextlib.redirect_stdout(sys.stderr):
    report = ["--minutes", "0.1", "--report", sys.argv[2] + "/report.html"]
    main(["repair", place, place.replace("table", "out"), *report])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
size = os.path.getsize(place) / 1e6
seconds = time.process_time() - began - 6
what = f"gru-lab repair with a report, {sys.argv[3]} file of {size:.0f} MB"
print(f"| {what} | {seconds:.0f} | {peak:.2f} |")
"""


def size():
    """Peak memory, and CPU seconds besides the training, of a whole fresh process."""
    print("| table | CPU seconds besides the training | GiB |\n|---|---|---|", flush=True)
    for rows in (125_000, 250_000, 500_000, 1_000_000):
        subprocess.run([sys.executable, "-c", TABLE + SIZE, str(rows)], check=True)
    for kind in ("csv", "parquet"):
        with tempfile.TemporaryDirectory() as folder:
            arguments = [sys.executable, "-c", TABLE + COMMAND, str(rows), folder, kind]
            subprocess.run(arguments, check=True, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    os.environ["TQDM_DISABLE"] = "1"
    training.perf_counter = (
        time.process_time
    )  # minutes of one core: a busy machine measures as a calm one does
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", nargs="?", help="a file or a URL (default: the built-in series)")
    parser.add_argument("--hash", help="of what the URL gives, as pooch writes it")
    parser.add_argument("--split-by", help="the column that tells series apart")
    parser.add_argument("--rows", type=int, help="use so many rows only")
    parser.add_argument(
        "--minutes", type=float, default=3, help="of training, each method (default: 3)"
    )
    parser.add_argument("--masks", type=int, default=5)
    parser.add_argument(
        "--methods", nargs="+", choices=list(METHODS), metavar="METHOD", help=", ".join(METHODS)
    )
    parser.add_argument("--protocol", choices=["tsibench", "tslib", "t1"], help="a public one")
    parser.add_argument("--patterns", nargs="+", metavar="PATTERN", help="of the protocol, some")
    parser.add_argument("--size", action="store_true", help="measure memory and CPU time instead")
    given = parser.parse_args()
    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}\n"
    )
    try:
        import pypots.imputation as known
    except ImportError:
        known = None
    METHODS = {
        name: method
        for name, method in METHODS.items()
        if name not in ("SAITS", "BRITS", "HELIX") or hasattr(known, name)
    }
    if given.size:
        size()
    elif given.protocol:
        import protocols

        source = given.source
        if "://" in source:
            import pooch

            source = pooch.retrieve(source, known_hash=given.hash)
        others = {name: METHODS[name] for name in ("SAITS", "BRITS", "HELIX") if name in METHODS}
        protocols.run(source, given.protocol, given.minutes, given.masks, others, given.patterns)
    else:
        chosen = [
            name for name in METHODS if name == "linear" or name in (given.methods or METHODS)
        ]
        compare(
            given.source, given.hash, given.split_by, given.rows, given.minutes, given.masks, chosen
        )
