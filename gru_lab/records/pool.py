"""A folder of people's records as one page: seeds pooled, guesses beside the outcome."""

from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from html import unescape
from itertools import product
from pathlib import Path

import pandas as pd

from gru_lab.config import one_of
from gru_lab.digits import html_table, plain
from gru_lab.evidence.guess import answers, question
from gru_lab.evidence.verdict import verdict
from gru_lab.output import require_place, write_whole
from gru_lab.records.exporter import texts_in
from gru_lab.records.html import render
from gru_lab.runs.exchange import name_of, sound_runs
from gru_lab.runs.results import Results
from gru_lab.tuning_log.stage import PROFILES
from gru_lab.tuning_log.stages import STAGES
from gru_lab.words import LANGUAGES, translated

MADE = " (the guess made)"  # as `lab.predict` writes it into a record
SIZED = [stage.sized(profile) for stage in STAGES.values() for profile in PROFILES.values()]


def pool(records: str | Path | list, out: str | Path = "class.html", language: str = "en") -> Path:
    """Write one page about many records, such as a class's hand-ins, and return its path.

    Parameters
    ----------
    records : a folder, which is searched with the folders in it, or a list of files
    out : where to write the page
    language : 'en' or 'zh', of its fixed words

    The runs of all records that repeat a setting of the log are pooled, stage by stage and series
    by series; a run that several records hold counts once. What is no record is named on the page.

    Raises
    ------
    ValueError
        If no file is a record with runs of a stage, the place cannot be written to, or the language
        is another one.

    Examples
    --------
    >>> import gru_lab as lab
    >>> lab.pool("hand_ins")  # doctest: +SKIP
    PosixPath('class.html')
    """
    one_of("language", language, LANGUAGES)
    files = [Path(path) for path in ([records] if isinstance(records, str | Path) else records)]
    if isinstance(records, str | Path) and files[0].is_dir():
        files = sorted(files[0].rglob("*.html"))
    groups, guesses, people, unread = defaultdict(list), defaultdict(list), {}, {}
    for path in files:
        try:
            data, sound = sound_runs(path)
        except ValueError as error:
            unread[str(path)] = str(error)
            continue
        people[str(path)] = name = name_of(data, path)
        for config, curve, *_ in sound:
            for stage, setting in _repeated(config, curve):
                key = stage.number, stage.profile.name, config.data_digest
                groups[key].append((stage, setting, config, curve, name))
        for number, guess in _guesses(path.read_text(encoding="utf-8")):
            guesses[number].append((name, guess))
    require_place("out", out, *people)
    if not groups:
        raise ValueError(
            f"records must hold at least one record with runs of a stage, and {str(records)!r} has "
            "none: hand in the files that `gru-lab record` writes"
        )
    sections = [_section(groups[key], guesses[key[0]], language) for key in sorted(groups)]
    sections = [part for part in sections if {"verdict", "guesses"} & part.keys()]
    about = {"sections": sections, "people": sorted(people.values()), "unread": unread}
    write_whole(Path(out), render("pool.html.j2", language, **about))
    return Path(out)


def _bare(config):
    return config.replace(data="", data_digest="")


def _repeated(config, curve):
    """Yield (stage, setting) for each setting of the log that a run is, and as long as it."""
    key = _bare(config).replace(seed=0).key
    for stage in SIZED:
        for setting in stage.by_key.get(key, ()):
            if stage.profile.epochs(setting.epochs) <= len(curve):
                yield stage, setting


def _guesses(page):
    """Yield (stage's number, answer) for each guess that a record shows."""
    page = unescape(page)
    for stage, language in product(STAGES.values(), LANGUAGES):
        _, asked, rest = page.partition(translated(question(stage), language))
        items = rest.partition("</ul>")[0] if asked else ""
        for answer in answers(stage):
            if f"<b>{translated(answer + MADE, language)}</b>" in items:
                yield stage.number, answer


def _section(rows, guesses, language):
    """Return what the page says of one stage on one series: its runs pooled and judged."""
    stage, runs = rows[0][0], {}
    for _, setting, config, curve, _ in rows:
        epochs = stage.profile.epochs(setting.epochs)
        runs[setting.name, config.seed] = setting, _bare(config), curve[:epochs]
    there = {name for name, _ in runs}
    settings = tuple(setting for setting in stage.settings if setting.name in there)
    results = Results.of(replace(stage, settings=settings), runs.values(), {})
    about = {"profile": stage.profile.name, "data": rows[0][2].data}
    about |= {"seeds": len(results.seeds), "records": len({row[4] for row in rows})}
    section = {"stage": stage, "about": about}
    with suppress(ValueError):  # nothing to compare the adopted setting with, or no common seed
        section["verdict"] = texts_in(verdict(results)._repr_html_(), language)
    if guesses:
        section |= _compared(results, guesses, language)
    return section


def _compared(results, guesses, language):
    """Return everybody's guess as a table, and the ratio of errors that came out."""
    stage, means = results.stage, results.errors().mean(axis=1)
    first, second = stage.guess
    came = means[first] / means[second] if {first, second} <= set(means.index) else float("nan")
    factors = answers(STAGES[stage.name])
    rows = [(name, translated(guess, language), plain(factors[guess])) for name, guess in guesses]
    heads = [translated(head, language) for head in ("person", "guess", "as a factor")]
    table = html_table(pd.DataFrame(rows, columns=heads).set_index(heads[0]))
    return {"question": question(stage), "came": plain(came), "guesses": table}
