"""The repair without tables: which way fills each class of a channel's holes best by entries held
back, and how sure it is.
"""

import copy
from collections.abc import Callable, Iterator

import numpy as np

from gru_lab.errors import Ended
from gru_lab.repairs import training
from gru_lab.repairs.choice import Evidence, Held, shown_by
from gru_lab.repairs.hiding import Pattern, piece_of
from gru_lab.repairs.holes import CLASSES, CLOSED, OPEN, Stretch, wrapped
from gru_lab.repairs.intervals import Intervals, held_by_others
from gru_lab.repairs.limits import Limits
from gru_lab.repairs.network import CorrectionNetwork
from gru_lab.repairs.ways import BY_NETWORK, BY_TREES, WAYS, Ways

CHECKED = 40_000  # rows, evenly spread, in which entries are held back


class Imputer:
    """Fills holes in the values (rows, channels) of a Stretch by `ways`; `learn` finds how.

    `way` (channels, classes of length) is the place in WAYS of what fills, `composition`, of the
    same shape, how many entries the table lacks.
    """

    LEARNED = ("way", "composition")  # and what its parts have

    def __init__(self, ways: Ways, seed: int = 0, device: str = "cpu") -> None:
        self.ways, self.seed, self.device = ways, seed, device
        self.way = np.zeros((len(ways.kinds), CLASSES), dtype=int)

    def learn(
        self, stretch: Stretch, ends: float | None, epochs: int | None, progress: Callable
    ) -> bool:
        """Hide entries of our own, learn from the rest, and judge by those entries.

        The network trains for `epochs`, or else until the time `ends` (infinite beside epochs),
        less what filling will take; where that is None, neither trees nor network learn. `progress`
        is called with what is done and with each epoch's row. Ctrl-C ends the training: then True
        is returned, and the best network so far is kept. The values of `stretch` are written to.
        """
        self._see(stretch)
        seen, pattern, checked, truth, held, other = self._hold_back(stretch)
        seen.values[checked] = truth.without(held).values  # what is learned from never holds them
        progress("regression")
        ways, interrupted = self.ways, False
        ways.rivals.fit(seen, pattern, np.random.default_rng((self.seed, 2)))
        if ends is not None and held[:, ways.rivals.goal].any():
            try:
                progress("trees")
                ways.trees.fit(seen, pattern, self.seed, ends, epochs, self.composition.sum())
                ways.network = CorrectionNetwork(ways.rivals, self.seed, self.device)
                if not epochs:
                    ends -= self._cost(truth, held, len(stretch))
                training.train(ways.network, seen, pattern, truth, held, ends, epochs, progress)
            except Ended:
                raise
            except KeyboardInterrupt:
                interrupted = True
        progress("choice")
        self._judge(truth, held, other)
        return interrupted

    def _cost(self, truth, held, rows):
        """Return the seconds to judge all ways, and then to fill all, by what they take on the
        entries `held` back: with a margin.
        """
        fill, correct = self.ways.rivals.fill, self.ways.network.correct
        correct(fill(truth.where(truth.spread(100))))  # slow once
        holed, began = truth.without(held), training.perf_counter()
        scene = fill(holed)
        for k in range(len(self.ways.known)):
            self.ways.trees.correct(k, scene.stretch.gaps(k), scene)
        filled = training.perf_counter()
        correct(scene)
        more = self.composition.sum() / np.isnan(holed.values).sum()
        network_only = training.perf_counter() - filled
        return (filled - began) * (1 + 2 * more) + network_only * (1 + 2 * rows / len(truth))

    def _see(self, stretch):
        """Widen the range in which each channel was seen, and count the entries that it lacks in
        each class of length.
        """
        self.ways.see(stretch)
        kinds = [stretch.gaps(c).kind for c in range(len(self.ways.kinds))]
        self.composition = np.array([np.bincount(kind, minlength=CLASSES) for kind in kinds])

    def _hold_back(self, stretch):
        """Return the known channels, their Pattern, which rows are checked, these, what to hide
        there, and in which of them other kinds of holes are hidden than the table's own: a third.
        """
        seen = stretch.channels(self.ways.known)
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
        other.ways = copy.copy(self.ways)
        other._see(stretch)
        *_, truth, held, mixed = self._hold_back(stretch)
        other._judge(truth, held, mixed, again=True)
        return other

    def _judge(self, truth, held, other, again=False):
        """Measure every way on the entries of `held`, and choose one for each channel and class;
        `again`: overrule the choices only where they are surely wrong.
        """
        held, channels = self._held(truth, held, other), len(self.way)
        evidence = Evidence.of(held, channels)
        if again:
            doubted = evidence.doubted(self.way)
            known, self.way = evidence.enough | doubted, np.where(doubted, 0, self.way)
        else:
            known, self.way = np.ones(self.way.shape, dtype=bool), evidence.choose()
            self.way[self.ways.nearest] = 0
        way = self.way[held.channel, held.kind]
        held = held._replace(error=held.error[way, np.arange(len(way))])
        intervals = Intervals.fit(held, channels, self.intervals.usual if again else None)
        self.intervals = self.intervals.instead(intervals, known) if again else intervals
        self.evidence = evidence.instead(self.evidence, ~known) if again else evidence
        if known.any():
            inside = held_by_others(held, channels, np.random.default_rng((self.seed, 3)))
            like = self.composition[held.channel, held.kind] > 0  # of lengths that the table has
            inside = inside[like] if like.any() else inside
            self.coverage = float(inside.mean()) if len(inside) else np.nan
        holed = self.composition.any(axis=1)[:, None]
        self.composition = np.where(holed, self.composition, self.evidence.count)

    def _held(self, truth, held, other):
        """Return the entries of `held` (rows, channels) as Held, with the errors of all ways.

        Holes in `other` rows, unlike the table's own, tell only of classes of which the table
        shows few.
        """
        ways, scene = self.ways, self.ways.rivals.fill(truth.without(held))
        both = ways.network.correct(scene) if ways.network else None  # (rows, 2, channels)
        pieces = [(np.zeros(0, int),) * 3 + (np.zeros(0), np.zeros((len(WAYS), 0)))]
        for k, c in enumerate(ways.known):
            gaps = scene.stretch.gaps(k)
            hidden = held[gaps.row, k]
            alike = hidden & ~other[gaps.row]
            gaps = gaps.only(hidden & (alike | ~shown_by(gaps.only(alike))[gaps.kind]))
            filled = ways.fill(c, gaps, scene.stretch.values[:, k], scene, both)
            error = wrapped(truth.values[gaps.row, k] - filled, ways.turn[c])
            unit = ways.unit(c, gaps, scene)
            pieces.append((np.full(len(gaps.row), c), gaps.kind, gaps.hole, unit, error))
        return Held(*(np.concatenate(a, axis=-1) for a in zip(*pieces, strict=True)))

    def impute(
        self, stretch: Stretch, limits: Limits, draws: int, watch: Callable
    ) -> Iterator[tuple[np.ndarray, list]]:
        """Yield, for each channel, the rows that are to be filled, (entries,), and what fills them:
        (values, low, high), each (entries,), and the same for each of so many `draws`. `watch` as
        `CorrectionNetwork.correct` has it.
        """
        ways, supported, rng = self.ways, self.supported(), np.random.default_rng((self.seed, 4))
        scene, both = ways.rivals.fill(stretch.channels(ways.known)), None
        if np.isin(self.way[ways.known], BY_NETWORK).any():
            both = ways.network.correct(scene, watch)
        for c, way in enumerate(self.way):
            gaps, series = stretch.gaps(c), stretch.values[:, c]
            gaps = gaps.only(limits.allow(c, gaps, supported[c]))
            trees = np.isin(way, BY_TREES).any()  # slow, and often not needed
            unit, filled = ways.unit(c, gaps, scene), ways.fill(c, gaps, series, scene, both, trees)
            values = filled[way[gaps.kind], np.arange(len(gaps.row))]
            around = self.intervals.around(c, gaps.kind, unit)
            errors = [0, *(self.intervals.draw(c, gaps, unit, rng) for _ in range(draws))]
            yield gaps.row, [self._within(c, values + e, around, limits, series) for e in errors]

    def _within(self, channel, values, around, limits, series):
        """Return `values` for a channel's `series` and their bounds (low, high), which lie `around`
        them, kept within the limits and where the channel was seen.
        """
        ways, (below, above) = self.ways, around
        if ways.kinds[channel] == "constant":
            below = above = np.zeros(len(values))
        if turn := ways.turn[channel]:  # as the channel has them, from 0 to 360 or -180 to 180
            least = -turn / 2 if np.nanmin(series, initial=0) < 0 else 0
            values = (values - least) % turn + least
            return values, values + np.minimum(below, 0), values + np.maximum(above, 0)
        return limits.clipped(channel, ways.low[channel], ways.high[channel], values, below, above)

    def supported(self) -> np.ndarray:
        """Return how many steps before a channel's first or after its last value held-back ends
        support, (channels,).
        """
        known, (_, rmse, _) = self.ways.known, self.evidence.errors(self.way)
        good = (rmse[known] < self.ways.rivals.std[:, None]) & (self.evidence.count[known] > 0)
        far = np.cumprod(good[:, CLOSED + 1 :], axis=1).sum(axis=1)
        steps = np.where(np.array(self.ways.kinds) == "constant", np.inf, OPEN[0])
        steps[known] = np.array([*OPEN, np.inf])[far]
        return steps
