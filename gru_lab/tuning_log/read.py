"""Read a tuning log in the manner of the recorded one, or in the many manners of other people.

What a line means is told by its form and by where it stands; a line that holds figures and is not
understood is never passed over: `log.not_understood` has its number and its text.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from gru_lab.tuning_log import wording
from gru_lab.tuning_log.entries import (
    LOSS,
    RATIO,
    Entry,
    decimal_of,
    doubt_of,
    entries_of,
    stage_heading,
)
from gru_lab.tuning_log.lines import LONGEST, number, parse_line, roles_of
from gru_lab.tuning_log.log import LoggedRun, LoggedStage, TuningLog
from gru_lab.tuning_log.table import Table

ORDERED = re.compile(r"^\d{1,3}[.)]\s+")
MODEL = re.compile(r"[A-Z]\w{0,40}\($|(?:RNN|GRU|LSTM)\(")
INLINE = re.compile(r"->|[:：→|\t,]|\s{2,}|\s")


@dataclass
class _Pending:
    """What the next run will be called; `doubtful` is its Entry where it looks like a figure."""

    label: str = ""
    epochs: int | None = None
    firm: bool = False  # an item of a list, or 'name=value': prose after it does not replace it
    doubtful: Entry | None = None
    statement: str = ""  # 'epochs' or 'learning_rate', where the line states that for the stage
    before: object = None  # what the stage said of it before


class _Reader:
    """Takes a log's lines one after the other; `log` is what they say so far."""

    def __init__(self, entries):
        self.log = TuningLog(decimal=decimal_of(entries))
        self.marked = any(entry.level and stage_heading(entry.text) for entry in entries)
        self.stage = self.run = None
        self.level = self.below = self.depth = 0
        self.pending, self.prefix, self.table, self.order = _Pending(), "", None, ()
        self.concluding, self.outside = [], False  # the conclusion's lines so far
        for entry in entries:
            self.take(entry)
        self.expect(_Pending())
        self.log.not_understood.sort()

    def take(self, entry):
        line, head = entry.text, entry.text[:LONGEST]
        if self.depth and not entry.level and not self.figures_of(head):
            self.model(line)
        elif not entry.level and MODEL.match(head) and not entry.cells:
            self.model(line)
        elif entry.level and self.heading(entry) or not entry.cells and self.plain_heading(entry):
            pass
        elif self.stage is None or self.outside:
            self.beside(entry)
        elif entry.cells:
            self.row(entry)
        elif parsed := self.figures_of(line):
            self.figures(*parsed)
        elif match := wording.SECONDS.fullmatch(head):
            minutes = match["unit"].lower().startswith("min")
            seconds = float(match["value"].replace(",", "."))
            self.start_run().seconds = seconds * (60 if minutes else 1)
        elif match := wording.VERDICT.match(head):
            self.expect(_Pending())
            self.stage.verdict = line[match.end() :]
        elif wording.NOTE.match(head):
            pass
        elif match := wording.CONCLUSION.match(head):
            self.conclude(line[match.end() :])
        elif any(map(str.isdigit, head)) and (
            wording.PROGRESS.fullmatch(head) or self.setting(entry) or self.inline(entry)
        ):
            pass
        else:
            self.text(entry)

    def figures_of(self, text):
        return parse_line(text, self.log.decimal, self.order)

    def model(self, line):
        """A line of the network, as torch prints it: until its brackets are closed."""
        first = not self.depth
        self.depth += line.count("(") - line.count(")")
        self.log.model += line if first else ("\n" if line == ")" else "\n  ") + line

    def misunderstood(self, entry):
        """Name a line that holds figures and is not understood."""
        self.log.not_understood.append((entry.number, entry.text))
        if self.stage and not self.outside:
            self.stage.not_understood.append((entry.number, entry.text))

    def expect(self, pending):
        """Take what the next run will be called. What waited was a statement, or nothing."""
        waiting, self.pending = self.pending, pending
        if waiting.doubtful:
            self.misunderstood(waiting.doubtful)
        elif self.stage and waiting.firm and waiting.epochs and not waiting.label:
            self.stage.epochs = waiting.epochs
        elif self.stage and waiting.firm and (match := wording.RATE.fullmatch(waiting.label)):
            self.stage.learning_rate = self.value(match)
        self.run = None
        self.concluded()

    def value(self, match):
        text = match["value"].rstrip(".,").replace("\u2212", "-")
        return (number(text, self.log.decimal) or number(text) or number(text, ","))[0]

    def heading(self, entry):
        """A heading: the log's title, a stage, or a label for what is below it. Returns True."""
        self.depth, self.order = 0, ()
        title, deeper = entry.text, self.stage is not None and entry.level > self.level
        last = self.stage.number if self.stage else 0
        numbered = stage_heading(title)
        sub = wording.BELOW.fullmatch(title[:LONGEST])
        if not (numbered or sub or deeper):
            numbered = stage_heading(title, [wording.BARE])
            numbered = numbered if numbered and numbered[0] == last + 1 else None
        if numbered and deeper and (numbered[0] != last + 1 or entry.level == self.below):
            self.below, numbered, title = entry.level, None, numbered[1]
        if numbered:
            self.start_stage(*numbered[:2], entry.level)
        elif self.stage is None:
            self.log.title = self.log.title or title
        elif (match := wording.CONCLUSION.match(title)) and (deeper or not self.stage.conclusion):
            self.conclude(title[match.end() :])
        elif deeper or sub:
            title = sub["title"] if sub else title
            self.expect(_Pending(title, firm=True))
            self.prefix = title if re.search(r"[\d=]", title) else ""
        else:
            self.expect(_Pending())
            self.outside = True
        return True

    def plain_heading(self, entry):
        """A stage's heading without marks: 'Stage 2: dropout'. Returns whether it is one."""
        last = self.stage.number if self.stage else 0
        patterns = wording.BY_WORD + (() if self.marked else wording.BY_NUMBER)
        heading = None if entry.item else stage_heading(entry.text, patterns)
        if not heading or heading[0] != last + 1 or self.figures_of(entry.text[:LONGEST]):
            return False
        number_, title, match = heading
        if match.re is wording.BY_ORDINAL:  # 'the second step was slow' is prose
            return False
        by_word = match.re in wording.BY_WORD
        if by_word and match["sep"] is None or not by_word and "=" in title:
            return False
        self.start_stage(number_, title, self.level or 1)
        return True

    def start_stage(self, number_, title, level):
        self.expect(_Pending())
        self.stage, self.outside = LoggedStage(number_, title), False
        self.log.stages.append(self.stage)
        self.level, self.below, self.prefix, self.order = level, 0, "", ()

    def beside(self, entry):
        """A line that belongs to no stage: settings of the whole log, or figures with no place."""
        epochs = wording.EPOCHS.search(entry.text[:LONGEST])
        if self.stage is None and epochs:
            self.log.epochs = wording.count(epochs[1])
        elif parse_line(entry.text, self.log.decimal):
            self.misunderstood(entry)

    def row(self, entry):
        """A row of a table: its head says what its columns are."""
        if entry.head:
            self.table = Table(entry.cells)
            return
        row = self.table.read(entry.cells, self.log.decimal)
        if row is None:
            self.misunderstood(entry)
        elif row.line:
            if row.label and not (self.run and self.run.label == row.label):
                self.expect(_Pending(row.label))
            self.figures(row.line, None)
            self.run.seconds = row.seconds or self.run.seconds

    def conclude(self, rest):
        self.expect(_Pending())
        self.concluding = [self.stage.conclusion, rest.strip(" *_")]

    def concluded(self):
        """End a conclusion, after which stands a run or another stage."""
        if self.concluding:
            self.stage.conclusion = " ".join(filter(None, self.concluding))
        self.concluding = []

    def setting(self, entry):
        """A line that states the stage's epochs or learning rate. Returns whether it is one."""
        head = entry.text[:LONGEST]
        if entry.item:
            return False
        parts = [part.strip() for part in re.split(r"[,，;；]\s|\s(?:and|und|et)\s", head)]
        rates = [wording.RATE.fullmatch(part) for part in parts]
        epochs = [
            wording.EPOCHS.fullmatch(part) or wording.COUNT_FIRST.fullmatch(part) for part in parts
        ]
        if not any(rates) or not all(a or b for a, b in zip(rates, epochs, strict=True)):
            return self.epochs(entry)
        before = self.stage.learning_rate
        self.expect(_Pending(head, statement="learning_rate", before=before))
        for rate, length in zip(rates, epochs, strict=True):
            if rate:
                self.stage.learning_rate = self.value(rate)
            else:
                self.stage.epochs = wording.count(length[length.lastindex])
        return True

    def epochs(self, entry):
        """A line that states the stage's epochs, or of a run that is named already its own."""
        head = entry.text[:LONGEST]
        statement = wording.EPOCHS.search(head) or wording.COUNT_FIRST.fullmatch(head)
        if not statement or "=" in head[: statement.start(statement.lastindex)].rstrip("= :："):
            return False
        epochs = wording.count(statement[statement.lastindex])
        if self.pending.firm:
            self.pending.epochs = epochs
            if self.stage.epochs is None and not self.stage.runs:
                self.stage.epochs = epochs
        else:
            before, self.stage.epochs = self.stage.epochs, epochs
            self.expect(_Pending(head, epochs, statement="epochs", before=before))
        return True

    def inline(self, entry):
        """A label with figures behind it: '- layers=1: 0.012 0.013'. Returns whether it is one."""
        text = entry.text
        if len(text) > LONGEST or not any(map(str.isdigit, text)):
            return False
        for mark in list(INLINE.finditer(text))[-24:]:
            label, rest = text[: mark.start()].strip(" :：|→-"), text[mark.end() :]
            named = re.search(r"[^\W\d]|=", label) or RATIO.match(label)
            if named and (parsed := self.figures_of(rest)):
                telling = entry.item or re.search(r"[\d=]", label)
                if LOSS.search(label) or not telling and (self.pending.firm or mark[0].isspace()):
                    return False  # 'best 0.012 0.013' is no run
                self.expect(_Pending(self.named(label)))
                self.figures(*parsed)
                return True
        return False

    def text(self, entry):
        """A line of words: the rest of a conclusion, a remark, or the next run's label."""
        head = entry.text[:LONGEST]
        roles = roles_of(head)
        if roles is not None and not entry.item:  # 'epoch train valid': the head of what follows
            self.order = tuple(roles) if {"train", "valid"} <= set(roles) else ()
            return
        doubt = doubt_of(entry)
        epochs = wording.EPOCHS.search(head)
        label = head[: epochs.start()].rstrip(" ，,(（") if epochs else entry.text
        if self.concluding and not epochs and doubt != "figures":
            self.concluding.append(entry.text)
        elif doubt == "figures" or doubt and self.pending.firm and not entry.item:
            self.misunderstood(entry)
            if entry.item:  # what it says is not known, but not what the run before says
                self.expect(_Pending(entry.text, firm=True))
        elif not self.pending.firm or entry.item or "=" in label:
            label = ORDERED.sub("", label.strip(), count=1).rstrip(":：")
            firm = entry.item or "=" in label
            length = wording.count(epochs[1]) if epochs else None
            self.expect(_Pending(self.named(label), length, firm, entry if doubt else None))

    def named(self, label):
        """Return a label, with the heading above it where that says which run it is."""
        return f"{self.prefix}, {label}" if self.prefix and label else label or self.prefix

    def start_run(self):
        if self.run is None:
            waiting, self.pending = self.pending, _Pending()
            if len(self.concluding) > 2:  # the last line before the figures was no conclusion
                waiting = _Pending(self.concluding.pop())
            self.concluded()
            self.run = LoggedRun(waiting.label, epochs=waiting.epochs)
            if waiting.statement and self.stage.runs:
                again = waiting.statement == "epochs"
                setattr(self.stage, waiting.statement, waiting.before if again else None)
            self.stage.runs.append(self.run)
        return self.run

    def figures(self, line, label):
        if label and self.run and self.run.lines:  # a bracket that names the next run
            self.run = None
        self.start_run().lines.append(line)
        self.run.label = label or self.run.label


