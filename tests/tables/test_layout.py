"""The layout of a table: two readings that fit are refused, dates and clocks joined, series kept
apart, and rows put in the order of time.
"""

import numpy as np
import pandas as pd
import pytest

from gru_lab.repairs.words import describe
from gru_lab.tables.apart import teller
from gru_lab.tables.frames import plain_table
from gru_lab.tables.layout import Layout
from gru_lab.tables.order import in_order
from gru_lab.tables.read import read_table

HOURS = pd.date_range("2024-02-26 22:00", periods=300, freq="h")


def table(**columns):
    rows = len(next(iter(columns.values())))
    return pd.DataFrame({**columns, "x": np.sin(np.arange(rows) / 9)})


def test_two_readings_that_fit_alike_are_refused_with_both_shown_and_what_settles_them():
    days = table(day=pd.date_range("2024-02-01", periods=12).strftime("%d/%m/%Y"))
    layout = Layout.of(days)
    (sentence,) = layout.refusals
    for words in (
        "column 'day'",
        "%d/%m/%Y gives 2024-02-01, 2024-02-02",
        "%m/%d/%Y gives 2024-01-02, 2024-02-02",
        "--dayfirst or --monthfirst",
    ):
        assert words in sentence
    with pytest.raises(ValueError, match="in.csv: column 'day' can be read as time in 2 ways"):
        layout.require("in.csv")


@pytest.mark.parametrize(
    "setting, second",
    [
        ({"dayfirst": True}, "2024-02-02"),
        ({"dayfirst": False}, "2024-02-02"),
        ({"time_format": "%d/%m/%Y"}, "2024-02-02"),
        ({"way": "mdY"}, "2024-02-02"),
    ],
)
def test_a_setting_settles_it(setting, second):
    days = table(day=pd.date_range("2024-02-01", periods=12).strftime("%d/%m/%Y"))
    layout = Layout.of(days, **setting).require()
    day_first = setting.get("dayfirst", "time_format" in setting)
    assert layout.step.words == ("1 d" if day_first else "month")
    assert str(layout.labels[1])[:10] == second


@pytest.mark.parametrize(
    "written, settled",
    [
        ("%d/%m/%Y %H:%M", "--dayfirst or --monthfirst"),
        ("%y/%m/%d %H:%M", "--time-format '%d/%m/%y %H:%M' or '%y/%m/%d %H:%M'"),
    ],
)
def test_a_single_day_that_may_be_two_is_refused_though_the_steps_are_the_same(written, settled):
    day = table(t=pd.date_range("2024-03-05", periods=20, freq="h").strftime(written))
    (sentence,) = Layout.of(day).refusals
    assert sentence.endswith(settled) and "gives 2024-03-05, 2024-03-05T01:00" in sentence
    assert read_table(day).channels == ("x",)  # training needs the order only, which is the same


@pytest.mark.parametrize("day", [(4, 5), (5, 5)])
def test_a_day_that_reads_alike_both_ways_and_days_that_go_on_are_not_refused(day):
    begin = pd.Timestamp(2024, *day)
    hours = pd.date_range(begin, periods=20 if day == (5, 5) else 40, freq="h")
    assert Layout.of(table(t=hours.strftime("%d/%m/%Y %H:%M"))).refusals == ()


WAYS = ["{2:02d}/{1:02d}/{0} {3:02d}:00", "{0}-{1:02d}-{2:02d} {3}:00", "{0}{1:02d}{2:02d}{3:02d}"]


@pytest.mark.parametrize("way", WAYS)
def test_years_of_the_buddhist_calendar_are_read(way):
    texts = [way.format(t.year + 543, t.month, t.day, t.hour) for t in HOURS]
    layout = Layout.of(table(t=texts if way != WAYS[2] else list(map(int, texts))))
    np.testing.assert_array_equal(layout.labels, HOURS.to_numpy("M8[ns]"))
    assert describe(layout)[0] == "'t', every 1 h (year 2567 is 2024)"


