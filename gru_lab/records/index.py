"""The index of a folder of records: newest first, each with its date, data and a small picture of
its runs.
"""

import numpy as np

from gru_lab.output import write_whole
from gru_lab.records.html import TEMPLATES
from gru_lab.runs.exchange import read_block

LOG = "tuning_log.md"
PICTURE = (120, 36)  # pixels
LINES = 24  # of a picture at most


def sketch(runs):
    """Return the runs' errors on hidden entries as points of small polylines, log scale; numbers
    only, so safe.
    """
    curves = [np.asarray(run["curve"]["val_missing"], dtype=float) for run in runs[:LINES]]
    curves = [np.log10(np.maximum(curve, 1e-12)) for curve in curves if len(curve) > 1]
    if not curves:
        return []
    (wide, high), longest = PICTURE, max(map(len, curves))
    low, top = min(curve.min() for curve in curves), max(curve.max() for curve in curves)
    lines = []
    for curve in curves:
        x = np.arange(len(curve)) / (longest - 1) * (wide - 2) + 1
        y = (top - curve) / ((top - low) or 1) * (high - 2) + 1
        lines.append(" ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True)))
    return lines


def entries(out):
    """Return the folders of recordings in `out`, newest first, each with what its records say of
    themselves.
    """
    recordings = []
    for folder in sorted((path for path in out.iterdir() if path.is_dir()), reverse=True):
        records = []
        for path in sorted(folder.glob("*.html")):
            try:
                block = read_block(path)
                records.append(
                    {**block, "file": f"{folder.name}/{path.name}", "sketch": sketch(block["runs"])}
                )
            except (ValueError, KeyError, TypeError):  # some other HTML file
                continue
        others = [
            path.name for path in sorted(folder.iterdir()) if path.suffix in (".ipynb", ".md")
        ]
        if records or others:
            facts = max((record["facts"] for record in records), key=len, default={})
            recordings.append(
                {"name": folder.name, "facts": facts, "records": records, "others": others}
            )
    return recordings


def write_index(out):
    """Write `out`/index.html, a list of all records in the folders of `out`, and return its path."""
    page = TEMPLATES.get_template("index.html.j2").render(
        recordings=entries(out), picture=PICTURE, log=LOG
    )
    write_whole(out / "index.html", page)
    return out / "index.html"
