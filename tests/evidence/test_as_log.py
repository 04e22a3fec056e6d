"""A log that can be trusted: everything its reader needs is filled in, and the decision is left to
the author.
"""

import pytest

import gru_lab as lab
from gru_lab.digits import signed
from gru_lab.evidence.as_log import changes, trusted_log
from gru_lab.evidence.verdict import verdict


@pytest.fixture(scope="module")
def results(tiny_runs, tmp_path_factory):
    store = tiny_runs(tmp_path_factory.mktemp("store"))
    return lab.sweep(lab.stage("num_layers", "tiny"), seeds=2, store=store, workers=1)


def test_what_a_setting_changes_is_said_even_where_it_does_so_in_silence():
    layers, mask = lab.stage("num_layers", "tiny"), lab.stage("mask_input", "tiny")
    assert changes(layers, layers["2 layers"]) == ""
    assert changes(layers, layers["4 layers"]) == "layers 4"
    assert changes(layers, layers["1 layer"]) == "dropout 0, layers 1"
    assert (
        changes(layers, layers["2 layers, no dropout, 5 times as long (control)"])
        == "dropout 0, epochs 6"
    )
    assert changes(mask, mask["included"]) == "mask as input True"


def test_the_log_holds_every_setting_with_its_figures(results):
    text = trusted_log(results)
    summary, table = results.summary(), verdict(results).table["corrected ruler"]
    for setting in results.stage.settings:
        (row,) = (line for line in text.splitlines() if line.startswith(f"| {setting.name} |"))
        mean, spread = summary.loc[setting.name, ["corrected ruler", "±"]]
        assert f"| {mean:.3g} ± {spread:.1g} |" in row
    difference = table.loc["4 layers", "difference"]
    assert f"{signed(difference)} (" in text


def test_the_log_says_what_was_fixed_and_leaves_the_decision_to_its_author(results):
    text = trusted_log(results)
    assert text.startswith("## 3. How many layers?\n")
    assert (
        results.stage.series.digest in text
        and "**Seeds:** 0, 1, the same for every setting" in text
    )
    assert "Compared, although more than one thing differs: 1 layer\n" in text
    assert f"**Cannot tell.** {verdict(results).sentence}" in text
    assert text.endswith("**Decision, and its reason:** …")
