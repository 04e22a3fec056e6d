"""What all tests share: a seeded start, a small series, a store of one's own, and the recorded log where it is."""

import random
from pathlib import Path

import numpy as np
import pytest
import torch

import gru_lab as lab

SHARED = Path(__file__).parent.parent.parent / "shared"


@pytest.fixture(autouse=True)
def seeded():
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def series():
    return lab.demo_series(1_400)


@pytest.fixture
def config():
    """A run of a few seconds at most on `series`: 5 batches an epoch."""
    return lab.RunConfig(hidden_size=8, epochs=3, batch_size=20)


@pytest.fixture
def store(tmp_path):
    return lab.Store(f"sqlite:///{tmp_path / 'runs.sqlite'}")


@pytest.fixture(scope="session")
def seed_log():
    """The text of the recorded log."""
    paths = sorted((SHARED / "seed").glob("*.txt"))
    if not paths:
        pytest.skip("the recorded log is not beside the repository")
    return paths[0].read_text(encoding="utf-8")


@pytest.fixture
def real_table():
    """A function from a file's name to its path, for tables that are too large for the repository."""

    def find(name):
        path = SHARED / "data" / name
        if not path.exists():
            pytest.skip(f"{name} is not beside the repository")
        return path

    return find
