"""A run as a notebook cell: what a person set with sliders, as code that trains the same curve
without them.
"""

import dataclasses

from gru_lab.tuning_log.stage import PROFILES

CELL = """\
{imports}

stage = {stage}{note}
config = lab.RunConfig({settings})
trainer = lab.Trainer(config, stage.series{moves})
for row in trainer:
    print(row["epoch"], row["val_missing"])
trainer.curve"""


def as_cell(stage, config, schedule=()):
    """Return a cell that trains `config` on the stage's series, moving its weight as `schedule`
    says.

    Only settings that differ from the defaults are written out. A series that is not the built-in
    one cannot be written out at all: the cell then expects it under the name `data`.
    """
    known, built_in = (
        stage.profile.name in PROFILES,
        stage.series.name == f"demo-{stage.profile.rows}-0",
    )
    arguments = [
        repr(stage.name),
        f"profile={stage.profile.name!r}" if known else f"profile={stage.profile!r}",
    ]
    if stage.own:
        call, known, built_in = stage.as_code(), True, "data=data" not in stage.as_code()
    else:
        call = f"lab.stage({', '.join(arguments + ([] if built_in else ['data=data']))})"
    fields = [one for one in dataclasses.fields(config) if not one.name.startswith("data")]
    differing = {
        one.name: getattr(config, one.name)
        for one in fields
        if getattr(config, one.name) != one.default
    }
    return CELL.format(
        imports="import gru_lab as lab" + ("" if known else "\nfrom gru_lab.config import Profile"),
        stage=call,
        note="" if built_in else "  # data: the table that this was run on",
        settings=", ".join(f"{name}={value!r}" for name, value in differing.items()),
        moves=f", schedule={list(schedule)!r}" if schedule else "",
    )
