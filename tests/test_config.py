"""A run's settings: wrong ones are named at once, and the key is a digest of all that changes the
curve.
"""

import dataclasses
import math

import numpy as np
import pytest

from gru_lab.config import RunConfig, one_of
from gru_lab.tuning_log.stage import PROFILES, Profile, open_profile

WRONG = [
    ("missing_rate", 0, "above 0 and below 1"),
    ("missing_rate", 1, "above 0 and below 1"),
    ("missing_rate", math.nan, "above 0 and below 1"),
    ("missing_rate", "0.2", "above 0 and below 1"),
    ("dropout", 1, "at least 0 and below 1"),
    ("dropout", -0.1, "at least 0 and below 1"),
    ("dropout", math.nan, "at least 0 and below 1"),
    ("dropout", False, "at least 0 and below 1"),
    ("num_layers", 0, "a whole number of at least 1"),
    ("num_layers", True, "a whole number of at least 1"),
    ("num_layers", None, "a whole number of at least 1"),
    ("missing_weight", -1, "a finite number of at least 0"),
    ("missing_weight", math.nan, "a finite number of at least 0"),
    ("missing_weight", math.inf, "a finite number of at least 0"),
    ("learning_rate", 0, "a finite number above 0"),
    ("learning_rate", math.inf, "a finite number above 0"),
    ("epochs", 0, "a whole number of at least 1"),
    ("epochs", True, "a whole number of at least 1"),
    ("hidden_size", 2.5, "a whole number of at least 1"),
    ("hidden_size", 64.0, "a whole number of at least 1"),
    ("batch_size", 0, "a whole number of at least 1"),
    ("seed", -1, "a whole number from 0 to 2147483647"),
    ("window", 1, "a whole number of at least 2"),
    ("train_share", 0, "above 0 and at most 1"),
    ("train_share", 1.01, "above 0 and at most 1"),
    ("mask_input", 2, "True or False"),
    ("bidirectional", "yes", "True or False"),
    ("residual", None, "True or False"),
]


@pytest.mark.parametrize("name, value, rule", WRONG)
def test_a_wrong_setting_is_an_error_with_its_name_its_rule_and_its_value(name, value, rule):
    with pytest.raises(ValueError) as caught:
        RunConfig(**{name: value})
    assert str(caught.value).startswith(f"{name} must be {rule}")
    assert str(caught.value).endswith(f"not {value!r}")


def test_several_wrong_settings_are_all_named_at_once():
    with pytest.raises(ValueError) as caught:
        RunConfig(missing_rate=1, dropout=math.nan, num_layers=0, pattern="blocks!", epochs=5)
    message = str(caught.value)
    assert all(name in message for name in ("missing_rate", "dropout", "num_layers", "pattern"))
    assert "epochs" not in message and message.count("must be") == 4


def test_an_unknown_pattern_lists_the_patterns_and_the_nearest():
    with pytest.raises(
        ValueError, match=r"pattern must be one of points.*, not 'point'\. Did you mean 'points'\?"
    ):
        RunConfig(pattern="point")


def test_an_unknown_field_in_replace_asks_did_you_mean():
    with pytest.raises(ValueError, match="not 'drop_out'. Did you mean 'dropout'?"):
        RunConfig().replace(drop_out=0.1)


def test_replace_checks_again():
    with pytest.raises(ValueError, match="dropout must be at least 0 and below 1, not 1"):
        RunConfig().replace(dropout=1)


def test_the_limits_that_are_allowed_are_allowed():
    edges = RunConfig(
        dropout=0, missing_weight=0, train_share=1, num_layers=1, epochs=1, seed=0, window=2
    )
    assert edges.train_share == 1


def test_numbers_are_kept_as_their_kind_whatever_they_came_as():
    config = RunConfig(
        hidden_size=np.int64(64), dropout=np.float32(0.5), missing_weight=1, residual=1
    )
    assert [type(value) for value in (config.hidden_size, config.dropout, config.residual)] == [
        int,
        float,
        bool,
    ]
    assert config == RunConfig(hidden_size=64, missing_weight=1.0, residual=True)
    assert config.key == RunConfig(hidden_size=64, missing_weight=1.0, residual=True).key


OTHER = {
    "mask_input": True,
    "hidden_size": 64,
    "num_layers": 3,
    "dropout": 0.25,
    "missing_weight": 1.0,
    "learning_rate": 5e-4,
    "batch_size": 50,
    "epochs": 7,
    "seed": 1,
    "window": 20,
    "missing_rate": 0.3,
    "train_share": 0.5,
    "bidirectional": True,
    "residual": True,
    "data": "other",
    "data_digest": "0123",
}


def changed():
    """The default and a configuration for each field that differs from it in that field alone."""
    for field in dataclasses.fields(RunConfig):
        if (
            field.name == "pattern"
        ):  # a pattern the field's rule does not know cannot be made by the rule
            other = RunConfig()
            object.__setattr__(other, "pattern", "another")
        else:
            other = RunConfig(**{field.name: OTHER[field.name]})
        yield field.name, other


def test_the_key_ignores_the_epochs_and_nothing_else():
    keys = {name: other.key for name, other in changed()}
    assert keys.pop("epochs") == RunConfig().key
    assert len({RunConfig().key, *keys.values()}) == len(keys) + 1


def test_with_one_layer_the_key_ignores_dropout_too_and_nothing_else():
    one = RunConfig(num_layers=1)
    keys = {
        name: other.replace(num_layers=1).key
        for name, other in changed()
        if name not in ("num_layers", "pattern")
    }
    assert keys.pop("dropout") == keys.pop("epochs") == one.key
    assert len({one.key, *keys.values()}) == len(keys) + 1
    assert one.key != RunConfig().key


def test_the_key_is_sixteen_hex_digits():
    assert len(RunConfig().key) == 16 and int(RunConfig().key, 16) >= 0


def test_a_configuration_binds_to_a_series_by_name_and_digest(series):
    bound = RunConfig().on(series)
    assert (bound.data, bound.data_digest) == (series.name, series.digest)
    assert bound.key != RunConfig().key


def test_the_hidden_share_leaves_out_the_first_step():
    assert RunConfig().hidden_share == pytest.approx(0.18)
    assert RunConfig(window=4, missing_rate=0.4).hidden_share == pytest.approx(0.3)


def test_an_unknown_profile_lists_the_profiles_and_the_nearest():
    with pytest.raises(
        ValueError, match="profile must be one of tiny, lesson, full, not 'leson'. Did you mean"
    ):
        open_profile("leson")
    with pytest.raises(ValueError, match="profile must be one of"):
        open_profile(["tiny"])


def test_a_profile_scales_the_epochs_to_at_least_one():
    assert [
        PROFILES["full"].epochs(250),
        PROFILES["tiny"].epochs(50),
        PROFILES["tiny"].epochs(1),
    ] == [250, 3, 1]
    own = Profile("own", 1_400, 4, 0.5, 2, "mine")
    assert open_profile(own) is own


def test_one_of_returns_what_is_known():
    assert one_of("unit", "steps", ("steps", "rows")) == "steps"
    with pytest.raises(ValueError, match="decimal must be one of '.', ',', none, not ';'"):
        one_of("decimal", ";", (".", ",", "none"))
