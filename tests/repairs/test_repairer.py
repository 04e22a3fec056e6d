"""The repair of a real table: only its holes change, the network has to earn its place, the line is
the fallback.
"""

import io
from time import process_time

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import gru_lab as lab
from gru_lab.repairs import progress, training, trees
from gru_lab.repairs.ways import WAYS


@pytest.fixture
def quick(monkeypatch):
    """Two steps an epoch and five trees: enough to go through everything, not to learn."""
    monkeypatch.setattr(training, "STEPS", 2)
    monkeypatch.setitem(trees.SETTINGS, "max_iter", 5)


def waves(rows=600, noise=0.0, seed=0):
    """Six channels that mix two fast swings: hard to draw a line through, easy to tell from each
    other.
    """
    rng, row = np.random.default_rng(seed), np.arange(rows)
    swings = np.c_[np.sin(row / 1.1 + np.sin(row / 50)), np.cos(row / 1.7)]
    values = swings @ rng.normal(size=(2, 6)) + noise * rng.normal(size=(rows, 6))
    return pd.DataFrame(values, columns=list("abcdef"))


def holed(table, share=0.1, seed=1):
    hidden = np.random.default_rng(seed).random(table.shape) < share
    return table.mask(hidden), hidden


@pytest.fixture(scope="module")
def learned():
    """A repairer that was trained for some seconds on waves, the truth, the holes and what came
    out.
    """
    truth = waves()
    table, hidden = holed(truth)
    return truth, hidden, table, lab.repair(table, epochs=3)


def test_the_network_beats_the_line_on_holes_that_it_never_saw(learned):
    truth, hidden, table, done = learned
    line = table.interpolate(limit_direction="both")
    ours, lines = (np.square((one - truth).to_numpy())[hidden].mean() for one in (done.table, line))
    assert ours < 0.4 * lines
    assert done.repairer.scores_["kept"].isin(WAYS[3:]).all()


def test_no_repair_lies_outside_what_a_channel_was_seen_to_be():
    table, _ = holed(waves().clip(lower=0))  # as counts and shares are
    done = lab.repair(table, minutes=0)
    again = done.repairer.transform(table.iloc[:60])
    assert (done.repairer.scores_["kept"] != "linear").any()
    for repaired in (done.table, again):
        assert (repaired.min() >= table.min()).all() and (repaired.max() <= table.max()).all()


def test_the_scores_are_errors_on_entries_held_back_in_the_channels_units(learned, quick):
    truth, _, table, done = learned
    scores = done.repairer.scores_
    assert list(scores.index) == list("abcdef")
    assert (
        scores["entries"].between(25, 150).all()
    )  # a tenth of what was observed, or a little more
    ways = {
        "linear": lambda one: one.interpolate(limit_direction="both"),
        "forward fill": lambda one: one.ffill().bfill(),
    }
    for way, fill in ways.items():  # as they are to be expected for holes like the table's own
        again = [holed(truth, seed=seed)[0] for seed in range(20)]
        errors = pd.concat([(fill(one) - truth).where(one.isna()) for one in again])
        for measure, true in (("MAE", errors.abs().mean()), ("RMSE", errors.pow(2).mean() ** 0.5)):
            foretold = scores[f"{way} {measure}"] / true
            assert foretold.between(0.6, 1.5).all() and 0.8 < foretold.median() < 1.25
    small, large = (lab.Repairer(epochs=2).fit(one).scores_ for one in (table, table * 100))
    for measure in ("linear MAE", "network RMSE"):
        np.testing.assert_allclose(large[measure], small[measure] * 100, rtol=0.01)


def test_intervals_hold_about_nine_tenths_of_a_truth_that_nothing_was_tuned_on(learned, quick):
    truth = waves(3_000, noise=1.0)
    table, hidden = holed(truth)
    done = lab.repair(table, epochs=1)
    inside = ((done.low <= truth) & (truth <= done.high)).to_numpy()[hidden]
    assert inside.mean() == pytest.approx(0.9, abs=0.025)
    # measured with intervals learned on half the entries, so it tells a little less than holds
    assert done.repairer.coverage_ == pytest.approx(0.9, abs=0.03)
    truth, hidden, _, done = (
        learned  # held back beside its own holes, so wider than it need be here
    )
    assert ((done.low <= truth) & (truth <= done.high)).to_numpy()[hidden].mean() > 0.88
    assert done.low.notna().equals(done.filled) and (done.low < done.table)[done.filled].any(
        axis=None
    )


