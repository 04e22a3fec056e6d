"""Text and numbers as time: the usual manners of writing it, read back to their stamps."""

import numpy as np
import pandas as pd
import pytest

from gru_lab.tables.layout import Layout
from gru_lab.tables.time import NAT, text_readings
from gru_lab.tables.time_numbers import number_readings
from tests.conftest import ratio

HOURS = pd.date_range("2024-02-26 22:00", periods=300, freq="h")
DAYS = pd.date_range("2023-11-20", periods=200)
MONTHS = pd.date_range("2005-01-01", periods=60, freq="MS")
GERMAN = "Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez.".split()
FRENCH = "janvier février mars avril mai juin juillet août".split()
FRENCH += "septembre octobre novembre décembre".split()
ROMAN = "I II III IV V VI VII VIII IX X XI XII".split()
RUSSIAN = "янв фев мар апр мая июн июл авг сен окт ноя дек".split()


def half_past_noon(stamp):
    return f"{stamp.month}/{stamp.day}/{stamp.year} {stamp.hour % 12 or 12}:{stamp:%M:%S %p}"


def up_to_24(stamp):
    before = stamp - pd.Timedelta("1h")
    return f"{before:%d.%m.%Y} {before.hour + 1}:00"


def in_iran(stamp, form="{}/{:02}/{:02}"):
    year = 1402 + (stamp >= pd.Timestamp("2024-03-20"))
    day = (stamp - pd.Timestamp(["2023-03-21", "2024-03-20"][year - 1402])).days
    month, day = (day // 31, day % 31) if day < 186 else (6 + (day - 186) // 30, (day - 186) % 30)
    return form.format(year, month + 1, day + 1)


WRITTEN = {
    "ISO": (HOURS, "%Y-%m-%d %H:%M:%S"),
    "ISO with T and Z": (HOURS, "%Y-%m-%dT%H:%M:%SZ"),
    "fractions": (HOURS, "%Y-%m-%d %H:%M:%S.%f"),
    "a comma before fractions": (HOURS, "%Y-%m-%d %H:%M:%S,250"),
    "slashes": (HOURS, "%Y/%m/%d %H:%M"),
    "day first, points": (HOURS, "%d.%m.%Y %H:%M"),
    "day first, slashes": (DAYS, "%d/%m/%Y"),
    "day first, hyphens, two digits": (DAYS, "%d-%m-%y"),
    "month first": (DAYS, "%m/%d/%Y"),
    "month first, two digits": (HOURS, "%m/%d/%y %H:%M"),
    "year first, two digits": (DAYS, "%y/%m/%d"),
    "no zeros in front": (HOURS, lambda s: f"{s.day}.{s.month}.{s.year} {s.hour}:{s:%M}"),
    "half days": (HOURS, half_past_noon),
    "until 24:00": (HOURS, up_to_24),
    "hours and minutes together": (HOURS, "%Y-%m-%d %H%M"),
    "points between hours and minutes": (HOURS, "%d.%m.%Y %H.%M"),
    "commas": (HOURS, "%d.%m.%Y, %H:%M"),
    "names of months": (DAYS, "%d-%b-%Y"),
    "long names": (DAYS, "%B %d, %Y"),
    "weekdays": (HOURS, "%a, %d %b %Y %H:%M:%S GMT"),
    "the C library": (HOURS, "%a %b %e %H:%M:%S %Y"),
    "a web server": (HOURS, "%d/%b/%Y:%H:%M:%S +0000"),
    "SAS": (HOURS, lambda s: f"{s:%d%b%Y:%H:%M:%S}".upper()),
    "Exif": (HOURS, "%Y:%m:%d %H:%M:%S"),
    "German": (DAYS, lambda s: f"{s.day}. {GERMAN[s.month - 1]} {s.year}"),
    "French": (DAYS, lambda s: f"{s.day} {FRENCH[s.month - 1]} {s.year}"),
    "Russian": (DAYS, lambda s: f"{s.day} {RUSSIAN[s.month - 1]} {s.year}"),
    "Spanish": (DAYS[40:70], lambda s: f"{s.day} de {['', 'enero'][s.month % 2]} de {s.year}"),
    "Chinese": (DAYS, lambda s: f"{s.year}年{s.month}月{s.day}日"),
    "Chinese with hours": (HOURS, lambda s: f"{s.year}年{s.month}月{s.day}日 {s.hour}时{s:%M}分"),
    "Korean": (DAYS, lambda s: f"{s.year}. {s.month}. {s.day}."),
    "Greek halves": (DAYS, lambda s: f"{s.day}/{s.month}/{s.year} 12:30:00 {'πμ'}"),
    "Korean with hours": (
        HOURS,
        lambda s: f"{s.year}년 {s.month}월 {s.day}일 {s.hour}시 {s.minute}분",
    ),
    "Iran": (DAYS, in_iran),
    "Iran, in its own digits": (
        HOURS,
        lambda s: f"{in_iran(s)} {s:%H:%M}".translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")),
    ),
    "JSON of .NET": (HOURS, lambda s: f"/Date({s.value // 10**6})/"),
    "JSON of .NET with a zone": (HOURS, lambda s: f"/Date({s.value // 10**6}+0100)/"),
    "Taiwan": (HOURS, lambda s: f"{s.year - 1911}/{s:%m/%d %H:%M}"),
    "a space in the clock": (HOURS, "%d.%m.%Y %H %M"),
    "the clock first": (HOURS, "%H:%M %d/%m/%Y"),
    "the clock first, with seconds": (HOURS, "%H:%M:%S %d-%m-%Y"),
    "a formula of Excel": (HOURS, '="%Y-%m-%d %H:%M"'),
    "compact": (HOURS, "%Y%m%dT%H%M%S"),
    "compact with minutes": (HOURS, "%Y%m%d%H%M"),
    "compact with hours": (HOURS, "%Y%m%d%H"),
    "day of the year": (DAYS, "%Y-%j"),
    "year and month": (MONTHS, "%Y-%m"),
    "month and year": (MONTHS, "%m/%Y"),
    "month's name and year": (MONTHS, "%b-%y"),
    "quarters": (pd.date_range("2001", periods=40, freq="QS"), lambda s: f"{s.year}Q{s.quarter}"),
    "weeks": (pd.date_range("2019-12-30", periods=80, freq="7D"), lambda s: f"{s:%G-W%V-%u}"),
    "an offset": (HOURS, lambda s: f"{s + pd.Timedelta('90min'):%Y-%m-%d %H:%M}+01:30"),
    "a zone": (HOURS, lambda s: f"{s + pd.Timedelta('1h'):%Y-%m-%d %H:%M} CET"),
    "in brackets": (HOURS, "[%d/%b/%Y:%H:%M:%S +0000]"),
    "from to": (HOURS, lambda s: f"{s:%d.%m.%Y %H:%M} - {s + pd.Timedelta('1h'):%d.%m.%Y %H:%M}"),
    "UTC": (HOURS, "%Y-%m-%d %H:%M:%S UTC"),
    "a zone by its place": (HOURS, "%Y-%m-%d %H:%M Africa/Abidjan"),
    "a word before the clock": (HOURS, "%d.%m.%Y klo %H.%M"),
    "no zeros in front, with seconds": (
        HOURS + pd.to_timedelta(np.arange(300) * 5, "s"),
        lambda s: f"{s.year}-{s.month}-{s.day} {s.hour}:{s.minute}:{s.second}",
    ),
    "a half of the day before the clock": (HOURS, "%Y-%m-%d %p %I:%M"),
    "points throughout": (HOURS, "%Y.%m.%d.%H.%M"),
    "underscores": (HOURS, "%Y_%m_%d_%H_%M"),
    "a Russian word before the clock": (HOURS, "%d.%m.%Y в %H:%M"),
    "Go": (HOURS, "%Y-%m-%d %H:%M:%S +0000 UTC"),
    "JavaScript": (HOURS, "%a %b %d %Y %H:%M:%S GMT+0000 (Coordinated Universal Time)"),
    "NASA": (HOURS, "%Y:%j:%H:%M:%S"),
    "day of the year, points": (HOURS, "%Y.%j.%H%M"),
    "Roman months": (DAYS, lambda s: f"{s.day}.{ROMAN[s.month - 1]}.{s.year}"),
    "Eurostat": (MONTHS, "%YM%m"),
    "Eurostat, with a hyphen": (MONTHS, "%Y-M%m"),
    "French quarters": (
        pd.date_range("2001", periods=40, freq="QS"),
        lambda s: f"T{s.quarter} {s.year}",
    ),
    "the Pacific": (HOURS, lambda s: f"{s - pd.Timedelta('7h'):%Y-%m-%d %H:%M} PDT"),
}


def written(times, manner):
    return [manner(stamp) if callable(manner) else stamp.strftime(manner) for stamp in times]


@pytest.mark.parametrize("end", ["oldest first", "newest first"])
@pytest.mark.parametrize("manner", WRITTEN)
def test_time_is_read_in_every_usual_manner_whatever_the_column_is_called(manner, end):
    times, form = WRITTEN[manner]
    if manner == "Spanish":
        times = times[times.month == 1]
    times = times if end == "oldest first" else times[::-1]
    table = pd.DataFrame({"x": np.sin(np.arange(len(times))), "q": written(times, form)})
    layout = Layout.of(table).require()
    assert layout.time == ("q",) and layout.channels == ("x",)
    late = {"a comma before fractions": "250ms", "Greek halves": "30min"}.get(manner, "0s")
    expected = times + pd.Timedelta(late)
    np.testing.assert_array_equal(layout.labels, expected.to_numpy("M8[ns]"))
    np.testing.assert_array_equal(layout.labels[layout.order], np.sort(layout.labels))


YEARS = HOURS.year + (HOURS - pd.to_datetime(HOURS.year.astype(str))) / pd.Timedelta("366D")
NUMBERS = {
    "decimal years": np.array(YEARS),
    ".NET ticks": HOURS.as_unit("us").asi8 * 10 + 621_355_968_000_000_000,
    "Windows ticks": HOURS.as_unit("us").asi8 * 10 + 116_444_736_000_000_000,
    "Iran": [int(in_iran(stamp, "{}{:02}{:02}")) for stamp in DAYS],
    "Taiwan": DAYS.strftime("%Y%m%d").astype(np.int64) - 19_110_000,
    "DDMMYYYYHHMM": HOURS.strftime("%d%m%Y%H%M").astype(np.int64),
    "epoch s": HOURS.as_unit("s").asi8,
    "epoch ms": HOURS.as_unit("ms").asi8,
    "epoch us": HOURS.as_unit("us").asi8,
    "epoch ns": HOURS.as_unit("ns").asi8,
    "epoch s with fractions": HOURS.as_unit("s").asi8 + 0.0,
    "Excel days": (HOURS - pd.Timestamp("1899-12-30")) / pd.Timedelta("1D"),
    "MATLAB days": (HOURS - pd.Timestamp("1970-01-01")) / pd.Timedelta("1D") + 719_529,
    "YYYYMMDDHH": HOURS.strftime("%Y%m%d%H").astype(np.int64),
    "YYYYMMDDHHMM": HOURS.strftime("%Y%m%d%H%M").astype(np.int64),
    "YYYYMMDD": DAYS.strftime("%Y%m%d").astype(np.int64),
    "DDMMYYYY": DAYS.strftime("%d%m%Y").astype(np.int64),
    "YYYYDDD": DAYS.strftime("%Y%j").astype(np.int64),
    "YYMMDD": DAYS.strftime("%y%m%d").astype(np.int64),
    "YYYYMM": MONTHS.strftime("%Y%m").astype(np.int64),
}


SPANS = {
    "pandas": str,
    "Python": lambda span: str(span.to_pytimedelta()),
    "ISO 8601": pd.Timedelta.isoformat,
    "days, a point, a clock": lambda span: f"{span.days}." * (span.days > 0) + str(span)[-8:],
    "letters": lambda span: (
        f"{span.days}d {span.components.hours:02d}h {span.components.minutes:02d}m"
    ),
    "a colon behind the days": lambda span: f"{span.days}:{str(span)[-8:]}",
    "hours beyond a day": lambda span: f"{span // pd.Timedelta('1h')}:00:00",
}


@pytest.mark.parametrize("manner", SPANS)
def test_time_since_the_start_is_read_in_each_manner(manner):
    spans = pd.to_timedelta(np.arange(60), unit="h")
    table = pd.DataFrame({"x": map(SPANS[manner], spans), "T": np.sin(np.arange(60))})
    layout = Layout.of(table)
    assert layout.time == ("x",) and layout.step.words == "1 h" and not layout.refusals
    np.testing.assert_array_equal(layout.stamps, spans.as_unit("ns").asi8)


@pytest.mark.parametrize("manner", NUMBERS)
def test_numbers_that_can_only_be_time_are_read_as_such(manner):
    numbers = np.asarray(NUMBERS[manner])
    times = next(t for t in (HOURS, DAYS, MONTHS) if len(t) == len(numbers))
    layout = Layout.of(pd.DataFrame({"q": numbers, "x": np.sin(np.arange(len(numbers)))})).require()
    assert layout.time == ("q",) and layout.channels == ("x",)
    apart = np.abs(layout.labels - times.to_numpy("M8[ns]")).max()
    assert apart < np.timedelta64(10, "ms")


def test_dates_of_iran_in_three_columns_are_read():
    parts = {n: [int(in_iran(s).split("/")[k]) for s in DAYS] for k, n in enumerate("ymd")}
    layout = Layout.of(pd.DataFrame(parts | {"x": np.sin(np.arange(len(DAYS)))})).require()
    np.testing.assert_array_equal(layout.labels, DAYS.to_numpy("M8[ns]"))


def test_years_of_a_calendar_that_is_not_read_are_refused_until_they_are_said():
    days = [f"1445/{1 + n // 29:02}/{1 + n % 29:02}" for n in range(200)]
    table = pd.DataFrame({"q": days, "x": np.sin(np.arange(200))})
    with pytest.raises(ValueError, match="would be 2066 to 2066, or count by another calendar"):
        Layout.of(table).require()
    assert Layout.of(table, time_format="%Y/%m/%d").require().time == ("q",)


ELAPSED = {
    "seconds": np.arange(300) * 0.5,
    "a third of a second": np.round(np.arange(300) / 3, 2),
    "milliseconds of LabVIEW": np.arange(300) / 1_000,
    "some rows left out": np.delete(np.arange(320), np.arange(9, 89, 4)) * 10,
    "years": 1958 + (np.arange(300) + 0.5).round(4) / 12,
}


@pytest.mark.parametrize("what", ELAPSED)
def test_what_rises_evenly_with_the_rows_is_time_whatever_its_name(what):
    layout = Layout.of(pd.DataFrame({"q": ELAPSED[what], "x": np.sin(np.arange(300))})).require()
    assert layout.time == ("q",) and layout.channels == ("x",)
    step = np.diff(ELAPSED[what])
    np.testing.assert_allclose(np.diff(layout.position), step / np.median(step), rtol=0.02)


def test_what_rises_unevenly_is_named_as_what_may_be_time_or_a_count():
    uneven = np.cumsum(1 + np.sin(np.arange(300)) ** 2)
    layout = Layout.of(pd.DataFrame({"q": uneven, "x": np.sin(np.arange(300))}))
    assert layout.time == () and "'q' rises with every row and may be time" in layout.problems[0]


@pytest.mark.parametrize("name, readings", [("MJD", 1), ("q", 2)])
def test_days_of_the_future_may_be_others_of_the_past(name, readings):
    days = (HOURS - pd.Timestamp("1858-11-17")) / pd.Timedelta("1D")
    layout = Layout.of(pd.DataFrame({name: days, "x": np.sin(np.arange(300))}))
    assert layout.time == (name,) and len(layout.readings) == readings
    apart = np.abs(layout.labels - HOURS.to_numpy("M8[ns]")).max()
    assert apart < np.timedelta64(10, "ms")
    if readings == 2:
        assert "'modified Julian days' or 'Excel days'" in layout.refusals[0]


def test_a_month_a_day_and_a_clock_with_seconds_are_no_year_before_a_clock():
    texts = HOURS.strftime(" %m/%d  %H:%M:%S")
    layout = Layout.of(pd.DataFrame({"q": texts, "x": np.sin(np.arange(300))})).require()
    assert layout.step.words == "1 h" and layout.way == "md"


def test_a_year_that_goes_up_by_one_needs_no_day_of_the_year_beside_it():
    table = pd.DataFrame({"year": np.arange(1950, 2020), "x": 50 + np.sin(np.arange(70)) * 30})
    layout = Layout.of(table)
    assert layout.time == ("year",) and layout.channels == ("x",)


def test_seconds_since_1970_are_the_time_beside_a_clock_that_leaves_out_an_hour():
    hours = pd.date_range("2024-03-05", periods=192, freq="h", tz="UTC")
    local = hours.tz_convert("America/New_York").strftime("%m/%d/%Y %H:%M")
    table = pd.DataFrame({"local": local, "unix": hours.as_unit("s").asi8, "x": np.sin(range(192))})
    layout = Layout.of(table).require()
    assert layout.time == ("unix",) and layout.channels == ("x",)
    assert Layout.of(table[["local", "x"]]).time == ("local",)
    counter = Layout.of(table.assign(unix=1_700_000_000 + np.arange(192) * 5_000))
    assert counter.time == ("local",) and counter.channels == ("unix", "x")


def test_a_meter_that_rises_evenly_is_no_day_of_excel_but_may_be():
    table = pd.DataFrame({"kWh": 45_000 + np.arange(300) * 0.25, "x": np.sin(np.arange(300))})
    layout = Layout.of(table)
    assert layout.time == () and layout.channels == ("kWh", "x")
    assert "'kWh' may be time (Excel days, 2023-03-15" in layout.problems[0]
    assert Layout.of(table, time="kWh").step.words == "6 h"
    assert Layout.of(table.rename(columns={"kWh": "Date"})).time == ("Date",)


MEASURED = {
    "an energy meter at rest": 45_000 + np.cumsum(0.25 + 0.05 * np.sin(np.arange(300))),
    "air pressure in Pa": 101_325 + 300 * np.sin(np.arange(300) / 9),
    "rising pressure": np.round(101_000 + np.arange(300) * 1.7 + np.sin(np.arange(300)), 1),
    "an energy meter": np.cumsum(np.abs(np.sin(np.arange(300) / 7)) * 900).round() + 1_234_567_890,
    "a counter like Excel's days": 45_000 + np.cumsum(np.random.default_rng(0).integers(0, 9, 300)),
    "turns": np.random.default_rng(0).integers(1_000, 3_000, 300),
    "parts by number": 20_240_000 + np.random.default_rng(0).integers(0, 99, 300),
    "hours 0 to 23": np.arange(300) % 24,
    "a year and noise": 2_000 + np.random.default_rng(0).integers(0, 24, 300),
    "nanoseconds that swing": 1.7e18 + 1e8 * np.sin(np.arange(300)),
}


@pytest.mark.parametrize("what", MEASURED)
def test_no_measured_channel_is_taken_for_time(what):
    table = pd.DataFrame({"q": MEASURED[what], "x": np.sin(np.arange(300))})
    assert Layout.of(table).time == () and Layout.of(table).channels == ("q", "x")


def test_counts_that_start_again_are_no_day_and_no_minutes():
    row = np.arange(300)
    layout = Layout.of(pd.DataFrame({"a": row % 12 + 1, "b": row % 28 + 1, "x": np.sin(row)}))
    assert layout.time == () and layout.refusals == ()


def test_rows_that_are_numbered_are_no_days():
    table = pd.DataFrame({"RECORD": np.arange(45_000, 45_300), "x": np.sin(np.arange(300))})
    layout = Layout.of(table)
    assert layout.time == () and layout.set_aside == {"RECORD": "row number"}


def test_text_that_is_no_time_is_none():
    for texts in (
        ["1.2.3"] * 9,
        ["2024-01-01 day", "2024-01-02 night"],
        ["on", "off"],
        ["192.168.0.1"],
        ["A-12", "B-13"],
        ["12", ""],
    ):
        assert text_readings(pd.Series(texts)) == []
    assert number_readings(pd.Series([np.nan, np.nan])) == []


def test_infinite_values_beside_dates_are_no_clock_and_give_no_warning(recwarn):
    days = np.repeat(DAYS[:10], 2).strftime("%Y-%m-%d")
    table = pd.DataFrame({"day": days, "a": np.where(np.arange(20) == 5, np.inf, 7.0)})
    assert Layout.of(table).way == "Ymd" and not len(recwarn)


def test_single_cells_that_are_no_time_have_none():
    texts = [*written(HOURS[:20], "%d.%m.%Y %H:%M"), "soon", None, "", "31.02.2024 10:00"]
    day_first = text_readings(pd.Series(texts))[0]
    assert (day_first.stamps[20:] == NAT).all() and (day_first.stamps[:20] != NAT).all()


def test_reading_takes_a_few_times_what_pandas_takes_that_knows_how_it_is_written():
    times = pd.date_range("2020", periods=150_000, freq="10min")
    texts = pd.Series(times.strftime("%d.%m.%Y %H:%M"))
    known = {"format": "%d.%m.%Y %H:%M"}
    assert ratio(lambda: text_readings(texts), lambda: pd.to_datetime(texts, **known)) < 10
    (reading,) = text_readings(texts)
    np.testing.assert_array_equal(reading.stamps, times.as_unit("ns").asi8)
