"""Sliders over the stored runs, in a record without a kernel.

What they show is plain data: the runs of a series, read by both rulers.
"""

import hashlib
import json
from pathlib import Path

import numpy as np

from gru_lab.config import LABELS, in_words
from gru_lab.gaps import references, validation_gaps
from gru_lab.runs.store import Store, config_of
from gru_lab.trainer import SAMPLE_CHANNELS, SAMPLE_WINDOWS
from gru_lab.tuning_log.rulers import RULERS, log_lines, read_run
from gru_lab.tuning_log.stage import Stage
from gru_lab.tuning_log.stages import STAGES

MODULE = Path(__file__).with_name("explorer.mjs")
PAGE = """\
<div class="explorer" id="{place}"></div>
<script type="application/json" id="{place}-data">{data}</script>
<script type="module">
{module}
const data = JSON.parse(document.getElementById("{place}-data").textContent);
explore(document.getElementById("{place}"), data);
</script>
<noscript>The sliders need JavaScript, which is switched off here. It is part of this
file.</noscript>"""
MOST = 300  # runs; a record must stay a small file
KNOBS = ("dropout", "num_layers", "missing_weight")  # that have sliders in any case


def _short(values):
    """Return numbers as a list of four significant digits, None where there is none."""
    return [float(f"{value:.4g}") if np.isfinite(value) else None for value in np.ravel(values)]


def _knobs(stage, configs):
    """Return the settings that have sliders, {name: label}: those that vary, your own first."""
    names = KNOBS
    if stage.own:
        vary = [name for name in KNOBS if len({getattr(config, name) for config in configs}) > 1]
        names = [name for name in (stage.knob, *vary) if name != "epochs"] or KNOBS
    return {name: LABELS[name] for name in names}


def _repair(stage, config, sample, hidden):
    """Return a run's repair of the picture's `hidden` entries; None if it had other windows."""
    alike = not config.difference(stage.start).keys() & {"window", "missing_rate", "pattern"}
    if sample is None or not alike or sample.shape != hidden.shape:
        return None
    return _short(sample[hidden])


def _run(stage, store, row, names, hidden, knobs):
    """Return one stored run as the explorer needs it, cut to the epochs of the setting that it is.

    What it was trained further, for another setting of the same key, is `beyond`: settings compare
    at their own number of epochs.
    """
    config = config_of(row)
    whole = store.curve(config)
    name, epochs = names.get(config.key, ("", config.epochs))
    epochs = min(epochs, config.epochs)
    readings = {ruler: read_run(stage, config, whole, ruler) for ruler in RULERS}
    return {
        **{knob: getattr(config, knob) for knob in knobs},
        "seed": config.seed,
        # what sets it apart from the stage's start beside them
        "other": in_words(config.difference(stage.start, *knobs, "seed", "epochs")) or "unchanged",
        "name": name,
        "epochs": epochs,
        "longest": config.epochs,
        **{ruler: _curves(read[:epochs]) for ruler, read in readings.items()},
        "beyond": {ruler: _curves(read[epochs:]) for ruler, read in readings.items()},
        "lines": log_lines(stage, config.replace(epochs=epochs), whole[:epochs]),
        "sample": _repair(stage, config, store.sample(config.key), hidden),
    }


def _curves(read):
    return {"training": _short(read["train"]), "validation": _short(read["validation"])}


def _names(stage, seeds):
    """Return by key what the log calls a run, and its epochs there; this stage's name first."""
    names, bounds = {}, [(stage, "")]
    if not stage.own:
        order = sorted(STAGES.values(), key=lambda logged: logged.number != stage.number)
        bounds = [(row.bind(stage.profile, stage.series), f"stage {row.number}, ") for row in order]
    for bound, of in bounds:
        for setting in bound.settings:
            for seed in seeds:
                config = bound.config(setting, seed)
                names.setdefault(config.key, (of + setting.name, config.epochs))
    return names


def explorer_data(stage: Stage, store: Store) -> dict:
    """Return the stored runs on the stage's series and where to begin, as data that JSON can hold.

    Of more than MOST runs those that are rows of the log come first, then the newest. Raises
    ValueError if the store has no run on this series.
    """
    table = store.runs(with_shipped=True)
    table = table[table["data_digest"] == stage.series.digest]
    if table.empty:
        raise ValueError(
            f"store must hold runs on {stage.series.name}, and {store} has none: sweep the stage "
            "first"
        )
    logged = _names(stage, sorted(set(table["seed"].tolist())))
    table["of the log"] = table["key"].isin(list(logged))
    chosen = table[::-1].sort_values("of the log", ascending=False, kind="stable").head(MOST)
    gapped = validation_gaps(stage.series, stage.start)
    channels = gapped.liveliest(SAMPLE_WINDOWS, SAMPLE_CHANNELS)
    parts = {"truth": gapped.truth, "hidden": gapped.hidden_mask, "filled": gapped.filled}
    parts = {name: values[:SAMPLE_WINDOWS][..., channels] for name, values in parts.items()}
    begin, simple = stage.config(stage.adopted), references(stage.series, stage.start)
    rows = chosen.to_dict("records")
    knobs = _knobs(stage, [config_of(row) for row in rows])
    return {
        "title": stage.title,
        "knobs": knobs,
        "begin": {knob: getattr(begin, knob) for knob in knobs} | {"other": "unchanged"},
        "references": dict(zip(simple, _short(list(simple.values())), strict=True)),
        "channels": [str(stage.series.channels[channel]) for channel in channels],
        "picture": {name: _short(values) for name, values in parts.items()},
        "runs": [_run(stage, store, row, logged, parts["hidden"], knobs) for row in rows],
        "left_out": len(table) - len(chosen),
    }


def explorer_page(data: dict) -> str:
    """Return `explorer_data` as sliders, HTML without kernel or network.

    There is a slider for dropout, layers and loss weight each; where a combination was not run it
    says so and shows the nearest one. No data can end its block early.
    """
    text = json.dumps(data, allow_nan=False).replace("<", r"\u003c")
    place = f"explorer-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    return PAGE.format(place=place, data=text, module=MODULE.read_text(encoding="utf-8"))
