"""The one setting of a question that has several values, and what its values are called."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from gru_lab.config import LABELS, one_of


def require_known(settings: dict[str, Any]) -> None:
    """Raise ValueError for a name that is no setting of a run, and for the seed."""
    for name in settings:
        one_of("a setting", name, [*LABELS])
        if name == "seed":
            raise ValueError(
                "seed must be left out: it is luck, not a question; seeds= says how many each "
                "value gets"
            )


def several_of(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that have several values, {name: values}."""
    return {
        name: [value.item() if isinstance(value, np.generic) else value for value in values]
        for name, values in settings.items()
        if isinstance(values, Iterable) and not isinstance(values, str | bytes)
    }


def knob_of(settings: dict[str, Any]) -> tuple[str, list]:
    """Return the name and the values of the one setting that has several."""
    several = several_of(settings)
    if len(several) > 1:
        names = ", ".join(several)
        lists = ", ".join(f"{name}={values}" for name, values in several.items())
        raise ValueError(
            f"one setting at a time must have several values, not {names}: where two things change "
            "at once, nobody can say which of them made the difference. Ask one question after the "
            f"other, draw every pair with lab.grid({lists}), or turn all knobs with lab.search"
        )
    if not several:
        raise ValueError(
            "one setting must have several values, the knob, such as hidden_size=[16, 32, 64] "
            "(in a command hidden_size=16,32,64); one value alone can be compared with nothing"
        )
    ((knob, values),) = several.items()
    if len(values) < 2:
        raise ValueError(
            f"{knob} must have at least two values to compare, not {values}; add another one"
        )
    return knob, values


def labels_of(knob: str, values: list) -> list[str]:
    """Return a label per value, short where that tells them apart."""
    short = [
        f"{knob}={value:.4g}" if isinstance(value, float) else f"{knob}={value}" for value in values
    ]
    return short if len(set(short)) == len(short) else [f"{knob}={value!r}" for value in values]
