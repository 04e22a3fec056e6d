"""The repair without tables: what a channel is, which way fills each class of its holes best by
entries held back, and how sure it is.
"""

import copy
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from gru_lab.errors import Ended
from gru_lab.repairs import network
from gru_lab.repairs.choice import BY_NETWORK, BY_TREES, WAYS, Evidence, shown_by
from gru_lab.repairs.hiding import Pattern, piece_of
from gru_lab.repairs.holes import CLASSES, CLOSED, Gaps, Stretch, wrapped
from gru_lab.repairs.intervals import Intervals, held_by_others
from gru_lab.repairs.kinds import FEWEST, kinds_of
from gru_lab.repairs.network import CorrectionNetwork
from gru_lab.repairs.rivals import Rivals
from gru_lab.repairs.trees import Trees

CHECKED = 40_000  # rows, evenly spread, in which entries are held back
SHORT_END = 12  # rows before a channel's first or after its last value that are filled in any case


class Imputer:
    """Fills holes in the values (rows, channels) of a Stretch; `learn` finds how.

    `kinds` and `turn` (360 for an angle, else 0) tell what the channels are, `known` which of them
    the rivals and the network see. `way` (channels, classes of length) is the place in WAYS of what
    fills; `usual` and `low` to `high` the range in which a channel was seen.
    """

    LEARNED = ("turn", "known", "way", "low", "high", "composition")  # and what its parts have

    def __init__(self, kinds, turn, known, seed=0, device="cpu"):
        self.kinds, self.known, self.turn = list(kinds), np.asarray(known), np.asarray(turn, float)
        self.seed, self.device, self.history, self.interrupted = seed, device, [], False
        channels = len(self.kinds)
        self.way = np.zeros((channels, CLASSES), dtype=int)
        self.low, self.high = np.full(channels, np.inf), np.full(channels, -np.inf)
        self.rivals = Rivals([self.base(c) for c in self.known], self.turn[self.known])
        self.trees, self.network = Trees(self.rivals), None

    @classmethod
    def of(
        cls,
        stretch: Stretch,
        turn: Any,
        codes: Iterable = (),
        counts: Iterable = (),
        **settings: Any,
    ) -> "Imputer":
        """Return the Imputer for a Stretch, whose channels have the kinds of `kinds_of`."""
        kinds = kinds_of(stretch.values, codes, counts)
        enough = (~np.isnan(stretch.values)).sum(axis=0) >= FEWEST
        known = np.flatnonzero(enough & ~np.isin(kinds, ["none", "constant"]))
        return cls(kinds, turn, known, **settings)

    def base(self, channel: Any) -> str:
        """Return how a channel is filled where nothing better is known: 'nearest' or 'linear'."""
        return "nearest" if self.kinds[channel] in ("flag", "code") else "linear"

    def learn(self, stretch: Stretch, ends: Any, epochs: int | None, progress: Any) -> None:
        """Hide entries of our own, learn from the rest, and judge by those entries.

        The network trains for `epochs`, or else until the time `ends`, less what filling will take;
        where both are None, neither trees nor network learn. `progress` is called with what is done
        and with each epoch's row. Ctrl-C ends the training: `interrupted`, and the best network so
        far is kept. The values of `stretch` are written to.
        """
        self._see(stretch)
        seen, pattern, checked, truth, held, other = self._hold_back(stretch)
        seen.values[checked] = truth.without(held).values  # what is learned from never holds them
        progress("regression")
        self.rivals.fit(seen, pattern, np.random.default_rng((self.seed, 2)))
        if (epochs or ends) and held[:, self.rivals.goal].any():
            try:
                progress("trees")
                self.trees.fit(seen, pattern, self.seed, ends)
                self.network = CorrectionNetwork(self.rivals, self.seed, self.device)
                ends = ends and ends - self._cost(truth, held, len(stretch))
                for row in self.network.train(seen, pattern, truth, held, ends, epochs):
                    self.history.append(row)
                    progress(row)
            except Ended:
                raise
            except KeyboardInterrupt:
                self.interrupted = True
            if self.network:
                self.network.take_best()
        progress("choice")
        self._judge(truth, held, other)

    def _cost(self, truth, held, rows):
        """Return the seconds to judge all ways, and then to fill all, by what they take on the
        entries `held` back: with a margin.
        """
        self.network.correct(self.rivals.fill(truth.where(truth.spread(100))))  # slow once
        holed, began = truth.without(held), network.perf_counter()
        scene = self.rivals.fill(holed)
        for k in range(len(self.known)):
            self.trees.correct(k, scene.stretch.gaps(k), scene)
        filled = network.perf_counter()
        self.network.correct(scene)
        more = self.composition.sum() / np.isnan(holed.values).sum()
        network_only = network.perf_counter() - filled
        return (filled - began) * (1 + 1.5 * more) + network_only * (1 + 1.5 * rows / len(truth))

    def _see(self, stretch):
        """Widen the range in which each channel was seen (an angle has none), and count the entries
        that it lacks in each class of length: `composition` (channels, classes).
        """
        kinds = [stretch.gaps(c).kind for c in range(len(self.kinds))]
        self.composition = np.array([np.bincount(kind, minlength=CLASSES) for kind in kinds])
        with np.errstate(all="ignore"):
            low = np.fmin.reduce(stretch.values, initial=np.inf)
            high = np.fmax.reduce(stretch.values, initial=-np.inf)
        turning = self.turn > 0
        self.low = np.where(turning, -np.inf, np.fmin(self.low, low))
        self.high = np.where(turning, np.inf, np.fmax(self.high, high))

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

    def on(self, stretch: Stretch) -> "Imputer":
        """Return the Imputer for other rows of the same channels.

        Nothing is trained. A way that does surely worse on these rows than the line gives way to
        it, and how sure a repair is is measured anew; a class of a channel with few entries for
        that stays as it was.
        """
        other = copy.copy(self)
        other._see(stretch)
        *_, truth, held, mixed = self._hold_back(stretch)
        other._judge(truth, held, mixed, again=True)
        return other

    def _judge(self, truth, held, other, again=False):
        """Measure every way on the entries of `held`, and choose one for each channel and class;
        `again`: overrule the choices only where they are surely wrong.
        """
        *entries, error = self._held(truth, held, other)
        channel, kind, hole, _ = entries
        evidence = Evidence.of(channel, kind, hole, error, len(self.kinds))
        if again:
            doubted = evidence.doubted(self.way)
            known, self.way = evidence.enough | doubted, np.where(doubted, 0, self.way)
        else:
            known, self.way = np.ones(self.way.shape, dtype=bool), evidence.choose()
            self.way[[self.base(c) == "nearest" for c in range(len(self.kinds))]] = 0
        held = (*entries, error[self.way[channel, kind], np.arange(len(channel))], len(self.kinds))
        intervals = Intervals.fit(*held, self.intervals.usual if again else None)
        self.intervals = self.intervals.instead(intervals, known) if again else intervals
        self.evidence = evidence.instead(self.evidence, ~known) if again else evidence
        if known.any():
            inside = held_by_others(*held, np.random.default_rng((self.seed, 3)))
            like = self.composition[channel, kind] > 0  # of lengths that the table has
            inside = inside[like] if like.any() else inside
            self.coverage = float(inside.mean()) if len(inside) else np.nan
        holed = self.composition.any(axis=1)[:, None]
        self.composition = np.where(holed, self.composition, self.evidence.count)

    def _held(self, truth, held, other):
        """Return channel, kind, hole and unit of the entries of `held`, and the errors of all ways.

        Holes in `other` rows, unlike the table's own, tell only of classes of which the table
        shows few.
        """
        scene = self.rivals.fill(truth.without(held))
        both = self.network.correct(scene) if self.network else None  # (rows, 2, channels)
        pieces = [(np.zeros(0, int),) * 3 + (np.zeros(0), np.zeros((len(WAYS), 0)))]
        for k, c in enumerate(self.known):
            gaps = scene.stretch.gaps(k)
            hidden = held[gaps.row, k]
            alike = hidden & ~other[gaps.row]
            gaps = gaps.only(hidden & (alike | ~shown_by(gaps.only(alike))[gaps.kind]))
            ways = self._ways(c, gaps, scene.stretch.values[:, k], scene, both)
            error = wrapped(truth.values[gaps.row, k] - ways, self.turn[c])
            unit = self.unit(c, gaps, scene)
            pieces.append((np.full(len(gaps.row), c), gaps.kind, gaps.hole, unit, error))
        return [np.concatenate(a, axis=-1) for a in zip(*pieces, strict=True)]

    def _ways(self, channel, gaps, series, scene, both=None, trees=True):
        """Return what each of WAYS puts into the Gaps of a channel's `series` (rows,), (ways,
        entries); without corrections of the network in `both` heads or by `trees`, as if 0.
        """
        turn, nearest = self.turn[channel], self.base(channel) == "nearest"
        base, last = gaps.nearest(series) if nearest else gaps.line(series, turn), gaps.before
        if nearest or channel not in self.known:
            return np.stack([base, series[last], *[base] * 5])
        k = np.searchsorted(self.known, channel)
        change = wrapped(scene.filled[k, gaps.row] - scene.line(k, gaps), turn)
        dated, std = len(self.rivals.kriging.cycles) > 0, self.rivals.std[k]
        season = scene.lag(k, gaps, 0) if dated else 0  # a guessed period is no way of its own
        ways = np.stack([base, series[last], base + std * season, *[base + std * change] * 4])
        by_trees = std * self.trees.correct(k, gaps, scene) if trees else 0
        ways[4] += by_trees
        if both is not None:
            by_network = std * both[gaps.row, :, k].mean(axis=1)
            ways[5:] += by_network, (by_network + by_trees) / 2
        return ways if turn else np.clip(ways, self.low[channel], self.high[channel])

    def unit(self, channel: Any, gaps: Gaps, scene: Any) -> Any:
        """Return what fillings of a channel's Gaps may be off by, (entries,), in its units."""
        k = np.searchsorted(self.known, channel)
        known = k < len(self.known) and self.known[k] == channel
        return self.rivals.std[k] * scene.deviation[k, gaps.row] if known else np.sqrt(gaps.reach)

    def impute(self, stretch: Stretch, limits: Any, watch: Callable) -> Iterator[tuple]:
        """Yield, for each channel, its Gaps that are to be filled, what each filling may be off by,
        and the values; `watch` as `CorrectionNetwork.correct` has it.
        """
        scene, both = self.rivals.fill(stretch.channels(self.known)), None
        if np.isin(self.way[self.known], BY_NETWORK).any():
            both = self.network.correct(scene, watch)
        for c in range(len(self.kinds)):
            gaps, series = stretch.gaps(c), stretch.values[:, c]
            gaps = gaps.only(limits.allow(c, gaps, self.end_supported(c)))
            trees = np.isin(self.way[c], BY_TREES).any()  # slow, and often not needed
            ways = self._ways(c, gaps, series, scene, both, trees)
            values = ways[self.way[c, gaps.kind], np.arange(len(gaps.row))]
            yield gaps, self.unit(c, gaps, scene), values

    def within(
        self, channel: Any, gaps: Gaps, unit: Any, values: np.ndarray, limits: Any, series: Any
    ) -> tuple[np.ndarray, ...]:
        """Return `values` for the Gaps of a `series` and their bounds (low, high), kept within the
        limits and where the channel was seen; each may be off by `unit` (entries,).
        """
        below, above = self.intervals.around(channel, gaps.kind, unit)
        if self.kinds[channel] == "constant":
            below = above = np.zeros(len(values))
        if turn := self.turn[channel]:  # as the channel has them, from 0 to 360 or -180 to 180
            least = -turn / 2 if np.nanmin(series, initial=0) < 0 else 0
            values = (values - least) % turn + least
            return values, values + np.minimum(below, 0), values + np.maximum(above, 0)
        return limits.clipped(channel, self.low[channel], self.high[channel], values, below, above)

    def end_supported(self, channel: Any) -> float:
        """Return how many steps before a channel's first or after its last value held-back ends
        support.
        """
        if self.kinds[channel] == "constant":
            return np.inf
        if channel not in self.known:
            return SHORT_END
        _, rmse, _ = self.evidence.errors(self.way)
        usual = rmse[channel] < self.rivals.std[np.searchsorted(self.known, channel)]
        good = usual & (self.evidence.count[channel] > 0)
        return (SHORT_END, 48, np.inf)[int(np.cumprod(good[CLOSED + 1 :]).sum())]
