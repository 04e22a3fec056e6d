"""A run as a notebook cell: code that trains the same curve as the sliders did."""

import dataclasses
from collections.abc import Iterable
from typing import Any

from gru_lab.config import RunConfig
from gru_lab.tuning_log.stage import PROFILES

PROFILE = "\nfrom gru_lab.tuning_log.stage import Profile"  # where it is none of ours
CELL = """\
{imports}

stage = {stage}{note}
config = lab.RunConfig({settings})
trainer = lab.Trainer(config, stage.series{moves})
for row in trainer:
    print(row["epoch"], row["val_missing"])
trainer.curve"""


def as_cell(stage: Any, config: RunConfig, schedule: Iterable[tuple] = ()) -> str:
    """Return a cell that trains `config` on the stage's series, its weight moved by `schedule`.

    Only settings that differ from the defaults are written out. A series that is not the built-in
    one cannot be written out at all: the cell then expects it under the name `data`.
    """
    if stage.own:
        call = stage.as_code()
    else:
        profile, built_in = stage.profile, f"demo-{stage.profile.rows}-0"
        profile = profile.name if profile.name in PROFILES else profile
        call = f"lab.stage({stage.name!r}, profile={profile!r}"
        call += ")" if stage.series.name == built_in else ", data=data)"
    fields = [field for field in dataclasses.fields(config) if not field.name.startswith("data")]
    differing = {
        field.name: getattr(config, field.name)
        for field in fields
        if getattr(config, field.name) != field.default
    }
    return CELL.format(
        imports="import gru_lab as lab" + PROFILE * ("Profile(" in call),
        stage=call,
        note="  # data: the table that this was run on" if "data=data" in call else "",
        settings=", ".join(f"{name}={value!r}" for name, value in differing.items()),
        moves=f", schedule={list(schedule)!r}" if schedule else "",
    )
