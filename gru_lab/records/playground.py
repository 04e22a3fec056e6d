"""Training inside a page: a small table, sliders and a GRU in JavaScript, no Python, no network.

`train.mjs` is the GRU and its training, in a Web Worker; `playground.mjs` the controls and figures.
"""

import base64
import copy
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
from markupsafe import Markup, escape
from nbformat import NotebookNode
from nbformat.v4 import new_output

from gru_lab.config import RunConfig
from gru_lab.gaps import prepare
from gru_lab.output import require_place, write_whole
from gru_lab.plots.style import evenly
from gru_lab.records.html import TRAINING_POLICY, render
from gru_lab.runs.exchange import SCHEMA
from gru_lab.series import Scaler, Series
from gru_lab.tuning_log.own_data import open_data
from gru_lab.tuning_log.stage import Stage
from gru_lab.words import NAMED, words

ROWS, CHANNELS = 4_200, 12  # inside a page, 134 kB
LEVELS = 65_535  # of a packed value
START = RunConfig(
    hidden_size=16,
    num_layers=2,
    dropout=0.0,
    missing_weight=1.0,
    learning_rate=0.01,
    batch_size=20,
    epochs=100,
)


def small(series: Series) -> Series:
    """Return a series small enough for a page: at most ROWS rows and CHANNELS channels.

    Of a series in parts the longest come first, each from its beginning; channels are spread evenly
    over all. Raises ValueError if NaN are among them.
    """
    longest = sorted(series.parts, key=lambda part: part.start - part.stop)  # stable
    kept, left = [], ROWS
    for part in longest:
        kept.append(slice(part.start, min(part.stop, part.start + left)))
        left -= kept[-1].stop - kept[-1].start
        if not left:
            break
    kept.sort(key=lambda part: part.start)
    count = series.values.shape[1]
    chosen = evenly(count, CHANNELS)
    values = np.concatenate([series.values[part][:, chosen] for part in kept])
    names = tuple(series.channels[channel] for channel in chosen)
    if np.isnan(values).any():
        hole = names[np.isnan(values).any(axis=0).argmax()]
        raise ValueError(
            f"{series.name}: a playground needs a complete table, but channel {hole!r} has holes; "
            "fill them first with gru-lab repair"
        )
    starts = np.cumsum([0, *(part.stop - part.start for part in kept[:-1])])
    return Series(values, names, series.name, tuple(starts.tolist()))


def _left_out(series, part, texts):
    """Return in words what of a series is not in its small part, or ''."""
    sizes = {"rows left out": (len(part), len(series))}
    sizes["channels left out"] = (len(part.channels), len(series.channels))
    parts = [
        texts[name].format(kept=f"{kept:,}", count=f"{count:,}")
        for name, (kept, count) in sizes.items()
        if kept < count
    ]
    if aside := ", ".join(f"{name} ({why})" for name, why in series.set_aside.items()):
        parts.append(texts["set aside"].format(names=aside))
    return ", ".join(parts)


def pack(series: Series) -> dict:
    """Return a small series as plain data: 16 bits a value, scaled as a run scales it.

    Raises ValueError if it is too short for a window in each of its parts.
    """
    prepare(series, START)
    scaled = Scaler.fit(series.split()[0].values).transform(series.values).astype(float)
    low, span = scaled.min(axis=0), np.ptp(scaled, axis=0)
    levels = np.round((scaled - low) / np.where(span > 0, span, 1) * LEVELS).astype("<u2")
    return {
        "name": f"{series.name}, in a browser",
        "digest": series.digest,
        "channels": [str(name) for name in series.channels],
        "parts": [[part.start, part.stop] for part in series.parts],
        "low": low.tolist(),
        "span": span.tolist(),
        "levels": base64.b64encode(levels.tobytes()).decode(),
    }


def train_here(
    series: Series,
    start: RunConfig = START,
    validate_missing_only: bool = False,
    in_record: bool = False,
    language: str = "en",
) -> Markup:
    """Return the block of a page in which a small part of `series` is trained on.

    Nothing in the data can end its block early, and the script puts every text in as text. Raises
    ValueError for a series with holes or too short.
    """
    part, texts = small(series), words(language)
    table = pack(part)
    data = {
        "schema": SCHEMA,
        "table": table,
        "settings": asdict(start) | {"data": table["name"], "data_digest": table["digest"]},
        "share": start.hidden_share,
        "only_missing": validate_missing_only,
        "words": {name: texts[name] for name in NAMED},
    }
    block = render(
        "train_here.html.j2",
        language,
        data=Markup(json.dumps(data, allow_nan=False).replace("<", r"\u003c")),
        name=series.name,
        size=part.values.shape,
        note=_left_out(series, part, texts),
        in_record=in_record,
        train=_module("train"),
        page=_module("playground"),
    )
    return Markup(block)


def stage_start(stage: Stage) -> RunConfig:
    """Return where a stage's sliders begin: its adopted setting, on a small network."""
    adopted = stage.config(stage.adopted)
    knobs = ("mask_input", "num_layers", "dropout", "missing_weight")
    return START.replace(**{name: getattr(adopted, name) for name in knobs})


def beside_explorer(notebook: NotebookNode, stage: Stage, language: str = "en") -> NotebookNode:
    """Return an executed notebook with the block that trains below the first explorer of a stage.

    Without an explorer, as where a cell failed, the notebook comes back as it is.
    """
    notebook, title = copy.deepcopy(notebook), json.dumps(stage.title).replace("<", r"\u003c")
    for cell in notebook.cells:
        shown = [output.get("data", {}).get("text/html", "") for output in cell.get("outputs", [])]
        if any('class="explorer"' in html and title in html for html in shown):
            start, only = stage_start(stage), stage.validate_missing_only
            try:
                block = train_here(stage.series, start, only, True, language)
            except ValueError as error:  # a table of a few windows
                block = escape(f"{words(language)['train here']}: {error}")
            cell.outputs.append(new_output("display_data", data={"text/html": str(block)}))
            break
    return notebook


def _module(name):
    """Return a module's text for inside a page, where no text of it ends the script early."""
    return Markup(Path(__file__).with_name(f"{name}.mjs").read_text(encoding="utf-8"))


def playground(
    data: object = None,
    out: str | Path = "playground.html",
    split_by: str | None = None,
    language: str = "en",
) -> Path:
    """Write a page that trains a GRU on a table (default: the built-in one); returns its path.

    Raises ValueError for a place that cannot be written to, and for a table with holes or too
    short.
    """
    inputs = [data] if isinstance(data, str | Path) else []
    path = require_place("out", out, *inputs)
    if path.suffix.lower() not in (".html", ".htm"):  # a mistyped table would be gone
        raise ValueError(f"out must end in .html, not {path.name!r}; such as 'playground.html'")
    series = open_data(data, split_by, ROWS)
    block = train_here(series, language=language)
    write_whole(path, render("playground.html.j2", language, policy=TRAINING_POLICY, block=block))
    return path
