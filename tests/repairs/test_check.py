"""What `check` finds in a table: kinds, holes, patterns, time, and problems that end in the next
step.
"""

import re
import shlex

import numpy as np
import pandas as pd
import pytest

import gru_lab as lab


@pytest.fixture
def frame(rng):
    """Three smooth channels of 400 rows, a minute apart, without a hole."""
    t = np.arange(400)
    waves = {
        name: np.round(np.sin(t / period) * 5 + 20, 2)
        for name, period in (("a", 9), ("b", 14), ("c", 23))
    }
    return pd.DataFrame({"time": pd.date_range("2024-05-01", periods=400, freq="min"), **waves})


def test_a_sound_table_has_no_problems_and_says_so(frame):
    found = lab.check(frame)
    assert found.problems == [] and found.time == "time" and "Problems" not in str(found)
    assert "every 1 min" in str(found) and "none: nothing to repair" in str(found)


def test_a_bare_array_is_a_table_and_what_is_none_is_an_error(frame):
    frame.loc[3, "a"] = np.nan
    assert lab.check(frame[["a", "b", "c"]].to_numpy()).channels["holes"].to_list() == [1, 0, 0]
    with pytest.raises(ValueError, match="table must be"):
        lab.check(7)


def test_holes_are_counted_per_channel_with_the_longest_gap(frame):
    frame.loc[[3, 10, 11, 12, 399], "a"] = np.nan
    frame.loc[0:7, "b"] = np.nan
    rows = lab.check(frame).channels
    assert rows["holes"].to_dict() == {"a": 5, "b": 8, "c": 0}
    assert rows["longest"].to_dict() == {"a": 3, "b": 8, "c": 0}
    assert rows.loc["a", "share"] == 5 / 400


def test_a_gap_ends_with_its_part(frame):
    frame["part"] = np.repeat(["x", "y"], 200)
    frame.loc[195:204, "a"] = np.nan
    assert lab.check(frame, split_by="part").channels.loc["a", "longest"] == 5
    assert "400 in 2 parts" in str(lab.check(frame, split_by="part"))