def test_the_same_seed_and_epochs_give_the_same_figures(learned, quick):
    _, _, table, _ = learned
    one, again, other = (lab.repair(table, epochs=2, seed=seed) for seed in (3, 3, 4))
    pd.testing.assert_frame_equal(one.table, again.table, check_exact=True)
    pd.testing.assert_frame_equal(one.repairer.scores_, again.repairer.scores_, check_exact=True)
    assert not one.repairer.scores_.equals(other.repairer.scores_)


def test_epochs_are_trained_however_little_time_there_is(learned, quick):
    _, _, table, _ = learned
    done, never = (lab.Repairer(epochs=2, minutes=minutes).fit(table) for minutes in (60, 0))
    assert len(never.history_) == 2 and never._imputer.ways.trees.roots.size
    pd.testing.assert_frame_equal(never.scores_, done.scores_, check_exact=True)


def test_new_rows_are_repaired_without_training_again(learned):
    *_, done = learned
    truth = waves(rows=1_000).iloc[600:].reset_index(drop=True)
    table, hidden = holed(truth, seed=9)
    before = {
        name: value.clone()
        for name, value in done.repairer._imputer.ways.network.state_dict().items()
    }
    repaired = done.repairer.transform(table[list("fedcba")])[list("abcdef")]  # in whatever order
    line = table.interpolate(limit_direction="both")
    ours, lines = (np.square((one - truth).to_numpy())[hidden].mean() for one in (repaired, line))
    assert ours < 0.5 * lines
    after = done.repairer._imputer.ways.network.state_dict()
    assert all((after[name] == before[name]).all() for name in before)


def test_on_rows_where_the_network_does_worse_than_the_line_the_line_is_kept(learned):
    *_, done = learned
    slow = pd.DataFrame(
        {name: np.sin(np.arange(900) / (150 + 10 * n)) for n, name in enumerate("abc")}
    )
    truth = waves(rows=900, seed=0).assign(
        **slow
    )  # three channels no longer swing, and tell nothing of the others
    table, hidden = holed(truth, seed=3)
    other = done.repairer.repaired(table).repairer
    assert (other.scores_.loc[list("abc"), "kept"] == "linear").all()
    assert (done.repairer.scores_["kept"] != "linear").all()  # what was learned is left as it is
    line = table.interpolate(limit_direction="both")
    pd.testing.assert_frame_equal(done.repairer.transform(table)[list("abc")], line[list("abc")])
    assert other.scores_["entries"].between(50, 200).all()
    low, high = other.repaired(table).interval
    inside = ((truth >= low) & (truth <= high)).to_numpy()[hidden].mean()
    assert (
        inside > 0.85
    )  # what is held back lies among more holes than the holes themselves, so more may be inside
    assert other.coverage_ == pytest.approx(0.9, abs=0.08)


def test_a_handful_of_new_rows_is_too_few_to_doubt_what_was_learned(learned):
    *_, done = learned
    few = done.repairer.repaired(holed(waves(30))[0]).repairer
    assert (few._imputer.way == done.repairer._imputer.way).all()
    assert few.coverage_ == done.repairer.coverage_


