"""One stage of a log, read line by line: its runs, what it states of them, its conclusion."""

import math
import re
from dataclasses import dataclass, field, replace
from typing import Any

from gru_lab.tuning_log import wording
from gru_lab.tuning_log.entries import LOSS, RATIO, Entry, doubt_of
from gru_lab.tuning_log.lines import LONGEST, Line, looks_like_losses, parse_line
from gru_lab.tuning_log.log import LoggedRun, LoggedStage
from gru_lab.tuning_log.table import Table

ORDERED = re.compile(r"^\d{1,3}[.)]\s+")
INLINE = re.compile(r"->|[:：→|\t,]|\s{2,}|\s")
# 'layers=3: out of memory'
REMARK = re.compile(r"(.*\d[^\s:：→]*)\s*(?:[:：→]|->|\s[-–—]\s)\s*(\D+)")
FIGURES = re.compile(r"\W{0,3}(?:train|val)\b[^=]{0,30}?\d[.,]\d", re.IGNORECASE)
HALF = re.compile(  # the beginning of a line with one of the two losses
    r"\W{0,3}(?:[^\W\d_ ]{0,12} ?loss|train|entra[iî]n|val|eval|训练|验证)", re.IGNORECASE
)


@dataclass
class Pending:
    """What the next run will be called, and the Entry that says so."""

    label: str = ""
    entry: Entry | None = None
    firm: bool = False  # an item of a list, or 'name=value': prose after it does not replace it
    doubtful: bool = False  # it looks like a figure
    stated: dict = field(default_factory=dict)  # epochs, learning_rate
    statement: bool = False  # it says nothing else, so it is of the stage unless figures follow
    remark: str | None = ""  # words below it; None for figures that are not understood


