"""The checkpoint of an unfinished run: tensors and JSON in one safetensors file."""

import contextlib
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import safe_open, save_file


class Checkpoint(NamedTuple):
    """What a run goes on from: its key, its epochs so far, weights, and Adam's state by number."""

    key: str
    rows: list[dict]
    weights: dict[str, torch.Tensor]
    state: dict[int, dict[str, Any]]


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, put in place at once.

    One that cannot be written, on a full disk say, costs time only if the run is interrupted.
    """
    tensors = {f"model.{name}": value for name, value in checkpoint.weights.items()}
    for index, state in checkpoint.state.items():
        tensors |= {f"optimizer.{index}.{name}": value for name, value in state.items()}
    facts = {"key": checkpoint.key, "rows": json.dumps(checkpoint.rows)}
    unfinished = path.with_suffix(f".{os.getpid()}.part")  # another process may train the same run
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, unfinished, metadata=facts)
        unfinished.replace(path)
    except (OSError, SafetensorError):
        with contextlib.suppress(OSError):
            unfinished.unlink()


def load(path: Path) -> Checkpoint:
    """Return the checkpoint in a file; a damaged one raises whatever it is that fails."""
    # all out of one open file: meanwhile another process may put a later one in its place
    with safe_open(path, "pt") as file:
        facts, tensors = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}
    weights: dict[str, torch.Tensor] = {}
    state: dict[int, dict[str, Any]] = {}
    for name, value in tensors.items():
        part, _, rest = name.partition(".")
        if part == "model":
            weights[rest] = value
        else:
            index, _, field = rest.partition(".")
            state.setdefault(int(index), {})[field] = value
    return Checkpoint(facts["key"], json.loads(facts["rows"]), weights, state)