@pytest.mark.parametrize(
    "cut, words",
    [
        (lambda f, rng: f.mask(rng.random(f.shape) < 0.1), "as points"),
        (lambda f, rng: f.mask(np.arange(400)[:, None] // 20 % 5 == [0, 1, 2]), "in blocks"),
        (
            lambda f, rng: f.mask((rng.random((400, 1)) < 0.1) & [True, True, False]),
            "as points, 2 channels fail together",
        ),
        (
            lambda f, rng: f.mask(np.arange(400)[:, None] % 50 < [9, 9, 9]),
            "in blocks, 3 channels fail together, 72 rows without any value",
        ),
    ],
)
def test_the_pattern_of_the_holes_is_told_in_words(cut, words, frame, rng):
    frame[["a", "b", "c"]] = cut(frame[["a", "b", "c"]], rng)
    assert lab.check(frame).facts["pattern"] == words


def test_each_kind_of_channel_has_its_own_treatment(frame):
    frame = frame.assign(
        flag=np.arange(400) // 50 % 2,
        code=np.arange(400) // 40 % 5,
        still=3.25,
        empty=np.nan,
        count=np.arange(400),
        note="ok",
    )
    rows = lab.check(frame).channels
    kinds = {
        "a": "measured",
        "b": "measured",
        "c": "measured",
        "flag": "flag",
        "code": "code",
        "still": "constant",
        "empty": "empty",
    }
    assert rows["kind"].to_dict() == kinds
    assert (
        "never one between" in rows.loc["code", "repair"]
        and "nothing" in rows.loc["empty", "repair"]
    )
    assert "'count' (row number)" in str(lab.check(frame)) and "'note' (text)" in str(
        lab.check(frame)
    )


def some(frame, name, value, every=50):
    """The frame with `value` in every so many rows of one column."""
    return frame.assign(**{name: frame[name].where(frame.index % every > 0, value)})


SUSPECTED = {
    "a sentinel": (
        lambda f: some(f, "a", -999.9),
        r"'a' holds -999.9 in 8 rows and otherwise 15 to 25; .* a=-999.9$",
    ),
    "a whole number": (
        lambda f: some(f.round({"a": 0}), "a", 32767, 400),
        "'a' holds 32767 in 1 row .* --missing-value a=32767",
    ),
    "zeros where there are none": (lambda f: some(f, "a", 0), "'a' holds 0 in 8 rows"),
    "a code among flags": (
        lambda f: some(f.assign(a=f.index // 9 % 2), "a", 99),
        "'a' holds 99 in 8 rows",
    ),
    "infinite values": (
        lambda f: some(f, "b", np.inf, 200),
        "'b' has 2 infinite values, .* the first in row 0; .* --missing-value b=inf",
    ),
    "an empty column": (lambda f: f.assign(d=np.nan), "'d' has no values at all"),
    "hardly any values": (
        lambda f: f.assign(b=f["b"].where(f.index % 5 == 0)),
        "'b' is missing in 80% of the rows",
    ),
    "few rows": (lambda f: f.head(30), "30 rows: too few to learn from"),
    "one row": (lambda f: f.head(1), "1 row: too few to learn from"),
}
TIMES = {
    "repeated": (
        lambda t: t.where(t.index != 9, t.shift()),
        "1 row with the time .* before, the first at .* 00:08:00",
    ),
    "unsorted": (
        lambda t: pd.concat([t[50:100], t[:50], t[100:]], ignore_index=True),
        "1 row with an earlier time",
    ),
    "missing": (lambda t: t.where(t.index > 4), "5 rows with no time stamp"),
    "falling": (
        lambda t: np.r_[0:200, 0:200],
        "'time' has a name like a time, but its values do not increase; .* add --time 'time'",
    ),
}
PROBLEMS = SUSPECTED | {
    f"{what} stamps": (lambda f, spoil=spoil: f.assign(time=spoil(f["time"])), message)
    for what, (spoil, message) in TIMES.items()
}


@pytest.mark.parametrize("spoil, message", PROBLEMS.values(), ids=PROBLEMS)
def test_a_problem_is_one_sentence_that_says_the_next_step(spoil, message, frame):
    (problem,) = lab.check(spoil(frame)).problems
    assert re.search(message, problem) and "\n" not in problem
    printed = str(lab.check(spoil(frame)))
    assert (
        f"1. {problem}" in " ".join(printed.split()) and max(map(len, printed.splitlines())) <= 120
    )


@pytest.mark.parametrize(
    "column",
    [
        np.tile([0.0, 1.0], 200),
        np.linspace(0, 100, 400),
        np.r_[np.zeros(399), 5.0],
        np.sin(np.arange(400)) * 1e9,
        np.exp(np.linspace(0, 12, 400)),
        np.tile([97, 98, 99, 100], 100),
    ],
    ids=["flag", "from zero up", "a single spike", "huge", "many sizes", "99 among its like"],
)
def test_what_is_no_sentinel_is_not_suspected(column, frame):
    assert lab.check(frame.assign(a=column)).problems == []


def test_a_named_missing_value_is_no_problem_any_more(frame):
    frame["a"] = frame["a"].where(frame.index % 50 > 0, -999.9)
    found = lab.check(frame, missing=["-999.9"])
    assert found.problems == [] and found.channels.loc["a", "holes"] == 8


def test_pauses_are_told_with_the_longest(frame):
    frame["time"] += pd.to_timedelta(np.where(frame.index < 200, 0, 5), unit="h")
    assert lab.check(frame).facts["time"] == "'time', every 1 min; 1 pause, up to 5.017 h"


@pytest.mark.parametrize("time", ["time", None])
def test_time_may_be_the_index_have_a_zone_or_be_named(time, frame):
    frame["time"] = frame["time"].dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin")
    if time is None:
        frame = frame.set_index("time")
    found = lab.check(frame, time=time)
    assert found.time == time and "every 1 min" in found.facts["time"] and found.problems == []


def test_a_numeric_column_can_be_named_as_time(frame):
    frame = frame.drop(columns="time").assign(x=np.r_[np.arange(399) * 0.5, 0])
    found = lab.check(frame, time="x")
    assert "'x', every 0.5" in found.facts["time"] and "x" not in found.channels.index
    assert "1 row with an earlier time stamp" in found.problems[0]


def test_nullable_and_object_types_are_read(frame):
    frame = frame.assign(
        a=frame["a"].astype("Float64").mask(frame.index == 5),
        b=frame["b"].astype(object).mask(frame.index == 6, None),
        c=frame["c"].astype(str).mask(frame.index == 7),
        d=pd.array([True, None] * 200, "boolean"),
        e=np.where(frame.index % 2, None, frame.index % 3 == 0),
    )
    rows = lab.check(frame).channels
    assert rows["holes"].to_dict() == {"a": 1, "b": 1, "c": 1, "d": 200, "e": 200}
    assert rows.loc["e", "kind"] == "flag"


def test_a_code_of_many_channels_is_said_once_and_its_advice_names_them_all(frame):
    for name in ("d e", "f", "$g"):
        frame[name] = frame["a"].round()
    spoilt = frame.set_index("time")
    spoilt.iloc[::50] = -999
    (problem,) = lab.check(spoilt).problems
    assert "6 channels hold -999, 48 entries in all" in problem
    words = shlex.split(problem.partition("add ")[2])
    columns = [f"{name}=-999" for name in ("a", "b", "c", "d e", "f", "$g")]
    assert words == [word for column in columns for word in ("--missing-value", column)]
    printed = str(lab.check(spoilt))
    assert '"d e=-999"' in printed and "'$g=-999'" in printed  # no line ends within


def test_angles_are_proposed_with_the_figures(frame):
    frame["wind dir"] = np.arange(400) * 11 % 360.0
    (problem,) = lab.check(frame).problems
    assert re.search(r"'wind dir' lies from 0 to 359 and jumps .* 12 times", problem)
    assert problem.endswith('add --angles "wind dir", or --yes if they are plain numbers')
    found = lab.check(frame, angles=["wind dir"])
    assert found.problems == [] and found.channels.loc["wind dir", "kind"] == "angle"


def test_codes_of_many_values_are_named_until_they_are_settled(frame, rng):
    frame["weather"] = np.repeat(
        rng.choice([0, 1, 2, 3, 45, 51, 61, 63, 71, 80, 81, 95, 96], 100), 4
    )
    (problem,) = lab.check(frame).problems
    assert "'weather' takes 13 different whole numbers in no order" in problem
    assert "add --codes weather;" in problem and "add --integer weather" in problem
    for option, kind in (("codes", "code"), ("integer", "count")):
        found = lab.check(frame, **{option: ["weather"]})
        assert found.problems == [] and found.channels.loc["weather", "kind"] == kind


def test_counts_are_recognised(frame, rng):
    frame["cars"] = rng.poisson(30, 400) * 2.0
    assert lab.check(frame).channels.loc["cars", ["kind", "repair"]].to_list() == [
        "measured",
        "what does best on values held back",
    ]
    frame["cars"] -= frame["cars"].min()
    assert lab.check(frame).channels.loc["cars", "kind"] == "count"


def test_a_frozen_sensor_is_named_with_its_place(frame, rng):
    frame["a"] = (frame["a"] + rng.normal(0, 0.2, 400)).round(2)
    frame.loc[100:139, "a"] = 21.37
    (problem,) = lab.check(frame).problems
    assert "'a' stands still at 21.37 for 40 rows from row 100 (2024-05-01 01:40:00)" in problem


def test_long_holes_at_the_ends_are_named_as_extrapolation(frame):
    frame.loc[:99, "a"] = frame.loc[380:, "b"] = frame.loc[200:250, "c"] = np.nan
    frame.loc[397:, "a"] = np.nan
    first, last = lab.check(frame).problems
    assert "'a' has a hole of 100 rows before its first value, in row 100" in first
    assert "'b' has a hole of 20 rows after its last value, in row 379" in last
    assert "extrapolation" in first and first.endswith("add --extrapolation all")
    assert lab.check(frame, extrapolation="all").problems == []
    found = lab.check(frame, max_gap="50min")
    assert found.problems == [last]
    assert found.facts["left empty"] == "151 entries, as you said, in 2 holes of a, c"


def test_channels_that_are_not_repaired_are_listed_as_such(frame):
    frame.loc[3:4, ["a", "b", "c"]] = np.nan
    rows = lab.check(frame, only=["a", "b"]).channels["repair"]
    assert rows["c"] == lab.check(frame, inputs=["c"]).channels["repair"]["c"]
    assert rows["c"] == "nothing: it is only seen" and rows["a"].startswith("what does best")


@pytest.mark.parametrize(
    "options, message",
    [
        ({"codes": ["A"]}, "codes must be one of a, b, c, not 'A'"),
        ({"low": {"d": 3}}, "low must be one of a, b, c, not 'd'"),
        ({"codes": ["a"], "angles": ["a"]}, "column 'a' must be in codes or in angles"),
        ({"low": {"a": 3}, "high": {"a": 3}}, "low must be below high, and for column 'a' it is 3"),
        ({"max_gap": "soon"}, "max_gap must be a number of rows, or a time .* not 'soon'"),
        ({"max_gap": -1}, "max_gap must be a number of rows"),
    ],
)
def test_an_option_that_cannot_be_is_an_error_that_says_which(options, message, frame):
    with pytest.raises(ValueError, match=message):
        lab.check(frame, **options)


def test_it_stays_short_however_many_channels_there_are(rng):
    wide = pd.DataFrame(rng.random((100, 140))).mask(rng.random((100, 140)) < 0.1)
    text = str(lab.check(wide))
    assert len(text.splitlines()) < 40 and "and 115 channels more with fewer holes" in text


def test_the_robot_arm(real_table):
    found = lab.check(real_table("ur3_cobotops_20ch_1s.csv.gz"))
    (pauses,) = found.problems
    assert "27 pauses, up to 5.226 h, the longest after 2022-10-26T" in pauses
    assert "18,782 time steps without a row: add --fill-rows to put them in" in pauses
    assert found.time == "Timestamp" and found.layout.set_aside["Num"] == "row number"
    assert (
        found.channels["holes"].sum() == 1_072
        and "19 channels fail together" in found.facts["pattern"]
    )
    assert found.channels.loc["Robot_ProtectiveStop", "kind"] == "flag"


def test_a_name_cannot_steer_the_terminal(frame):
    frame["\x1b[31mred\n"] = frame["a"].where(frame.index > 2)
    text = str(lab.check(frame))
    assert "\x1b" not in text and "'\\x1b[31mred\\n'" in text


@pytest.mark.parametrize("number", ["1e999", "9" * 400])
def test_numbers_beyond_all_floats_are_a_problem_and_no_crash(number, tmp_path):
    (tmp_path / "in.csv").write_text("a,v\n" + f"0.5,{number}\n" * 60)
    problems = " ".join(lab.check(tmp_path / "in.csv").problems)
    assert "'v' has 60 infinite values" in problems and "--missing-value v=inf" in problems


def test_lengths_of_time_with_empty_cells_are_named_and_no_holes_is_not_said(frame):
    laps = [f"1:{20 + n % 9}.{n:03d}" if n % 50 else None for n in range(len(frame))]
    found = lab.check(frame.assign(lap=laps))
    (problem,) = found.problems
    assert "'lap' holds times such as '1:21.001' and 8 empty cells, which stay empty" in problem
    assert found.facts["holes"] == "none in the columns that were read"
