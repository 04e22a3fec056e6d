"""Sliders over the stored runs, by one module in JupyterLab and in a record without a kernel."""

import hashlib
import json
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from IPython.display import HTML

from gru_lab.runs.recording import is_recording
from gru_lab.runs.store import Store
from gru_lab.tuning_log.stages import stage as open_stage
from gru_lab.widgets.explorer_data import explorer_data

MODULE = Path(__file__).with_name("explorer.mjs")
# a stub stands in for the widget's model: the module only ever asks for its data
PAGE = """\
<div class="explorer" id="{place}"></div>
<script type="application/json" id="{place}-data">{data}</script>
<script type="module">
{module}
const model = {{ get: () => JSON.parse(document.getElementById("{place}-data").textContent) }};
render({{ model, el: document.getElementById("{place}") }});
</script>
<noscript>The sliders need JavaScript, which is switched off here. It is part of this
file.</noscript>"""


class Explorer(anywidget.AnyWidget):
    """The explorer as a widget; `data` is what `explorer_data` returns."""

    _esm = MODULE
    data = traitlets.Dict().tag(sync=True)


def explorer_page(data: dict) -> str:
    """Return the explorer as HTML without kernel or network; no data can end its block early."""
    module = MODULE.read_text(encoding="utf-8").replace("export default { render };", "")
    text = json.dumps(data, allow_nan=False).replace("<", r"\u003c")
    return PAGE.format(
        place=f"explorer-{hashlib.sha256(text.encode()).hexdigest()[:8]}", data=text, module=module
    )


def explorer(stage: Any, store: Any = None) -> HTML | Explorer:
    """Return sliders over the stored runs on a stage's series, by the stage or its name.

    Independent sliders for dropout, layers and loss weight; where a combination was not run it says
    so and shows the nearest one. In a record it is HTML, else a widget. Raises ValueError if the
    store has no run on this series.
    """
    stage = open_stage(stage)
    data = explorer_data(stage, Store.of(store))
    return HTML(explorer_page(data)) if is_recording() else Explorer(data=data)
