"""Files that are no saved repairer, or a hostile one: each is one clear error, or it repairs."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import safe_open, save_file

import gru_lab as lab
from gru_lab.repairs import saved, training, trees
from gru_lab.repairs.summary import last_line


@pytest.fixture(scope="module")
def table():
    rows = np.arange(200)
    waves = {"a": np.sin(rows / 9), "b": np.cos(rows / 5), "c": (rows // 20 % 2).astype(float)}
    table = pd.DataFrame(waves | {"d": 40 * np.sin(rows / 7) % 360})
    return table.mask(np.random.default_rng(0).random(table.shape) < 0.1)


@pytest.fixture(scope="module")
def model(table, tmp_path_factory):
    """The metadata and the tensors of a small saved repairer."""
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    with pytest.MonkeyPatch.context() as quick:
        quick.setattr(training, "STEPS", 2)
        quick.setitem(trees.SETTINGS, "max_iter", 5)
        lab.Repairer(epochs=1, angles=["d"]).fit(table).save(path)
    with safe_open(path, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
        return json.loads(file.metadata()["gru_lab"]), tensors


SHAPES = {
    "empty": lambda tensor: tensor.reshape(-1)[:0],
    "a number": lambda tensor: torch.zeros((), dtype=tensor.dtype),
    "shorter": lambda tensor: tensor[:-1],
    "longer": lambda tensor: torch.cat([tensor, tensor]),
    "with one more axis": lambda tensor: tensor[..., None],
    "flat": lambda tensor: torch.cat([tensor.reshape(-1)] * 2),
    "of other numbers": lambda tensor: torch.full_like(tensor, 99),
    "negative": lambda tensor: torch.full_like(tensor, -7),
    "of integers": lambda tensor: tensor.to(torch.int64),
    "of booleans": lambda tensor: tensor.bool(),
    "not finite": lambda tensor: torch.full_like(tensor.double(), torch.inf),
    "no numbers": lambda tensor: torch.full_like(tensor.double(), torch.nan),
}
VALUES = (None, 7, -1, "text", [], {}, [1, 2], {"a": 1}, True, 10**400, [[[]]], ["a"] * 4, [None])


def tried(known, tensors, table, path):
    """Load a model and repair a table with it; returns 1 if it was refused in one clear line."""
    clean = {name: tensor.contiguous() for name, tensor in tensors.items()}
    save_file(clean, path, {"gru_lab": json.dumps(known)})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            last_line(lab.Repairer.load(path).repaired(table))
            refused = 0
        except ValueError as error:
            assert "\n" not in str(error) and len(str(error)) < 1_000
            refused = 1
    assert [str(warning.message) for warning in caught] == []  # what is wrong shows before
    return refused


@pytest.mark.parametrize("shape", SHAPES)
def test_tensors_of_odd_shapes_are_one_clear_error_or_repair(shape, model, table, tmp_path):
    known, tensors = model
    chosen = [name for name in tensors if not name.startswith("network.") or "l0" in name]
    for name in chosen[list(SHAPES).index(shape) % 2 :: 2]:  # each tensor in half of the shapes
        odd = tensors | {name: SHAPES[shape](tensors[name])}
        tried(known, odd, table, tmp_path / "model.safetensors")


def test_numbers_that_are_not_finite_are_refused_by_name_but_for_what_was_never_seen(
    model, table, tmp_path
):
    known, tensors = model
    path = tmp_path / "model.safetensors"
    for name in [name for name, tensor in tensors.items() if tensor.is_floating_point()]:
        odd = tensors[name].clone()
        odd.view(-1)[:1] = torch.nan
        refused = tried(known, tensors | {name: odd}, table, path)
        assert refused == (name not in saved.UNKNOWN and odd.numel() > 0), name
    assert tensors["low"].isinf().any() and not tried(known, tensors, table, path)


def test_a_tensor_that_is_not_there_is_one_clear_error(model, table, tmp_path):
    known, tensors = model
    for name in tensors:
        fewer = {other: tensor for other, tensor in tensors.items() if other != name}
        assert tried(known, fewer, table, tmp_path / "model.safetensors"), name


def test_metadata_of_odd_kinds_are_one_clear_error_or_repair(model, table, tmp_path):
    known, tensors = model
    path = tmp_path / "model.safetensors"
    for place, name in enumerate(known):
        for value in VALUES[place % 2 :: 2]:
            tried(known | {name: value}, tensors, table, path)
        fewer = {other: value for other, value in known.items() if other != name}
        tried(fewer, tensors, table, path)
    for place, name in enumerate(known["settings"]):
        for value in VALUES[place % 2 :: 2]:
            tried(known | {"settings": known["settings"] | {name: value}}, tensors, table, path)


@pytest.mark.parametrize("rows", [1, 2, 9, 200])
@pytest.mark.filterwarnings("error")
def test_a_repairer_of_constants_or_of_few_rows_comes_back(rows, table, tmp_path):
    table = table.head(rows).assign(k=1.0, e=np.nan)
    for given in (table, table[["k", "e"]]):
        known = lab.Repairer(minutes=0).fit(given)
        known.save(tmp_path / "model.safetensors")
        done = lab.Repairer.load(tmp_path / "model.safetensors").transform(given)
        pd.testing.assert_frame_equal(done, known.transform(given), check_exact=True)


NOT_MODELS = {
    "empty": b"",
    "text": b"these are my notes",
    "a header that never ends": (2**63).to_bytes(8, "little") + b"{",
    "a header alone": (2).to_bytes(8, "little") + b"{}",
    "no JSON": (9).to_bytes(8, "little") + b"not json!",
}


@pytest.mark.parametrize("content", NOT_MODELS.values(), ids=NOT_MODELS)
def test_other_files_are_one_clear_error(content, tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="that Repairer.save wrote, not .*model.safetensors'"):
        lab.Repairer.load(path)
    with pytest.raises(ValueError, match="that Repairer.save wrote"):
        lab.Repairer.load(tmp_path)


def test_an_unknown_device_is_not_taken_for_a_bad_file(tmp_path):
    with pytest.raises(ValueError, match="device must be one of"):
        lab.Repairer.load(tmp_path / "none", "gpu")