def test_a_file_brings_the_same_repairer_back(learned, tmp_path):
    _, _, table, done = learned
    path = tmp_path / "repairer.safetensors"
    done.repairer.save(path)
    loaded = lab.Repairer.load(path)
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    pd.testing.assert_frame_equal(loaded.transform(table), done.table, check_exact=True)
    for one, other in zip(loaded.repaired(table).interval, done.interval, strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    for name in ("scores_", "history_"):
        pd.testing.assert_frame_equal(getattr(loaded, name), getattr(done.repairer, name))
    assert loaded.get_params() == done.repairer.get_params()
    assert (loaded.coverage_, loaded.warnings_) == (
        done.repairer.coverage_,
        done.repairer.warnings_,
    )


def test_a_limit_that_is_a_time_comes_back_from_a_file(tmp_path):
    hours = pd.date_range("2024-05-01", periods=200, freq="h")
    table = holed(waves(200).set_index(hours))[0]
    known = lab.Repairer(minutes=0, max_gap="1h", extrapolation="2h").fit(table)
    known.save(tmp_path / "known.safetensors")
    done = lab.Repairer.load(tmp_path / "known.safetensors").transform(table)
    pd.testing.assert_frame_equal(done, known.transform(table), check_exact=True)
    assert 0 < done.isna().sum().sum() < table.isna().sum().sum()


def test_a_file_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "other.safetensors"
    path.write_bytes(b"no tensors")
    with pytest.raises(
        ValueError, match="path must be a file that Repairer.save wrote, not .*other.safetensors"
    ):
        lab.Repairer.load(path)


DTYPES = [
    "float64",
    "float32",
    "float16",
    "Float64",
    "Float32",
    "Int64",
    "int64",
    "double[pyarrow]",
    "boolean",
    "bool",
]


@pytest.mark.parametrize("seed", range(12))
def test_whatever_was_observed_comes_back_bit_for_bit(seed, quick):
    rng = np.random.default_rng(seed)
    rows, share = int(rng.integers(1, 200)), rng.choice([0, 0.05, 0.5, 0.9])
    columns = {}
    for c, dtype in enumerate(rng.choice(DTYPES, rng.integers(1, 6))):
        values = (
            rng.integers(0, 2, rows)
            if "bool" in dtype
            else rng.normal(size=rows) * 10.0 ** rng.integers(-3, 4)
        )
        whole = "int" in dtype.lower()
        column = (
            pd.Series(values.round() if whole else values)
            .astype("int64" if whole else "float64")
            .astype(dtype)
        )
        if dtype not in ("int64", "bool"):
            column = column.mask(rng.random(rows) < share)
        columns[f"c{c}"] = column
    columns["words"] = pd.Series(rng.choice(["a", "b", None], rows))
    table = pd.DataFrame(columns)[list(rng.permutation(list(columns)))]
    table.index = rng.choice([0, 1, 2], rows)  # not even unique
    given = table.copy(deep=True)
    out = lab.repair(table, epochs=1, seed=seed, extrapolation="all")
    pd.testing.assert_frame_equal(table, given, check_exact=True)
    assert list(out.table.columns) == list(table.columns) and out.table.index.equals(table.index)
    assert (out.table.dtypes == table.dtypes).all()
    for name in table.columns:
        observed = table[name].notna().to_numpy()
        one, other = (frame[name].array[observed] for frame in (out.table, table))
        if isinstance(table[name].dtype, np.dtype) and table[name].dtype.kind == "f":
            assert one.to_numpy().tobytes() == other.to_numpy().tobytes()
        else:
            assert list(one) == list(other)
        filled = out.filled[name].to_numpy()
        expected = ~observed & bool(observed.any()) & (name != "words")
        np.testing.assert_array_equal(filled, expected)
        assert out.table[name].notna().to_numpy()[expected].all()


def test_signed_zeros_and_strange_nans_stay_as_they_are(quick):
    odd = np.array([0x7FF8000000000123], dtype=np.uint64).view(np.float64)[0]
    table = waves(60)
    table.loc[3, "a"], table["words"] = -0.0, odd
    table["words"] = table["words"].astype(object)
    out = lab.repair(holed(table)[0].assign(a=table["a"]), epochs=1).table
    assert out["a"].to_numpy().tobytes() == table["a"].to_numpy().tobytes()


def test_where_the_network_learns_nothing_the_line_is_kept(quick):
    """Noise cannot be guessed: an untrained network's corrections are worse, and must not come
    through.
    """
    truth = pd.DataFrame(
        np.cumsum(np.random.default_rng(0).normal(size=(400, 3)), axis=0), columns=list("abc")
    )
    table, hidden = holed(truth)
    done = lab.repair(table, epochs=1)
    scores = done.repairer.scores_
    assert (scores["repair MAE"] < 1.1 * scores["linear MAE"]).all()
    ours, line = done.table, table.interpolate(limit_direction="both")
    errors = [np.abs((filled - truth).to_numpy()[hidden]).mean() for filled in (ours, line)]
    assert errors[0] < 1.05 * errors[1]


def test_long_gaps_and_whole_devices_are_filled_and_learned_as_such(quick):
    truth = waves(1_200)
    table = truth.copy()
    table.loc[300:419, list("abc")] = np.nan  # longer than two windows, one device
    table.loc[700:819, list("abc")] = np.nan
    done = lab.repair(table, epochs=1)
    assert done.table.notna().all(axis=None)
    entries = done.repairer.scores_["entries"]
    assert np.ptp(entries[list("abc")]) < 0.5 * entries["a"]  # held back together


def test_series_in_one_table_are_kept_apart_even_if_their_rows_alternate(quick):
    one, other = waves(200).iloc[:, :2], waves(200).iloc[:, :2] + 100
    one.loc[199, "a"] = other.loc[0, "a"] = np.nan
    table = pd.concat([one.assign(device="x"), other.assign(device="y")]).sort_index(kind="stable")
    table.index = np.arange(400)
    done = lab.repair(table, epochs=1, split_by="device").table
    assert list(done["device"]) == ["x", "y"] * 200
    assert done.loc[398, "a"] < 50 < done.loc[1, "a"]


def test_a_series_without_any_value_of_a_channel_keeps_that_hole(quick):
    table = pd.concat([waves(100).assign(run=1), waves(100).assign(run=2)], ignore_index=True)
    table.loc[table["run"] == 2, "b"] = np.nan
    done = lab.repair(table, epochs=1, split_by="run")
    assert done.table["b"].isna().sum() == 100 and done.low["b"].isna().all()
    assert any(text.startswith("b: no value in 1 of 2 series") for text in done.repairer.warnings_)


def test_what_no_network_can_repair_is_named(quick):
    table = waves(100).assign(
        empty=np.nan, same=4.0, flag=[0.0, 1] * 50, code=[1.0, 2, 5, 9] * 25, few=np.nan
    )
    table.loc[[5, 50], "few"] = [1.0, 3.5]
    table.loc[[10, 11], ["same", "flag", "code"]] = np.nan
    table["note"] = ["text", None] * 50
    done = lab.repair(table, epochs=1)
    scores, said = done.repairer.scores_, "\n".join(done.repairer.warnings_)
    kept = scores["kept"].drop(list("abcdef"))
    assert kept.to_dict() == {
        "empty": "none",
        "same": "constant",
        "flag": "flag",
        "code": "flag",
        "few": "linear",
    }
    for words in (
        "empty: no value at all",
        "same: constant",
        "flag: a flag",
        "code: a code",
        "few: fewer than 10",
    ):
        assert words in said
    assert "note: not numeric, so its 50 holes stay" in said
    assert done.table["empty"].isna().all() and (done.table["same"] == 4).all()
    assert set(done.table["flag"]) == {0, 1} and set(done.table["code"]) == {1, 2, 5, 9}
    assert (done.high["same"] - done.low["same"]).dropna().tolist() == [0, 0]


def test_true_and_false_with_blanks_stay_true_and_false(quick):
    table = waves(60).assign(stop=pd.Series([False, None, True] * 20, dtype=object))
    done = lab.repair(table, epochs=1)
    assert done.table["stop"].map(type).eq(bool).all() and done.table["stop"].dtype == object


def test_an_angle_is_repaired_over_north_and_stays_within_a_turn(quick):
    rng = np.random.default_rng(0)
    truth = pd.DataFrame(
        {"direction": np.cumsum(rng.normal(size=400)) % 360, "speed": rng.normal(size=400)}
    )
    table, hidden = holed(truth)
    done = lab.repair(table, epochs=1, angles=["direction"])
    error = (done.table["direction"] - truth["direction"] + 180) % 360 - 180
    assert error.abs()[hidden[:, 0]].max() < 10
    assert done.table["direction"].between(0, 360).all()
    assert done.repairer.scores_.loc["direction", "linear MAE"] < 2
    west = lab.repair(
        table.assign(direction=(table["direction"] + 180) % 360 - 180),
        epochs=1,
        angles=["direction"],
    )
    assert west.table["direction"].between(-180, 180).all()


def test_time_stamps_set_where_the_line_goes_and_may_be_in_any_order(quick):
    stamps = pd.to_datetime("2026-01-01") + pd.to_timedelta(
        np.cumsum(np.random.default_rng(0).integers(1, 9, 80)), "min"
    )
    truth = pd.DataFrame(
        {"a": (stamps - stamps[0]) / pd.Timedelta("1min")}
    )  # straight in time, not in rows
    table = holed(truth, 0.3)[0].assign(when=stamps.astype(str))
    table.loc[[0, 79], "a"] = truth.loc[[0, 79], "a"]
    shuffled = table.sample(frac=1, random_state=0)
    by_index = shuffled.set_index(pd.to_datetime(shuffled["when"])).drop(columns="when")
    by_name = shuffled.rename(columns={"when": "time"})
    for given, time in ((shuffled, "when"), (by_index, None), (by_name, None)):
        done = lab.repair(given, epochs=1, time=time)
        assert done.repairer.time_ == (time or ("time" if given is by_name else None))
        np.testing.assert_allclose(done.table["a"], truth.loc[shuffled.index, "a"], atol=1e-6)


def test_a_number_that_rises_in_each_series_and_is_called_time_is_taken_as_such(quick, tmp_path):
    table = pd.concat(
        [waves(60).assign(part=part, time=np.arange(60) * 2.5) for part in "xy"], ignore_index=True
    )
    alternate = table.sort_values(["time", "part"])
    known = lab.Repairer(epochs=1, split_by="part").fit(alternate)
    assert known.time_ == "time"
    assert known.channels_ == list("abcdef")
    with pytest.raises(ValueError, match="several series lie in one table: .*--split-by 'part'"):
        lab.Repairer(epochs=1).fit(table)  # time starts again with y
    known.save(tmp_path / "known.safetensors")
    with pytest.raises(ValueError, match="time must be one of"):
        lab.Repairer.load(tmp_path / "known.safetensors").transform(table.drop(columns="time"))


def test_lacking_time_stamps_are_named(quick):
    table = waves(50).assign(when=pd.date_range("2026", periods=50).where(np.arange(50) != 7))
    assert any(
        "1 row without a time stamp" in text
        for text in lab.Repairer(epochs=1, time="when").fit(table).warnings_
    )


def test_a_limit_that_observed_values_pass_is_named():
    table = waves(50).rename(columns={"a": "T"})
    low, high = table["T"].quantile([0.1, 0.9])
    fitted = lab.Repairer(minutes=0, low={"T": low}, high={"T": high}).fit(table)
    for side, limit, count in (
        ("low", low, (table["T"] < low).sum()),
        ("high", high, (table["T"] > high).sum()),
    ):
        words = f"T: {count} of {table['T'].count()} observed values lie beyond {side} {limit:g}"
        assert any(note.startswith(words) for note in fitted.warnings_) and count
    wide = lab.Repairer(minutes=0, low={"T": -1e9}, high={"T": 1e9}).fit(table)
    assert not any("observed values lie" in note for note in wide.warnings_)


def test_a_table_with_other_channels_is_refused_with_the_difference(learned):
    _, _, table, done = learned
    with pytest.raises(
        ValueError, match="the 6 channels it was fitted on, but it lacks b, d and has x besides"
    ):
        done.repairer.transform(table.drop(columns=["b", "d"]).assign(x=1.0))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"minutes": -1}, "minutes must be a finite number of at least 0, not -1"),
        ({"epochs": 0}, "epochs must be a whole number of at least 1, not 0"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"draws": 1.5}, "draws must be a whole number from 0 to 1000, not 1.5"),
        ({"draws": 10**6}, "draws must be a whole number from 0 to 1000, not 1000000"),
        ({"dayfirst": "yes"}, "dayfirst must be True or False, not 'yes'"),
        (
            {"low": {"a": 3}, "high": {"a": 2}},
            "low must be below high, and for column 'a' it is 3 and high 2",
        ),
        ({"max_gap": "6h"}, "max_gap '6h' is a time, and the table has no time stamps"),
        ({"extrapolation": "much"}, "extrapolation must be a number of rows, or a time such as"),
        ({"only": ["z"]}, "only must be one of a, b"),
        ({"device": "tpu"}, "device must be one of auto, cpu, cuda"),
        ({"angles": ["z"]}, "angles must be one of a, b"),
        ({"time": "when"}, "time must be one of a, b"),
        ({"split_by": "when"}, "split_by must be one of a, b"),
    ],
)
def test_a_setting_out_of_range_is_an_error_that_says_so(settings, words):
    with pytest.raises(ValueError, match=words):
        lab.Repairer(**settings).fit(waves(20))


