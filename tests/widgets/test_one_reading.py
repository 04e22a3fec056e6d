"""A run is read by a ruler in one place: everywhere that shows its lines shows the same ones."""

import re

import pytest

import gru_lab as lab
from gru_lab.evidence.as_log import tuning_log
from gru_lab.runs.results import Results
from gru_lab.tuning_log.rulers import log_lines
from gru_lab.tuning_log.write import write_log
from gru_lab.widgets.explorer import explorer_data
from gru_lab.widgets.panel import Panel

STAGES = ("mask_input", "missing_weight", "num_layers", "dropout", "loss_ratio")


@pytest.fixture(scope="module")
def stages(tiny_runs, tmp_path_factory):
    """Every stage on the tiny profile, and the store of their runs with seed 0."""
    store = tiny_runs(tmp_path_factory.mktemp("read"))
    store.delete(store.runs().query("seed > 0")["key"])
    return [lab.stage(name, "tiny") for name in STAGES], store


@pytest.mark.parametrize("number", range(5), ids=STAGES)
def test_panel_explorer_results_and_the_written_log_print_the_same_lines(stages, number):
    bound, store = stages
    stage = bound[number]
    results = Results.collect(stage, 1, store)
    written = write_log(tuning_log([results]))
    explored = {
        (run["name"], run["epochs"]): run["lines"] for run in explorer_data(stage, store)["runs"]
    }
    panel = Panel(stage, store)
    for setting in stage.settings:
        lines = results.lines(setting.name)
        config = stage.config(setting)
        name = f"stage {stage.number}, {setting.name}"
        assert explored.get((name, config.epochs), lines) == lines
        quoted = "  \n".join(f"> {line}" for line in lines.splitlines())
        assert f"{setting.name} [seed 0]" in written and quoted in written
        panel.live.show(config)
        panel._draw()
        assert panel.copies[1].text == lines
    assert any(name.startswith(f"stage {stage.number}") for name, _ in explored)


@pytest.mark.parametrize("number", range(5), ids=STAGES)
def test_a_run_that_is_no_setting_of_the_stage_is_read_alike_in_panel_and_explorer(stages, number):
    bound, store = stages
    stage = bound[number]
    runs = explorer_data(stage, store)["runs"]
    foreign = next(run for run in runs if not run["name"].startswith(f"stage {stage.number},"))
    other = bound[int(re.match(r"stage (\d)", foreign["name"])[1]) - 1]
    setting = foreign["name"].partition(", ")[2]
    config = other.config(setting).replace(epochs=foreign["epochs"])
    panel = Panel(stage, store)
    panel.live.show(config)
    panel._draw()
    assert panel.copies[1].text == foreign["lines"] == log_lines(stage, config, store.curve(config))


def test_lines_have_the_decimals_that_the_stages_own_lines_have(stages):
    bound, store = stages
    for run in explorer_data(bound[4], store)["runs"]:
        assert all(
            len(line.split()[-1].partition(".")[2]) >= 6 for line in run["lines"].splitlines()
        )
