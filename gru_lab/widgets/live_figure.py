"""A plotly figure in a notebook that goes on changing."""

import plotly.graph_objects as go

from gru_lab.digits import plain

WIDTH = 960  # pixels
TICKS = [step * 10.0**power for power in range(-7, 2) for step in (1, 2, 5)]
TICK_TEXTS = [plain(tick) for tick in TICKS]


class LiveFigure(go.FigureWidget):
    """A FigureWidget that a page, when it is opened again, gets as it is now; plotly would hand out
    the first state.
    """

    def get_state(self, key=None, drop_defaults=False):
        state = super().get_state(key, drop_defaults)
        if "_widget_data" in state and hasattr(self, "_data"):
            now = {"_widget_data": self._data, "_widget_layout": self._layout}
            state |= {
                name: self.trait_metadata(name, "to_json")(value, self)
                for name, value in now.items()
            }
        return state
