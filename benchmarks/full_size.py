"""The log at its own size: train its runs, and export those that are done for the package.

python benchmarks/full_size.py train STORE [SEEDS]     # every setting as trained, then as meant
python benchmarks/full_size.py export STORE            # into gru_lab/runs/shipped.parquet

One single-threaded process; hours. Start it at the lowest priority (`nice -n 19`) from a copy of
the code that nobody changes meanwhile. It resumes from its checkpoints, and may be started twice:
the second process takes other runs. Each finished run leaves a line in STORE's folder:
full_size.jsonl.
"""

import datetime
import json
import platform
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from gru_lab.gaps import references
from gru_lab.runs import shipped
from gru_lab.runs.compute import Compute
from gru_lab.runs.store import Store
from gru_lab.runs.sweep import train_missing
from gru_lab.tuning_log.stages import STAGES, stage


def settings(kinds, seed):
    """Return (name, config, series) of each run of these kinds once, at its longest."""
    runs = {}
    for name in STAGES:
        bound = stage(name, "full")
        for setting in bound.choose(*kinds):
            config = bound.config(setting, seed)
            if config.key not in runs or runs[config.key][1].epochs < config.epochs:
                label = f"stage {bound.number}, {setting.name}, seed {seed}"
                runs[config.key] = label, config, bound.series
    return sorted(runs.values(), key=lambda run: run[1].epochs * run[1].num_layers)


def train(url, seeds=3):
    """Train what the store lacks: first as trained, seed by seed; then as meant."""
    store = Store(url)
    for kinds in (("trained",), ("trained", "meant")):
        for seed in range(int(seeds)):
            for name, config, series in settings(kinds, seed):
                if store.lengths([config.key]).get(config.key, 0) >= config.epochs:
                    continue
                began, wall = time.process_time(), time.time()
                train_missing([config], series, Compute(store, workers=1, device="cpu"))
                spent = {"cpu seconds": time.process_time() - began, "seconds": time.time() - wall}
                line = json.dumps({"run": name, "key": config.key, **spent})
                with (store.file.parent / "full_size.jsonl").open("a") as file:
                    file.write(line + "\n")


def export(url, seeds=3):
    """Write the finished runs into the package, each with all the epochs that the store has."""
    store = Store(url)
    kept = [run for seed in range(int(seeds)) for run in settings(("trained", "meant"), seed)]
    series = stage(1, "full").series
    names = {key: epochs for key, epochs in store.lengths([run[1].key for run in kept]).items()}
    configs = [
        config.replace(epochs=names[config.key]) for _, config, _ in kept if config.key in names
    ]
    about = {
        "profile": "full",
        "data": series.name,
        "data_digest": series.digest,
        "references": references(series, configs[0]),
        "machine": f"{platform.system()} {platform.machine()}, one thread a run",
        "torch": version("torch"),
        "exported": datetime.date.today().isoformat(),
    }
    count = write(store, configs, shipped.FILE, about)
    size = Path(shipped.FILE).stat().st_size
    print(f"{count} runs in {shipped.FILE.name}, {size:,} bytes")


def write(store, configs, path, about):
    """Write runs of a store as a file of shipped runs, `about` them a dict; returns how many.

    Those that the store lacks are left out. The same runs give the same bytes.
    """
    rows = []
    for config in configs:
        kept = store.lengths([config.key]).get(config.key, 0)
        if kept < config.epochs:
            continue
        run = store.runs([config.key], with_shipped=True).iloc[0]
        run = run.drop(["shipped", "error", "record"]).to_dict()
        lines, small = store.curve(config.replace(epochs=kept)), store.sample(config.key)
        rows.append(
            run
            | {f"curve {name}": lines[name].tolist() for name in shipped.CURVE}
            | {"sample shape": list(small.shape), "sample values": small.ravel().tolist()}
        )
    table = pa.Table.from_pandas(pd.DataFrame(rows), preserve_index=False)
    table = table.replace_schema_metadata({"gru_lab": json.dumps(about, sort_keys=True)})
    pq.write_table(table, path, compression="zstd")
    return len(rows)


if __name__ == "__main__":
    {"train": train, "export": export}[sys.argv[1]](*sys.argv[2:])