@pytest.mark.parametrize("names", [("Date", "Time"), ("Uhrzeit", "Tag"), ("a", "b")])
@pytest.mark.parametrize("clock", ["%H:%M", "%H:%M:%S", "%I:%M %p"])
def test_a_date_and_a_clock_are_one_stamp(names, clock):
    columns = {names[0]: HOURS.strftime("%d/%m/%Y"), names[1]: HOURS.strftime(clock)}
    layout = Layout.of(table(**dict(reversed(columns.items())))).require()
    assert set(layout.time) == set(names) and layout.step.words == "1 h"
    np.testing.assert_array_equal(layout.labels, HOURS.to_numpy("M8[ns]"))


JOINED = {
    "date and hour": lambda t: {"d": t.strftime("%Y-%m-%d"), "h": t.hour},
    "date and HHMM": lambda t: {"d": t.strftime("%Y-%m-%d"), "hm": t.hour * 100 + t.minute},
    "compact date and HHMM": lambda t: {"d": t.strftime("%Y%m%d").astype(int), "hm": t.hour * 100},
    "year month day hour": lambda t: {"a": t.year, "b": t.month, "c": t.day, "e": t.hour},
    "day month year hour": lambda t: {"c": t.day, "b": t.month, "a": t.year, "e": t.hour},
    "year, day of the year, HHMM": lambda t: {"y": t.year, "j": t.dayofyear, "n": t.hour * 100},
    "with minutes": lambda t: {"y": t.year, "m": t.month, "d": t.day, "h": t.hour, "i": t.minute},
    "minutes and seconds that never change": lambda t: {
        "year": t.year,
        "month": t.month,
        "day": t.day,
        "hour": t.hour,
        "min": t.minute,
        "sec": t.second,
    },
    "a half of the day": lambda t: {
        "d": t.strftime("%m/%d/%Y"),
        "c": t.strftime("%I:%M"),
        "p": t.strftime("%p"),
    },
    "weeks and seconds of GPS": lambda t: {
        "week": (t - pd.Timestamp("1980-01-06")).days // 7,
        "s": (t - pd.Timestamp("1980-01-06")) % pd.Timedelta("7D") // pd.Timedelta("1s"),
    },
    "days of Excel and a fraction": lambda t: {
        "Date": (t.normalize() - pd.Timestamp("1899-12-30")).days,
        "Time": t.hour / 24,
    },
    "seconds of the day": lambda t: {"d": t.strftime("%Y-%m-%d"), "s": t.hour * 3_600},
    "minutes of the day": lambda t: {"d": t.strftime("%Y-%m-%d"), "s": t.hour * 60},
    "year, day of the year, seconds": lambda t: {
        "y": t.year,
        "j": t.dayofyear,
        "s": t.hour * 3_600,
    },
    "a date in the first row of a day": lambda t: {
        "d": np.where(t.hour == 0, t.strftime("%Y-%m-%d"), None),
        "c": t.strftime("%H:%M"),
    },
    "halves of an hour, in 30 minutes": lambda t: {
        "d": t.strftime("%d-%b-%Y"),
        "n": t.hour * 2 + t.minute // 30 + 1,
    },
    "dates of Excel and clocks": lambda t: {"d": t.normalize(), "c": t.time},
    "YYMMDD and HHMMSS": lambda t: {
        "f": t.strftime("%y%m%d").astype(int),
        "h": t.strftime("%H%M%S").astype(int),
    },
    "years of two digits": lambda t: {"a": t.year % 100, "b": t.month, "c": t.day, "e": t.hour},
    "day of the year with a fraction": lambda t: {"a": t.year, "j": t.dayofyear + t.hour / 24},
    "numbers and a clock": lambda t: {
        "a": t.year,
        "b": t.month,
        "c": t.day,
        "e": t.strftime("%H:%M"),
    },
    "date and hours from to": lambda t: {
        "d": t.strftime("%d/%m/%Y"),
        "h": [f"{h:02d}:00-{h + 1:02d}:00" for h in t.hour],
    },
    "date and fraction of the day": lambda t: {"d": t.strftime("%d/%m/%Y"), "f": t.hour / 24},
}


