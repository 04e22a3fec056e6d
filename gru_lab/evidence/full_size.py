"""Does the small experiment speak for the large one? The runs at the log's own size beside ours.

The runs of the log's own size come with the kit (`runs.shipped`); nothing is trained here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from html import escape
from types import SimpleNamespace
from typing import Any

import pandas as pd

from gru_lab.digits import html_table, signed
from gru_lab.evidence.opinion import ratios_of
from gru_lab.evidence.verdict import RULERS, SMALLEST_DIFFERENCE, verdict
from gru_lab.evidence.verdict_words import MIN_SEEDS
from gru_lab.runs import shipped
from gru_lab.runs.recording import note
from gru_lab.runs.results import Results
from gru_lab.tuning_log.stage import open_profile
from gru_lab.tuning_log.stages import STAGES

MOST_SEEDS = 5
ANSWERS = {
    "yes": "At the log's own size the same holds for",
    "no": "It does not carry over for",
    "cannot tell": "Too few runs at the log's own size to say for",
}


def full_results(name: str) -> Results:
    """Return the shipped runs of a stage at the log's own size, those settings that are there.

    Its `curves` are empty where none is. The series is known by name and digest only.
    """
    facts, profile = shipped.facts(), open_profile("full")
    series: Any = SimpleNamespace(name=facts["data"], digest=facts["data_digest"])
    start = STAGES[name].start.replace(hidden_size=profile.hidden_size)
    stage = replace(STAGES[name], profile=profile, series=series, start=start)
    runs = [(*pair, shipped.curve(pair[1])) for pair in stage.configs(MOST_SEEDS)]
    runs = [run for run in runs if run[2] is not None]
    if runs:
        note(**{"at the log's own size": origin()})
    return Results.of(stage, runs, facts["references"])


def origin() -> str:
    """Say where the runs at the log's own size come from: below a table, at a record's foot."""
    facts, runs = shipped.facts(), shipped.runs()
    return (
        f"{len(runs)} runs came with the kit and were not trained here: torch {facts['torch']}, "
        f"{' and '.join(sorted(set(runs['machine'])))}, {facts['exported']}"
    )


@dataclass(frozen=True, eq=False, repr=False)
class Sizes:
    """The small experiment beside the log's own size.

    `table` has a row per stage, `ratios` a row per (stage, setting) that both have: its figure as a
    multiple of the adopted setting's, by either ruler, small and full.
    """

    table: pd.DataFrame
    ratios: pd.DataFrame

    @property
    def sentence(self) -> str:
        """Which lessons carry over, which do not, and for how many more seeds are missing."""
        answers, seeds = self.table["carries over"], self.table["seeds at full size"]
        few = min((int(text.partition(",")[0]) for text in seeds if text != "–"), default=0)
        first = f"A first look, {few} of {MIN_SEEDS} seeds at full size."
        sentences = [first] if few < MIN_SEEDS else []
        for answer, words in ANSWERS.items():
            stages = answers.index[answers.str.startswith(answer)]
            names = ", ".join(f"{number} ({question})" for number, question in stages)
            sentences += [f"{words} {names}."] if names else []
        return " ".join(sentences)

    def _repr_html_(self):
        table = html_table(self.table.reset_index().set_index("stage"), "words")
        return f"<p>At the log's own size: {escape(origin())}.</p>\n{table}"


def compare_sizes(results: Iterable[Results]) -> Sizes:
    """Return the Results of stages beside the shipped runs at the log's own size.

    'carries over' compares each setting's difference to the adopted one, by the corrected ruler:
    yes if all that are larger than 1 % in the small experiment have the same sign at full size,
    no if one has the other sign and is larger than 1 % there too; otherwise it cannot tell. With
    fewer than five seeds at full size this is a first look, and the verdict says so.

    >>> import gru_lab as lab
    >>> small = [lab.sweep(lab.stage("dropout", "tiny"), seeds=2)]  # doctest: +SKIP
    >>> compare_sizes(small).table  # doctest: +SKIP
    """
    rows, ratios = {}, {}
    for small in results:
        stage, full = small.stage, full_results(small.stage.name)
        judged, there = verdict(small), set(full.curves["setting"])
        names = [name for name in judged.table.index if name in there]
        row = {"the log adopted": stage.adopted, "small experiment": judged.label}
        if stage.adopted in names and len(names) > 1:
            both = _both(small, full, names)
            large = verdict(full, *names)
            ratios[stage.number] = both
            row |= _row(both, large) | {"carries over": _carries_over(both, large.seeds)}
        else:
            row |= {"at full size": "not run yet", "carries over": "cannot tell"}
        rows[stage.number, stage.question] = row
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis(index=["stage", "question"])
    names = ["stage", "setting"]
    return Sizes(table.fillna("–"), pd.concat(ratios, names=names) if ratios else pd.DataFrame())


def _both(small, full, names):
    """Return the ratios of `names` to the adopted setting: columns (size, ruler)."""
    of_stage = {"small": ratios_of(small, *names), "full": ratios_of(full, *names)}
    columns = {
        (size, ruler): ratios[ruler, "ratio"]
        for size, ratios in of_stage.items()
        for ruler in RULERS
    }
    columns["the log", "recorded ruler"] = of_stage["small"]["the log", "ratio"]
    return pd.DataFrame(columns)


def _row(both, large):
    """Return the farthest setting of the small experiment in words, at both sizes."""
    adopted = both.index[(both["small", "corrected ruler"] == 1)][0]
    others = both.drop(adopted) - 1
    farthest = others["small", "corrected ruler"].abs().idxmax()

    def show(size):
        recorded, corrected = (signed(others.loc[farthest, (size, ruler)]) for ruler in RULERS)
        return f"{farthest}: {corrected} (as the log read it: {recorded})"

    missing = max(0, MIN_SEEDS - large.seeds)
    more = f", {missing} more needed for a verdict" if missing else ""
    return {
        "its largest difference": show("small"),
        "the same at full size": show("full"),
        "at full size": large.label,
        "seeds at full size": f"{large.seeds}{more}",
    }


def _carries_over(both, seeds):
    """Return 'yes', 'no' or 'cannot tell'; of fewer seeds than a verdict takes, as a first look."""
    small = both["small", "corrected ruler"] - 1
    full = both["full", "corrected ruler"] - 1
    counts = small.abs() > SMALLEST_DIFFERENCE
    against = counts & (small * full < 0) & (full.abs() > SMALLEST_DIFFERENCE)
    if not counts.any():  # nothing mattered in small: nor should it at full size
        answer = "yes" if (full.abs() <= SMALLEST_DIFFERENCE).all() else "no"
    elif against.any():
        answer = "no"
    elif (small * full > 0)[counts].all():
        answer = "yes"
    else:
        return "cannot tell"
    return answer if seeds >= MIN_SEEDS else f"{answer}, at first look"
