"""Read a tuning log in the manner of the recorded one, and write a run's lines in its formats
(logs: `logbook.py`).

Three formats, last epochs of a run one a line: `train valid` (5 decimals), `epoch steps train
valid` (6 decimals) and `epoch train valid` (7 decimals). Losses are mean squared errors of values
scaled to [0, 1].
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from gru_lab.config import one_of

DECIMALS = {"train valid": 5, "epoch steps train valid": 6, "epoch train valid": 7}


@dataclass(frozen=True)
class Line:
    """One line of figures: an epoch's training and validation loss as the log prints them."""

    train: float
    validation: float
    epoch: int | None = None
    steps: int | None = None

    @property
    def format(self):
        """The name of the line's format, a key of DECIMALS."""
        return " ".join(
            ["epoch"] * (self.epoch is not None)
            + ["steps"] * (self.steps is not None)
            + ["train valid"]
        )

    def __str__(self):
        decimals = DECIMALS[self.format]
        counts = [str(count) for count in (self.epoch, self.steps) if count is not None]
        return " ".join([*counts, f"{self.train:.{decimals}f}", f"{self.validation:.{decimals}f}"])


LINE = re.compile(
    r"(?:(?P<epoch>\d+)\s+(?:(?P<steps>\d+)\s+)?)?(?P<train>\d+\.\d+)\s+(?P<valid>\d+\.\d+)\s*(?:\[(?P<label>.+)\])?"
)


def parse_line(text):
    """Return the Line that `text` holds and the label in brackets behind it, or None if it is no
    such line.
    """
    match = LINE.fullmatch(text.strip())
    if not match:
        return None
    counts = {name: int(match[name]) for name in ("epoch", "steps") if match[name]}
    return Line(float(match["train"]), float(match["valid"]), **counts), match["label"]


def write_lines(curve, line_format="train valid", last=3, steps=None):
    """Return the last epochs of a run as the log writes them, a string of one line each.

    `curve` has columns epoch, train, validation: read it with a ruler first. `steps` is the number
    of batches of an epoch, which the format 'epoch steps train valid' needs. Raises ValueError for
    an unknown format, or no steps.
    """
    counts = one_of("line_format", line_format, DECIMALS).split()[:-2]
    if "steps" in counts and steps is None:
        raise ValueError(
            f"steps must be given for the format {line_format!r}: the batches of an epoch"
        )
    rows = curve.tail(last).assign(steps=steps)
    return "\n".join(
        str(Line(row.train, row.validation, **{name: int(getattr(row, name)) for name in counts}))
        for row in rows.itertuples()
    )


@dataclass
class LoggedRun:
    """A setting's label, its last epochs, and what the log says of that run alone."""

    label: str
    lines: list[Line] = field(default_factory=list)
    epochs: int | None = None
    seconds: float | None = None


@dataclass
class LoggedStage:
    """A numbered section of a log."""

    number: int
    title: str
    epochs: int | None = None
    learning_rate: float | None = None
    runs: list[LoggedRun] = field(default_factory=list)
    conclusion: str = ""


@dataclass
class TuningLog:
    """A whole log: its title, the network as torch prints it, the epochs unless a stage says
    otherwise, the stages.
    """

    title: str = ""
    model: str = ""
    epochs: int | None = None
    stages: list[LoggedStage] = field(default_factory=list)


HEADING = re.compile(r"#+\s*(?:(\d+)\.)?\s*(.+)")
EPOCHS = re.compile(r"(?:迭代次数|[Ee]pochs)\D{0,6}?(\d+)")
RATE = re.compile(r"(?:LR|学习率|[Ll]earning rate)\s*[=:：]?\s*(\d+(?:\.\d+)?(?:e-?\d+)?)")
SECONDS = re.compile(r"(\d+(?:\.\d+)?)\s*s")
CONCLUSION = re.compile(r"(?:结论|[Cc]onclusion)\s*[：:，,]\s*(.*)")


def _plain_lines(text):
    """Yield the lines of a Markdown text that are not empty, without marks, and whether each is an
    item of a list.
    """
    for line in re.sub(r"<br\s*/?>", "\n", text).splitlines():
        mark, plain = re.fullmatch(r"([\s>]*(?:-\s+(?:>\s*)?)?)(.*?)\s*", line).groups()
        if plain:
            yield plain, "-" in mark


class _Reader:
    """Takes a log's lines one after the other; `log` is what they say so far."""

    def __init__(self):
        self.log = TuningLog()
        self.stage = self.run = None
        self.label, self.concluding, self.in_model = "", False, False

    def take(self, line, item):
        if self.in_model or line.startswith("RNN("):
            self.log.model += ("\n" if line == ")" else "\n  ") + line if self.in_model else line
            self.in_model = line != ")"
        elif match := HEADING.fullmatch(line):
            self.heading(match[1], match[2].strip())
        elif self.stage is None:
            epochs = EPOCHS.search(line)
            self.log.epochs = int(epochs[1]) if epochs else self.log.epochs
        elif parsed := parse_line(line):
            self.figures(*parsed)
        elif match := SECONDS.fullmatch(line):
            self.start_run().seconds = float(match[1])
        elif match := CONCLUSION.fullmatch(line):
            self.stage.conclusion, self.concluding, self.run, self.label = match[1], True, None, ""
        elif match := RATE.fullmatch(line):
            self.stage.learning_rate = float(match[1])
        else:
            self.text(line, item)

    def heading(self, number, title):
        if number:
            self.stage = LoggedStage(int(number), title)
            self.log.stages.append(self.stage)
        elif not self.log.title:
            self.log.title = title
        self.run, self.label, self.concluding = None, "", False

    def text(self, line, item):
        """A line of words: the rest of a conclusion, a remark with the stage's epochs, or the next
        run's label.
        """
        epochs = EPOCHS.search(line)
        label = line[: epochs.start()].rstrip(" ，,") if epochs else line
        if epochs and not item and "=" not in label:
            self.stage.epochs = int(epochs[1])
        elif self.concluding and not epochs:
            self.stage.conclusion = " ".join(filter(None, [self.stage.conclusion, line]))
        else:
            self.run, self.label, self.concluding = None, label, False
            if epochs:
                self.start_run().epochs = int(epochs[1])

    def start_run(self):
        if self.run is None:
            self.run = LoggedRun(self.label)
            self.stage.runs.append(self.run)
        return self.run

    def figures(self, line, label):
        if label and self.run and self.run.lines:  # a bracket that names the next run
            self.run = None
        self.start_run().lines.append(line)
        self.run.label = label or self.run.label


def read_log(source):
    """Return the TuningLog in `source`, a path or the text itself (anything with a line break is
    text).

    Raises ValueError if the file cannot be read, or holds no stage with figures.
    """
    text = str(source)
    if "\n" not in text:
        try:
            text = Path(source).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(
                f"source must be a UTF-8 text file or a log's text: {error}"
            ) from error
    reader = _Reader()
    for line, item in _plain_lines(text):
        reader.take(line, item)
    if not any(stage.runs for stage in reader.log.stages):
        raise ValueError(
            "source must hold a tuning log: no numbered heading with lines of losses below it "
            "was found"
        )
    return reader.log
