"""A run as a notebook cell: the code, run by itself, trains the same curve."""

import contextlib
import io

import gru_lab as lab
from gru_lab.tuning_log.stage import Profile
from gru_lab.widgets.as_cell import as_cell


def run(cell):
    space = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(cell.rpartition("\n")[0], "cell", "exec"), space)
    return space["trainer"].curve["val_missing"].tolist()


def test_the_cell_trains_exactly_this_run_its_moved_weight_included():
    stage = lab.stage("dropout", "tiny")
    config = stage.config("dropout=0.2", seed=3)
    trainer = lab.Trainer(config, stage.series, schedule=[(1, 2, 4.0)])
    wanted = [row["val_missing"] for row in trainer]
    assert run(as_cell(stage, config, trainer.schedule)) == wanted
    assert run(as_cell(stage, config)) != wanted


def test_a_profile_of_ones_own_is_written_out():
    stage = lab.stage("dropout", Profile("small", 2_800, 8, 200.0, 1, "a test"))
    space, cell = {}, as_cell(stage, stage.config("dropout=0.5"))
    exec(cell.partition("config =")[0], space)
    assert str(space["stage"]) == str(stage) and space["stage"].profile == stage.profile


def test_only_what_differs_from_the_defaults_is_written_out():
    stage = lab.stage("dropout", "tiny")
    cell = as_cell(stage, stage.config("dropout=0.5"))
    assert (
        "dropout" not in cell.partition("RunConfig(")[2].partition(")")[0]
        and "hidden_size=8" in cell
    )
