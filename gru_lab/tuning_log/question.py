"""A question of one's own, one knob and its values: a stage, for whatever takes a stage."""

import re
import textwrap
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from gru_lab.config import COUNT, LABELS, RunConfig, in_words, one_of
from gru_lab.tuning_log.knob import knob_of, labels_of, require_known
from gru_lab.tuning_log.own_data import DEMO_ROWS, HOLES, checked, open_data, without_holes
from gru_lab.tuning_log.stage import Profile, Setting, Stage

# what is fixed unless given: the log's settings at the size of a lesson, without the dropout that
# the log did away with
START = RunConfig(hidden_size=64, epochs=20, dropout=0.0)
HIDES = "The {} says which entries are hidden, so each setting is scored on entries of its own."
NOTES = {
    "missing_weight": "The loss weight is part of the loss, so the loss cannot judge it: the error "
    "on hidden entries does.",
    "missing_rate": HIDES.format("missing rate"),
    "window": HIDES.format("window"),
}
GIVEN = {"adopted": None, "rows": None, "holes": HOLES[0], "data_changed": False}  # if left out


@dataclass(frozen=True, repr=False)
class Question(Stage):
    """A question of one's own, a Stage without a recorded log; `lab.question` makes one.

    `source` is the file its series comes from, or None; `arguments` are the keywords that made it.
    """

    source: str | None = None
    arguments: tuple[tuple[str, object], ...] = ()
    data_changed: bool = False  # go on, although the file is not what it was

    own = True

    @property
    def title(self) -> str:
        """What pictures and pages are called: the question itself."""
        return self.question

    @property
    def called(self) -> str:
        """What a progress bar and a list of runs call it."""
        return "your question"

    @property
    def note(self) -> str:
        """What a reader of its verdict has to know of the knob, or ''."""
        if self.knob == "num_layers" and self.start.dropout and "num_layers=1" in self.by_name:
            return "One layer has no dropout, so with it two things change at once."
        return NOTES.get(self.knob, "")

    @property
    def values(self) -> list:
        """The values of its knob, in their order."""
        return [getattr(self.config(setting), self.knob) for setting in self.choose("trained")]

    @property
    def fixed(self) -> dict[str, object]:
        """All settings but the knob, the seed and the series, {name: value}."""
        names = [name for name in LABELS if name not in (self.knob, "seed")]
        return {name: getattr(self.start, name) for name in names}

    def __repr__(self):
        values, controls = (
            [row.label for row in self.settings if row.kind == kind]
            for kind in ("trained", "control")
        )
        also = f" Controls: {'; '.join(controls)}." if controls else ""
        rows, channels = self.series.values.shape
        lines = [
            self.question,
            f"Settings: {', '.join(values)}.{also}",
            f"The claim: no other setting is better than {self.adopted}.",
            f"Fixed: {in_words(self.fixed)}; {self.profile.seeds} seeds.",
            f"Data: {self.series.name}: {rows:,} rows, {channels} channels, digest "
            f"{self.series.digest}.",
        ]
        lines += [self.note] if self.note else []
        return "\n".join(textwrap.fill(line, 96, subsequent_indent="  ") for line in lines)

    def bind(
        self, profile: object = None, data: object = None, split_by: str | None = None
    ) -> "Question":
        """Return this question on another series; its settings stay as they are."""
        series = checked(open_data(data, split_by), self.start)
        return replace(self, series=series, source=_file_of(data))

    def control(self, label: str, **changes: Any) -> "Question":
        """Return the question with control runs: every value changed so, or one run of the knob's.

        `question.control("twice as long", epochs=40)`. Raises ValueError for an unknown setting, a
        label that is taken, and for runs that the question has already.
        """
        require_known(changes)
        label = " ".join(str(label).split())
        if not (label and changes):
            raise ValueError(
                f"control {label!r} must have a label and change something, such as "
                "control('twice as long', epochs=40)"
            )
        alone = self.knob in changes or self.knob == "epochs"
        bases = [Setting("", {}, self.start.epochs, 0)] if alone else self.choose("trained")
        made = []
        for base in bases:
            config = self.start.replace(**{"epochs": base.epochs} | base.changes | changes)
            changed = {name: getattr(config, name) for name in {**base.changes, **changes}}
            changed.pop("epochs", None)
            name = label if alone else f"{base.label}, {label}"
            figures = (config.epochs, config.missing_weight)
            made.append(Setting(name, changed, *figures, kind="control"))
        return _all_different(replace(self, settings=(*self.settings, *made)))

    def as_code(self) -> str:
        """Return the call that makes this question, its controls aside."""
        arguments = [repr(self.question), *(f"{name}={value!r}" for name, value in self.arguments)]
        table = [] if self.series.name == f"demo-{DEMO_ROWS}-0" else ["data=data"]
        return f"lab.question({', '.join(arguments + table)})"


