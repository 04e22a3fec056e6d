"""A question of one's own, one knob and its values: a stage, for whatever takes a stage."""

import re
import textwrap
from dataclasses import dataclass, replace
from pathlib import Path

from gru_lab.config import COUNT, LABELS, RULES, RunConfig, in_words, one_of
from gru_lab.tuning_log.knob import knob_of, labels_of, require_known
from gru_lab.tuning_log.own_data import DEMO_ROWS, HOLES, checked, open_data, without_holes
from gru_lab.tuning_log.stage import Profile, Setting, Stage

# what is fixed unless given: the log's settings at the size of a lesson, without the dropout that
# the log did away with
START = RunConfig(hidden_size=64, epochs=20, dropout=0.0)
NOTES = {
    "missing_weight": "The loss weight is part of the loss, so the loss cannot judge it: the error "
    "on hidden entries does.",
    "missing_rate": "The missing rate says which entries are hidden, so each setting is scored on "
    "entries of its own.",
    "window": "The window says which entries are hidden, so each setting is scored on entries of "
    "its own.",
}


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

    def control(self, label: str, **changes) -> "Question":
        """Return the question with control runs: every value changed so, or one run of the knob's.

        `question.control("twice as long", epochs=40)`. Raises ValueError for an unknown setting, a
        label that is taken, and for runs that the question has already.
        """
        require_known(changes)
        if not changes:
            raise ValueError(f"control {label!r} must change something, such as epochs=40")
        epochs = changes.pop("epochs", None)
        if self.knob in changes or self.knob == "epochs":
            made = [Setting(label, changes, epochs or self.start.epochs, 0, kind="control")]
        else:
            made = [
                Setting(
                    f"{base.label}, {label}",
                    base.changes | changes,
                    epochs or base.epochs,
                    0,
                    kind="control",
                )
                for base in self.choose("trained")
            ]
        runs = {_run(self.config(setting)): setting.name for setting in self.settings}
        for setting in made:
            config = self.config(setting)
            if _run(config) in runs:
                raise ValueError(
                    f"control {label!r} must be a run of its own: {setting.name!r} is the same run "
                    f"as {runs[_run(config)]!r}"
                )
            if setting.name in runs.values():
                raise ValueError(f"label {label!r} is taken by another control; give another one")
        weighed = [replace(setting, weight=self.config(setting).missing_weight) for setting in made]
        return replace(self, settings=(*self.settings, *weighed))

    def as_code(self, data="data") -> str:
        """Return the call that makes this question, its controls aside."""
        arguments = [repr(self.question), *(f"{name}={value!r}" for name, value in self.arguments)]
        table = [] if self.series.name == f"demo-{DEMO_ROWS}-0" else [f"data={data}"]
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
    **settings,
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
    given = {"adopted": adopted, "rows": rows, "data_changed": data_changed or None}
    given["holes"] = None if holes == HOLES[0] else holes
    arguments = {name: value for name, value in given.items() if value is not None}
    arguments = dict(settings) | arguments | {"seeds": seeds}
    knob, values = knob_of(settings)
    start = START.replace(**settings | {knob: values[0]})
    values = [getattr(start.replace(**{knob: value}), knob) for value in values]
    if len(set(values)) < len(values):
        raise ValueError(f"{knob} must have values that differ, not {values}; leave the double out")
    if adopted is not None and knob in RULES:
        adopted = RULES[knob].fix(knob, adopted)
    adopted = values[0] if adopted is None else one_of("adopted", adopted, values)
    series = _series(open_data(data, split_by), rows, one_of("holes", holes, HOLES))
    for value in values if knob == "window" else values[:1]:
        checked(series, start.replace(**{knob: value}))
    labels = dict(zip(values, labels_of(knob, values), strict=True))
    asked = Question(
        number=0,
        name=f"question: {re.sub(r'[^0-9a-z]+', ' ', text.lower()).strip()[:60] or text[:60]}",
        question=text,
        conclusion="",
        adopted=labels[adopted],
        knob=knob,
        start=start.replace(**{knob: adopted}),
        settings=tuple(_setting(knob, value, label, start) for value, label in labels.items()),
        guess=(labels[adopted], _other(labels, adopted)),
        profile=Profile(
            "own", len(series), start.hidden_size, 1.0, COUNT.fix("seeds", seeds), "your question"
        ),
        series=series,
        source=_file_of(data),
        arguments=tuple(arguments.items()),
        data_changed=bool(data_changed),
    )
    _require_different(asked, knob)
    return asked


def _series(series, rows, holes):
    """Return the first `rows` of a series, without its holes if they are to be dropped."""
    if rows is not None and COUNT.fix("rows", rows) < len(series):
        series = replace(series.head(rows), name=f"{series.name}, first {rows:,} rows")
    return without_holes(series) if holes == "drop" else series


def _file_of(data):
    """Return the path of data that is a file, else None."""
    return str(data) if isinstance(data, str | Path) else None


def _setting(knob, value, label, start):
    epochs = value if knob == "epochs" else start.epochs
    changes = {} if knob == "epochs" else {knob: value}
    return Setting(label, changes, epochs, start.replace(**changes).missing_weight)


def _other(labels, adopted):
    """Return the label of the value that a guess sets beside the adopted one: the farthest end."""
    others = [value for value in labels if value != adopted]
    return labels[others[-1]]


def _run(config):
    return config.key, config.epochs


def _require_different(asked, knob):
    """Raise ValueError where two values are one and the same run."""
    seen = {}
    for setting in asked.settings:
        run = _run(asked.config(setting))
        if run in seen:
            why = "; one layer has no dropout" if asked.start.num_layers == 1 else ""
            raise ValueError(
                f"{knob} must have values that differ: {seen[run]!r} and {setting.name!r} are the "
                f"same run{why if knob == 'dropout' else ''}; leave one out, or change what is "
                "fixed"
            )
        seen[run] = setting.name