def read_log(source: str | Path) -> TuningLog:
    """Return the TuningLog in `source`, a path, or the text itself if it has a line break.

    Headings with a number begin a stage ('## 2.', '## Stage 2:', '2)', '第二步'); below it stand
    labels, lines of losses, and a conclusion, in English, German, French or Chinese. A decimal
    comma is read where the whole log has it. Lines with figures that are not understood are in
    `not_understood`. Raises ValueError if the file cannot be read, or holds no stage with figures.

    >>> log = read_log("## 1. Layers\\n- layers=1\\n0.012 0.013\\n0.011 0.012 best?\\n")
    >>> log.not_understood
    [(4, '0.011 0.012 best?')]
    """
    text = str(source)
    if isinstance(source, Path) or not re.search(r"[\n\r]", text[:10_000_000]):
        try:
            raw = Path(source).read_bytes()
            text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8")
        except (OSError, UnicodeError, ValueError) as error:
            raise ValueError(
                f"source must be a UTF-8 text file or a log's text: {error}"
            ) from error
    log = _Reader(entries_of(text.lstrip("\ufeff"))).log
    if not any(stage.runs for stage in log.stages):
        raise ValueError(
            "source must hold a tuning log: no numbered heading with lines of losses below it "
            "was found; begin each question with a heading such as '## 1. How many layers?'"
        )
    return log
