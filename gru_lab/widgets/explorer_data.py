"""What the explorer shows: the stored runs of a series as plain data, each read with both rulers."""

import numpy as np

from gru_lab.runs.store import config_of
from gru_lab.trainer import SAMPLE_CHANNELS, SAMPLE_WINDOWS, prepare
from gru_lab.tuning_log.read import write_lines
from gru_lab.tuning_log.rulers import recorded
from gru_lab.tuning_log.stages import STAGES

MOST = 300  # runs; a record must stay a small file
KNOBS = {"dropout": "dropout", "num_layers": "layers", "missing_weight": "loss weight"}
OTHER = (
    "mask_input",
    "hidden_size",
    "learning_rate",
    "train_share",
    "missing_rate",
    "bidirectional",
    "residual",
)
OTHER += ("batch_size", "window")


def _short(values):
    """Return numbers as a list of four significant digits, None where there is none: JSON knows no
    NaN.
    """
    return [float(f"{value:.4g}") if np.isfinite(value) else None for value in np.ravel(values)]


def _other(config, start):
    """Return in words what sets a run apart from the stage's start, the three knobs and the seed
    aside.
    """
    differing = [name for name in OTHER if getattr(config, name) != getattr(start, name)]
    return ", ".join(f"{name} {getattr(config, name):g}" for name in differing) or "as this stage"


def _run(stage, store, row, logged, hidden):
    """Return one stored run as the explorer needs it; its repair at the `hidden` entries of the
    picture only.
    """
    config = config_of(row)
    name, weight, only_missing = logged.get(
        config.key, ("", config.missing_weight, stage.validate_missing_only)
    )
    curve = recorded(store.curve(config), weight, config.hidden_share, only_missing)
    sample = store.sample(config.key)
    return {
        **{knob: getattr(config, knob) for knob in KNOBS},
        "seed": config.seed,
        "other": _other(config, stage.start),
        "name": name,
        "epochs": config.epochs,
        "recorded": {"training": _short(curve["train"]), "validation": _short(curve["validation"])},
        "corrected": {
            "training": _short(curve["train_missing"]),
            "validation": _short(curve["val_missing"]),
        },
        "lines": write_lines(curve),
        "sample": None if sample is None else _short(sample[hidden]),
    }


def _rows_of_the_log(stage, seeds):
    """Return by key what the log calls a run, its weight in the log's notation, and whether it
    validated M alone.
    """
    logged = {}
    for one in sorted(
        STAGES.values(), key=lambda one: one.number != stage.number
    ):  # of several names this stage's
        bound = one.bind(stage.profile, stage.series)
        for setting in bound.settings:
            for seed in seeds:
                called = (
                    f"stage {one.number}, {setting.name}",
                    setting.weight,
                    one.validate_missing_only,
                )
                logged.setdefault(bound.config(setting, seed).key, called)
    return logged


def explorer_data(stage, store):
    """Return the stored runs on the stage's series and where to begin, as data that JSON can hold.

    Of more than MOST runs those that are rows of the log come first, then the newest. Raises
    ValueError if the store has no run on this series.
    """
    table = store.runs()
    table = table[table["data_digest"] == stage.series.digest]
    if table.empty:
        raise ValueError(
            f"store must hold runs on {stage.series.name}, and {store} has none: sweep the stage first"
        )
    logged = _rows_of_the_log(stage, sorted(set(table["seed"].tolist())))
    table["of the log"] = table["key"].isin(list(logged))
    chosen = table[::-1].sort_values("of the log", ascending=False, kind="stable").head(MOST)
    gapped = prepare(stage.series, stage.start)[1]
    channels = gapped.liveliest(SAMPLE_WINDOWS, SAMPLE_CHANNELS)
    parts = {"truth": gapped.truth, "hidden": gapped.hidden_mask, "filled": gapped.filled}
    parts = {name: values[:SAMPLE_WINDOWS][..., channels] for name, values in parts.items()}
    begin = stage.config(stage.adopted)
    return {
        "title": f"Stage {stage.number}: {stage.question}",
        "knobs": KNOBS,
        "begin": {knob: getattr(begin, knob) for knob in KNOBS} | {"other": "as this stage"},
        "references": {
            way: float(f"{error:.4g}") for way, error in gapped.mean_squared_errors().items()
        },
        "channels": [str(stage.series.channels[channel]) for channel in channels],
        "picture": {name: _short(values) for name, values in parts.items()},
        "runs": [
            _run(stage, store, row, logged, parts["hidden"]) for row in chosen.to_dict("records")
        ],
        "left_out": len(table) - len(chosen),
    }
