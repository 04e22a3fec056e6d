"""What `check` says of channels, as sentences; each ends in what to paste behind the command.

    of_channels(values, ["T"], (), "row {}".format)
    # (["channel 'T' holds -127 in 27 rows and otherwise 4.77 to 15.42; if that means a missing
    #    value, add --missing-value T=-127", ...], [])

What is the same for many channels is said once. Nothing here changes a value: a person decides.
"""

import re
import textwrap
from collections.abc import Callable
from typing import Any

import numpy as np

from gru_lab.repairs.kinds import kind_of, takes_few, wraps
from gru_lab.repairs.suspects import frozen, suspects
from gru_lab.repairs.words import counted, listed
from gru_lab.tables.numbers import option

END = 12  # rows that a hole at an end may have without a word
ALONE = 3  # channels with the same trouble that have a sentence each; more share it


def number(value: float) -> str:
    """Return a number as short as it can be read again to single precision, as codes are."""
    if value == round(value) and abs(value) < 1e16:
        return f"{value:.0f}"
    with np.errstate(over="ignore"):
        for digits in (6, 7, 8):
            text = f"{value:.{digits}g}"
            if np.float32(text) == np.float32(value):
                return text
    return repr(float(value))


def on_missing(by_column: dict) -> list[str]:
    """Return a sentence for each of {channel: its Suspects}; one for a value in many."""
    by_value = {}
    for channel, suspected in by_column.items():
        for suspect in suspected:
            by_value.setdefault(number(suspect.value), []).append((channel, suspect))
    sentences = []
    for value, places in by_value.items():
        where = [
            f"channel {channel!r} holds {value} in {counted(s.rows, 'row')} and "
            + ("nothing else" if np.isnan(s.low) else f"otherwise {s.low:.6g} to {s.high:.6g}")
            for channel, s in places
        ]
        advice = [option("--missing-value", f"{channel}={value}") for channel, _ in places]
        if len(places) > ALONE:
            rows = sum(suspect.rows for _, suspect in places)
            where = [
                f"{len(places)} channels hold {value}, {rows:,} entries in all, where the "
                f"other values are far away ({where[0]})"
            ]
            advice = [" ".join(advice)]
        sentences += [
            f"{words}; if that means a missing value, add {then}"
            for words, then in zip(where, advice, strict=True)
        ]
    return sentences


def on_angles(turns: dict) -> list[str]:
    """Return what to say of {channel: (steps over the end of the circle, low, high)}."""
    if not turns:
        return []
    first, (steps, low, high) = next(iter(turns.items()))
    words = (
        f"channel {first!r} lies from {low:.4g} to {high:.4g} and jumps from one end to the "
        f"other {counted(steps, 'time')}"
    )
    if len(turns) > 1:
        most, least = max(f[0] for f in turns.values()), min(f[0] for f in turns.values())
        words = (
            f"{len(turns)} channels ({listed(map(repr, turns))}) lie from {low:.4g} to "
            f"{high:.4g} or about so, and jump from one end to the other {least} to {most} times"
        )
    return [
        f"{words}; if these are angles, a hole must be filled the short way round: write them in "
        f"degrees and add {option('--angles', *turns)}, or --yes if they are plain numbers"
    ]


def on_codes(by_column: dict) -> list[str]:
    """Return what to say of {channel: how many different whole numbers it takes}."""
    return [
        f"channel {channel!r} takes {different} different whole numbers in no order, so it is "
        "filled as a code, with the nearer neighbour's value; to confirm that, add "
        f"{option('--codes', channel)}; if it is a measurement, add {option('--integer', channel)}"
        for channel, different in by_column.items()
    ]


def on_marks(by_column: dict) -> list[str]:
    """Return what to say of {channel: (its one value, the channel that is empty where it is)}."""
    return [
        f"channel {channel!r} holds only {number(value)} and is empty where {other!r} is: it may "
        f"be a mark on that, such as its quality; a repair puts {number(value)} there; to leave it "
        f"empty, add {option('--inputs', channel)}"
        for channel, (value, other) in by_column.items()
    ]


