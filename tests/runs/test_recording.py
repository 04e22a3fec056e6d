"""What a kernel learns of the record that is made of it, and what it tells back."""

import pytest

import gru_lab as lab
from gru_lab.runs.recording import is_recording, note_used, recording


def test_only_a_kernel_that_a_record_is_made_of_knows_so(store, monkeypatch):
    monkeypatch.delenv("GRU_LAB_RECORD", raising=False)
    with recording(store, "cpu") as (environment, _):
        assert not is_recording()  # this process stays as it is
        monkeypatch.setattr("os.environ", environment)
        assert is_recording()
        assert environment["GRU_LAB_STORE"] == store.url
        assert environment["CUDA_VISIBLE_DEVICES"] == ""


def test_runs_that_a_sweep_uses_are_noted_while_a_recording_listens(store, monkeypatch):
    stage = lab.stage("mask_input", "tiny")
    configs = [config for _, config in stage.configs(1)]
    lab.sweep(stage, 1, store, workers=1)  # nobody listens
    with recording(store) as (environment, used):
        assert used() == []
        monkeypatch.setenv("GRU_LAB_USED", environment["GRU_LAB_USED"])
        lab.sweep(stage, 1, store, workers=1)  # nothing is trained, and they are used
        assert used() == configs


@pytest.mark.parametrize("text", ["", None])
def test_without_a_recording_nothing_is_noted(text, config, monkeypatch):
    monkeypatch.delenv("GRU_LAB_USED", raising=False)
    if text is not None:
        monkeypatch.setenv("GRU_LAB_USED", text)
    note_used([config])
