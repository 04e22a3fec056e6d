"""The live panel: move a slider, see what it does. `panel(stage)` in a notebook's cell returns at once.

The training runs in a thread (`gru_lab.study.live`); a second thread looks at it five times a second at most and
draws. Here are only widgets: what they show is computed elsewhere.
"""

import html
import os
import threading
import time

import ipywidgets as widgets
import pandas as pd

from gru_lab.loss import corrected, recorded
from gru_lab.show.canvas import Canvas
from gru_lab.show.controls import Controls, CopyButton
from gru_lab.show.explorer import explorer
from gru_lab.study.cell import as_cell
from gru_lab.study.live import Live, warm_up
from gru_lab.study.log import write_lines
from gru_lab.study.snapshot import Status
from gru_lab.study.stage import Stage
from gru_lab.study.stages import stage as open_stage
from gru_lab.study.store import Store
from gru_lab.study.sweep import train_missing

BETWEEN_DRAWINGS = 0.22  # seconds
WINDOWS = 6  # in the picture of the repair
RESTARTING = {"dropout", "num_layers", "hidden_size", "learning_rate", "missing_rate", "mask_input", "seed"}
WORDS = {
    Status.EMPTY: "not trained yet: press Train",
    Status.PREPARING: "preparing",
    Status.STOPPED: "stopped",
    Status.DONE: "done, and kept",
    Status.NO_BETTER: "ended: no better any more",
    Status.STORED: "from the store, not trained again",
    Status.FAILED: "could not go on",
}


def still(stage, store):
    """Return what takes the panel's place in a record: sliders over the stored runs, at the setting the log adopted.

    That run is trained if the store lacks it.
    """
    train_missing([stage.config(stage.adopted)], stage.series, store, workers=1)
    return explorer(stage, store)


def panel(stage, store=None):
    """Return the live panel of a stage (or of its name or number, on the lesson profile), to be shown by the cell.

    Where there will be no kernel (GRU_LAB_RECORD is set, as records do) it is the explorer of the stored runs instead.
    """
    stage = stage if isinstance(stage, Stage) else open_stage(stage)
    store = store if isinstance(store, Store) else Store(store)
    return still(stage, store) if os.environ.get("GRU_LAB_RECORD") else Panel(stage, store).box


def _difference(config, start):
    """Return the settings of a run that differ from the stage's start, as words."""
    names = ("mask_input hidden_size num_layers dropout missing_weight learning_rate missing_rate seed epochs").split()
    values = {name: getattr(config, name) for name in names if getattr(config, name) != getattr(start, name)}
    return ", ".join(f"{name} {value:.4g}" for name, value in values.items()) or "as the stage starts"


