"""Runs as JSON: what a record carries inside it, and how a store takes it back in.

Nothing in a foreign file is executed or trusted: settings go through `RunConfig`, keys are computed
again, curves must be whole and finite.
"""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd

from gru_lab.config import RunConfig
from gru_lab.output import printable
from gru_lab.runs.shipped import CURVE, ORIGIN
from gru_lab.runs.store import Store

SCHEMA = "gru-lab-record/1"
ID = 'id="gru-lab-record"'  # of the block inside a page
LONGEST_TAG = 200  # characters of the tag that has this id
LARGEST_FLOAT = 1.7e308
LARGEST_NUMBER = 2**53  # in a record: beyond, databases and JSON lose digits
MOST_SAMPLES = 100  # runs; a record must stay a small file
DIGITS = 9  # significant ones: what single precision, in which networks are trained, has at most
LARGEST_FILE = 200_000_000  # bytes; a record has a few million


def rounded(value: float) -> float:
    """Return a figure with the digits that records keep."""
    return float(f"{value:.{DIGITS}g}")


def pack(configs: list[RunConfig], store: Store) -> list[dict]:
    """Return runs of the store as plain data, each key once: settings, origin, curve.

    With each of up to MOST_SAMPLES runs comes the sample of its repair.
    """
    packed, few = {}, len({config.key for config in configs}) <= MOST_SAMPLES
    for config in sorted(configs, key=lambda config: config.epochs):  # of one key the longest stays
        curve = store.curve(config)
        if curve is not None:
            origin = store.runs([config.key], with_shipped=True).iloc[0]
            packed[config.key] = {
                "key": config.key,
                "config": dataclasses.asdict(config),
                **{name: str(origin[name]) for name in ORIGIN},
                **({"shipped": True} if origin["shipped"] else {}),
                "curve": {name: [rounded(value) for value in curve[name]] for name in CURVE},
                "sample": sample.tolist()
                if few and (sample := store.sample(config.key)) is not None
                else None,
            }
    return list(packed.values())


def as_block(data: dict) -> str:
    """Return data as the block of a page that `read_block` finds; no text in it ends it early."""
    text = json.dumps({"schema": SCHEMA} | data, ensure_ascii=True, allow_nan=False).replace(
        "<", r"\u003c"
    )
    return f'<script type="application/json" id="gru-lab-record">{text}</script>'


def _block_in(page):
    """Return the text of the last block in a page, or None. Each part of it is looked at once."""
    at = len(page)
    while (at := page.rfind(ID, 0, at)) >= 0:
        tag = page.rfind("<script", max(0, at - LONGEST_TAG), at)
        begin = page.find(">", at, at + LONGEST_TAG) + 1
        if tag >= 0 and begin and ">" not in page[tag:at]:
            return page[begin : page.find("</script>", begin)]
    return None


def _read(path):
    """Return the text of a file that may be a record."""
    if not path.is_file():  # a device or a pipe might never end
        raise ValueError("it is a folder or a device" if path.exists() else "there is no such file")
    if path.stat().st_size > LARGEST_FILE:
        raise ValueError("it is too large for a record")
    return path.read_text(encoding="utf-8")


def read_block(path: str | Path) -> dict:
    """Return the data inside a record, or in a JSON file of curves that was saved in one.

    Raises ValueError for a file that is no record of this schema.
    """
    path = Path(path)
    try:
        text = _read(path)
        block = text if path.suffix.lower() == ".json" else _block_in(text)
        data = None if block is None else json.loads(block)
    except RecursionError:
        raise ValueError(
            f"record {str(path)!r} could not be read: its data is nested too deeply"
        ) from None
    except (OSError, ValueError) as error:
        raise ValueError(f"record {str(path)!r} could not be read: {error}") from error
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise ValueError(
            f"record {str(path)!r} must be an HTML record with its data inside, or the JSON file "
            f"of curves saved in one ({SCHEMA}); it has none. In JupyterLab, export a notebook as "
            "Gru_record; or run gru-lab record with the notebook's path"
        )
    for part, kind in (("title", str), ("facts", dict), ("line", str), ("runs", list)):
        if not isinstance(data.get(part), kind):
            raise ValueError(
                f"record {str(path)!r} is not sound: its {part} must be {kind.__name__}"
            )
    return data


