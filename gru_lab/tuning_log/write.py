"""A TuningLog as Markdown, in English or Chinese; `read_log` reads it back."""

from collections.abc import Iterable

from gru_lab.tuning_log.log import LoggedStage, TuningLog
from gru_lab.tuning_log.read import read_log
from gru_lab.words import words

NOTE = "Figures are the losses of the last 3 epochs, training and validation."


def _run_text(run, texts):
    epochs = texts[", epochs {}"].format(run.epochs) if run.epochs else ""
    label = [f"- {run.label}{epochs}"] if run.label else []
    figures = ([f"{run.seconds!r}s"] if run.seconds else []) + [str(line) for line in run.lines]
    # Markdown's own line break
    return "\n\n".join([*label, "  \n".join(f"> {line}" for line in figures)])


def stage_text(stage: LoggedStage, texts: dict[str, str], notes: Iterable[str] = ()) -> str:
    """Return a LoggedStage as Markdown, its notes below the heading."""
    head = [f"## {stage.number}. {stage.title}", *notes]
    head += [f"{texts['Epochs: ']}{stage.epochs}"] if stage.epochs else []
    head += [f"LR = {stage.learning_rate!r}"] if stage.learning_rate else []
    rates = [run.learning_rate or stage.learning_rate for run in stage.runs]
    runs = [
        "\n\n".join([f"LR = {rate!r}"] * (rate != before) + [_run_text(run, texts)])
        for run, rate, before in zip(stage.runs, rates, [stage.learning_rate, *rates], strict=False)
    ]
    if rates and rates[-1] != stage.learning_rate:
        runs[-1] += f"\n\nLR = {stage.learning_rate!r}"
    if stage.conclusion:  # a run without a label needs something before it that ends the run before
        after = len(runs) > 1 and not stage.runs[-1].label
        runs.insert(len(runs) - after, texts["Conclusion: "] + stage.conclusion)
    judged = [texts["Verdict: "] + stage.verdict] if stage.verdict else []
    place = len(runs) - bool(stage.conclusion)
    return "\n\n".join([*head, *runs[:place], *judged, *runs[place:]])


def write_log(log: TuningLog, language: str = "en") -> str:
    """Return a TuningLog as Markdown in the recorded log's manner, in `language` 'en' or 'zh'.

    `read_log` gives the same TuningLog back; raises ValueError for one that could not be read back
    as it is.
    """
    texts = words(language)
    parts = [f"# {log.title}"] if log.title else []
    parts += [f"## {texts['Settings']}"]
    parts += [f"- {texts['Epochs: ']}{log.epochs}"] if log.epochs else []
    parts += ["\n".join(f"      {line}" for line in log.model.splitlines())] if log.model else []
    parts += [texts[NOTE], *(stage_text(stage, texts) for stage in log.stages)]
    text = "\n\n".join(parts) + "\n"
    if log.not_understood:
        number, line = log.not_understood[0]
        raise ValueError(
            f"log must be understood as a whole to be written: line {number}, {line[:60]!r}, would "
            "be lost; mend that line"
        )
    if read_log(text) != log:
        raise ValueError(
            "log must be one that can be read back: a label or title in it reads like something "
            "else; give it another name"
        )
    return text
