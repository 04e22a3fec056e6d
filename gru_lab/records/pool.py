"""A folder of people's records as one page: seeds pooled, guesses beside the outcome."""

from collections import defaultdict
from functools import partial
from html import unescape
from itertools import product
from pathlib import Path

import pandas as pd

from gru_lab.digits import Table, html_table, plain
from gru_lab.evidence.guess import answers, question
from gru_lab.evidence.paired import compare, judge
from gru_lab.evidence.verdict import SMALLEST_DIFFERENCE, choose_label, seeds_to_tell
from gru_lab.evidence.verdict_words import claim_of, explain
from gru_lab.output import require_place, write_whole
from gru_lab.records.html import TEMPLATES, saying
from gru_lab.runs.exchange import name_of, sound_runs
from gru_lab.tuning_log.rulers import LAST
from gru_lab.tuning_log.stage import PROFILES
from gru_lab.tuning_log.stages import STAGES
from gru_lab.words import LANGUAGES, TAGS, translated

MADE = " (the guess made)"  # as `lab.predict` writes it into a record


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
    require_place("out", out)
    around = {"_": saying(language), "lang": TAGS[language]}
    around["say"] = partial(translated, language=language)
    files = [Path(path) for path in ([records] if isinstance(records, str | Path) else records)]
    if isinstance(records, str | Path) and files[0].is_dir():
        files = sorted(files[0].rglob("*.html"))
    rows, guesses, people, unread = [], defaultdict(list), {}, {}
    for path in files:
        try:
            data, sound = sound_runs(path)
        except ValueError as error:
            unread[str(path)] = str(error)
            continue
        people[str(path)] = name = name_of(data, path)
        rows += [
            row | {"person": name} for config, curve, *_ in sound for row in _rows(config, curve)
        ]
        for stage, guess in _guesses(path.read_text(encoding="utf-8")):
            guesses[stage].append((name, guess))
    require_place("out", out, *people)
    if not rows:
        raise ValueError(
            f"records must hold at least one record with runs of a stage, and {str(records)!r} has "
            "none: hand in the files that `gru-lab record` writes"
        )
    groups = pd.DataFrame(rows).groupby(["stage", "profile", "digest"], sort=True)
    sections = [_section(group, guesses) for _, group in groups]
    page = TEMPLATES.get_template("pool.html.j2")
    around |= {"sections": sections, "people": sorted(people.values()), "unread": unread}
    write_whole(Path(out), page.render(around))
    return Path(out)


def _known():
    """Return the stage, profile and setting of a run, by its key without data and seed."""
    known = defaultdict(list)
    for stage in STAGES.values():
        for profile in PROFILES.values():
            start = stage.start.replace(hidden_size=profile.hidden_size)
            for setting in stage.settings:
                known[start.replace(**setting.changes).key].append((stage, profile, setting))
    return known


KNOWN = _known()


def _rows(config, curve):
    """Yield a row for each setting of the log that a run repeats, read at that setting's length."""
    for stage, profile, setting in KNOWN[config.replace(data="", data_digest="", seed=0).key]:
        epochs = profile.epochs(setting.epochs)
        if epochs <= len(curve):
            yield {
                "stage": stage.number,
                "profile": profile.name,
                "digest": config.data_digest,
                "data": config.data,
                "setting": setting.name,
                "seed": config.seed,
                "error": curve["val_missing"][:epochs].tail(LAST).mean(),
            }


def _guesses(page):
    """Yield (stage's number, answer) for each guess that a record shows."""
    page = unescape(page)
    for stage, language in product(STAGES.values(), LANGUAGES):
        _, asked, rest = page.partition(translated(question(stage), language))
        items = rest.partition("</ul>")[0] if asked else ""
        for answer in answers(stage):
            if f"<b>{translated(answer + MADE, language)}</b>" in items:
                yield stage.number, answer


def _section(rows, guesses):
    """Return what the page says of one stage on one series."""
    stage = next(row for row in STAGES.values() if row.number == rows["stage"].iloc[0])
    single = rows.drop_duplicates(["setting", "seed"])
    errors = single.pivot(index="setting", columns="seed", values="error")
    usual = stage[stage.adopted].epochs
    names = [row.name for row in stage.choose("trained") if row.epochs == usual]
    errors = errors.reindex([name for name in names if name in errors.index]).dropna(axis=1)
    section = {
        "stage": stage,
        "about": {
            "profile": rows["profile"].iloc[0],
            "data": rows["data"].iloc[0],
            "seeds": errors.shape[1],
            "records": rows["person"].nunique(),
        },
    }
    if stage.adopted in errors.index and len(errors) > 1 and errors.shape[1]:
        section |= _judged(stage, errors)
    if guesses[stage.number]:
        section |= _compared(stage, single, guesses[stage.number])
    return section


def _judged(stage, errors):
    """Return the label that the pooled seeds give, its sentence and its figures."""
    table, seeds = compare(errors, stage.adopted), errors.shape[1]
    judged = judge(table["low"].dropna(), table["high"].dropna(), SMALLEST_DIFFERENCE)
    label = choose_label(judged, judged, seeds)
    needed = seeds_to_tell(errors, stage.adopted, label, SMALLEST_DIFFERENCE)
    sentence = explain(label, [table, table], stage.adopted, seeds, needed, SMALLEST_DIFFERENCE)
    sentence = f"{claim_of(stage, stage.adopted)} {sentence}"
    return {"label": label, "sentence": sentence, "table": html_table(table)}


def _compared(stage, single, guesses):
    """Return everybody's guess as a table, and the ratio of errors that came out."""
    means = single.groupby("setting")["error"].mean()
    first, second = stage.guess
    came = means[first] / means[second] if {first, second} <= set(means.index) else float("nan")
    factors = answers(stage)
    table = Table(
        [
            {"person": name, "guess": guess, "as a factor": plain(factors.get(guess, float("nan")))}
            for name, guess in guesses
        ]
    ).set_index("person")
    return {"question": question(stage), "came": plain(came), "guesses": html_table(table)}
