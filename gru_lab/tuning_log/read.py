"""Read a tuning log in the manner of the recorded one, or in the many manners of other people.

What a line means is told by its form and by where it stands; a line that holds figures and is not
understood is never passed over: `log.not_understood` has its number and its text.
"""

import re
from pathlib import Path

from gru_lab.tuning_log import wording
from gru_lab.tuning_log.entries import decimal_of, doubt_of, entries_of, stage_heading
from gru_lab.tuning_log.lines import LONGEST, parse_line
from gru_lab.tuning_log.log import TuningLog
from gru_lab.tuning_log.section import Section

MODEL = re.compile(r"[A-Z]\w{0,40}\($|(?:RNN|GRU|LSTM)\(")


class _Reader:
    """Takes a log's lines one after the other; `log` is what they say so far."""

    def __init__(self, entries):
        self.log = TuningLog(decimal=decimal_of(entries))
        self.marked = any(entry.level and stage_heading(entry.text) for entry in entries)
        self.section, self.inside = None, False
        self.level = self.below = self.depth = self.last = 0
        for entry in entries:
            self.take(entry)
        if self.section:
            self.section.end()
        self.log.not_understood.sort()

    def take(self, entry):
        line, head = entry.text, entry.text[:LONGEST]
        if self.depth and not entry.level and not parse_line(head, self.log.decimal):
            self.model(line)
        elif not (entry.level or entry.cells) and MODEL.match(head):
            self.model(line)
        elif entry.level and self.heading(entry) or not entry.cells and self.plain_heading(entry):
            pass
        elif self.inside:
            self.section.take(entry)
        else:
            self.beside(entry)

    def model(self, line):
        """A line of the network, as torch prints it: until its brackets are closed."""
        first = not self.depth
        self.depth += line.count("(") - line.count(")")
        self.log.model += line if first else ("\n" if line == ")" else "\n  ") + line

    def heading(self, entry):
        """A heading: the log's title, a stage, or a label for what is below it. Returns True."""
        self.depth = 0
        title, deeper = entry.text, self.section is not None and entry.level > self.level
        following = self.last + 1
        numbered = stage_heading(title, expected=following)
        sub = wording.BELOW.fullmatch(title[:LONGEST])
        if not (numbered or sub or deeper):
            numbered = stage_heading(title, wording.BARE)
            numbered = numbered if numbered and numbered[0] == following else None
        if numbered and deeper and (numbered[0] != following or entry.level == self.below):
            self.below, numbered, title = entry.level, None, numbered[1]
        if numbered:
            self.start_stage(*numbered[:2], entry.level)
        elif self.section is None:
            self.log.title = self.log.title or title
        elif (match := wording.CONCLUSION.match(title)) and (
            deeper or not self.section.stage.conclusion
        ):
            self.section.conclude(title[match.end() :])
        elif deeper or sub:
            self.section.below(sub["title"] if sub else title)
        else:
            self.section.end()
            self.inside = False
        return True

    def plain_heading(self, entry):
        """A stage's heading without marks: 'Stage 2: dropout'. Returns whether it is one."""
        patterns = wording.BY_WORD + (() if self.marked else wording.BY_NUMBER)
        heading = None if entry.item else stage_heading(entry.text, patterns, self.last + 1)
        figures = parse_line(entry.text[:LONGEST], self.log.decimal)
        if not heading or heading[0] != self.last + 1 or figures:
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
        if self.section:
            self.section.end()
        self.section, self.inside = Section(self.log, number_, title), True
        self.level, self.below, self.last = level, 0, number_

    def beside(self, entry):
        """A line that belongs to no stage: settings of the whole log, or figures with no place."""
        epochs = wording.EPOCHS.search(entry.text[:LONGEST])
        if self.section is None and epochs:
            self.log.epochs = wording.count(epochs[1])
        elif parse_line(entry.text, self.log.decimal) or doubt_of(entry) == "figures":
            self.log.not_understood.append((entry.number, entry.text))


def read_log(source: str | Path) -> TuningLog:
    """Return the TuningLog in `source`, a path, or the text itself if it has a line break.

    Headings with a number begin a stage ('## 2.', '## Stage 2:', '2)', '第二步'); below it stand
    labels, lines or tables of losses, and a conclusion, in English, German, French, Spanish or
    Chinese. A run that failed has a line of NaN. A decimal comma is read where the whole log has
    it. Lines with figures that are not understood are in
    `not_understood`. Raises ValueError if the file cannot be read, or holds no stage with figures.

    >>> log = read_log("## 1. Layers\\n- layers=1\\n0.012 0.013\\n0.011 0.012 best?\\n")
    >>> log.not_understood
    [(4, '0.011 0.012 best?')]
    """
    text, log_name = str(source), "log"
    if isinstance(source, Path) or not re.search(r"[\n\r]", text[:10_000_000]):
        log_name = f"log {text[:LONGEST]!r}"
        try:
            raw = Path(source).read_bytes()
            text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8")
        except (OSError, UnicodeError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ValueError(
                f"{log_name} must be a UTF-8 text file, or the text of a log: {reason}"
            ) from error
    log = _Reader(entries_of(text.lstrip("\ufeff"))).log
    if not any(stage.runs for stage in log.stages):
        lost = [f"line {number}: {text[:60]!r}" for number, text in log.not_understood[:5]]
        raise ValueError(
            f"{log_name} must hold a tuning log: no numbered heading with lines of losses below "
            "it was found; begin each question with a heading such as '## 1. How many layers?'"
            + (f". Not understood: {'; '.join(lost)}" if lost else "")
        )
    return log
