"""What a repairer warns of, as sentences: which channels are not repaired like others, and which
holes at their ends are filled or stay.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from gru_lab.repairs.holes import Stretch
from gru_lab.repairs.kinds import FEWEST, restarts, wraps
from gru_lab.repairs.limits import Limits
from gru_lab.repairs.words import counted, listed, shown
from gru_lab.tables.layout import Layout

WORDS = {
    "none": "no value at all, so it stays empty",
    "constant": "constant, so its holes take that value",
    "flag": "a flag of two values, so a hole takes its nearer neighbour's",
    "code": "a code of a few whole numbers, so a hole takes its nearer neighbour's",
}


def remarks(repairer: Any, frame: pd.DataFrame, stretch: Stretch, layout: Layout) -> list[str]:
    """Return what a Repairer has to say of a table before it learns from it: of its channels, as a
    Stretch and by its Layout, and of columns of text with holes.
    """
    ways = repairer._imputer.ways
    notes = [f"{repairer.channels_[c]}: {words}" for c, words in _unlike(ways, stretch)]
    for name, why in layout.set_aside.items():
        if why == "text" and (holes := frame[name].isna().sum()):
            notes.append(f"{name}: not numeric, so its {holes:,} holes stay")
    settled = {*repairer.angles, *repairer.codes, *repairer.integer}
    for name, values in zip(repairer.channels_, stretch.values.T, strict=True):
        if name not in settled and np.isnan(values).any() and wraps(values):
            notes.append(
                f"{name}: filled as plain numbers; if it is degrees, where 360 is 0, "
                "name it in angles"
            )
    for c, name in enumerate(repairer.channels_):
        if ways.kinds[c] == "measured" and not ways.turn[c]:
            if holes := restarts(stretch.values[:, c], stretch.gaps(c)):
                notes.append(
                    f"{name}: rises, and starts again lower within {counted(holes, 'hole')}, where "
                    "what is filled lies on the way down; untick these in the report, or leave "
                    "longer ones empty by --max-gap"
                )
    for side, beyond in (("low", np.less), ("high", np.greater)):
        for name, limit in (getattr(repairer, side) or {}).items():
            values = stretch.values[:, repairer.channels_.index(name)]
            if outside := beyond(values, limit).sum():
                notes.append(
                    f"{name}: {outside:,} of {(~np.isnan(values)).sum():,} observed values lie "
                    f"beyond {side} {limit:g} and stay as they are; what is filled keeps to it"
                )
    if "lacking" in layout.odd:
        rows = counted(len(layout.odd["lacking"]), "row")
        notes.append(f"{rows} without a time stamp counted as between their neighbours in time")
    return notes


def _unlike(ways, stretch):
    """Yield for channels with holes in a Stretch why these are not repaired like others: (the
    channel's number, words).
    """
    lacking, parts = np.isnan(stretch.values), np.unique(stretch.begin)
    nowhere = np.logical_and.reduceat(lacking, parts, axis=0)  # (parts, channels)
    for c in np.flatnonzero(lacking.any(axis=0)):
        kind = ways.kinds[c]
        if kind != "none" and nowhere[:, c].any():
            some = f"{nowhere[:, c].sum()} of {len(parts)} series"
            yield c, f"no value in {some}, where it stays empty"
        elif kind == "measured" and c not in ways.place:
            yield c, f"fewer than {FEWEST} values, so the straight line fills it"
        elif kind in WORDS:
            yield c, WORDS[kind]


def on_ends(repairer: Any, ends: list, limits: Limits) -> list[str]:
    """Return a sentence on the holes before a channel's first and after its last value: which are
    filled, and why others are not. `ends` has their lengths for each channel, (entries,).
    """
    sentences, where = [], "before its first or after its last value"
    asked, supported = limits.extrapolation, repairer._imputer.supported()
    for c, (name, lengths) in enumerate(zip(repairer.channels_, ends, strict=True)):
        most = supported[c] if asked is None else asked
        near = lengths <= limits.max_gap  # longer ones stay whole, as the person said
        if filled := int((near & (lengths <= most)).sum() * limits.fills[c]):
            sentences.append(f"{name}: {filled:,} of the filled entries lie {where}: extrapolation")
        if left := int((near & (lengths > most)).sum() * limits.fills[c]):
            why = "held-back ends support" if asked is None else "as you said,"
            sentences.append(
                f"{name}: {left:,} entries {where} stay empty: {why} {most:g} rows at most; to "
                "fill them all the same, add --extrapolation all"
            )
    return sentences


def grouped(repairer: Any) -> Iterator[str]:
    """Yield what a Repairer warns of, channels of which the same is said brought together."""
    named = {}
    names = sorted(map(str, (*repairer.channels_, *repairer.set_aside_)), key=len, reverse=True)
    for sentence in repairer.warnings_:
        channel = next((name for name in names if sentence.startswith(f"{name}: ")), "")
        what = sentence[len(channel) + 2 :] if channel else sentence
        named.setdefault(what, []).append(shown(channel))
    for what, channels in named.items():
        yield listed(channels, 10) + ": " * bool(channels[0]) + shown(what)
