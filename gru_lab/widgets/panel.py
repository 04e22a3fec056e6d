"""The live panel: move a slider, see what it does. `panel(stage)` returns at once.

The training runs in a thread (`gru_lab.runs.live`); a second thread looks at it five times a second
at most and draws. Here are only widgets: what they show is computed elsewhere.
"""

import threading
import time
from typing import Any

import ipywidgets as widgets
from IPython import get_ipython
from IPython.display import HTML

from gru_lab.evidence.grid import Grid
from gru_lab.gaps import references, validation_gaps
from gru_lab.runs.compute import Compute
from gru_lab.runs.live import Live
from gru_lab.runs.recording import is_recording
from gru_lab.runs.snapshot import Status
from gru_lab.runs.store import Store
from gru_lab.runs.sweep import train_missing
from gru_lab.tuning_log.rulers import log_lines, log_setting
from gru_lab.tuning_log.stage import Stage
from gru_lab.tuning_log.stages import stage as open_stage
from gru_lab.widgets.as_cell import as_cell
from gru_lab.widgets.buttons import CopyButton, Names, progress_bar
from gru_lab.widgets.canvas import Canvas
from gru_lab.widgets.controls import OWN, Controls
from gru_lab.widgets.explorer import explorer_data, explorer_page
from gru_lab.widgets.live_figure import WIDTH, draw_or_tell
from gru_lab.widgets.painting import WINDOWS, paint, status_words
from gru_lab.widgets.pinned import Pinned, grid_panel

BETWEEN_DRAWINGS = 0.2  # seconds
_OF_CELL = {}  # the panel of each cell
ENDED = (Status.DONE, Status.NO_BETTER, Status.STORED)


def panel(stage: Any, store: Any = None) -> Any:
    """Return the live panel of a stage, or of its name or number, for a cell to show.

    A cell that is run again gets a new one, and what its old one still trains is stopped. Where
    there will be no kernel it is the explorer of the stored runs instead.

    >>> import gru_lab as lab
    >>> type(lab.panel(lab.stage("dropout", "tiny"))).__name__
    'VBox'
    """
    if isinstance(stage, Grid):
        return grid_panel(stage)
    stage = open_stage(stage)
    store = Store.of(store)
    if is_recording():
        return still(stage, store)
    cell, live_panel = _cell(), Panel(stage, store)
    if cell:
        if cell in _OF_CELL:
            _OF_CELL[cell].live.stop()
        _OF_CELL[cell] = live_panel
    return live_panel.box


def _cell():
    """Return the id of the notebook cell that is being run, as JupyterLab tells it, or None."""
    shell = get_ipython()
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    return parent.get("metadata", {}).get("cellId")


def still(stage: Stage, store: Store) -> HTML:
    """Return what stands for the panel in a record: sliders over the stored runs.

    The adopted setting is trained first if the store lacks it.
    """
    train_missing([stage.config(stage.adopted)], stage.series, Compute(store, workers=1))
    return HTML(explorer_page(explorer_data(stage, store)))


