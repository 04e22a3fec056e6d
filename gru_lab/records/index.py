"""The index of a folder of records, newest first: date, data, a small picture of the runs."""

from pathlib import Path

import numpy as np

from gru_lab.output import printable, write_whole
from gru_lab.records.html import POLICY, render
from gru_lab.runs.exchange import read_block

LOG, PLAYGROUND = "tuning_log.md", "playground.html"
NAMES = {LOG: "the runs as a tuning log", PLAYGROUND: "train on this data in your browser"}
PICTURE = (120, 36)  # pixels
LINES = 24  # of a picture at most
UNSOUND = (ValueError, KeyError, TypeError, AttributeError, OverflowError)  # of a foreign file


def sketch(runs: list[dict]) -> list[str]:
    """Return the runs' errors on hidden entries as points of small polylines, log scale; numbers
    only, so safe. Of runs that are not sound nothing is drawn.
    """
    try:
        curves = [np.asarray(run["curve"]["val_missing"], dtype=float) for run in runs[:LINES]]
    except UNSOUND:
        return []
    curves = [np.log10(np.maximum(curve, 1e-12)) for curve in curves if curve.size > 1]
    if not curves or not all(curve.ndim == 1 and np.isfinite(curve).all() for curve in curves):
        return []
    (wide, high), longest = PICTURE, max(map(len, curves))
    low, top = min(curve.min() for curve in curves), max(curve.max() for curve in curves)
    lines = []
    for curve in curves:
        x = np.arange(len(curve)) / (longest - 1) * (wide - 2) + 1
        y = (top - curve) / ((top - low) or 1) * (high - 2) + 1
        lines.append(" ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True)))
    return lines


def _entry(path):
    """Return what a record says of itself, or None for some other HTML file."""
    try:
        block = read_block(path)
    except ValueError:
        return None
    return {
        "title": printable(block["title"]),
        "line": printable(block["line"]),
        "facts": {printable(label): printable(text) for label, text in block["facts"].items()},
        "whole": block.get("whole"),
        "file": f"{path.parent.name}/{path.name}",
        "sketch": sketch(block["runs"]),
    }


def entries(out: Path) -> list[dict]:
    """Return the folders of recordings in `out`, newest first, and what their records say."""
    recordings = []
    for folder in sorted((path for path in out.iterdir() if path.is_dir()), reverse=True):
        try:
            files = sorted(folder.iterdir())
        except OSError:  # not ours to read
            continue
        records = [_entry(path) for path in files if path.suffix == ".html"]
        records = [record for record in records if record]
        suffixes, names = (".ipynb", ".md"), [path.name for path in files]
        others = [name for name in names if name.endswith(suffixes) or name == PLAYGROUND]
        if records or others:
            facts = max((record["facts"] for record in records), key=len, default={})
            parts = {"name": folder.name, "facts": facts, "records": records, "others": others}
            recordings.append(parts)
    return recordings


def write_index(out: Path, language: str = "en") -> Path:
    """Write `out`/index.html, a list of the records in the folders of `out`; return its path."""
    page = render(
        "index.html.j2",
        language,
        recordings=entries(out),
        picture=PICTURE,
        policy=POLICY,
        names=NAMES,
    )
    write_whole(out / "index.html", page)
    return out / "index.html"
