"""Boosted trees that correct the regression: what it lacks where channels bend, jump or saturate.

Gradient boosting on histograms (Ke et al. 2017, as scikit-learn has it), the mean of several models
per channel, each learned from entries that are hidden anew: that errs less than one large model
(bagging, Breiman 1996). The trees are kept as plain arrays, so that they can be saved without code.
"""

from typing import Any, Self

import numpy as np
from threadpoolctl import threadpool_limits

from gru_lab.repairs import training
from gru_lab.repairs.hiding import Pattern
from gru_lab.repairs.holes import Gaps, Stretch
from gru_lab.repairs.regression import Scene
from gru_lab.repairs.rivals import CYCLES, ROWS, Rivals

ROUNDS = 6  # models per channel, where there is time for them
ENOUGH, FEWEST = 6_000, 200  # entries of a channel to learn from
DRAWS = 24  # hidden anew for that, at most; every third time with many kinds of holes
LEAVES, DEPTH = 31, 8
SETTINGS: dict[str, Any] = {
    **{"max_iter": 200, "learning_rate": 0.05, "max_leaf_nodes": LEAVES, "max_depth": DEPTH},
    **{"min_samples_leaf": 40, "l2_regularization": 20.0, "max_features": 0.3},
}
LARGEST = 8.0  # of what a filling lacks, in units of what it may be off by
AROUND = (-2, -1, 1, 2)  # rows
BATCH, AT_ONCE = 2_000, 100  # entries, so that their places in the trees stay in the cache
SHARE = 0.4  # of the time there is


