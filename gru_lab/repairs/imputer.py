"""The repair without tables: what a channel is, which way repairs it best by entries held back, and
how sure it is.
"""

import copy

import numpy as np
import pandas as pd
import torch

from gru_lab.errors import Ended
from gru_lab.repairs.holes import hide_alike, kind_of, wrapped
from gru_lab.repairs.intervals import FEW, Intervals, choose, errors_of, surely_better
from gru_lab.repairs.network import CorrectionNetwork

CHECKED = 40_000  # rows, evenly spread, in which entries are held back
FEWEST = 10  # observed values that a channel needs to be learned from
MEASURES = [
    f"{way} {error}" for way in ("forward fill", "linear", "network") for error in ("MAE", "RMSE")
]
KEPT = {
    "none": "none",
    "constant": "constant",
    "flag": "flag",
    "code": "flag",
    "measured": "linear",
}
WORDS = {
    "none": "no value at all, so it stays empty",
    "constant": "constant, so its holes take that value",
    "flag": "a flag of two values, so a hole takes its nearer neighbour's",
    "code": "a code of a few whole numbers, so a hole takes its nearer neighbour's",
    "measured": "",
}


class Imputer:
    """Fills holes in the values (rows, channels) of a Stretch; `learn` finds how, or
    `from_state_dict` brings it from a file.

    `kinds` and `period` (0 where a channel is no angle) tell what the channels are, `known` which
    of them the network sees. `head` is the network's correction that is kept for a channel, -1
    where it is the line.
    """

    def __init__(self, kinds, period, known, seed=0, device="cpu", plain=False):
        self.kinds, self.period, self.known = (
            list(kinds),
            np.asarray(period, dtype=float),
            np.asarray(known),
        )
        self.seed, self.history, self.interrupted = seed, [], False
        self.head = np.full(len(self.kinds), -1)
        ways = [self.way(c) for c in self.known]
        self.correction = (
            CorrectionNetwork(ways, self.period[self.known], seed, device, plain) if ways else None
        )

    @classmethod
    def of(cls, stretch, period, **settings):
        """Return the Imputer for a Stretch: what its channels are is told by their values."""
        kinds = [kind_of(values) for values in stretch.values.T]
        enough = (~np.isnan(stretch.values)).sum(axis=0) >= FEWEST
        return cls(
            kinds,
            period,
            np.flatnonzero(enough & ~np.isin(kinds, ["none", "constant"])),
            **settings,
        )

    def way(self, channel):
        """Return how a channel is filled where the network does not: 'nearest' or 'linear'."""
        return "nearest" if self.kinds[channel] in ("flag", "code") else "linear"

    def remarks(self, stretch):
        """Return {channel's number: why the network does not repair all of its holes, in words}."""
        nowhere = (
            np.add.reduceat(~np.isnan(stretch.values), np.unique(stretch.begin), axis=0) == 0
        )  # (parts, channels)
        said = {}
        for c in np.flatnonzero(np.isnan(stretch.values).any(axis=0)):
            kind = self.kinds[c]
            if kind != "none" and nowhere[:, c].any():
                said[c] = (
                    f"no value in {nowhere[:, c].sum()} of {len(nowhere)} series, where it stays "
                    "empty"
                )
            elif kind == "measured" and c not in self.known:
                said[c] = f"fewer than {FEWEST} values, so the straight line fills it"
            else:
                said[c] = WORDS[kind]
        return {c: words for c, words in said.items() if words}

    def learn(self, stretch, minutes, epochs, progress):
        """Hide entries of our own, train on the rest, and return (scores, coverage), told by those
        entries.

        `progress` is called with each epoch's row. Ctrl-C ends the training: `interrupted`, and the
        best network so far is kept. The values of `stretch` are written to.
        """
        seen, missing, checked, truth, held = self._hold_back(stretch)
        seen.values[checked] = np.where(
            held, np.nan, truth.values
        )  # what is trained on never holds them
        if self.correction and held[:, self.correction.goal].any():
            try:
                for row in self.correction.train(seen, missing, truth, held, minutes, epochs):
                    self.history.append(row)
                    progress(row)
            except Ended:
                raise
            except KeyboardInterrupt:
                self.interrupted = True
            self.correction.take_best()
        return self._score(truth, held)

    def _hold_back(self, stretch):
        """Return the known channels, where they are missing, which rows are checked, these, and
        what to hide there.
        """
        seen = stretch.channels(self.known)
        missing, checked = np.isnan(seen.values), seen.spread(CHECKED)
        truth = seen.where(checked)
        held = hide_alike(missing, len(truth), np.random.default_rng((self.seed, 0))) & ~np.isnan(
            truth.values
        )
        return seen, missing, checked, truth, held

    def on(self, stretch):
        """Return the Imputer for other rows of the same channels, with (scores, coverage) by
        entries held back there.

        Nothing is trained. Where the network does worse on these rows than the line, the line is
        kept, and how sure a repair is is measured anew; a channel with few entries for that stays
        as it was.
        """
        other, (*_, truth, held) = copy.copy(self), self._hold_back(stretch)
        other.head = self.head.copy()
        scores, coverage = other._score(truth, held, again=True)
        other.intervals = other.intervals.instead(
            self.intervals, (scores["entries"] < FEW).to_numpy()
        )
        return other, scores, coverage

    def _score(self, truth, held, again=False):
        """Score every way on the entries of `held`, and keep one per channel by it; `again`: of
        those kept before.
        """
        shown, scores, entries = (
            truth.without(held),
            np.full((len(self.kinds), len(MEASURES)), np.nan),
            [],
        )
        refined = self.correction.correct(shown) if self.correction else None  # (rows, 2, channels)
        for k, c in enumerate(self.known):
            line, distance = shown.fill_one(k, self.way(c), self.period[c])
            forward, _ = shown.fill_one(k, "previous", self.period[c])
            at = held[:, k] & ~np.isnan(
                line
            )  # a part may show nothing of a channel but what was held back
            ways = np.stack([*refined[at, :, k].T, line[at], forward[at]])
            error = wrapped(ways - truth.values[at, k], self.period[c])
            *networks, by_line, by_forward = map(errors_of, error)
            best, kept = choose(error[:2], error[2])
            if again:
                best = max(self.head[c], 0)
                kept = self.head[c] >= 0 and (
                    at.sum() < FEW or surely_better(error[best], error[2])
                )
            goal = self.kinds[c] == "measured"
            self.head[c] = best if kept and goal else -1
            scores[c] = [*by_forward, *by_line, *(networks[best] if goal else (np.nan, np.nan))]
            entries.append(
                [np.full(at.sum(), c), distance[at], error[best if kept and goal else 2]]
            )
        entries = np.concatenate(entries, axis=1) if entries else np.zeros((3, 0))
        scores = pd.DataFrame(scores, columns=MEASURES)
        scores["kept"] = [
            "network" if head >= 0 else KEPT[kind]
            for kind, head in zip(self.kinds, self.head, strict=True)
        ]
        scores["entries"] = np.bincount(entries[0].astype(int), minlength=len(self.kinds))
        return scores, self._measure_intervals(*entries)

    def _measure_intervals(self, channel, distance, error):
        """Measure widths on one half of the entries, and return what share they hold of the other."""
        channel, half = (
            channel.astype(int),
            np.random.default_rng(self.seed).random(len(channel)) < 0.5,
        )
        self.intervals = Intervals.fit(channel[half], distance[half], error[half], len(self.kinds))
        self.intervals.by_channel[np.array(self.kinds) == "constant"] = 0
        inside = np.abs(error) <= self.intervals.half_width(channel, distance)
        return float(inside[~half].mean()) if (~half).any() else np.nan

    def impute(self, stretch, watch=iter):
        """Yield, for each channel, (rows, values, half widths) of its holes; `watch` as
        `CorrectionNetwork.correct` has it.
        """
        refined, kept = None, self.head[self.known]
        if (kept >= 0).any():
            refined = self.correction.correct(
                stretch.channels(self.known), np.maximum(kept, 0), watch
            )
        for c, turn in enumerate(self.period):
            line, distance = stretch.fill_one(c, self.way(c), turn)
            rows = np.flatnonzero(np.isnan(stretch.values[:, c]) & ~np.isnan(line))
            values = (
                line[rows] if self.head[c] < 0 else refined[rows, np.searchsorted(self.known, c)]
            )
            if turn:  # as the channel has them, from 0 to 360 or from -180 to 180
                low = -turn / 2 if np.nanmin(stretch.values[:, c], initial=0) < 0 else 0
                values = (values - low) % turn + low
            yield rows, values, self.intervals.half_width(c, distance[rows])

    def state_dict(self):
        """Return all that was learned, by name."""
        own = {name: torch.tensor(getattr(self, name)) for name in ("period", "known", "head")}
        own |= {
            f"intervals.{name}": torch.tensor(value) for name, value in vars(self.intervals).items()
        }
        return own | (self.correction.state_dict() if self.correction else {})

    @classmethod
    def from_state_dict(cls, tensors, kinds, **settings):
        """Return the Imputer whose `tensors`, `kinds` and settings these are."""
        imputer = cls(kinds, tensors["period"].numpy(), tensors["known"].numpy(), **settings)
        imputer.head = tensors["head"].numpy()
        imputer.intervals = Intervals(
            *(tensors[f"intervals.{name}"].numpy() for name in ("by_channel", "by_distance"))
        )
        if imputer.correction:
            imputer.correction.load_state_dict(tensors)
        return imputer