@pytest.mark.parametrize("way", JOINED)
def test_time_in_several_columns_is_one_stamp(way):
    step = "30min" if way in ("with minutes", "halves of an hour, in 30 minutes") else "h"
    times = pd.date_range("2023-12-28", periods=300, freq=step)
    columns = JOINED[way](times)
    layout = Layout.of(table(**columns)).require()
    assert set(layout.time) == set(columns) and layout.channels == ("x",)
    np.testing.assert_array_equal(layout.labels, times.to_numpy("M8[ns]"))


def test_a_day_of_the_year_and_a_clock_need_no_year():
    times = pd.date_range("2023-03-05", periods=300, freq="h")
    layout = Layout.of(table(doy=times.dayofyear, hhmm=times.hour * 100)).require()
    assert layout.time == ("doy", "hhmm") and layout.step.words == "1 h"


def test_a_clock_in_numbers_is_read_alike_if_it_is_named():
    clock = pd.Series(HOURS.hour * 100)
    layout = Layout.of(table(hhmm=clock))
    assert layout.time == ("hhmm",) and layout.step.words == "1 h"
    assert Layout.of(table(hhmm=clock), time="hhmm").require().step.words == "1 h"


def test_a_year_and_names_of_months_are_one_stamp():
    times = pd.date_range("2004-01-01", periods=60, freq="MS")
    layout = Layout.of(table(Year=times.year, Month=times.strftime("%b"))).require()
    assert layout.time == ("Year", "Month")
    np.testing.assert_array_equal(layout.labels, times.to_numpy("M8[ns]"))


def test_a_clock_without_a_date_goes_on_from_day_to_day():
    layout = Layout.of(table(t=HOURS.strftime("%H:%M"))).require()
    assert layout.step.words == "1 h" and list(layout.order) == list(range(300))


@pytest.mark.parametrize("every", ["h", "10min", "30min"])
@pytest.mark.parametrize("end", [1, -1])
def test_the_hour_that_comes_twice_keeps_the_order_of_rows(every, end):
    true = pd.date_range("2024-10-26 12:00", "2024-10-28", freq=every, tz="Europe/Berlin")[::end]
    layout = Layout.of(table(t=true.strftime("%d.%m.%Y %H:%M"))).require()
    assert list(layout.order) == list(range(len(true)))[::end]
    np.testing.assert_allclose(np.diff(layout.position), 1)
    assert layout.odd == {}


def test_the_hour_comes_twice_also_at_another_end_of_the_night_or_of_numbered_hours():
    true = pd.date_range("2024-04-05", "2024-04-08", freq="h", tz="America/Santiago")
    layout = Layout.of(table(t=true.strftime("%d.%m.%Y %H:%M"))).require()
    np.testing.assert_allclose(np.diff(layout.position), 1)
    true = pd.date_range("2024-10-25", periods=240, freq="30min", tz="Europe/London")
    half = (true - true.normalize()) // pd.Timedelta("30min") + 1  # 1 to 48, and once to 50
    layout = Layout.of(table(day=true.strftime("%d-%b-%Y"), period=half)).require()
    assert layout.time == ("day", "period") and layout.odd == {}
    np.testing.assert_allclose(np.diff(layout.position), 1)


@pytest.mark.parametrize("end", [1, -1])
@pytest.mark.parametrize("form", ["%d.%m.%Y %I:%M", "%I:%M"])
def test_a_clock_of_twelve_hours_without_am_and_pm_is_refused_with_the_reason(form, end):
    true = pd.date_range("2024-03-15 08:00", periods=200, freq="15min")[::end]
    (sentence,) = Layout.of(table(t=true.strftime(form))).refusals
    assert "clock of column 't' shows only hours from 1 to 12" in sentence
    morning = true[(true.hour > 0) & (true.hour < 12)]
    assert not Layout.of(table(t=morning.strftime("%d.%m.%Y %I:%M"))).refusals
    assert not Layout.of(table(t=true.strftime("%d.%m.%Y %I:%M %p"))).refusals


