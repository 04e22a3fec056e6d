"""What a line states beside the figures: epochs, a learning rate, or a number of something else."""

import re
from dataclasses import fields

from gru_lab.config import RunConfig
from gru_lab.tuning_log import wording
from gru_lab.tuning_log.figures import number

PARTS = re.compile(r"[,，;；]\s|\s(?:and|und|et|y)\s")  # of a line that states several things


def stated_in(text: str, decimal: str, alone: bool = False) -> dict[str, float]:
    """Return {'epochs': 50, 'learning_rate': 0.001} of a line that states them, and {} of others;
    epochs within a sentence count unless they must stand `alone`.
    """
    parts = [_of_part(part.strip(), decimal) for part in PARTS.split(text)]
    if all(parts):
        return {name: value for part in parts for name, value in part.items()}
    epochs = None if alone else wording.EPOCHS.search(text)
    if not epochs or "=" in text[: epochs.start(1)].rstrip("= :："):
        return {}
    return {"epochs": wording.count(epochs[1])}


def _of_part(text, decimal):
    if rate := wording.RATE.fullmatch(text):
        digits = rate["value"].rstrip(".,").replace("\u2212", "-")
        rates = [value for sign in (decimal, ".", ",") if (value := number(digits, sign))]
        return {"learning_rate": rates[0][0]} if rates else {}
    epochs = wording.EPOCHS.search(text) or wording.COUNT_FIRST.fullmatch(text)
    whole = epochs and not re.search(r"[\d=,，]", text[: epochs.start(1)].rstrip("= "))
    return {"epochs": wording.count(epochs[1])} if whole else {}


def states_unknown(text: str) -> bool:
    """Tell whether a line states a whole number of something that is no setting of a run."""
    match = wording.STATEMENT.fullmatch(text)
    name = match[1].strip().lower().replace(" ", "_") if match else ""
    return bool(match) and not any(name in known.name for known in fields(RunConfig))
