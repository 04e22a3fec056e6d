"""What a channel is, told by its values alone, in the order of time.

    wraps(np.array([350, 355, 2, 8, 358, ...]))  # 2 steps over the end of the circle

A *code* is a whole number that stands for something (a state, the weather): between two of them
there is nothing. An *angle* starts again where it ends. A *count* is a whole number from zero up.
"""

import numpy as np

from gru_lab.repairs.holes import Gaps

FEW_CODES, CODES_SEEN = 12, 10  # a code has few different whole numbers, each seen often
MANY_SEEN = 5  # of more codes each is seen this often, on average
ROUNDING = 1e-11  # of its size: what moves by no more is constant
FEWEST = 10  # observed values that a channel needs to be learned from
NUMBERS = ("angle", "count", "measured")
TURNS = {360: 1 / 8, 400: 0.01, 2 * np.pi: 0.01}  # the part of a turn that either end may lack
WRAPS = 2  # steps over the end of the circle that make an angle; or one among small steps


def kind_of(values: np.ndarray) -> str:
    """Return what a channel (rows,) is: 'none' (no value at all), 'constant', 'flag', 'code' or
    'measured'.

    A flag takes two values, 0 and 1 or others, each often. A code takes a few whole numbers, each
    often, or more of them that come back in no order. Between two of them there is nothing.
    """
    seen = values[~np.isnan(values)]
    if not len(seen):
        return "none"
    low, high = seen.min(), seen.max()
    if high - low <= ROUNDING * max(abs(low), abs(high)):
        return "constant"
    different = np.unique(seen)
    few = takes_few(seen, different)
    if len(different) == 2 and (few or (low, high) == (0, 1)):
        return "flag"
    whole = (different == different.round()).all()
    return "code" if whole and (few or follow_in_no_order(seen)) else "measured"


def takes_few(seen: np.ndarray, different: np.ndarray) -> bool:
    """Tell whether the `different` ones of the values `seen` (rows,) are few, each seen often."""
    return len(different) <= FEW_CODES and len(seen) >= CODES_SEEN * len(different)


@np.errstate(over="ignore")
def follow_in_no_order(seen: np.ndarray) -> bool:
    """Tell whether whole numbers (rows,) come back often, and each as likely after any other.

    Measurements change by small steps, and the numbers between their extremes are all there. Codes
    jump, and leave wide parts of their range out (weather: 0-3, 45, 61-65, 80, 95) or hold for
    long.
    """
    different, counts = np.unique(seen, return_counts=True)
    if len(different) < 3 or len(seen) < MANY_SEEN * len(different):
        return False
    upper = counts[len(counts) // 2 :]
    if (counts == 1).mean() > 0.3 or np.median(upper) < 3:  # a count has large values seldom
        return False
    gaps = np.diff(different)
    sparse = gaps.mean() >= 2 * gaps.min() and (gaps > 3 * np.median(gaps)).sum() >= 2
    runs = seen[np.r_[True, np.diff(seen) != 0]]
    jump = np.abs(np.diff(runs)).mean() / _usual_difference(runs)
    held = 1 - len(runs) / len(seen)
    fewer_and_fewer = np.corrcoef(np.arange(len(counts)), np.argsort(np.argsort(counts)))[0, 1]
    return bool((sparse and jump > 0.15) or (held > 0.5 and jump > 0.6 and fewer_and_fewer > -0.6))


def _usual_difference(values):
    """Return the mean difference of two different `values` (rows,) drawn by chance."""
    different, counts = np.unique(values, return_counts=True)
    share = counts / counts.sum()
    below = np.cumsum(share)[:-1]
    mean = 2 * (below * (1 - below) * np.diff(different)).sum()  # of two drawn, equal ones too
    return mean / max(1 - np.square(share).sum(), 1e-12)


def wraps(values: np.ndarray) -> int:
    """Return how often a channel (rows,) steps over the end of a circle, in degrees, gon or
    radians; 0 if it is no angle.

    Its range is that of an angle, such as 0 to 360 or -180 to 180, and where it jumps by more than
    half a turn, the way over the end is nearly always short.
    """
    seen = values[~np.isnan(values)]
    if len(seen) < 20:
        return 0
    low, high = seen.min(), seen.max()
    for turn, rest in TURNS.items():
        begin, end = (0, turn) if low >= 0 else (-turn / 2, turn / 2)
        if begin <= low <= begin + turn * rest and end - turn * rest <= high <= end:
            break
    else:
        return 0
    jump = np.abs(np.diff(seen)) / turn
    over, wide = jump > 1 / 2, (jump > 1 / 4) & (jump <= 1 / 2)
    if not over.any() or np.median(1 - jump[over]) > 1 / 4:
        return 0
    if over.sum() < WRAPS and (wide.any() or jump.max() < 5 / 6):
        return 0
    set_back = (np.diff(seen)[over] < 0).all() and (seen[1:][over] == low).all()
    if set_back and (low == 0 or over.sum() > 1):  # a counter
        return 0
    return int(over.sum()) if over.sum() >= wide.sum() / 2 else 0


def restarts(values: np.ndarray, gaps: Gaps) -> int:
    """Return within how many holes a channel (rows,), a counter say, starts again lower, which else
    only rises, but for falls that are rare and deep.
    """
    steps = np.diff(values)
    up, down = steps[steps > 0], -steps[steps < 0]
    if len(up) < 20 or len(down) > len(up) / 10:
        return 0
    if len(down) and np.median(down) < 5 * np.median(up):
        return 0
    fall = ~gaps.open & (values[gaps.before] > values[gaps.after])
    return len(np.unique(gaps.hole[fall]))


def is_count(values: np.ndarray) -> bool:
    """Tell whether a channel (rows,) holds whole numbers from about zero up."""
    seen = values[~np.isnan(values)]
    whole = len(seen) > 0 and (seen == seen.round()).all()
    return bool(whole and 0 <= seen.min() <= 0.1 * seen.max())