def test_a_second_table_below_a_line_without_a_stamp_is_refused():
    frame = table(t=[*HOURS.strftime("%d.%m.%Y %H:%M"), None, *HOURS.strftime("%d.%m.%Y %H:%M")])
    with pytest.raises(ValueError, match="several series may lie in one table"):
        Layout.of(frame).require()


def test_a_year_of_local_time_has_even_steps():
    true = pd.date_range("2024-01-01", "2024-12-31", freq="h", tz="Europe/Berlin")
    layout = Layout.of(table(t=true.strftime("%d.%m.%Y %H:%M"))).require()
    np.testing.assert_allclose(np.diff(layout.position), 1)


def long(offset="0min", sort="tag"):
    """Two sensors under each other: a tag, a time, a value."""
    pieces = [
        pd.DataFrame({"tag": tag, "time": HOURS + pd.Timedelta(late), "value": value})
        for tag, late, value in (("T", "0min", 20.0), ("P", offset, 1_013.0))
    ]
    return pd.concat(pieces).sort_values(sort, kind="stable", ignore_index=True)


@pytest.mark.parametrize(
    "frame",
    [long(), long(sort="time"), long("30min"), long().assign(tag=lambda t: (t["tag"] == "P") * 3)],
    ids=["one below the other", "in turns", "at other times", "numbers as tags"],
)
def test_series_in_one_column_are_refused_with_the_column_that_tells_them_apart(frame):
    with pytest.raises(ValueError, match="column 'tag' .* add --split-by 'tag'"):
        Layout.of(frame).require()
    layout = Layout.of(frame, split_by="tag").require()
    assert len(layout.starts) == 2 and layout.step.words == "1 h"
    assert frame["tag"].iloc[layout.order].is_monotonic_increasing or (
        frame["tag"].iloc[layout.order].is_monotonic_decreasing
    )


def test_series_that_two_columns_tell_apart_are_split_by_both():
    frame = pd.concat([long().assign(site=site) for site in "AB"], ignore_index=True)
    (sentence,) = Layout.of(frame).refusals
    assert "--split-by 'tag' --split-by 'site'" in sentence
    assert len(Layout.of(frame, split_by=["tag", "site"]).require().starts) == 4


def test_the_end_of_an_interval_is_a_time_too_and_no_channel():
    ends = (HOURS + pd.Timedelta("1h")).strftime("%Y%m%d%H%M").astype(float)
    frame = table(start=HOURS.strftime("%Y%m%d%H%M").astype(int), end=ends.where(HOURS.hour != 7))
    layout = Layout.of(frame.assign(meter=20240305 + np.arange(300) * 0.1))
    assert layout.time == ("start",) and layout.channels == ("x", "meter")
    assert layout.set_aside["end"] == "another time"


def test_series_that_take_turns_at_times_of_their_own_are_told_apart():
    frame = long("7min", sort="time")
    assert "column 'tag' (T, P) tells them apart" in Layout.of(frame).refusals[0]
    assert Layout.of(frame, split_by="tag").refusals == ()
    both = pd.concat([frame.assign(site="A"), long("7min", sort="time").assign(site="B")])
    (sentence,) = Layout.of(both.sort_values("time", ignore_index=True)).refusals
    assert "--split-by 'tag' --split-by 'site'" in sentence


def half_swapped(day):
    return day.replace(day=day.month, month=day.day) if day.day <= 12 else day


SWAPPED = {
    "dates beside texts": [
        half_swapped(day).to_pydatetime() if day.day <= 12 else f"{day:%d/%m/%Y}"
        for day in pd.date_range("2024-03-01", periods=60)
    ],
    "all as dates": [half_swapped(day) for day in pd.date_range("2024-03-01", periods=60)],
    "as ISO": [f"{half_swapped(day):%Y-%m-%d}" for day in pd.date_range("2024-03-01", periods=60)],
    "hours": [f"{half_swapped(hour):%d/%m/%Y %H:%M}" for hour in HOURS],
}


