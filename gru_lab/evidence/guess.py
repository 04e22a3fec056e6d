"""A learner's guess, before a stage's runs, of the ratio of two settings' errors.

The stage names the two settings. A guess is kept in a small file of the person's own, not in the
run store, which a class may share.
"""

import json
from typing import Any

from gru_lab.config import one_of
from gru_lab.output import home, write_whole
from gru_lab.runs.results import Results
from gru_lab.tuning_log.stage import Stage

SCALE = {
    "a tenth of it": 0.1,
    "half of it": 0.5,
    "a tenth less": 0.9,
    "the same": 1.0,
    "a tenth more": 1.1,
    "twice as much": 2.0,
}


def question(stage: Stage) -> str:
    """Return the question that a learner answers, a sentence to be completed."""
    first, second = stage.guess
    return f"Compared with '{second}', the error on hidden values of '{first}' will be …"


def answers(stage: Stage) -> dict[str, float]:
    """Return the answers to choose from, each with its factor; the last is what the log says."""
    first, second = (stage[name].lines for name in stage.guess)
    if not (first and second):
        return SCALE
    logged = first[-1].validation / second[-1].validation
    return SCALE | {f"as the log's last figures say: {logged:.2g} times as much": logged}


def kept_guesses() -> dict[str, Any]:
    """Return this person's guesses by the stage's name; {} where none can be read."""
    try:
        guesses = json.loads((home() / "guesses.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return guesses if isinstance(guesses, dict) else {}


def kept_guess(stage: Stage) -> str | None:
    """Return the answer that was chosen for a stage, or None."""
    answer = kept_guesses().get(stage.name)
    return answer if isinstance(answer, str) and answer in answers(stage) else None


def keep_guess(stage: Stage, answer: str) -> None:
    """Keep an answer in place of an earlier one. Raises ValueError for one that is not offered."""
    guesses = kept_guesses() | {stage.name: one_of("answer", answer, answers(stage))}
    write_whole(home() / "guesses.json", json.dumps(guesses, indent=1))


def outcome(results: Results) -> float:
    """Return the ratio that was guessed: of the means over the seeds by the corrected ruler."""
    error = results.finals.groupby("setting")["val_missing"].mean()
    first, second = results.stage.guess
    return error[first] / error[second]
