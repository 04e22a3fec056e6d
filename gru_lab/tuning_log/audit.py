"""What arithmetic alone says of a log: figures that follow from others, repeat or disagree.

Nothing is trained. Every finding carries its figures, so that it can be checked with a pencil. The
figure of a setting is its validation loss, the mean of its last lines; settings are compared at the
epochs most of a stage has. A log with lines that were not understood is audited on request only.
"""

from collections import Counter
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from gru_lab.tuning_log.checks import CHECKS, diverged, same_errors
from gru_lab.tuning_log.log import TuningLog
from gru_lab.tuning_log.read import read_log
from gru_lab.tuning_log.rows import rows_of
from gru_lab.tuning_log.stages import RECORDED

ANYWAY = "mend those lines, or pass anyway=True to judge the rest without them"


@dataclass(frozen=True)
class Finding:
    """One thing that the figures of a log say by themselves."""

    stage: int
    kind: str
    sentence: str
    figures: dict


class Findings(list):
    """A list of Findings that shows itself in a notebook; `table` is the same as a DataFrame."""

    @property
    def table(self) -> pd.DataFrame:
        return pd.DataFrame(
            [vars(finding) for finding in self], columns=["stage", "kind", "sentence", "figures"]
        )

    def _repr_html_(self):
        items = "".join(
            f"<li><b>Stage {finding.stage}, {finding.kind}.</b> {escape(finding.sentence)}</li>"
            for finding in self
        )
        nothing = "<p>Arithmetic alone has nothing to say of this log.</p>"
        return f"<ul>{items}</ul>" if self else nothing


def _lost(log):
    """Return a Finding for each stage (0: none) with lines that were not understood."""
    lost = {}
    inside = {line: stage.number for stage in log.stages for line in stage.not_understood}
    for line in log.not_understood:
        lost.setdefault(inside.get(line, 0), []).append(line)
    for stage, lines in sorted(lost.items()):
        shown = "; ".join(f"line {place}: {text[:60]!r}" for place, text in lines[:5])
        more = f"; and {len(lines) - 5} more" if len(lines) > 5 else ""
        where = f"stage {stage}" if stage else "no stage"
        what = f"{len(lines)} line{'s' if len(lines) > 1 else ''} of {where}"
        sentence = f"{what} with figures could not be read ({shown}{more})"
        yield Finding(stage, "lines not understood", sentence, dict(lines))


def audit(log: Any = None, anyway: bool = False) -> Findings:
    """Return the Findings on a TuningLog, a path, a log's text, or by default the recorded log.

    Raises ValueError if there is no log in it, and where lines with figures were not understood,
    with their numbers: what is concluded without them may be wrong. `anyway` judges the rest, with
    a finding that names them.

    >>> [(finding.stage, finding.kind) for finding in audit()][:2]
    [(2, 'same errors, other rulers'), (2, 'copied run')]
    """
    log = RECORDED if log is None else log
    log = log if isinstance(log, TuningLog) else read_log(log)
    findings = Findings(_lost(log))
    if findings and not anyway:
        sentences = "; ".join(finding.sentence for finding in findings)
        raise ValueError(f"log must be understood as a whole, but {sentences}; {ANYWAY}")
    stages = [rows_of(log, place) for place in range(len(log.stages))]
    finite = [row for rows in stages for row in rows if not row.diverged]
    for stage, rows in zip(log.stages, stages, strict=True):
        results = [*diverged(rows, stage.conclusion)]
        rows = [row for row in rows if not row.diverged]
        if rows:
            usual = Counter(row.epochs for row in rows).most_common(1)[0][0]
            rows = [row for row in rows if row.epochs == usual]
            # a verdict over several seeds rests on more than one run's last lines
            checks = [same_errors] if stage.verdict else CHECKS
            results += [result for check in checks for result in check(rows, finite, log)]
        findings += [Finding(stage.number, *result) for result in results]
    return findings