class Panel:
    """The widgets of one panel and what ties them together; `box` is the whole."""

    def __init__(self, stage, store):
        self.stage, self.store = stage, store
        self.live = Live(stage.series, store)
        self.controls, self.canvas = Controls(stage), Canvas()
        self.rows = {stage.config(setting).key: setting for setting in reversed(stage.settings)}
        self.buttons = {
            name: widgets.Button(description=name, tooltip=tip, layout=widgets.Layout(width="80px"))
            for name, tip in {
                "Train": "train this setting, or show it if it is kept",
                "Stop": "stop before the next batch",
                "Pin": "keep this run to compare",
                "Clear": "clear the drawing; pinned runs stay",
            }.items()
        }
        self.copies = [CopyButton(label="copy as code"), CopyButton(label="copy as log")]
        self.progress = widgets.FloatProgress(min=0, max=1, layout=widgets.Layout(width="180px", height="16px"))
        self.status, self.pinned = widgets.HTML(), widgets.VBox()
        channels = [(name, number) for number, name in enumerate(stage.series.channels)]
        self.channel = widgets.Dropdown(options=channels, description="channel", layout=widgets.Layout(width="220px"))
        gapped, _ = self.live.gaps(self.controls.config)
        self.channel.value = int(gapped.liveliest(WINDOWS)[0])
        last = max(0, len(gapped.truth) - WINDOWS)
        self.place = widgets.IntSlider(max=last, description="place", continuous_update=False, tooltip="first window")
        self._drawing = threading.Lock()
        self._tie()
        self._pins_changed()
        self._show()
        warm_up()
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def box(self):
        """The whole panel."""
        buttons = widgets.HBox([*self.buttons.values(), self.progress, self.status])
        picture = widgets.HBox([*self.copies, self.channel, self.place])
        for row in (buttons, picture):
            row.layout = widgets.Layout(flex_flow="row wrap", align_items="center")
        return widgets.VBox([self.controls.box, buttons, self.canvas.figure, picture, self.pinned])

    def _tie(self):
        """Connect widgets with what they do."""
        self.buttons["Train"].on_click(lambda _: self._train())
        self.buttons["Stop"].on_click(lambda _: self.live.stop())
        self.buttons["Clear"].on_click(lambda _: self.live.clear())
        self.buttons["Pin"].on_click(lambda _: self._pin())
        self.controls.setting.observe(lambda change: self._choose(change["new"]), names="value")
        self.controls.on_change(self._changed)
        self.controls.patience.observe(lambda _: self._changed("epochs"), names="value")
        for one in (self.controls.ruler, self.channel, self.place):
            one.observe(lambda _: self._draw(), names="value")
        self._choosing = False

    def _choose(self, name):
        """Show a row of the log in the controls; a running training begins again with it."""
        if name == "your own":
            return
        self._choosing = True  # one change of many fields is one change
        self.controls.show(self.stage.config(name, self.controls.fields["seed"].value))
        self._choosing = False
        self._changed("setting")

    def _changed(self, name):
        """A control was moved: steer the running training, begin it again, or show what the store has."""
        if self._choosing:
            return
        config, running = self.controls.config, self._running
        if name == "missing_weight" and running:
            self.live.missing_weight = config.missing_weight
        elif name == "epochs" and running:
            self.live.until(config.epochs, self.controls.patience.value)
        elif running and (name in RESTARTING or name == "setting"):
            self._train()
        else:
            self._show()
        row = self.rows.get(config.on(self.stage.series).replace(seed=0).key)
        if name != "setting" and self.controls.setting.value not in (row and row.name, "your own"):
            self.controls.setting.value = "your own"

    @property
    def _running(self):
        seen = self.live.snapshot()
        return seen is not None and seen.running

    def _train(self):
        self.live.start(self.controls.config, self.controls.patience.value)

    def _show(self):
        self.live.show(self.controls.config, self.controls.patience.value)

    def _pin(self):
        seen = self.live.snapshot()
        if seen and seen.rows:
            self.store.pin(self.stage.name, seen.pin())
            self._pins_changed()

    def _unpin(self, number):
        self.store.unpin(number)
        self._pins_changed()

    def _pins_changed(self):
        """Read the pinned runs from the store, draw them and list them."""
        pins = self.store.pins(self.stage.name, self.stage.series.digest)
        start = self.stage.config(self.stage.adopted)
        self.pinned.children = [self._pin_row(pin, start) for pin in reversed(pins)]
        with self._drawing, self.canvas.figure.batch_update():
            self.canvas.draw_pins([(_difference(pin.config, start), pin.curve) for pin in pins])

    def _pin_row(self, pin, start):
        lines = html.escape(self._lines(pin.config, pin.curve)).replace("\n", "<br>")
        moved = f", weight moved {len(pin.schedule)} times on the way" if pin.schedule else ""
        error = pin.curve["val_missing"].iloc[-1]
        what = f"<b>{html.escape(_difference(pin.config, start))}</b>{moved}<br>error on hidden entries {error:.3g}"
        remove = widgets.Button(description="Unpin", layout=widgets.Layout(width="70px"))
        remove.on_click(lambda _: self._unpin(pin.number))
        close = '<div style="line-height: 1.4">{}</div>'
        cells = [remove, widgets.HTML(close.format(what), layout=widgets.Layout(width="420px"))]
        return widgets.HBox([*cells, widgets.HTML(close.format(f"<code>{lines}</code>"))])

    def _watch(self):
        """Draw whenever there is something new, five times a second at most."""
        while True:
            self.live.changed.wait(BETWEEN_DRAWINGS if self._running else None)
            self.live.changed.clear()
            self._draw()
            time.sleep(BETWEEN_DRAWINGS)

    def _read(self, config, rows):
        """Return a run's rows as a curve, read with the chosen ruler."""
        curve = pd.DataFrame(rows)
        if curve.empty or self.controls.ruler.value == "corrected":
            return curve if curve.empty else corrected(curve)
        return self._as_log(config, curve)

    def _as_log(self, config, curve):
        row = self.rows.get(config.replace(seed=0).key)
        weight = row.weight if row else config.missing_weight
        return recorded(curve, weight, config.hidden_share, self.stage.validate_missing_only)

    def _lines(self, config, curve):
        return write_lines(self._as_log(config, curve))

    def _logged(self, config):
        """Return epochs and losses of the log, where the run is one of its rows and read as the log reads."""
        row = self.rows.get(config.replace(seed=0).key)
        if self.controls.ruler.value == "corrected" or not row or not row.lines:
            return None
        last = self.stage.profile.epochs(row.epochs)
        return [last - 2, last - 1, last], [line.validation for line in row.lines]

    def _draw(self):
        """Bring figure, status and copies up to date with the run."""
        seen = self.live.snapshot()
        curve = self._read(seen.config, seen.rows)
        _, references = self.live.gaps(seen.config)
        part, network = self.live.repair(slice(self.place.value, self.place.value + WINDOWS))
        moves = [(epoch, weight) for epoch, _, weight in seen.schedule]
        with self._drawing, self.canvas.figure.batch_update():
            self.canvas.draw_losses(curve, references, seen.config.epochs, self._logged(seen.config), moves)
            self.canvas.draw_repair(part, network, self.channel.value)
        self.progress.value = seen.share
        self.status.value = self._status(seen, references)
        self.buttons["Stop"].disabled, self.buttons["Pin"].disabled = not seen.running, not seen.rows
        self.copies[0].text = as_cell(self.stage, seen.config, seen.schedule)
        self.copies[1].text = self._lines(seen.config, pd.DataFrame(seen.rows)) if seen.rows else ""

    @staticmethod
    def _status(seen, references):
        words = WORDS.get(seen.status, "")
        if seen.status == Status.TRAINING:
            words = f"epoch {len(seen.rows) + 1} of {seen.config.epochs}, batch {seen.batch} of {seen.batches}"
        if seen.schedule:
            words += f", loss weight moved to {seen.schedule[-1][2]:g}"
        left = f"{seen.seconds_left:.0f} s left" if seen.seconds_left is not None else ""
        error = f"error on hidden entries <b>{seen.rows[-1]['val_missing']:.3g}</b>" if seen.rows else ""
        simple = [f"{way} {value:.2g}" for way, value in references.items()]
        failed = f'<b style="color:#A33C00">{html.escape(seen.error)}</b>' if seen.error else ""
        return " · ".join(filter(None, [words, left, failed, error, *simple]))
