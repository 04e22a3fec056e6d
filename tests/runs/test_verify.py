"""The first epochs of kept runs trained again: the same figures, or a word that they differ."""

import pytest

import gru_lab as lab
from gru_lab.cli import main
from gru_lab.runs.exchange import as_block, pack
from gru_lab.runs.verify import record_runs, series_of, verify


@pytest.fixture
def record_file(store, tmp_path):
    """A record of one short run on the built-in series, and a function that changes a figure."""
    stage = lab.stage("dropout", "tiny")
    config = stage.config("dropout=0.1")
    lab.sweep([config], series=stage.series, store=store, workers=1)
    page = {"title": "t", "facts": {}, "line": "", "runs": pack([config], store)}

    def write(change=lambda page: None):
        change(page)
        path = tmp_path / "record.html"
        path.write_text(as_block(page))
        return path

    return write


def test_the_first_epoch_of_a_run_in_a_record_is_trained_again_to_the_last_digit(
    record_file, capsys
):
    (answer,) = verify(record_runs(record_file()))
    assert answer.exact and answer.agrees and (answer.table["difference"] == 0).all()
    assert len(answer.table) == 8
    assert main(["verify", str(record_file()), "--epochs", "2"]) == 0
    assert "1 of 1 runs agree" in capsys.readouterr().out


def test_a_figure_changed_by_hand_is_found_and_named(record_file, capsys):
    def change(page):
        page["runs"][0]["curve"]["val_missing"][0] *= 1.01

    path = record_file(change)
    assert main(["verify", str(path)]) == 1
    told = capsys.readouterr().out
    assert "DIFFERS" in told and "val_missing" in told and "0 of 1 runs agree" in told


def test_runs_of_another_torch_are_compared_within_a_tolerance(record_file):
    def change(page):
        page["runs"][0]["torch"] = "1.0"
        page["runs"][0]["curve"]["val_missing"][0] *= 1.0001

    (answer,) = verify(record_runs(record_file(change)))
    assert not answer.exact and answer.agrees and "to 0.1%" in str(answer)


def test_a_series_that_is_not_the_runs_is_an_error_that_says_which_is_needed(store):
    config = lab.stage("dropout", "tiny").config("dropout=0")
    with pytest.raises(ValueError, match="data must be the series .* has"):
        series_of(config.replace(data_digest="0" * 12))
    with pytest.raises(ValueError, match="name that file by --data"):
        series_of(config.replace(data="mine.csv"))


def test_a_record_without_runs_has_nothing_to_verify(tmp_path):
    path = tmp_path / "bare.html"
    path.write_text(as_block({"title": "t", "facts": {}, "line": "", "runs": []}))
    with pytest.raises(ValueError, match="must hold runs to verify"):
        record_runs(path)
    assert main(["verify", "0"]) == 2


def test_runs_are_counted_of_a_record_only(capsys):
    assert main(["verify", "1", "--runs", "2"]) == 2
    assert "--runs must stand beside a record" in capsys.readouterr().err
