"""Series: checked, split in time, scaled by the training part alone, cut into windows that cross
nothing.
"""

import numpy as np
import pytest

import gru_lab as lab
from gru_lab.gaps import prepare
from gru_lab.series import Scaler, Series


def make(values, **others):
    values = np.asarray(values)
    return Series(values, tuple(f"c{channel}" for channel in range(values.shape[1])), **others)


def counted(*lengths):
    """A series in parts of these lengths with one channel: 1000 times the part's number plus the
    row in the part.
    """
    values = np.concatenate(
        [1000.0 * part + np.arange(length) for part, length in enumerate(lengths)]
    )
    return make(
        values[:, None], starts=tuple(int(start) for start in np.cumsum([0, *lengths[:-1]]))
    )


def test_anything_but_a_table_is_refused():
    for values in (np.zeros((0, 2)), np.zeros((3, 0)), np.zeros(3)):
        with pytest.raises(ValueError, match=r"values must be \(rows, channels\), not empty"):
            Series(values, ("a", "b"))
    with pytest.raises(ValueError, match="1 names for 2 channels"):
        Series(np.zeros((3, 2)), ("a",))


@pytest.mark.parametrize("bad", [np.inf, -np.inf])
def test_infinite_values_are_refused_with_their_channel_and_row(bad):
    values = np.zeros((8, 3))
    values[5, 1] = values[7, 1] = bad
    with pytest.raises(
        ValueError, match="channel 'c1' has 2 inf values, the first in row 5.*missing"
    ):
        make(values)


def test_large_values_whose_sum_overflows_are_finite_all_the_same():
    with np.errstate(over="ignore"):
        make(np.full((20, 1), 3e38, dtype=np.float32)).require_complete()


def test_a_series_with_nan_is_a_series_but_not_a_complete_one():
    values = np.zeros((8, 3))
    values[2, 2] = np.nan
    series = make(values, name="sensors")
    with pytest.raises(
        ValueError,
        match="sensors: .* complete series, but channel 'c2' has 1 nan .* row 2; fill .* gru-lab "
        "repair",
    ):
        series.require_complete()
    with pytest.raises(ValueError, match="complete series"):
        prepare(series, lab.RunConfig())


def test_whole_numbers_become_floats_and_floats_keep_their_width():
    assert make(np.arange(6).reshape(3, 2)).values.dtype == np.float64
    assert make(np.zeros((3, 2), dtype=np.float32)).values.dtype == np.float32


def test_the_digest_tells_values_names_and_parts_apart():
    series = counted(20)
    assert series.digest == counted(20).digest
    others = [
        counted(21),
        Series(series.values, ("other",)),
        Series(series.values, ("c0",), starts=(0, 10)),
    ]
    assert len({series.digest, *(other.digest for other in others)}) == 4
    assert (
        Series(series.values, ("c0",), name="another").digest == series.digest
        and len(series.digest) == 12
    )


def test_the_parts_of_a_split_follow_each_other_five_to_one_to_one():
    train, validation, test = counted(70).split()
    assert [len(part) for part in (train, validation, test)] == [50, 10, 10]
    np.testing.assert_array_equal(
        np.concatenate([train.values, validation.values, test.values]), counted(70).values
    )


def test_each_run_of_a_series_is_split_by_itself():
    train, validation, test = counted(70, 140).split()
    assert train.starts == (0, 50) and validation.starts == (0, 10) and test.starts == (0, 10)
    np.testing.assert_array_equal(validation.values[:, 0], [*range(50, 60), *range(1100, 1120)])


def test_the_head_of_a_series_in_parts_takes_the_same_share_of_each():
    head = counted(40, 20).head(30)
    np.testing.assert_array_equal(head.values[:, 0], [*range(20), *range(1000, 1010)])
    assert head.starts == (0, 20)
    whole = counted(40, 20)
    assert whole.head(60) is whole and whole.head(1000) is whole


def test_windows_follow_each_other_and_leave_off_the_rest():
    windows = counted(25).windows(10)
    assert windows.shape == (2, 10, 1)
    np.testing.assert_array_equal(windows.ravel(), np.arange(20))


def test_no_window_crosses_from_one_part_into_the_next():
    windows = counted(25, 9, 31).windows(10)
    assert len(windows) == 2 + 0 + 3
    assert (np.diff(windows, axis=1) == 1).all()  # rows of one part, one after the other


def test_a_series_too_short_for_one_window_says_what_is_needed():
    message = "window must fit .* a window of 10 steps needs 10 rows .* the longest has 9; give "
    message += "a longer series or"
    with pytest.raises(ValueError, match=message):
        counted(9, 7).windows(10)


@pytest.mark.parametrize("rows", [1, 3, 20, 60])
def test_a_series_too_short_to_be_split_into_windows_says_so(rows):
    with pytest.raises(ValueError, match="give a longer series"):
        prepare(counted(rows), lab.RunConfig())


def test_scaling_is_min_max_per_channel(rng):
    values = rng.normal(5, [1, 100, 1e-3], (50, 3))
    scaler = Scaler.fit(values)
    by_hand = (values - values.min(axis=0)) / (values.max(axis=0) - values.min(axis=0))
    scaled = scaler.transform(values)
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled, by_hand, atol=1e-6)
    np.testing.assert_allclose(by_hand * scaler.span + scaler.low, values, rtol=1e-12)


def test_scaling_is_fitted_on_the_training_part_alone():
    series = make(np.arange(140.0)[:, None] ** 2)
    train, validation, scaler = prepare(series, lab.RunConfig())
    assert (scaler.low, scaler.low + scaler.span) == (0, 99**2)  # the training part is rows 0 to 99
    assert (train.truth.min(), train.truth.max()) == (0, 1)
    np.testing.assert_allclose(
        validation.truth.ravel(), np.arange(100.0, 120) ** 2 / 99**2, rtol=1e-6
    )


def test_a_share_of_the_training_rows_is_scaled_like_all_of_them():
    series = make(np.arange(140.0)[:, None])
    train, _, scaler = prepare(series, lab.RunConfig(train_share=0.5))
    assert len(train.truth) == 5 and scaler.span == 99


@pytest.mark.parametrize(
    "dtype, noise", [(np.float64, 1e-15), (np.float64, 0), (np.float32, 0), (np.float32, 1e-8)]
)
@pytest.mark.parametrize("level", [0, 0.3, 1, -5, 1e6])
def test_constant_and_nearly_constant_channels_are_not_blown_up(level, dtype, noise, rng):
    noise = noise * max(abs(level), 1 if dtype == np.float64 else 0)
    values = (level + noise * rng.standard_normal((100, 1))).astype(dtype)
    scaler = Scaler.fit(values)
    scaled = scaler.transform(values)
    assert np.isfinite(scaled).all() and np.abs(scaled).max() < 1e-5
    np.testing.assert_allclose(scaled * scaler.span + scaler.low, values, rtol=1e-5, atol=1e-5)


def test_a_channel_that_moves_a_little_is_stretched_like_any_other():
    values = 1000 + 1e-3 * np.arange(10.0)[:, None]
    np.testing.assert_allclose(
        Scaler.fit(values).transform(values).ravel(), np.arange(10) / 9, atol=1e-6
    )


def test_a_constant_channel_beside_others_can_be_trained_on(rng):
    values = np.column_stack(
        [np.full(280, 7.0), rng.random(280), 3 + 1e-15 * rng.standard_normal(280)]
    )
    config = lab.RunConfig(hidden_size=4, epochs=1, batch_size=5)
    (row,) = lab.Trainer(config, make(values))
    assert np.isfinite(list(row.values())).all()
