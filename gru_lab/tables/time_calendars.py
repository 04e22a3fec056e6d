"""Dates as days since 1970, in our calendar and in those of Thailand, Taiwan and Iran.

dated({"Y": np.array([1403]), "m": np.array([1]), "d": np.array([1])})  # of 2024-03-20
"""

import numpy as np

YEARS = (1_678, 2_261)  # that nanoseconds since 1970 can tell
BUDDHIST, ERA = 543, 2_400  # 2567 is 2024 in the calendar of Thailand; so is every year from 2400
REPUBLIC = 1_911  # 113 is 2024 in Taiwan
PERSIAN = (1_300, 1_499)  # 1403 begins in March 2024 in Iran
AHEAD = (BUDDHIST, -621, -622)  # of our years, of Thailand's and of Iran's, which begins in March


def _persian(year, month, day):
    """Return days since 1970, (n,), of dates in Iran's calendar, and which dates exist; leap years
    lie as they do from 1925 to 2088, eight in 33.
    """
    leap = (25 * year + 11) % 33 < 8
    last = np.where(month < 7, 31, np.where(month < 12, 30, 29 + leap))
    days = 365 * year + (8 * year + 21) // 33 + 31 * month - np.maximum(month - 7, 0) + day
    return days - 492_665, (month >= 1) & (month <= 12) & (day >= 1) & (day <= last)


def dated(roles: dict) -> tuple[np.ndarray, np.ndarray]:
    """Return days since 1970, (n,), of {role: whole numbers (n,)}, and which dates exist."""
    year = np.asarray(roles.get("Y", roles["E"] + REPUBLIC if "E" in roles else 2_000))
    year = year - BUDDHIST * (year >= ERA)
    if "y" in roles:
        year = roles["y"] + np.where(roles["y"] < 69, 2_000, 1_900)
    month = roles["q"] * 3 - 2 if "q" in roles else np.asarray(roles.get("m", 1))
    early = (year >= PERSIAN[0]) & (year <= PERSIAN[1])
    if {"m", "d"} <= set(roles) and early.any():
        days, real = _persian(year, month, roles["d"])
        return days, real & early
    fine = (year >= YEARS[0]) & (year <= YEARS[1]) & (month >= 1) & (month <= 12)
    months = np.where(fine, (year - 1_970) * 12 + month - 1, 0)
    begin, end = (
        (months + later).astype("M8[M]").astype("M8[D]").astype(np.int64)
        for later in (0, 12 if "j" in roles else 1)
    )
    day = np.asarray(roles.get("j", roles.get("d", 1)))
    if "W" in roles:  # the week that holds January 4th is the first
        fourth = begin + 3
        begin, day = fourth - (fourth + 3) % 7 + 7 * (roles["W"] - 1), roles.get("u", 1)
        return begin + day - 1, fine & (roles["W"] >= 1) & (roles["W"] <= 53)
    return begin + day - 1, fine & (day >= 1) & (begin + day <= end)
