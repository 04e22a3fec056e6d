"""Which values are suspected to mean 'missing', and which stretches to be frozen; and which not,
however much they look like it.
"""

import numpy as np
import pytest

from gru_lab.repairs.suspects import frozen, suspects

ROWS = 1000
T = np.arange(ROWS)


def noise(seed=0, size=0.3):
    return np.random.default_rng(seed).normal(0, size, ROWS)


AIR = (15 + 5 * np.sin(2 * np.pi * T / 24) + noise()).round(2)
BOILER = 55 + 30 * np.sin(T / 100) + noise(1, 0.2)
HUMID = 50 + 30 * np.sin(T / 50) + noise(2, 0.5)
RAIN = np.where(noise(3) > 0.4, np.abs(noise(4, 5)), 0).round(1)


def put(values, value, times=8, rows=1, seed=9):
    """The values with `value` in `times` short runs of `rows`."""
    values = np.array(values, dtype=float)
    for at in np.random.default_rng(seed).choice(ROWS - 20, times, replace=False):
        values[at : at + rows] = value
    return values


MISSING = {
    "nines": (AIR, -999.9),
    "fewer nines": (AIR, -99),
    "positive nines": (AIR, 99999.9),
    "nines among outliers": (np.r_[AIR[:-1], 500], 9999),
    "nines in a range of its own size": (np.cumsum(noise(5, 3)), -9999),
    "netCDF": (AIR, 9.969209968386869e36),
    "netCDF as float32": (AIR.astype(np.float32), np.float32(9.96921e36)),
    "a large float": (AIR, 1e20),
    "the largest float32": (AIR, -3.4028234663852886e38),
    "a short integer": (AIR, -32768),
    "a short integer in tenths": (AIR, 3276.7),
    "an unsigned one in hundredths": (AIR, 655.35),
    "a logger's overrange": (HUMID, 7999),
    "a logger's underrange": (AIR, -6999),
    "a sensor that is not there": (AIR, -127),
    "the same in Fahrenheit": (AIR * 1.8 + 32, -196.6),
    "a sensor that was not asked": (AIR, 85),
    "the same within the range of the boiler": (BOILER, 85),
    "zero kelvin": (AIR + 273, 0),
    "minus one of a pressure": (AIR + 1000, -1),
    "an open circuit": (AIR, -242.02),
    "99 among flags": (T // 50 % 2, 99),
    "-9 among codes": (T // 50 % 4, -9),
    "-999 in a constant": (np.full(ROWS, 20.0), -999),
}
MEASURED = {
    "rain in tips of 0.9 mm": np.random.default_rng(6).choice([0, 0, 0, 0.9, 1.8], ROWS),
    "temperatures about 85": 85 + noise(0, 2).round(),
    "an oven that passes 85 and 100": np.clip(80 + AIR, 0, 105).round(),
    "rain": RAIN,
    "a pump": np.where(T // 40 % 2, 100 + noise(), 0),
    "a pump that seldom runs": np.where(noise(6) > 0.6, 100 + noise(), 0),
    "sunshine": np.clip(np.sin(T / 4) * 800, 0, None).round(),
    "humidity that saturates": np.clip(80 + 30 * np.sin(T / 30) + noise(), 0, 100).round(1),
    "whole percents": T * 37 % 101,
    "bytes": T * 97 % 256,
    "a converter at its end": np.clip(2000 + 2500 * np.sin(T / 30), 0, 4095).round(),
    "a wave through zero": (np.sin(T / 9) * 10).round(1),
    "two set points": np.where(T // 100 % 2, 85, 20),
    "on and off": np.where(T // 100 % 2, 85, 0),
    "set points and off": np.choose(T // 100 % 5, [0, 18, 20, 21, 22]),
    "a heater": np.where(noise(7) > 0.4, 2000, np.where(noise(8) > 0.4, 700 + 99 * noise(), 0)),
    "of many sizes": np.exp(noise(9, 2)),
    "a pressure of 1023": (1015 + 8 * np.sin(T / 50) + noise()).round(),
    "around 9999": 9990 + AIR.round(),
    "-1, 0 and 1": T % 3 - 1,
    "an outage of hours": np.where(T // 333 == 1, 0, 230 + noise()),
}


@pytest.mark.parametrize("values, value", MISSING.values(), ids=MISSING)
def test_a_value_that_stands_apart_and_is_known_is_suspected(values, value):
    (suspect,) = suspects(put(values, value))
    assert suspect.value == value and suspect.rows == 8
    assert suspect.low >= values[values != value].min() and suspect.high <= values.max()


@pytest.mark.parametrize("values", MEASURED.values(), ids=MEASURED)
def test_a_measurement_is_not_suspected_whatever_number_it_is(values):
    assert suspects(values.astype(float)) == []


@pytest.mark.parametrize("low, high", [(-40, 125), (-10, 60), (-50, 50)])
def test_a_sensor_stuck_at_both_ends_of_its_range_is_suspected(low, high):
    values = put(put(AIR, low, 6, 2), high, 5, 2, seed=8)
    assert [suspect.value for suspect in suspects(values)] == sorted(
        (low, high), key=lambda end: max(AIR.min() - end, end - AIR.max())
    )


def test_also_where_zero_and_a_hundred_are_within_its_range():
    values = put(put(HUMID, 0, 4), 100, 4, seed=8)
    assert {suspect.value for suspect in suspects(values)} == {0, 100}


def test_two_codes_in_a_column_are_both_named():
    values = put(put(AIR, -999.9), 85, seed=8)
    assert {suspect.value for suspect in suspects(values)} == {-999.9, 85}


def test_a_column_of_nothing_but_a_code_is_suspected():
    (suspect,) = suspects(np.full(9, -999.0))
    assert (suspect.value, suspect.rows) == (-999, 9) and np.isnan(suspect.low)
    assert suspects(np.full(9, 85.0)) == suspects(np.full(9, 0.0)) == []


def test_an_empty_column_has_no_suspects():
    assert suspects(np.full(9, np.nan)) == [] and suspects(np.array([])) == []


def hold(values, first, rows):
    values = np.array(values, dtype=float)
    values[first : first + rows] = values[first]
    return values


@pytest.mark.parametrize(
    "values, rows",
    [(AIR, 20), (AIR, 100), (AIR.round(1), 30), (AIR.round(), 60), (np.cumsum(noise(1)), 30)],
    ids=["fine", "long", "tenths", "whole degrees", "a walk"],
)
def test_a_sensor_that_stands_still_for_long_is_frozen(values, rows):
    ((first, last),) = frozen(hold(values, 300, rows))
    assert first <= 300 and last >= 299 + rows and last - first < rows + 5


def test_holes_do_not_end_a_frozen_stretch():
    values = hold(AIR, 300, 30)
    values[[310, 311]] = np.nan
    assert frozen(values) == [(300, 329)]


@pytest.mark.parametrize(
    "values",
    [
        AIR,
        AIR.round(),
        RAIN,
        MEASURED["sunshine"],
        MEASURED["humidity that saturates"],
        MEASURED["a pump"],
        np.where(T % 24 < 8, 20, 20 + noise()),
    ],
    ids=["fine", "whole degrees", "rain", "nights", "saturation", "a pump", "a room at night"],
)
def test_what_rests_now_and_then_is_not_frozen(values):
    assert frozen(values.astype(float)) == []
