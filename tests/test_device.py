"""The device of a network: a GPU repeats its figures, and rounds as a CPU does."""

import os

import torch

from gru_lab.device import pick_device


def test_a_gpu_is_set_to_repeat_its_figures_and_to_round_as_a_cpu_does(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.backends.cudnn.allow_tf32", True)
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", "")  # is put back afterwards
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG")
    assert pick_device("cpu") == torch.device("cpu") and "CUBLAS_WORKSPACE_CONFIG" not in os.environ
    assert pick_device("auto") == pick_device("cuda") == torch.device("cuda")
    assert (
        os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:2" and not torch.backends.cudnn.allow_tf32
    )
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")
    pick_device("cuda")
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":16:8"  # somebody's own choice
