"""Where a run stands: drawn into the panel's figure, and in words."""

import html

import pandas as pd

from gru_lab.digits import plain
from gru_lab.gaps import references
from gru_lab.runs.live import Live
from gru_lab.runs.snapshot import Snapshot, Status
from gru_lab.tuning_log.rulers import log_setting, read_run
from gru_lab.tuning_log.stage import Stage
from gru_lab.widgets.canvas import Canvas

WINDOWS = 6  # in the picture of the repair
WORDS = {
    Status.EMPTY: "not trained yet: press Train",
    Status.PREPARING: "preparing",
    Status.STOPPED: "stopped",
    Status.DONE: "done, saved",
    Status.NO_BETTER: "stopped early (no improvement), saved",
    Status.STORED: "loaded from the store; press Train to retrain",
    Status.FAILED: "failed",
}


def paint(canvas: Canvas, stage: Stage, live: Live, ruler: str, channel: int, place: int) -> None:
    """Draw where a run stands: its losses, read with a ruler, and its repair of a channel from
    window `place` on.
    """
    seen = live.snapshot()
    part, network = live.repair(slice(place, place + WINDOWS))
    curve, logged = pd.DataFrame(seen.rows), None
    if ruler == "recorded" and not seen.schedule:
        logged = _logged(stage, seen.config)
    if len(curve):
        curve = read_run(stage, seen.config, curve, ruler, seen.schedule)
    with canvas.figure.batch_update():
        simple = references(stage.series, seen.config)
        canvas.draw_losses(curve, simple, seen.config.epochs, logged, seen.schedule)
        canvas.draw_repair(part, network, channel)


def _logged(stage, config):
    """Return epochs, training and validation losses of the log for a run that is one of its rows,
    or None.
    """
    row = log_setting(stage, config)
    if not row or not row.lines:
        return None
    last = stage.profile.epochs(row.epochs)
    losses = zip(*((line.train, line.validation) for line in row.lines), strict=True)
    return ([last - 2, last - 1, last], *losses)


def status_words(seen: Snapshot, simple: dict[str, float]) -> str:
    """Return in words where a run stands; `simple` are the errors of the simple ways by name."""
    words = WORDS.get(seen.status, "")
    if seen.status == Status.TRAINING:
        words = f"epoch {len(seen.rows) + 1} of {seen.config.epochs}, "
        words += f"batch {seen.batch} of {seen.batches}"
    if seen.schedule:
        words = words.replace("saved", "not saved unless pinned")
        words += f", loss weight moved to {seen.schedule[-1][2]:g}"
    parts = [words]
    if seen.seconds_left is not None:
        parts += [f"{seen.seconds_left:.0f} s left"]
    if seen.error:
        parts += [f'<b style="color:#A33C00">{html.escape(seen.error)}</b>']
    if seen.rows:
        parts += [f"error on hidden entries <b>{plain(seen.rows[-1]['val_missing'])}</b>"]
    parts += [f"{way} {value:.2g}" for way, value in simple.items()]
    return " · ".join(filter(None, parts))