@pytest.mark.parametrize("cells", SWAPPED.values(), ids=SWAPPED)
def test_dates_of_which_a_spreadsheet_swapped_day_and_month_are_refused(cells):
    (sentence,) = Layout.of(table(date=pd.Series(cells))).refusals
    assert "'date' goes back and forth in time, and is regular once day and month are" in sentence


@pytest.mark.parametrize("every", ["D", "h", "MS"])
def test_dates_in_order_are_no_swapped_ones_even_with_a_pause(every):
    days = pd.date_range("2024-03-01", periods=60, freq=every).delete([20, 21, 22])
    assert Layout.of(table(date=days.strftime("%Y-%m-%d %H:%M"))).refusals == ()


@pytest.mark.parametrize("year", [1967, 1971, 2057])
def test_years_of_two_digits_that_are_not_of_our_time_are_refused_until_they_are_settled(year):
    days = pd.date_range(f"{year}-03-01", periods=60).strftime("%d/%m/%y")
    (sentence,) = Layout.of(table(date=days)).refusals
    assert "count by another calendar" in sentence and "--time-format %d/%m/%y" in sentence
    assert Layout.of(table(date=days), time_format="%d/%m/%y").refusals == ()


@pytest.mark.filterwarnings("error")
def test_stamps_without_one_known_step_are_no_warning():
    moments = np.where(np.arange(12) % 2, np.nan, np.arange(12))
    assert teller({}, moments, np.arange(12) == 0) is None


def test_a_state_in_words_is_no_tag():
    states = table(time=HOURS, state=np.where(np.arange(300) % 7 < 3, "on", "off"))
    assert Layout.of(states).refusals == ()


def test_an_index_of_time_and_station_keeps_stations_apart():
    one = pd.DataFrame({"T": np.arange(300.0)}, index=HOURS)
    two = pd.concat({"A": one, "B": one + 100}, names=["station"]).swaplevel().sort_index()
    layout = Layout.of(two).require()
    assert layout.split_by == ("station",) and len(layout.starts) == 2
    in_parts = two["T"].to_numpy()[layout.order]
    np.testing.assert_array_equal(in_parts, [*np.arange(300.0), *np.arange(100.0, 400.0)])


@pytest.mark.parametrize(
    "index",
    [
        HOURS,
        HOURS.tz_localize("Asia/Tokyo"),
        HOURS.strftime("%d/%m/%Y %H:%M"),
        HOURS.to_period("h"),
    ],
    ids=["dates", "with a zone", "text", "periods"],
)
def test_the_index_may_hold_the_time(index):
    frame = pd.DataFrame({"x": np.sin(np.arange(300))}, index=index).iloc[::-1]
    layout = Layout.of(frame).require()
    assert layout.time == ("index",) and layout.channels == ("x",)
    np.testing.assert_array_equal(layout.order, np.arange(300)[::-1])


def test_dates_in_no_order_are_named_and_taken_only_if_told(rng):
    frame = table(expiry=rng.permutation(pd.date_range("2024", periods=3_000, freq="17h"))[:300])
    layout = Layout.of(frame)
    assert layout.time == () and layout.set_aside == {"expiry": "another time"}
    assert "dates in no order; if it is the time, add --time 'expiry'" in layout.problems[0]
    assert Layout.of(frame, time="expiry").time == ("expiry",)


def test_what_looks_like_a_time_and_cannot_be_read_is_named():
    layout = Layout.of(table(when=[f"2024-13-{day:02d} 10:00" for day in range(1, 29)]))
    assert "column 'when' may be a time but cannot be read as one" in layout.problems[0]
    weeks = [f"KW {week}/2024" for week in range(1, 50)]
    assert "'week' may be a time but cannot" in Layout.of(table(week=weeks)).problems[0]
    assert Layout.of(table(t=HOURS, week=[f"KW {n}" for n in range(len(HOURS))])).problems == ()
    with pytest.raises(ValueError, match="time_format: no column can be read as '%d.%m.%Y'"):
        Layout.of(table(week=weeks), time_format="%d.%m.%Y")
    with pytest.raises(ValueError, match="time: column 'x' cannot be read as '%d/%m/%Y'"):
        Layout.of(table(t=["a"] * 9), time="x", time_format="%d/%m/%Y")