def question(
    text: str,
    *,
    data: object = None,
    split_by: str | None = None,
    adopted: object = None,
    seeds: int = 5,
    rows: int | None = None,
    holes: str = "refuse",
    data_changed: bool = False,
    **settings: dict[str, Any],
) -> Question:
    """Return a question of your own: one setting with several values, all others fixed.

    Parameters
    ----------
    text : the question, one line
    data, split_by : a file, a DataFrame or a Series, and the column that tells its runs apart;
        default: the built-in series
    adopted : the value that is claimed to be the best; default: the first
    seeds : how many seeds each value gets
    rows : use only so many rows from the table's start
    holes : 'refuse' a table with holes, or 'drop' its incomplete rows
    data_changed : go on where the file is not what it was when runs of this question were kept
    settings : fields of RunConfig; exactly one of them is a list of values, the knob. What is not
        given is as in the log, at the size of a lesson (64 wide, 20 epochs), without dropout

    Raises
    ------
    ValueError
        For an unknown setting, no knob or two, a single value, values that are the same run, a
        value out of its range, and for a table with holes.

    Examples
    --------
    >>> import gru_lab as lab
    >>> wide = lab.question("How wide?", hidden_size=[8, 16], adopted=16, epochs=2, seeds=2)
    >>> wide.config("hidden_size=8").hidden_size
    8
    """
    text = " ".join(str(text).split())
    if not text:
        raise ValueError("text must be the question that is asked, not empty")
    require_known(settings)
    knob, values = knob_of(settings)
    start = START.replace(**settings | {knob: values[0]})
    configs = [start.replace(**{knob: value}) for value in values]
    values = [getattr(config, knob) for config in configs]
    labels = labels_of(knob, values)
    claim = 0
    if adopted is not None:
        claim = values.index(one_of("adopted", adopted, values))
        adopted = values[claim]
    series = _series(open_data(data, split_by), rows, one_of("holes", holes, HOLES))
    for config in configs if knob == "window" else configs[:1]:
        checked(series, config)
    given = {"adopted": adopted, "rows": rows, "holes": holes, "data_changed": data_changed}
    arguments = {name: getattr(start, name) for name in settings} | {knob: values}
    arguments |= {name: value for name, value in given.items() if value != GIVEN[name]}
    seeds = COUNT.fix("seeds", seeds)
    return _all_different(
        Question(
            number=0,
            name=f"question: {re.sub(r'[^0-9a-z]+', ' ', text.lower()).strip()[:60] or text[:60]}",
            question=text,
            conclusion="",
            adopted=labels[claim],
            knob=knob,
            start=configs[claim],
            settings=tuple(map(partial(_setting, knob), configs, labels)),
            guess=(labels[claim], [*labels[:claim], *labels[claim + 1 :]][-1]),
            profile=Profile("own", len(series), start.hidden_size, 1.0, seeds, "your question"),
            series=series,
            source=_file_of(data),
            arguments=tuple((arguments | {"seeds": seeds}).items()),
            data_changed=bool(data_changed),
        )
    )


def _series(series, rows, holes):
    """Return the first `rows` of a series, without its holes if they are to be dropped."""
    if rows is not None and COUNT.fix("rows", rows) < len(series):
        series = replace(series.head(rows), name=f"{series.name}, first {rows:,} rows")
    return without_holes(series) if holes == "drop" else series


def _file_of(data):
    """Return the path of data that is a file, else None."""
    return str(data) if isinstance(data, str | Path) else None


def _setting(knob, config, label):
    changes = {} if knob == "epochs" else {knob: getattr(config, knob)}
    return Setting(label, changes, config.epochs, config.missing_weight)


def _all_different(asked):
    """Return a question; raises ValueError where two settings are one run, or have one name."""
    runs: dict[tuple, Setting] = {}
    for setting in asked.settings:
        config = asked.config(setting)
        same = runs.setdefault((config.key, config.epochs), setting)
        if same is not setting:
            no_dropout = config.num_layers == 1 and asked.config(same).dropout != config.dropout
            raise ValueError(
                f"each setting must be a run of its own: {same.name!r} and {setting.name!r} are "
                f"the same run{'; one layer has no dropout' * no_dropout}; leave one out, or "
                "change what is fixed"
            )
    if len(asked.by_name) < len(asked.settings):
        raise ValueError(f"label {asked.settings[-1].label!r} is taken; give another one")
    return asked