class Trees:
    """Corrects what `rivals` fill. Node by node, (nodes,): the input that is looked at, the
    threshold up to which it goes left, the nodes to the left and right (a leaf's are the leaf
    itself) and its value; `roots` (channels, trees) tells where each channel's trees begin, -1
    where there are none.
    """

    LEARNED = ("roots", "feature", "threshold", "left", "right", "value")

    def __init__(self, rivals: Rivals) -> None:
        self.rivals = rivals
        self.roots = np.full((len(rivals.goal), 0), -1, dtype=np.int32)
        self.feature = self.left = self.right = np.zeros(0, dtype=np.int32)
        self.threshold = self.value = np.zeros(0)

    def fit(
        self,
        stretch: Stretch,
        pattern: Pattern,
        seed: int,
        ends: float = np.inf,
        rounds: int | None = None,
        entries: int = 0,
    ) -> Self:
        """Learn from a Stretch in which holes lie as the Pattern says; return self.

        `rounds` are ROUNDS at most, and by default; before `ends` (of `perf_counter`) fewer, since
        each makes the filling of `entries` slower. Channels for which no time is left in the first
        are not corrected.
        """
        began, rng = training.perf_counter(), np.random.default_rng((seed, 5))
        ends = began + SHARE * (ends - began)
        some, models, price = stretch.where(stretch.spread(ROWS)), {}, 0.0
        enough = (~np.isnan(some.values)).sum(axis=0) >= FEWEST
        for number in range(min(rounds or ROUNDS, ROUNDS)):
            start = training.perf_counter()
            if number and start + price > ends:
                break
            for channel, (inputs, lacking) in enumerate(self._drawn(some, pattern, rng, ends)):
                goes_on = channel in models if number else training.perf_counter() < ends
                if enough[channel] and len(lacking) >= FEWEST and goes_on:
                    with threadpool_limits(1, "openmp"):  # two wait more than they gain
                        model = nodes_of(_model(seed + number).fit(inputs, lacking))
                    models.setdefault(channel, []).append(model)
            if not models:
                break
            self.take({channel: mean_of(several) for channel, several in models.items()})
            learned = training.perf_counter()
            self._told(inputs[:BATCH], self.roots.max(axis=0))
            filling = (training.perf_counter() - learned) * entries / max(1, len(inputs[:BATCH]))
            price = learned - start + filling * (number + 2) / (number + 1)
        return self

    def _drawn(self, some, pattern, rng, ends):
        """Return what the trees see of hidden entries, and what the filling lacks there, in units
        of what it may be off by, for each channel: of as many draws as make ENOUGH entries a
        channel, or as half the time before `ends` is enough for.
        """
        began, rivals = training.perf_counter(), self.rivals
        seen: list = [[] for _ in rivals.goal]
        wanted = ENOUGH * rivals.goal.sum()
        for draw in range(DRAWS):
            if draw and (wanted <= 0 or training.perf_counter() > began + (ends - began) / 2):
                break
            alike = draw % 3 < 2
            for c, scene, gaps, lacking in rivals.lessons(some, pattern, rng, alike, rivals.fill):
                lacking = (lacking / scene.deviation[c, gaps.row]).clip(-LARGEST, LARGEST)
                seen[c].append((self._inputs(c, scene, gaps), lacking))
                wanted -= len(lacking)
        return [[np.concatenate(a) for a in zip(*c, strict=True)] for c in seen]

    def _inputs(self, channel, scene, gaps):
        """Return what the trees see of each entry of Gaps, (entries, inputs): what the regression
        does, what is filled and around it, how sure it is, the clock, and the other channels.
        """
        filled, row, stretch = scene.filled, gaps.row, scene.stretch
        series, others = filled[channel], self.rivals.kriging.partners[channel, 1:]
        near = [np.clip(row + step, stretch.begin[row], stretch.end[row] - 1) for step in AROUND]
        turns = [2 * np.pi * stretch.clock(cycle)[row] for cycle in CYCLES[:2]]
        columns = [*self.rivals.inputs(channel, scene, gaps).T]
        columns += [series[at] for at in (row, gaps.before, gaps.after, *near)]
        columns += [scene.deviation[channel, row], gaps.reach, gaps.share, gaps.length]
        columns += [f(turn) * (stretch.step > 0) for turn in turns for f in (np.sin, np.cos)]
        columns += [filled[other, row] for other in others]
        columns += [scene.observed[other, row] for other in others]
        return np.stack(columns, axis=1).astype(np.float32)

    def take(self, learned: dict[int, tuple]) -> None:
        """Take up what `nodes_of` tells of the model of each channel, {channel: arrays}."""
        if learned:
            widths = [len(roots) for roots, *_ in learned.values()]
            roots, *nodes = joined(list(learned.values()))
            self.feature, self.threshold, self.left, self.right, self.value = nodes
            self.roots = np.full((len(self.rivals.goal), max(widths)), -1, dtype=np.int32)
            for channel, some in zip(learned, np.split(roots, np.cumsum(widths)[:-1]), strict=True):
                self.roots[channel, : len(some)] = some

    def require_sound(self) -> None:
        """Raise ValueError where nodes lead out of the trees or to inputs that are not there."""
        if not self.roots.size:
            return
        channels, place = len(self.rivals.goal), np.zeros(1, dtype=int)
        nothing = Stretch(np.full((1, channels), np.nan), place, place, place + 1)
        scene = self.rivals.fill(nothing)
        inputs = self._inputs(0, scene, nothing.gaps(0)).shape[1]
        places = np.concatenate([self.roots.ravel() + 1, self.left, self.right])
        nodes, sizes = len(self.feature), {len(getattr(self, name)) for name in self.LEARNED[1:]}
        inside = np.all((places >= 0) & (places <= nodes)) and self.left.max(initial=-1) < nodes
        inside &= self.right.max(initial=-1) < nodes and len(self.roots) == len(self.rivals.goal)
        seen = np.all((self.feature >= 0) & (self.feature < inputs))
        if not (inside and seen and len(sizes) == 1):
            raise ValueError(
                "its trees must lead from node to node and look at inputs that there are"
            )

    def correct(self, channel: int, gaps: Gaps, scene: Scene) -> np.ndarray:
        """Return what to add to the filling of a channel's Gaps, (entries,)."""
        total, roots = np.zeros(len(gaps.row)), self.roots[channel]
        roots = roots[roots >= 0]
        for first in range(0, len(total) if len(roots) else 0, BATCH):
            some = slice(first, first + BATCH)
            piece = Gaps(*(array[some] for array in vars(gaps).values()))
            inputs = self._inputs(channel, scene, piece)
            total[some] = self._told(inputs, roots) * scene.deviation[channel, piece.row]
        return total

    def _told(self, inputs, roots):
        """Return the sum of what the trees from `roots` on say of `inputs` (entries, inputs)."""
        pieces = np.array_split(inputs, max(1, len(inputs) // AT_ONCE))
        return np.concatenate([self._sum(piece, roots) for piece in pieces])

    def _sum(self, inputs, roots):
        entries, width = inputs.shape
        seen, first = inputs.ravel(), width * np.arange(entries, dtype=np.int32)
        place = np.repeat(roots, entries).reshape(len(roots), entries)
        for _ in range(DEPTH):
            low = seen.take(self.feature.take(place) + first) <= self.threshold.take(place)
            place = np.where(low, self.left.take(place), self.right.take(place))
        return self.value.take(place).sum(axis=0, dtype=float)


def _model(seed):
    from sklearn.ensemble import HistGradientBoostingRegressor  # slow to load

    return HistGradientBoostingRegressor(**SETTINGS, early_stopping=False, random_state=seed)


def joined(groups: list[tuple]) -> tuple:
    """Join groups of trees, each (roots, feature, threshold, left, right, value), into one."""
    moved, start = [], 0
    for roots, feature, threshold, left, right, value in groups:
        moved.append((roots + start, feature, threshold, left + start, right + start, value))
        start += len(feature)
    return tuple(np.concatenate(arrays) for arrays in zip(*moved, strict=True))


def nodes_of(model: Any) -> tuple:
    """Return the trees of a fitted HistGradientBoostingRegressor as `joined` has them, the first
    one without any question: what holds for all entries.

    scikit-learn shows its trees in no other way; a test compares what they say with `predict`.
    """
    nothing = np.zeros(1, dtype=np.int32)
    start = np.ravel(model._baseline_prediction)[:1].astype(float)
    groups = [(nothing, nothing, np.zeros(1), nothing, nothing, start)]
    for (predictor,) in model._predictors:
        nodes = predictor.nodes
        leaf, itself = nodes["is_leaf"].astype(bool), np.arange(len(nodes))
        feature = np.where(leaf, 0, nodes["feature_idx"])
        left, right = (np.where(leaf, itself, nodes[side]) for side in ("left", "right"))
        threshold = nodes["num_threshold"].astype(np.float32)
        above = threshold > nodes["num_threshold"]  # rounded down, so that inputs go the same way
        threshold[above] = np.nextafter(threshold[above], np.float32(-np.inf))
        value = np.where(leaf, nodes["value"], 0)
        groups.append((nothing, feature, threshold, left, right, value))
    kinds = {"i": np.int32, "f": np.float32}
    return tuple(array.astype(kinds[array.dtype.kind]) for array in joined(groups))


def mean_of(models: list[tuple]) -> tuple:
    """Return the trees that say the mean of several models, each as `joined` has it."""
    *nodes, value = joined(models)
    return *nodes, value / np.float32(len(models))