def test_draws_asked_for_after_the_fit_are_checked_as_well():
    done = lab.repair(waves(200), minutes=0)
    with pytest.raises(ValueError, match="draws must be a whole number from 0 to 1000, not 1.5"):
        done.repairer.set_params(draws=1.5).transform(waves(200))


def test_a_table_that_cannot_be_repaired_is_an_error_that_says_so():
    with pytest.raises(ValueError, match="table must have at least one numeric column"):
        lab.repair(pd.DataFrame({"a": ["x", "y"]}))
    with pytest.raises(
        ValueError,
        match="values must be finite, but channel 'a' has 1 inf values, the first in row 1",
    ):
        lab.repair(pd.DataFrame({"a": [1, np.inf, 2]}))
    with pytest.raises(ValueError, match="'a' is there twice"):
        lab.repair(pd.DataFrame([[1.0, 2.0]], columns=["a", "a"]))
    with pytest.raises(ValueError, match="must not be empty"):
        lab.repair(pd.DataFrame({"a": pd.Series(dtype=float)}))


def test_it_is_a_transformer_like_any_other(quick):
    truth = waves(200)
    table, _ = holed(truth)
    ours = lab.Repairer(epochs=1, angles=("a",))
    assert clone(ours).get_params() == ours.get_params() and not hasattr(clone(ours), "scores_")
    pipeline = make_pipeline(lab.Repairer(epochs=1), StandardScaler(), LinearRegression())
    assert pipeline.fit(table[list("abcde")], truth["f"]).predict(table[list("abcde")]).shape == (
        200,
    )
    array = lab.Repairer(epochs=1).fit_transform(table.to_numpy())
    np.testing.assert_array_equal(array, lab.Repairer(epochs=1).fit_transform(table).to_numpy())
    assert list(lab.Repairer(epochs=1).fit(table).get_feature_names_out()) == list("abcdef")


