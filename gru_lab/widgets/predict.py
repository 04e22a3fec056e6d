"""Prediction before the experiment: an answer is chosen, and shown beside the result.

The choice is kept, so a notebook opened again, or its record, knows it.
"""

from html import escape
from typing import Any

import ipywidgets as widgets
from IPython.display import HTML, display

from gru_lab.evidence.guess import answers, keep_guess, kept_guess, question
from gru_lab.runs.recording import is_recording
from gru_lab.tuning_log.stages import stage as open_stage
from gru_lab.words import OURS


class Prediction:
    """A stage's question and its answers; `guess` is the one chosen, or None."""

    def __init__(self, stage):
        self.stage = stage
        # no radio buttons: JupyterLab takes the arrow keys by which one moves among them
        wide, options = {"button_width": "auto"}, list(answers(stage))
        self.choices = widgets.ToggleButtons(options=options, value=kept_guess(stage), style=wide)
        self.choices.observe(self._keep, "value")
        self.said = widgets.HTML(self.words)
        asked = widgets.HTML(f"<b>{escape(question(stage))}</b>")
        self.box = widgets.VBox([asked, self.choices, self.said])

    @property
    def guess(self) -> str | None:
        return self.choices.value

    @property
    def words(self) -> str:
        if self.guess is None:
            return "Choose one; it can be changed until you have seen the result."
        guess = f"<b>{escape(self.guess)}</b>"
        return f"Your guess, {guess}, is kept: the picture shows it when its cell is run."

    def _keep(self, _):
        keep_guess(self.stage, self.guess)
        self.said.value = self.words

    def page(self) -> str:
        """Return question, answers and choice as HTML that needs no kernel."""
        marked = {self.guess: "<b>{} (the guess made)</b>"}
        texts = (marked.get(text, "{}").format(escape(text)) for text in self.choices.options)
        items = "".join(f"<li>{text}</li>" for text in texts)
        end = "" if self.guess else "<p>No guess was made before this record was written.</p>"
        asked = f"<p><b>{escape(question(self.stage))}</b></p>"
        return f'<div class="{OURS}">{asked}<ul>{items}</ul>{end}</div>'

    def _ipython_display_(self):
        display(HTML(self.page()) if is_recording() else self.box)


def predict(stage: Any) -> Prediction:
    """Return the question of a stage, or of its name or number, for a cell to show.

    It can be answered by mouse and keyboard. In a record it is HTML that says which one was chosen,
    or that none was.

    >>> import gru_lab as lab
    >>> lab.predict(lab.stage("dropout", "tiny")).guess is None
    True
    """
    return Prediction(open_stage(stage))