def on_frozen(by_column: dict) -> list[str]:
    """Return what to say of {channel: [(rows, value, place in words)]}."""
    return [
        f"channel {channel!r} stands still at {number(value)} for {rows} rows from {place}; if "
        "the sensor was stuck, empty these cells: a repair keeps what is there"
        for channel, stretches in by_column.items()
        for rows, value, place in stretches
    ]


def on_ends(runs: np.ndarray, starts: Any, rows: Any, channels: Any, place: Callable) -> list[str]:
    """Return what to say of holes without a value on one side, longer than `END` rows.

    `runs` are all holes, as `runs_of` gives them, `starts` the first rows of the parts, `rows` how
    many there are.
    """
    first, after = set(starts), {*starts[1:], rows}
    sentences = []
    for channel, begin, end in runs:
        at_start, at_end, length = begin in first, end + 1 in after, end - begin + 1
        if length <= END or at_start == at_end:  # or a part has no value at all
            continue
        where = (
            f"before its first value, in {place(end + 1)}"
            if at_start
            else f"after its last value, in {place(begin - 1)}"
        )
        sentences.append(
            f"channel {channels[channel]!r} has a hole of {length:,} rows {where}: any value "
            "there is extrapolation, and stays empty unless held-back ends of that length could "
            "be filled; to leave all ends empty, add --extrapolation 0; to fill them all, add "
            "--extrapolation all"
        )
    return sentences


def of_channels(
    values: np.ndarray, channels: Any, settled: Any, place: Callable
) -> tuple[list[str], list[str]]:
    """Return what to say of each column of `values` (rows, channels), in the order of time, and
    which of them look like angles that nobody named.

    `settled` are channels whose kind a person has said; `place` is a function from a row to where
    it stands, in words.
    """
    topics = {say: {} for say in (on_missing, on_angles, on_codes, on_marks, on_frozen)}
    missing, alike = np.isnan(values), {}  # channels that vary, by where they have holes
    for channel, column, holes in zip(channels, values.T, missing.T, strict=True):
        if np.nanmin(column, initial=np.inf) < np.nanmax(column, initial=-np.inf):
            alike.setdefault(holes.tobytes(), channel)
    for channel, column, holes in zip(channels, values.T, missing.T, strict=True):
        column = column.astype(np.float64)
        if suspected := suspects(column):
            topics[on_missing][channel] = suspected
            column = np.where(np.isin(column, [s.value for s in suspected]), np.nan, column)
        kind, seen = kind_of(column), column[~np.isnan(column)]
        if channel not in settled and kind == "code":
            if not takes_few(seen, different := np.unique(seen)):
                topics[on_codes][channel] = len(different)
        if channel not in settled and kind == "measured" and (steps := wraps(column)):
            topics[on_angles][channel] = steps, seen.min(), seen.max()
        if kind == "constant" and np.ptp(seen) == 0 < holes.sum() and channel not in settled:
            if (where := holes.tobytes()) in alike:
                topics[on_marks][channel] = seen[0], alike[where]
        if kind == "measured" and (still := frozen(column)):
            topics[on_frozen][channel] = [(b - a + 1, column[a], place(a)) for a, b in still]
    sentences = [sentence for say, by_column in topics.items() for sentence in say(by_column)]
    return sentences, list(topics[on_angles])


def folded(sentence: str) -> str:
    """Return a sentence in lines of 100, none of which ends within a word or within quotes."""
    whole = re.sub(r"""(["']).*?\1""", lambda quoted: quoted[0].replace(" ", "\0"), sentence)
    return textwrap.fill(
        whole, 100, subsequent_indent="   ", break_on_hyphens=False, break_long_words=False
    ).replace("\0", " ")