class Panel:
    """The widgets of one panel and what ties them together; `box` is the whole."""

    def __init__(self, stage, store):
        self.stage, self.store = stage, store
        self.live, self.controls, self.canvas = Live(stage.series, store), Controls(stage), Canvas()
        self.buttons = {
            name: widgets.Button(description=name, tooltip=tip, layout={"width": "62px"})
            for name, tip in {
                "Train": "train this setting, or show its saved run",
                "Stop": "stop before the next batch",
                "Pin": "keep this run to compare",
                "Clear": "clear the drawing; pinned runs stay",
            }.items()
        }
        self.buttons["Train"].button_style = "primary"
        self.copies = [CopyButton(label="copy as code"), CopyButton(label="copy as log")]
        self.progress = progress_bar()
        self.status = widgets.HTML(layout={"width": "400px"})
        gapped = validation_gaps(stage.series, self.controls.config)
        self.channel = widgets.Dropdown(
            options=[(name, number) for number, name in enumerate(stage.series.channels)],
            value=int(gapped.liveliest(WINDOWS)[0]),
            description="channel",
            layout={"width": "220px"},
        )
        last = max(0, len(gapped.truth) - WINDOWS)
        self.place = widgets.IntSlider(
            max=last, description="place", continuous_update=False, tooltip="the first window shown"
        )
        self._drawing, self._drawn, self._choosing = threading.Lock(), None, False
        self.pinned = Pinned(stage, store, self._draw_pins)
        self._tie()
        self._show()
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def box(self) -> widgets.VBox:
        """The whole panel; what moves when something opens lies below the controls."""
        wide, wrapped = {"width": f"{WIDTH}px"}, {"flex_flow": "row wrap", "align_items": "center"}
        buttons = widgets.HBox([*self.buttons.values(), *self.copies], layout=wrapped)
        state = widgets.HBox([self.progress, self.status], layout={"min_height": "56px"})
        below = wide | wrapped | {"justify_content": "flex-end"}
        picture = widgets.HBox([self.channel, self.place], layout=below)
        ruler, more = self.controls.ruler_row()
        right = widgets.VBox([ruler, buttons, state], layout={"width": "496px"})
        top = widgets.HBox([self.controls.knobs(), right], layout=wide)
        return widgets.VBox([Names(), top, self.canvas.figure, picture, more, self.pinned.box])

    def _tie(self):
        acts = {"Train": self._train, "Stop": self._stop, "Clear": self.live.clear}
        for name, act in (acts | {"Pin": self._pin}).items():
            self.buttons[name].on_click(lambda _, act=act: act())
        self.controls.setting.observe(lambda change: self._choose(change["new"]), names="value")
        self.controls.on_change(self._changed)
        self.controls.patience.observe(lambda _: self._changed("epochs"), names="value")
        for control in (self.controls.ruler, self.channel, self.place):
            control.observe(lambda _: self.live.changed.set(), names="value")

    def _choose(self, name):
        """Show a row of the log in the controls; a running training begins again with it."""
        if name == OWN or self._choosing:
            return
        self._choosing = True  # one change of many fields is one change
        self.controls.show(self.stage.config(name, self.controls.fields["seed"].value))
        self._choosing = False
        self._changed("setting")

    def _changed(self, name):
        """A control was moved: steer the training, begin it again, or show what is stored."""
        if self._choosing:
            return
        config, running = self.controls.config, self.live.snapshot().running
        moved = running and name == "missing_weight"
        if moved:
            self.live.missing_weight = config.missing_weight
        elif running and name == "epochs":
            self.live.until(config.epochs, self.controls.patience.value)
        elif running:
            self.live.start(config, self.controls.patience.value)
        else:
            self._show()
        row = None if moved else log_setting(self.stage, config.on(self.stage.series))
        self._choosing = True  # it only says where the controls stand
        self.controls.setting.value = row.name if row else OWN
        self._choosing = False

    def _train(self):
        """Train what the controls show; once more if that is shown to its end already."""
        config, seen = self.controls.config.on(self.stage.series), self.live.snapshot()
        again = seen.status in ENDED and seen.config == config
        self.live.start(config, self.controls.patience.value, again)

    def _stop(self):
        self.live.stop()
        self._tell(self.live.snapshot())  # at once: the next drawing may be a moment away

    def _show(self):
        self.live.show(self.controls.config, self.controls.patience.value)

    def _pin(self):
        seen = self.live.snapshot()
        if seen.rows:
            self.pinned.add(seen.pin())

    def _draw_pins(self, lines):
        with self._drawing, self.canvas.figure.batch_update():
            self.canvas.draw_pins(lines)

    def _watch(self):
        """Draw, five times a second at most, while a training runs or when something changed."""
        while True:
            if not self.live.snapshot().running:
                self.live.changed.wait()
            self.live.changed.clear()
            draw_or_tell(self._draw, self.status)
            time.sleep(BETWEEN_DRAWINGS)

    def _draw(self):
        with self._drawing:
            seen = self.live.snapshot()
            view = (self.controls.ruler.value, self.channel.value, self.place.value)
            run = (seen.run, seen.running, len(seen.rows), seen.config.epochs, seen.schedule)
            state = (*run, *view)
            if state != self._drawn:
                paint(self.canvas, self.stage, self.live, *view)
                self._prepare_copies(seen)
                self._drawn = state
            self._tell(seen)

    def _tell(self, seen):
        self.progress.value = seen.share
        self.status.value = status_words(seen, references(self.stage.series, seen.config))
        self.buttons["Stop"].disabled = not seen.running
        self.buttons["Pin"].disabled = not seen.rows

    def _prepare_copies(self, seen):
        """Give the copy buttons what they copy: browsers allow it only right after a click."""
        run = seen.pin() if seen.rows else None
        # a run that has ended is copied as long as it became
        whole = seen if seen.running or not run else run
        lines = log_lines(self.stage, run.config, run.curve, run.schedule) if run else ""
        self.copies[0].text = as_cell(self.stage, whole.config, whole.schedule)
        self.copies[1].text = lines
