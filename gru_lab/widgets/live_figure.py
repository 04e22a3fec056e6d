"""A plotly figure in a notebook that goes on changing."""

import html
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import plotly
import plotly.graph_objects as go
import traitlets

from gru_lab.plots.style import fixed_log_axis

WIDTH = 840  # pixels: what JupyterLab leaves of a window of 1280, its files beside it
LOG_AXIS = fixed_log_axis([step * 10.0**power for power in range(-7, 2) for step in (1, 2, 5)])
BUNDLE = Path(plotly.__file__).parent / "package_data" / "widgetbundle.js"


def draw_or_tell(draw: Callable, status: widgets.HTML) -> None:
    """Call `draw`; what goes wrong is told in `status`, where a person looks, instead of a thread
    that is silently gone.
    """
    try:
        draw()
    except Exception as error:
        status.value = html.escape(f"cannot draw this: {type(error).__name__}: {error}")


class LiveFigure(go.FigureWidget):
    """A FigureWidget that a page opened again gets as it is now, not in its first state."""

    _esm = Path(__file__).with_suffix(".mjs")
    _bundle = traitlets.Unicode(BUNDLE.read_text(encoding="utf-8")).tag(sync=True)
    _key = traitlets.Unicode().tag(sync=True)  # by which a page finds the widget's own model

    def open(self) -> None:
        self._key = self._model_id = uuid.uuid4().hex
        super().open()
        self.on_msg(self._repeat)

    def _repeat(self, *_):
        """Tell a page that missed the first messages how the figure is now."""
        self.send_state(["_widget_data", "_widget_layout"])
        self.send({})

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> dict:
        state = super().get_state(key, drop_defaults)
        if "_widget_data" in state and hasattr(self, "_data"):
            now = {"_widget_data": self._data, "_widget_layout": self._layout}
            state |= {
                name: self.trait_metadata(name, "to_json")(value, self)
                for name, value in now.items()
            }
        return state
