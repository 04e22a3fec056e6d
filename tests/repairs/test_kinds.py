"""Codes of many values, angles and counts, told by their values alone."""

import numpy as np
import pytest

from gru_lab.repairs.holes import gaps_of
from gru_lab.repairs.kinds import is_count, kind_of, restarts, wraps

ROWS = 2000
T = np.arange(ROWS)
RNG = np.random.default_rng(0)
WALK = np.cumsum(RNG.normal(size=ROWS))
WEATHER = np.array([0, 1, 2, 3, 45, 48, 51, 53, 55, 61, 63, 65, 71, 80, 81, 95])
NEAR = np.cumsum(RNG.choice([0, 0, 0, 1, -1], ROWS))
CODES = {
    "weather": np.repeat(RNG.choice(WEATHER, ROWS // 4), 4),
    "weather that changes to its like": WEATHER[np.abs(NEAR % 30 - 15)],
    "answers of a server": RNG.choice([200, 201, 204, 301, 302, 400, 401, 403, 404, 500], ROWS),
    "twenty states": np.repeat(RNG.integers(0, 20, ROWS // 10), 10),
    "errors, seldom": RNG.choice([0] * 50 + list(range(100, 140, 3)), ROWS),
    "a short table": np.repeat(RNG.choice(WEATHER[:10], 40), 2),
}
MEASURED = {
    "whole degrees": WALK.round(),
    "steps of five": (WALK / 5).round() * 5,
    "percents": np.clip(50 + WALK, 0, 100).round(),
    "many cars": RNG.poisson(20, ROWS),
    "seldom many": np.exp(RNG.normal(1, 1.5, ROWS)).round(),
    "any of a hundred": RNG.integers(0, 100, ROWS),
    "people": (200 * np.sin(T / 12) ** 2 + RNG.normal(0, 20, ROWS)).clip(0).round(),
    "hours": T % 24,
    "knots in km/h": (1.852 * (20 + 15 * np.sin(T / 20) + RNG.normal(0, 1, ROWS)).round()).round(),
}
ANGLES = {
    "wind": (300 + WALK * 5) % 360,
    "wind in tens": ((300 + WALK * 5) % 360 / 10).round() * 10,
    "from -180": (WALK * 9 + 180) % 360 - 180,
    "gusts from the north": (350 + RNG.normal(0, 40, ROWS)) % 360,
    "a shaft": T * 7 % 360,
    "a ship that turns once": (3 + T * 0.2 + WALK / 9) % 360,
}
NONE = {
    "any of 360": RNG.uniform(0, 360, ROWS),
    "sunshine up to 360": np.clip(360 * np.sin(T / 12) * RNG.uniform(0.2, 1, ROWS), 0, 360),
    "a counter that is set back": T * 3 % 345,
    "a counter that is set back once": np.r_[T[:350], T[:100]],
    "a wave": 180 + 180 * np.sin(T / 30),
    "percents": MEASURED["percents"],
}


@pytest.mark.parametrize("values", CODES.values(), ids=CODES)
def test_whole_numbers_that_come_back_in_no_order_are_codes(values):
    assert kind_of(values.astype(float)) == "code"


@pytest.mark.parametrize("values", MEASURED.values(), ids=MEASURED)
def test_whole_numbers_that_are_measured_or_counted_are_none(values):
    assert kind_of(values.astype(float)) == "measured"


@pytest.mark.parametrize("values", ANGLES.values(), ids=ANGLES)
def test_an_angle_steps_over_the_end_of_the_circle(values):
    values = values.astype(float)
    jumps = np.abs(np.diff(values)) > 180
    assert wraps(values) == jumps.sum() >= 1
    values[7:9] = np.nan
    assert wraps(values) >= jumps.sum() - 3


@pytest.mark.parametrize("turn", [400, 2 * np.pi])
def test_an_angle_may_be_in_gon_or_radians(turn):
    for name in ("wind", "from -180", "a shaft"):
        assert wraps(ANGLES[name] / 360 * turn) == wraps(ANGLES[name].astype(float)) > 0
    assert not any(wraps(values / 360 * turn) for values in NONE.values())
    pump = np.where(np.sin(T / 5) > 0, RNG.normal(5.8, 0.1, ROWS), 0.02)  # kW
    assert wraps(pump) == 0


@pytest.mark.parametrize("values", NONE.values(), ids=NONE)
def test_what_only_has_the_range_of_an_angle_is_none(values):
    assert wraps(values.astype(float)) == 0


def test_counts_are_whole_numbers_from_about_zero_up():
    assert is_count(MEASURED["people"]) and is_count(np.array([0.0, np.nan, 3]))
    assert not is_count(WALK.round()) and not is_count(np.array([101300.0, 101325]))
    assert not is_count(np.array([0, 0.5])) and not is_count(np.array([np.nan]))


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([np.nan] * 3, "none"),
        ([2.5, np.nan, 2.5], "constant"),
        ([1e6, 1e6 + 1e-6, 1e6], "constant"),  # it moves by rounding alone
        ([1e-9, -2e-9, 0.5e-9], "measured"),
        ([1.7e18, 1.7e18 + 1e8, 1.7e18 - 1e8], "measured"),
        ([0, 1, np.nan, 0, 0], "flag"),
        ([-999.9, 3.0] * 10, "flag"),
        ([-999.9, 3.0, 3.0], "measured"),
        ([0, 1, 2, 5] * 10, "code"),
        ([0, 1, 2, 5], "measured"),  # too few to tell
        ([0, 1, 2.5, 5] * 10, "measured"),
        (list(range(100)), "measured"),
    ],
)
def test_a_channel_is_told_by_its_values(values, kind):
    assert kind_of(np.array(values, dtype=float)) == kind


OTHER = np.random.default_rng(1)


def holed(values, first, length=3):
    values = np.array(values, float)
    values[first : first + length] = np.nan
    nothing = np.zeros(len(values), dtype=int)
    return values, gaps_of(
        ~np.isnan(values), np.arange(len(values)), nothing, nothing + len(values)
    )


@pytest.mark.parametrize(
    "counted",
    [
        (65_000 + T * 7) % 65_536,  # starts again in the hole, and nowhere else
        T % 24 * 1.5,
        np.cumsum(OTHER.exponential(size=ROWS)) % 40,
        np.where(T < 101, np.cumsum(OTHER.random(ROWS) < 0.4), 0.0),  # set back, and rests then
    ],
    ids=["16 bits", "a day's sum", "a tipping bucket", "set back"],
)
def test_a_counter_that_starts_again_within_a_hole_is_noticed(counted):
    fall = np.flatnonzero(np.diff(counted) < 0)
    assert restarts(*holed(counted, fall[0])) == 1
    assert restarts(*holed(counted, fall[0] - 8)) == 0


@pytest.mark.parametrize(
    "measured",
    [
        np.sin(T / 9),
        np.cumsum(OTHER.normal(size=ROWS)),
        T / 50 + OTHER.normal(size=ROWS),
        np.where(OTHER.random(ROWS) < 0.05, OTHER.exponential(size=ROWS), 0.0),
        -1.0 * T,
    ],
    ids=["a wave", "a random walk", "a trend", "rain", "what only falls"],
)
def test_what_also_falls_is_no_counter(measured):
    assert not any(restarts(*holed(measured, first)) for first in range(20, ROWS - 20, 5))
