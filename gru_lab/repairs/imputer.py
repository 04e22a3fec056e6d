"""The repair without tables: what a channel is, which way fills each class of its holes best by
entries held back, and how sure it is.
"""

import copy
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from gru_lab.errors import Ended
from gru_lab.repairs import network
from gru_lab.repairs.choice import FEW, FEW_HOLES, WAYS, Evidence
from gru_lab.repairs.hiding import Pattern, piece_of
from gru_lab.repairs.holes import CLOSED, LABELS, wrapped
from gru_lab.repairs.intervals import Intervals
from gru_lab.repairs.kinds import kind_of
from gru_lab.repairs.network import CorrectionNetwork
from gru_lab.repairs.rivals import Rivals

CHECKED = 40_000  # rows, evenly spread, in which entries are held back
FEWEST = 10  # observed values that a channel needs to be learned from
NAMES = ("forward fill", "linear", "seasonal", "regression", "network")
MEASURES = [f"{way} {error}" for way in (*NAMES, "repair") for error in ("MAE", "RMSE")]
FIXED = {"none": "none", "constant": "constant", "flag": "flag", "code": "flag"}
SHORT_END = 12  # rows before a channel's first or after its last value that are filled in any case
WORDS = {
    "none": "no value at all, so it stays empty",
    "constant": "constant, so its holes take that value",
    "flag": "a flag of two values, so a hole takes its nearer neighbour's",
    "code": "a code of a few whole numbers, so a hole takes its nearer neighbour's",
    "measured": "",
}


@dataclass(frozen=True, eq=False)
class Limits:
    """What a repair may do: bounds, whole numbers, and which channels and holes it fills.

    `low`, `high` and `whole` are (channels,); `fills` (channels,) is True for those to repair;
    `max_gap` and `extrapolation` are in steps, the latter None where held-back ends decide.
    """

    low: np.ndarray
    high: np.ndarray
    whole: np.ndarray
    fills: np.ndarray
    max_gap: float = np.inf
    extrapolation: float | None = None

    @classmethod
    def none(cls, channels):
        """Return the Limits of so many channels that limit nothing."""
        low, no = np.full(channels, -np.inf), np.zeros(channels, dtype=bool)
        return cls(low, -low, no, ~no)


