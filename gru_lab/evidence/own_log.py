"""A tuning log of one's own: questions with settings, seeds, ruler and verdict, in one file."""

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from gru_lab.config import COUNT, in_words, one_of
from gru_lab.evidence.as_log import logged_runs
from gru_lab.evidence.verdict import verdict
from gru_lab.output import alone_in, home, require_place, write_whole
from gru_lab.runs.results import Results
from gru_lab.runs.store import Store
from gru_lab.tables.formats import is_known
from gru_lab.tuning_log.log import LoggedStage
from gru_lab.tuning_log.read import read_log
from gru_lab.tuning_log.rulers import corrected, write_lines
from gru_lab.tuning_log.write import stage_text
from gru_lab.words import LANGUAGES, translated, words

NAME = "my_tuning_log.md"
TITLE = "My tuning log"
NOTES = (
    "Knob: {knob}. Claim: no other setting is better than {adopted}.",
    "Data: {data}",
    "Fixed: {fixed}",
    "Seeds: {seeds}",
    "Ruler: mean squared error on hidden entries, dropout off, training and validation",
)


def entry(
    results: Results, number: int, conclusion: str = "", language: str = "en"
) -> tuple[LoggedStage, str]:
    """Return a question as (LoggedStage, its Markdown)."""
    stage, judged, texts = results.stage, verdict(results), words(language)

    def lines(setting, seed):
        return write_lines(corrected(results.curve(setting, seed)), "epoch train valid")

    logged = LoggedStage(
        number,
        stage.question,
        stage.start.epochs,
        stage.start.learning_rate,
        logged_runs(results, language == "zh", lines),
        " ".join(conclusion.split()),
        ". ".join(
            translated(" ".join(text.split()), language) for text in (judged.label, judged.sentence)
        ),
    )
    rows, channels = stage.series.values.shape
    name = " ".join(stage.series.name.split())
    facts = {
        "knob": stage.knob,
        "adopted": stage.adopted,
        "data": f"{name}, {rows:,} rows, {channels} channels, digest {stage.series.digest}",
        "fixed": in_words(stage.fixed),  # type: ignore[attr-defined]
        "seeds": ", ".join(map(str, results.seeds)),
    }
    notes = [texts[note].format(**facts) for note in NOTES]
    return logged, stage_text(logged, texts, notes)


def write_log(
    results: Any,
    path: str | Path | None = None,
    conclusion: str | list[str] = "",
    language: str = "en",
    number: int | None = None,
    store: Any = None,
) -> Path:
    """Append the Results of questions of your own to a Markdown tuning log, and return its path.

    Parameters
    ----------
    results : the Results of a question, or a list of them; a question itself is read from `store`
    path : the log, made where there is none; default: my_tuning_log.md
    conclusion : what you conclude, a sentence; of several questions a list of sentences
    language : 'en' or 'zh', of the words around your own
    number : of the (first) question; default: the next one that is free

    What stands in the file stays as it is, byte for byte; what stands there is not written again.

    Raises
    ------
    ValueError
        For a number that is taken, a question there with another conclusion, a file that is no
        log, and what could not be read back as it is; then nothing is written.

    Examples
    --------
    >>> import gru_lab as lab
    >>> lab.write_log(results, conclusion="64 is wide enough.")  # doctest: +SKIP
    """
    one_of("language", language, LANGUAGES)
    path, asked = Path(path) if path is not None else home() / NAME, _listed(results)
    stages = [getattr(part, "stage", part) for part in asked]
    require_place("path", path, *(getattr(stage, "source", None) for stage in stages))
    results = [_results(part, store) for part in asked]
    conclusions = _listed(conclusion)
    if not results:
        raise ValueError("results must be those of at least one question, not an empty list")
    if len(conclusions) != len(results):
        raise ValueError(
            f"conclusion must be one sentence per question: {len(conclusions)} for {len(results)}"
        )
    with alone_in(path.parent):
        _append(path, results, conclusions, language, number)
    return path


def _append(path, results, conclusions, language, number):
    """Append what does not stand in the log already."""
    before = path.read_bytes() if path.exists() else b""
    old, end = _text(before, path), "\r\n" if b"\r\n" in before else "\n"
    stages, decimal = _stages(old)
    known = len(stages)
    new = "" if old.strip() else f"# {words(language)[TITLE]}\n"
    for part, concluded in zip(results, conclusions, strict=True):
        logged, text = entry(part, _number(number, stages, path), concluded, language)
        if not _standing(logged, stages, path):
            # with the decimal mark of the log it goes into
            text = re.sub(r"(?m)^(>.*)", lambda line: line[1].replace(".", decimal), text)
            new += f"\n{text}\n"
            stages.append(logged)
        number = None if number is None else number + 1
    if len(stages) == known:
        return
    gap = "" if not old or old.endswith(("\n", "\r")) else end
    whole = before + (gap + new.replace("\n", end)).encode()
    if _stages(_text(whole, path))[0] != stages:
        raise ValueError(
            f"what is written to {str(path)!r} must be read back as it is: a question, a label or "
            "a conclusion in it reads like something else; change its words"
        )
    write_whole(path, whole)


def _listed(value):
    return list(value) if isinstance(value, list | tuple) else [value]


def _results(asked, store):
    """Return the Results of a question of one's own, or of its Results as they are."""
    if getattr(asked, "own", False):
        asked = Results.collect(asked, None, Store.of(store))
    if not isinstance(asked, Results) or not asked.stage.own:
        raise ValueError(
            f"results must be those of a question of your own, as lab.sweep returns them, not "
            f"{type(asked).__name__}; the stages of the recorded log are written by gru-lab record"
        )
    return asked


def _text(content, path):
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"path must be a UTF-8 text file, not {str(path)!r} ({error.reason}); save it as UTF-8"
        ) from error
    named = Path(os.path.realpath(path))  # a table may be called log.txt, and a log table.txt
    table = is_known(named) and text.strip() and not _stages(text)[0]
    if "\0" in text or named.suffix == ".ipynb" or table:
        raise ValueError(
            f"path must be a log, not {str(path)!r} (a table, a notebook or a store); name another "
            f"file, such as {NAME}"
        )
    return text


def _stages(text):
    """Return the stages that stand in a log, none where it has none yet, and its decimal mark."""
    try:
        log = read_log(f"{text}\n")
    except ValueError:
        return [], "."
    return log.stages, log.decimal


def _number(number, stages, path):
    """Return the number of a new question, or raise ValueError where it is taken."""
    taken = {stage.number for stage in stages}
    if number is None:
        return max(taken, default=0) + 1
    if COUNT.fix("number", number) in taken:
        raise ValueError(
            f"number {number} is taken in {str(path)!r}; leave it out, or take "
            f"{max(taken) + 1}, the next one that is free"
        )
    return number


def _standing(logged, stages, path):
    """Tell whether the very same question stands in the log already."""
    for stage in stages:
        if replace(stage, number=0, conclusion="") == replace(logged, number=0, conclusion=""):
            if stage.conclusion == logged.conclusion:
                return True
            raise ValueError(
                f"{logged.title!r} is number {stage.number} in {str(path)!r} already, with the "
                "same runs; change its conclusion there"
            )
    return False