def test_it_keeps_scikit_learns_conventions(quick):
    check_estimator(lab.Repairer(epochs=1), on_skip=None)


def test_ctrl_c_keeps_the_best_network_so_far(quick, monkeypatch):
    table, _ = holed(waves(300))
    steps = training._step
    count = iter(range(100))

    def interrupted(*arguments):
        if next(count) == 5:
            raise KeyboardInterrupt
        return steps(*arguments)

    monkeypatch.setattr(training, "_step", interrupted)
    done = lab.repair(table, epochs=50)
    assert len(done.repairer.history_) == 2
    assert "training was ended early, after 2 epochs" in done.repairer.warnings_
    assert done.table.notna().all(axis=None)


def test_the_weights_that_scored_best_are_used_not_the_last(quick, monkeypatch):
    scores = iter([0.5, 0.3, 0.4, 0.6])
    seen = []

    def scorer(network, truth, held):
        def score():
            seen.append({name: value.clone() for name, value in network.state_dict().items()})
            return next(scores)

        return score

    monkeypatch.setattr(training, "_scorer", scorer)
    done = lab.Repairer(epochs=4).fit(holed(waves(300))[0])
    assert all(
        (value == seen[1][name]).all()
        for name, value in done._imputer.ways.network.state_dict().items()
    )


def test_a_time_budget_ends_the_training_and_the_bar_shows_the_score(monkeypatch):
    said = io.StringIO()
    bar = progress.tqdm
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    monkeypatch.setattr(
        progress, "tqdm", lambda **settings: bar(**settings | {"file": said, "disable": False})
    )
    monkeypatch.setattr(training, "perf_counter", process_time)  # whatever else the machine does
    began = process_time()
    done = lab.Repairer(minutes=0.05).fit(holed(waves(300))[0])
    assert 0.5 < done.history_["seconds"].iloc[-1] < 3 and 2 < process_time() - began < 6
    assert "of the straight line's" in said.getvalue()


def test_a_complete_table_comes_back_as_it_is_and_can_be_learned_from(quick):
    table = waves(100)
    done = lab.repair(table, epochs=1)
    pd.testing.assert_frame_equal(done.table, table, check_exact=True)
    assert not done.filled.any(axis=None) and (done.repairer.scores_["entries"] > 0).all()