def _is_number(value):
    """Tell whether a value out of a file is a finite number of at least 0 that a store can hold."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and 0 <= value <= LARGEST_FLOAT


def _unpack(run):
    """Return a packed run's (config, curve, sample, origin); ValueError, TypeError if unsound."""
    known = {field.name for field in dataclasses.fields(RunConfig)}
    if not set(run["config"]) <= known:
        raise ValueError(f"unknown settings {sorted(set(run['config']) - known)}")
    if not all(isinstance(run["config"].get(name, ""), str) for name in ("data", "data_digest")):
        raise ValueError("the name and digest of its data must be text")
    if any(isinstance(value, int) and value > LARGEST_NUMBER for value in run["config"].values()):
        raise ValueError(f"its settings must be at most {LARGEST_NUMBER}")
    config = RunConfig(**run["config"])
    # a browser computes no keys, and names its data so that no other run has them
    in_browser = run.get("device") == "browser"
    if config.key != (run.get("key", config.key) if in_browser else run["key"]):
        raise ValueError(
            "its key does not match its settings, so it was made by another version or changed "
            "by hand"
        )
    columns = {name: list(run["curve"][name]) for name in CURVE}
    if {len(column) for column in columns.values()} != {config.epochs}:
        raise ValueError(f"its curve must have {config.epochs} epochs in every column")
    values = [value for column in columns.values() for value in column]
    if not all(map(_is_number, values)):
        raise ValueError("its curve must hold finite numbers of at least 0")
    if columns["epoch"] != list(range(1, config.epochs + 1)):
        raise ValueError("its epochs must count from 1")
    sample = None if run.get("sample") is None else np.array(run["sample"], dtype=float)
    if sample is not None and (
        sample.ndim != 3 or sample.shape[1] != config.window or not np.isfinite(sample).all()
    ):
        raise ValueError(
            "the sample of its repair must be (windows, time, channels) of finite numbers"
        )
    curve = pd.DataFrame(columns).astype(float).astype({"epoch": int})
    return config, curve, sample, {name: printable(run.get(name, ""))[:200] for name in ORIGIN}


def sound_runs(path: str | Path) -> tuple[dict, list[tuple]]:
    """Return a record's data and its runs as (config, curve, sample, origin), all sound.

    Raises ValueError, naming the run, if one is not, or if the file is no record.
    """
    data, sound = read_block(path), []
    for number, run in enumerate(data["runs"], start=1):
        try:
            sound.append(_unpack(run))
        except KeyError as error:
            raise ValueError(
                f"record {str(path)!r}: run {number} is not sound: it lacks {error}"
            ) from error
        except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise ValueError(f"record {str(path)!r}: run {number} is not sound: {error}") from error
    return data, sound


def name_of(data: dict, path: str | Path) -> str:
    """Return whose record it is: the name it was given and its file's, or its file's alone."""
    name = data["facts"].get("name")
    words = [name] if isinstance(name, str) and name else []
    return printable(", ".join([*words, Path(path).name]))[:200].replace("\n", " ")


def adopt(path: str | Path, store: Store) -> list[RunConfig]:
    """Put the runs inside a record into the store, and return their configurations.

    Longer ones that are there already stay. Raises ValueError as `sound_runs` does, before any run
    is kept.
    """
    data, sound = sound_runs(path)
    for config, curve, sample, origin in sound:
        store.put(config, curve, sample=sample, trained=origin, record=name_of(data, path))
    return [config for config, *_ in sound]