class Imputer:
    """Fills holes in the values (rows, channels) of a Stretch; `learn` finds how, or
    `from_state_dict` brings it from a file.

    `kinds` and `turn` (360 for an angle, else 0) tell what the channels are, `known` which of them
    the rivals and the network see. `way` (channels, classes of length) is the place in WAYS of what
    fills; `usual` and `low` to `high` the range in which a channel was seen.
    """

    def __init__(self, kinds, turn, known, seed=0, device="cpu"):
        self.kinds, self.turn, self.known = (
            list(kinds),
            np.asarray(turn, dtype=float),
            np.asarray(known),
        )
        self.seed, self.device, self.history, self.interrupted = seed, device, [], False
        channels = len(self.kinds)
        self.way = np.zeros((channels, len(LABELS)), dtype=int)
        self.low, self.high = np.full(channels, np.inf), np.full(channels, -np.inf)
        self.rivals = Rivals([self.base(c) for c in self.known], self.turn[self.known])
        self.network = None

    @classmethod
    def of(cls, stretch, turn, codes=(), **settings):
        """Return the Imputer for a Stretch: its values tell what its channels are, but for the
        numbers in `codes`.
        """
        kinds = [kind_of(values) for values in stretch.values.T]
        kinds = ["code" if c in codes and k == "measured" else k for c, k in enumerate(kinds)]
        enough = (~np.isnan(stretch.values)).sum(axis=0) >= FEWEST
        known = np.flatnonzero(enough & ~np.isin(kinds, ["none", "constant"]))
        return cls(kinds, turn, known, **settings)

    def base(self, channel):
        """Return how a channel is filled where nothing better is known: 'nearest' or 'linear'."""
        return "nearest" if self.kinds[channel] in ("flag", "code") else "linear"

    def remarks(self, stretch):
        """Return {channel's number: why it is not repaired like others, in words}."""
        nowhere = (
            np.add.reduceat(~np.isnan(stretch.values), np.unique(stretch.begin), axis=0) == 0
        )  # (parts, channels)
        remarks = {}
        for c in np.flatnonzero(np.isnan(stretch.values).any(axis=0)):
            kind = self.kinds[c]
            if kind != "none" and nowhere[:, c].any():
                remarks[c] = (
                    f"no value in {nowhere[:, c].sum()} of {len(nowhere)} series, "
                    "where it stays empty"
                )
            elif kind == "measured" and c not in self.known:
                remarks[c] = f"fewer than {FEWEST} values, so the straight line fills it"
            else:
                remarks[c] = WORDS[kind]
        return {c: words for c, words in remarks.items() if words}

    def learn(self, stretch, ends, epochs, progress):
        """Hide entries of our own, learn from the rest, and judge by those entries.

        The network trains for `epochs`, or else until the time `ends`, less what filling will take;
        not at all where both are None. `progress` is called with what is done and with each epoch's
        row. Ctrl-C ends the training: `interrupted`, and the best network so far is kept. The
        values of `stretch` are written to.
        """
        rows, composed = len(stretch), self._composition(stretch)
        self._see(stretch)
        seen, pattern, checked, truth, held, other = self._hold_back(stretch)
        seen.values[checked] = np.where(
            held, np.nan, truth.values
        )  # what is learned from never holds them
        progress("regression")
        self.rivals.fit(seen, pattern, np.random.default_rng((self.seed, 2)))
        goal = np.array([way == "linear" for way in self.rivals.ways], dtype=bool)
        if (epochs or ends) and held[:, goal].any():
            began = network.perf_counter()
            self.network = CorrectionNetwork(self.rivals, self.seed, self.device)
            self.network.correct(self.rivals.fill(truth.without(held)))
            cost = (network.perf_counter() - began) * (1 + 1.5 * rows / len(truth))
            self._train(seen, pattern, truth, held, ends and ends - cost, epochs, progress)
        progress("choice")
        self._judge(truth, held, other)
        self.composition = np.where(composed.any(axis=1)[:, None], composed, self.evidence.count)

    def _train(self, seen, pattern, truth, held, ends, epochs, progress):
        try:
            for row in self.network.train(seen, pattern, truth, held, ends, epochs):
                self.history.append(row)
                progress(row)
        except Ended:
            raise
        except KeyboardInterrupt:
            self.interrupted = True
        self.network.take_best()

    def _see(self, stretch):
        """Widen the range in which each channel was seen; an angle has none."""
        with np.errstate(all="ignore"):
            low = np.fmin.reduce(stretch.values, initial=np.inf)
            high = np.fmax.reduce(stretch.values, initial=-np.inf)
        turning = self.turn > 0
        self.low = np.where(turning, -np.inf, np.fmin(self.low, low))
        self.high = np.where(turning, np.inf, np.fmax(self.high, high))

    def _composition(self, stretch):
        """Return how many entries each channel lacks in each class, (channels, classes)."""
        kinds = [stretch.gaps(c).kind for c in range(len(self.kinds))]
        return np.array([np.bincount(kind, minlength=len(LABELS)) for kind in kinds])

    def _hold_back(self, stretch):
        """Return the known channels, their Pattern, which rows are checked, these, what to hide
        there, and in which of them other kinds of holes are hidden than the table's own: a third.
        """
        seen = stretch.channels(self.known)
        pattern, checked = Pattern(np.isnan(seen.values), seen.begin), seen.spread(CHECKED)
        truth, rng = seen.where(checked), np.random.default_rng((self.seed, 0))
        held, (mixed, starts) = pattern.alike(truth, rng), pattern.mixed(truth, rng)
        other = np.arange(len(truth)) // piece_of(len(truth)) % 3 == 2
        held[other] = mixed[other]
        borders = other | np.r_[False, other[:-1]]  # rows at which such a piece begins or has ended
        truth = truth.cut(starts[borders[starts]])
        return seen, pattern, checked, truth, held & ~np.isnan(truth.values), other

    def on(self, stretch):
        """Return the Imputer for other rows of the same channels.

        Nothing is trained. A way that does surely worse on these rows than the line gives way to
        it, and how sure a repair is is measured anew; a class of a channel with few entries for
        that stays as it was.
        """
        other, composed = copy.copy(self), self._composition(stretch)
        other._see(stretch)
        *_, truth, held, mixed = self._hold_back(stretch)
        other._judge(truth, held, mixed, again=True)
        other.composition = np.where(composed.any(axis=1)[:, None], composed, other.evidence.count)
        return other

    def _judge(self, truth, held, other, again=False):
        """Measure every way on the entries of `held`, and choose one for each channel and class;
        `again`: overrule the choices only where they are surely wrong.

        Holes in `other` rows, unlike the table's own, tell only of classes of which the table
        shows few.
        """
        scene = self.rivals.fill(truth.without(held))
        both = self.network.correct(scene) if self.network else None  # (rows, 2, channels)
        channel, kind, hole, reach, error = [], [], [], [], []
        for k, c in enumerate(self.known):
            gaps = scene.stretch.gaps(k)
            hidden = held[gaps.row, k]
            alike = hidden & ~other[gaps.row]
            known = _shown(gaps.only(alike))
            hidden &= alike | ~known[gaps.kind]
            ways = self._ways(k, gaps, scene, both)[:, hidden]
            error.append(wrapped(truth.values[gaps.row[hidden], k] - ways, self.turn[c]))
            channel.append(np.full(hidden.sum(), c))
            kind.append(gaps.kind[hidden])
            hole.append(gaps.hole[hidden])
            reach.append(gaps.reach[hidden])
        channel, kind, hole, reach = (
            np.concatenate(a) if a else np.zeros(0, int) for a in (channel, kind, hole, reach)
        )
        error = np.concatenate(error, axis=1) if error else np.zeros((len(WAYS), 0))
        evidence = Evidence.of(channel, kind, hole, error, len(self.kinds))
        known = evidence.enough
        if again:
            doubted = evidence.doubted(self.way)
            known, self.way = known | doubted, np.where(doubted, 0, self.way)
        else:
            self.way = evidence.choose()
            fixed = [c for c in range(len(self.kinds)) if self.base(c) == "nearest"]
            self.way[fixed] = 0
        chosen = error[self.way[channel, kind], np.arange(len(channel))]
        self._measure_intervals(channel, kind, hole, reach, chosen, evidence, again and known)

    def _measure_intervals(self, channel, kind, hole, reach, error, evidence, known):
        """Measure intervals on the errors; and on one half of the holes, what share they hold of
        the other. `known`: the classes of channels whose errors are to replace those of the fit, or
        False at the fit.
        """
        rng, found = np.random.default_rng((self.seed, 3)), (channel, kind, hole, reach, error)
        again = known is not False
        units = (self.intervals.usual, self.intervals.factor) if again else None
        new = Intervals.fit(*found, len(self.kinds), rng, units)
        half = rng.random(hole.max() + 1 if len(hole) else 0)[hole] < 0.5
        trial = Intervals.fit(*(a[half] for a in found), len(self.kinds))
        unit = trial.usual[channel] * network.growth(trial.factor, reach)
        low, high = trial.low[channel, kind] * unit, trial.high[channel, kind] * unit
        inside = ((low <= error) & (error <= high))[~half]
        if again:
            new = self.intervals.instead(new, known)
            evidence = evidence.instead(self.evidence, ~known)
        if not again or known.any():
            self.coverage = float(inside.mean()) if len(inside) else np.nan
        self.intervals, self.evidence = new, evidence

    def _ways(self, k, gaps, scene, both):
        """Return what each of WAYS puts into the Gaps of the known channel `k`, (ways, entries)."""
        c = self.known[k]
        series, turn = scene.stretch.values[:, k], self.turn[c]
        base = gaps.nearest(series) if self.base(c) == "nearest" else gaps.line(series, turn)
        last = series[np.where(gaps.open & (gaps.row < gaps.before), gaps.after, gaps.before)]
        if self.base(c) == "nearest":
            return np.stack([base, last, base, base, base, base])
        std, line = self.rivals.std[k], gaps.line(scene.filled[k], turn)
        season = self.rivals.season(k, gaps, scene)
        change = wrapped(scene.filled[k, gaps.row] - line, turn)
        heads = both[gaps.row, :, k].T if both is not None else np.zeros((2, len(line)))
        ways = np.stack([base, last, base + std * season, *[base + std * change] * 3])
        ways[4:] += std * heads
        return ways if turn else np.clip(ways, self.low[c], self.high[c])

    def impute(self, stretch, limits=None, watch=iter):
        """Yield, for each channel, (Gaps, values, low, high) of the holes that are to be filled;
        `watch` as `CorrectionNetwork.correct` has it.
        """
        limits = limits or Limits.none(len(self.kinds))
        seen, scene, both = stretch.channels(self.known), None, None
        if (self.way[self.known] > 1).any():
            scene = self.rivals.fill(seen)
        if (self.way[self.known] > 3).any():
            both = self.network.correct(scene, watch=watch)
        place = {c: k for k, c in enumerate(self.known)}
        for c in range(len(self.kinds)):
            gaps = stretch.gaps(c)
            gaps = gaps.only(self.allowed(c, gaps, limits))
            if scene is not None and c in place:
                ways = self._ways(place[c], gaps, scene, both)
                values = ways[self.way[c, gaps.kind], np.arange(len(gaps.row))]
            else:
                values = self._simple(c, gaps, stretch)
            yield gaps, *self._within(c, gaps, values, limits, stretch)

    def _simple(self, channel, gaps, stretch):
        """Return what the line, or the last value, puts into a channel's Gaps."""
        series = stretch.values[:, channel]
        if self.base(channel) == "nearest":
            return gaps.nearest(series)
        values = gaps.line(series, self.turn[channel])
        last = (self.way[channel, gaps.kind] == 1) & ~(gaps.open & (gaps.row < gaps.before))
        return np.where(last, series[gaps.before], values)

    def _within(self, channel, gaps, values, limits, stretch):
        """Return values and bounds (low, high), kept within the limits and where the channel was
        seen.
        """
        below, above = self.intervals.around(channel, gaps)
        if self.kinds[channel] == "constant":
            below = above = np.zeros(len(values))
        if turn := self.turn[channel]:  # as the channel has them, from 0 to 360 or -180 to 180
            least = -turn / 2 if np.nanmin(stretch.values[:, channel], initial=0) < 0 else 0
            values = (values - least) % turn + least
            return values, values + np.minimum(below, 0), values + np.maximum(above, 0)
        low = max(self.low[channel], limits.low[channel])
        high = max(low, min(self.high[channel], limits.high[channel]))
        values = np.clip(values, low, high)
        if limits.whole[channel]:
            values = np.clip(np.round(values), np.ceil(low), np.floor(high))
        lows, highs = (np.clip(values + add, low, high) for add in (below, above))
        return values, np.fmin(lows, values) + 0 * below, np.fmax(highs, values) + 0 * above

    def allowed(self, channel, gaps, limits):
        """Return which entries of a channel's Gaps are to be filled, (entries,)."""
        most = self.end_supported(channel, limits)
        fits = np.where(
            gaps.open, gaps.length <= min(most, limits.max_gap), gaps.length <= limits.max_gap
        )
        return fits & limits.fills[channel]

    def end_supported(self, channel, limits):
        """Return how many steps before a channel's first or after its last value may be filled."""
        if limits.extrapolation is not None:
            return limits.extrapolation
        if self.kinds[channel] == "constant":
            return np.inf
        _, rmse, _ = self.evidence.errors(self.way)
        spread = self.spread(channel)
        good = (self.evidence.count[channel, CLOSED:] > 0) & (rmse[channel, CLOSED:] < spread)
        return (SHORT_END, 48, np.inf)[int(np.cumprod(good[1:]).sum())]

    def spread(self, channel):
        """Return the standard deviation of a channel, NaN where it was not learned."""
        place = np.flatnonzero(self.known == channel)
        return self.rivals.std[place[0]] if len(place) else np.nan

    def scores(self):
        """Return a DataFrame with a row per channel: the errors foretold for its own holes, of all
        ways and of the repair; the way that fills most of them, the entries that tell, and the
        chance that it is worse than the straight line.
        """
        share = self.composition / np.maximum(self.composition.sum(axis=1, keepdims=True), 1)
        mae, rmse, _ = self._figures()

        def mean(figures):
            known = np.where(np.isnan(figures), 0, share)
            total = known.sum(axis=-1)
            figures = (np.nan_to_num(figures) * known).sum(axis=-1)
            return np.where(total > 0, figures / np.where(total > 0, total, 1), np.nan)

        pairs = zip(mae, rmse, strict=True)
        columns = [a for way, square in pairs for a in (mean(way), np.sqrt(mean(square**2)))]
        scores = pd.DataFrame(np.array(columns).T, columns=MEASURES)
        for c, kind in enumerate(self.kinds):
            if kind != "measured":
                scores.loc[c, [m for m in MEASURES if m.split()[0] in NAMES[2:]]] = np.nan
        most = [
            np.bincount(w, n, len(WAYS)).argmax()
            for w, n in zip(self.way, self.composition, strict=True)
        ]
        scores["kept"] = [
            FIXED.get(kind, WAYS[w]) for kind, w in zip(self.kinds, most, strict=True)
        ]
        scores["entries"] = self.evidence.count.sum(axis=1).astype(int)
        scores["worse"] = mean(self.evidence.errors(self.way)[2])
        return scores

    def _figures(self):
        """Return (MAE, RMSE) of NAMES and of the repair, (names, channels, classes), and the chance
        that the repair is worse than the line.
        """
        mae, rmse, _ = self.evidence.errors()
        head = 4 + (mae[5] * rmse[5] < mae[4] * rmse[4])
        used = np.stack(
            [
                np.ones_like(head),
                np.zeros_like(head),
                np.full_like(head, 2),
                np.full_like(head, 3),
                head,
                self.way,
            ]
        )
        mae, rmse = (np.take_along_axis(a, used, axis=0) for a in (mae, rmse))
        if self.network is None:
            mae[4] = rmse[4] = np.nan
        return mae, rmse, self.evidence.errors(self.way)[2]

    def by_length(self):
        """Return a DataFrame with a row for each (channel's number, class of length) that has holes
        to fill or entries held back, with the errors of every way.
        """
        mae, rmse, worse = self._figures()
        holes, count = self.composition, self.evidence.count
        c, k = np.nonzero((holes > 0) | (count > 0))
        index = pd.MultiIndex.from_arrays([c, np.array(LABELS)[k]], names=["channel", "length"])
        measures = np.stack([mae, rmse], axis=1).reshape(-1, *count.shape)[:, c, k].T
        rows = pd.DataFrame(measures, index, MEASURES)
        rows.insert(0, "holes", holes[c, k].astype(int))
        rows.insert(1, "entries", count[c, k].astype(int))
        fills = [FIXED.get(self.kinds[i], WAYS[self.way[i, j]]) for i, j in zip(c, k, strict=True)]
        return rows.assign(fills=fills, worse=worse[c, k])

    def state_dict(self):
        """Return all that was learned, by name."""
        names = ("turn", "known", "way", "low", "high", "composition")
        learned = {name: torch.tensor(getattr(self, name)) for name in names}
        for part in (self.intervals, self.evidence):
            learned |= {
                f"{type(part).__name__}.{name}": torch.tensor(value)
                for name, value in vars(part).items()
            }
        learned |= {
            f"rivals.{name}": torch.tensor(value) for name, value in self.rivals.arrays().items()
        }
        return learned | (self.network.state_dict() if self.network else {})

    @classmethod
    def from_state_dict(cls, tensors, kinds, **settings):
        """Return the Imputer whose `tensors`, `kinds` and settings these are."""
        arrays = {name: value.numpy() for name, value in tensors.items()}
        imputer = cls(kinds, arrays["turn"], arrays["known"], **settings)
        for name in ("way", "low", "high", "composition"):
            setattr(imputer, name, arrays[name])
        for part in (Intervals, Evidence):
            head = f"{part.__name__}."
            known = {n.removeprefix(head): a for n, a in arrays.items() if n.startswith(head)}
            setattr(imputer, part.__name__.lower(), part(**known))
        imputer.rivals.take(
            {n.removeprefix("rivals."): a for n, a in arrays.items() if n.startswith("rivals.")}
        )
        if any(name.startswith("network.") for name in tensors):
            imputer.network = CorrectionNetwork(imputer.rivals, imputer.seed, imputer.device)
            imputer.network.load_state_dict(tensors)
        return imputer


def _shown(gaps):
    """Return of which classes of length Gaps show enough, (classes,)."""
    kind, first = gaps.kind, np.flatnonzero(np.diff(gaps.hole, prepend=-1))
    entries, holes = (np.bincount(k, minlength=len(LABELS)) for k in (kind, kind[first]))
    return (entries >= FEW) & (holes >= FEW_HOLES)