def test_stamps_that_repeat_because_they_are_coarse_are_spread_evenly():
    frame = table(day=np.repeat(pd.date_range("2024", periods=50).strftime("%Y-%m-%d"), 6))
    layout = Layout.of(frame)
    np.testing.assert_allclose(np.diff(layout.moments), 86_400 / 6)
    assert list(layout.order) == list(range(300))


def test_rows_without_a_stamp_lie_between_their_neighbours():
    times = HOURS.astype(str).to_series().reset_index(drop=True)
    layout = Layout.of(table(time=times.where(times.index != 7)[::-1].reset_index(drop=True)))
    np.testing.assert_allclose(np.diff(layout.position), 1)
    assert list(layout.odd["lacking"]) == [292]


def test_a_counter_with_holes_is_a_channel_with_holes():
    count = np.where(np.arange(300) % 40 == 7, np.nan, np.arange(300.0))
    assert Layout.of(table(time=HOURS, n=count)).channels == ("n", "x")


def test_numbers_that_go_on_evenly_only_as_a_clock_are_one():
    times = pd.date_range("2024-03-01 21:58", periods=300, freq="s")
    packed = times.strftime("%H%M%S").astype(float)
    layout = Layout.of(table(utc=packed)).require()
    assert layout.time == ("utc",) and layout.step.words == "1 s"
    assert Layout.of(table(n=np.arange(220_000, 220_300) * 1.0)).time == ()


def minutes(begin, end, step=10):
    return [f"{m // 60}:{m % 60:02d}" for m in range(begin, end, step)]


def test_steps_that_may_be_minutes_or_seconds_are_refused_with_both_shown():
    (sentence,) = Layout.of(table(t=minutes(0, 900))).refusals
    assert "%H:%M gives steps of 10 min; %M:%S gives steps of 10 s" in sentence
    for way, step in (("%H:%M", "10 min"), ("%M:%S", "10 s")):
        layout = Layout.of(table(t=minutes(0, 900)), time_format=way).require()
        assert layout.step.words == step
    for clear in (minutes(0, 1_440), minutes(480, 900), [*minutes(0, 1_440), *minutes(0, 60)]):
        assert Layout.of(table(t=clear)).refusals == ()


def test_order_is_that_of_a_plain_sort(rng):
    stamps = rng.integers(0, 10**18, 500)
    order, moments = in_order(stamps, np.arange(500), np.arange(500) == 0)
    np.testing.assert_array_equal(order, np.argsort(stamps, kind="stable"))
    assert (np.diff(moments) >= 0).all()


class Foreign:
    """A table of another library, with nothing but the way into pandas."""

    def to_pandas(self):
        return pd.DataFrame({"time": HOURS, "T": np.arange(300.0)})


class Lazy:
    """A table of polars that is not computed yet."""

    def collect(self):
        return Foreign()


def test_tables_of_every_make_become_one_with_names():
    assert (
        list(plain_table(Foreign()).columns) == list(plain_table(Lazy()).columns) == ["time", "T"]
    )
    assert list(plain_table(pd.Series([1.0, 2], name="T")).columns) == ["T"]
    levels = pd.DataFrame([[1.0, 2]], columns=pd.MultiIndex.from_tuples([("s1", "T"), ("s1", "R")]))
    assert list(plain_table(levels).columns) == ["s1_T", "s1_R"]
    masked = plain_table(np.ma.masked_array([[1, 2], [3, 4]], mask=[[0, 1], [0, 0]]))
    assert masked.isna().to_numpy().tolist() == [[False, True], [False, False]]
    for nothing in ("text", 3, np.zeros((2, 2, 2))):
        with pytest.raises(ValueError, match="table must be"):
            plain_table(nothing)
