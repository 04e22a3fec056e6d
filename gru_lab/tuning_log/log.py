"""A tuning log as data: stages, their runs, their last lines, and what was not understood."""

from dataclasses import dataclass, field

from gru_lab.tuning_log.lines import Line


@dataclass
class LoggedRun:
    """A setting's label, its last epochs, and what the log says of that run alone. One that failed
    and has no figures has a line of NaN.
    """

    label: str
    lines: list[Line] = field(default_factory=list)
    epochs: int | None = None
    seconds: float | None = None
    learning_rate: float | None = None  # where the stage's is another one


@dataclass
class LoggedStage:
    """A numbered section of a log; `not_understood` are its unread lines (number, text)."""

    number: int
    title: str
    epochs: int | None = None
    learning_rate: float | None = None
    runs: list[LoggedRun] = field(default_factory=list)
    conclusion: str = ""
    verdict: str = ""  # where the log has one of the four: 'supported. …'
    not_understood: list[tuple[int, str]] = field(default_factory=list, compare=False)


@dataclass
class TuningLog:
    """A whole log: its title, the network as torch prints it, its usual epochs, the stages.

    `not_understood` are all lines (number, text) that hold figures and could not be read, those of
    the stages among them. `decimal` is the log's decimal mark.
    """

    title: str = ""
    model: str = ""
    epochs: int | None = None
    stages: list[LoggedStage] = field(default_factory=list)
    not_understood: list[tuple[int, str]] = field(default_factory=list, compare=False)
    decimal: str = field(default=".", compare=False)