class Section:
    """Takes the lines of a stage one after the other; `stage` is what they say so far."""

    def __init__(self, log, number_, title):
        self.log, self.stage = log, LoggedStage(number_, title)
        log.stages.append(self.stage)
        self.run = self.table = self.half = self.epoch = None
        self.pending, self.prefix = Pending(), ""
        self.concluding = []  # the conclusion's lines so far
        self.unused, self.stated, self.under = [], {}, []

    def take(self, entry: Entry) -> Any:
        line, head = entry.text, entry.text[:LONGEST]
        half, self.half = self.half, None
        if half and HALF.match(head) and (parsed := self.figures_of(f"{half.text} {line}")):
            return self.figures(*parsed)
        if half:
            self.misunderstood(half)
        if entry.cells:
            self.row(entry)
        elif self.table and (cells := self.table.split(head)):
            self.row(entry._replace(cells=cells))
        elif parsed := self.figures_of(line):
            if self.table and not self.table.usual:  # its head says another order
                self.misunderstood(entry)
            else:
                self.figures(*parsed)
        elif (seconds := wording.seconds_of(head)) is not None:
            self.start_run().seconds = seconds
        elif match := wording.VERDICT.match(head):
            self.expect(Pending())
            self.stage.verdict = line[match.end() :]
        elif wording.NOTE.match(head):
            pass
        elif match := wording.CONCLUSION.match(head):
            self.conclude(line[match.end() :])
        elif match := wording.PROGRESS.fullmatch(head):
            self.epoch = int(match[1])
        elif not any(map(str.isdigit, head)) or not (self.setting(entry) or self.inline(entry)):
            self.text(entry)

    def figures_of(self, text: str) -> Any:
        return parse_line(text, self.log.decimal)

    def misunderstood(self, entry: Entry) -> None:
        """Name a line that holds figures and is not understood."""
        for lines in (self.log.not_understood, self.stage.not_understood):
            lines.append((entry.number, entry.text))
        self.pending.remark = None

    def below(self, title: str) -> None:
        """A heading inside the stage: what is below it is called so."""
        self.table = None
        self.expect(Pending(title, firm=True))
        self.prefix = title if re.search(r"[\d=]", title) else ""

    def expect(self, pending: Any) -> None:
        """Take what the next run will be called. What waited was a statement, or nothing."""
        waiting, half = self.pending, self.half
        if half:
            self.half = None
            self.misunderstood(half)
        if waiting.doubtful:
            self.misunderstood(waiting.entry)
        elif waiting.statement:
            self.stated |= waiting.stated
            for name, value in waiting.stated.items():
                setattr(self.stage, name, value)
        elif waiting.entry and waiting.remark is not None:
            self.unused.append((len(self.stage.runs), waiting))
        self.pending, self.run, self.epoch = pending, None, None
        self.concluded()

    def end(self) -> None:
        """Settle what only a whole stage says: runs without figures, what each trained under."""
        self.expect(Pending())
        labels = {run.label for run in self.stage.runs}
        knobs = set(map(_knob, labels)) - {""}
        for place, waiting in reversed(self.unused):
            match = None if waiting.remark else REMARK.fullmatch(waiting.label[:LONGEST])
            label, remark = match.groups() if match else (waiting.label, waiting.remark)
            is_run = waiting.firm and _knob(label) in knobs
            if label in labels:
                continue
            if remark and re.fullmatch(r"\D+" if is_run else wording.EMPTY, remark):
                self.stage.runs.insert(place, LoggedRun(label, [Line(math.nan, math.nan)]))
            elif is_run or wording.states_unknown(waiting.label):
                self.misunderstood(waiting.entry)
        for run, stated in self.under:
            for name, value in stated.items():
                if getattr(run, name) is None and getattr(self.stage, name) not in (None, value):
                    setattr(run, name, value)
        self.unused, self.stated, self.under = [], {}, []

    def row(self, entry: Entry) -> None:
        """A row of a table: its head says what its columns are."""
        if entry.head and not self.figures_of(entry.text):
            self.table = Table(entry.cells)
            return
        self.table = self.table or Table("" for _ in entry.cells)  # its head is above the stage
        row = self.table.read(entry.cells, self.log.decimal)
        if row is None:
            self.misunderstood(entry)
        elif row.line:
            if row.label and not (self.run and self.run.label == row.label):
                self.expect(Pending(row.label))
            self.figures(row.line, None)
            self.run.seconds = self.run.seconds if row.seconds is None else row.seconds

    def conclude(self, rest: Any) -> None:
        self.expect(Pending())
        self.concluding = [self.stage.conclusion, rest.strip(" *_")]

    def concluded(self) -> None:
        """End a conclusion, after which stands a run or another stage."""
        if self.concluding:
            self.stage.conclusion = " ".join(filter(None, self.concluding))
        self.concluding = []

    def setting(self, entry: Entry) -> Any:
        """A line that states epochs or a learning rate, of the stage or of the run that is named
        above it. Returns whether it is one.
        """
        head = entry.text[:LONGEST]
        stated = wording.stated_in(head, self.log.decimal, alone=entry.item)
        if not stated:
            return False
        if self.pending.firm and not self.pending.statement and not entry.item:
            self.pending.stated |= stated
            if self.stage.epochs is None and not self.stage.runs:
                self.stage.epochs = stated.get("epochs")
        else:
            self.expect(Pending(head, entry, entry.item, stated=stated, statement=True))
        return True

    def inline(self, entry: Entry) -> Any:
        """A label with figures behind it: '- layers=1: 0.012 0.013'. Returns whether it is one."""
        text = entry.text
        if len(text) > LONGEST or not any(map(str.isdigit, text)):
            return False
        for mark in list(INLINE.finditer(text))[-24:]:
            label, rest = text[: mark.start()].strip(" :：|→-"), text[mark.end() :]
            label = re.sub(r'[{}"]', "", label)
            named = re.search(r"[^\W\d]|=", label) or RATIO.match(label)
            if named and (parsed := self.figures_of(rest)):
                telling = entry.item or re.search(r"[\d=]", label)
                losses = LOSS.search(label) or looks_like_losses(label) or FIGURES.match(label)
                if losses or not telling and (self.pending.firm or mark[0].isspace()):
                    return False  # 'best 0.012 0.013' is no run
                self.expect(Pending(self.named(label)))
                self.figures(*parsed)
                return True
        return False

    def text(self, entry: Entry) -> None:
        """A line of words: the rest of a conclusion, a remark, or the next run's label."""
        head = entry.text[:LONGEST]
        if not entry.item and (table := Table.of_line(head)):  # 'epoch train valid'
            self.table = table
            return
        doubt = doubt_of(entry)
        lacking = self.run and wording.EMPTY.fullmatch(head)  # 'N/A N/A' between its figures
        if doubt == "figures" and HALF.match(head):
            self.half = entry
            return
        epochs = wording.EPOCHS.search(head)
        label = head[: epochs.start()].rstrip(" ，,(（") if epochs else entry.text
        if self.concluding and not epochs and doubt != "figures":
            self.concluding.append(entry.text)
        elif lacking or doubt == "figures" or doubt and self.pending.firm and not entry.item:
            self.misunderstood(entry)
            if entry.item:  # what it says is not known, but not what the run before says
                self.expect(Pending(entry.text, firm=True))
        elif not self.pending.firm or entry.item or "=" in label:
            label = ORDERED.sub("", label.strip(), count=1).rstrip(":：")
            firm = entry.item or "=" in label
            stated = {"epochs": wording.count(epochs[1])} if epochs else {}
            self.expect(Pending(self.named(label), entry, firm, bool(doubt), stated))
        elif wording.states_unknown(head):
            self.misunderstood(entry)
        else:
            self.pending.remark = entry.text

    def named(self, label: str) -> Any:
        """Return a label, with the heading above it where that says which run it is."""
        return f"{self.prefix}, {label}" if self.prefix and label else label or self.prefix

    def start_run(self) -> Any:
        if self.run is None:
            waiting, self.pending = self.pending, Pending()
            if len(self.concluding) > 2:  # the last line before the figures was no conclusion
                waiting = Pending(self.concluding.pop())
            self.concluded()
            self.run = LoggedRun(waiting.label, **({} if waiting.statement else waiting.stated))
            if waiting.statement:  # what is tried: the second run of the kind says so
                for name, value in waiting.stated.items():
                    setattr(self.stage, name, None if self.stage.runs else value)
            self.stage.runs.append(self.run)
            self.under.append((self.run, dict(self.stated)))
        return self.run

    def figures(self, line: Any, label: str) -> None:
        if label and self.run and self.run.lines:  # a bracket that names the next run
            self.run = None
        if line.epoch is None and self.epoch:
            line = replace(line, epoch=self.epoch)
        self.start_run().lines.append(line)
        self.epoch = None
        self.run.label = label or self.run.label


def _knob(label):
    """Return a label without its numbers: what runs of one knob have in common."""
    return re.sub(r"\d[\d.,]*", "#", label) if re.search(r"\d", label) else ""
