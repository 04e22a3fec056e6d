"""The ways to fill a hole, side by side: what each of them puts there.

ways.fill(channel, gaps, series, scene)  # (ways, entries)
"""

from collections.abc import Iterable
from typing import Any, Self

import numpy as np

from gru_lab.repairs.holes import Gaps, Stretch, wrapped
from gru_lab.repairs.kinds import FEWEST, NUMBERS
from gru_lab.repairs.network import CorrectionNetwork
from gru_lab.repairs.regression import Scene
from gru_lab.repairs.rivals import Rivals
from gru_lab.repairs.trees import Trees

WAYS = ("linear", "forward fill", "seasonal", "regression", "trees", "network", "network + trees")
BY_TREES, BY_NETWORK = ([n for n, way in enumerate(WAYS) if by in way] for by in WAYS[4:6])


class Ways:
    """All of WAYS for the channels of a table: `rivals`, and what corrects these, `trees` and a
    `network` (None where none was trained).

    `kinds` and `turn` (360 for an angle, else 0) tell what the channels are, `known` are the
    numbers of those that the rivals and the network see; `nearest` is True where a hole takes its
    nearer neighbour's value, `low` to `high` the range in which a channel was seen.
    """

    LEARNED = ("turn", "known", "low", "high")

    def __init__(self, kinds: Iterable, turn: Any, known: np.ndarray) -> None:
        self.kinds, self.turn, self.known = list(kinds), np.asarray(turn, float), known
        self.nearest = np.isin(self.kinds, ["flag", "code"])
        self.place = {c: k for k, c in enumerate(known.tolist())}  # among the known ones
        self.low, self.high = (np.full(len(self.kinds), sign * np.inf) for sign in (1, -1))
        self.rivals = Rivals(~self.nearest[known], self.turn[known])
        self.trees = Trees(self.rivals)
        self.network: CorrectionNetwork | None = None

    @classmethod
    def of(cls, stretch: Stretch, kinds: list[str], turn: Any) -> Self:
        """Return the Ways for a Stretch, whose channels have `kinds` as `Options.kind` has them."""
        enough = (~np.isnan(stretch.values)).sum(axis=0) >= FEWEST
        known = np.flatnonzero(enough & ~np.isin(kinds, ["none", "constant"]))
        return cls(["measured" if kind in NUMBERS else kind for kind in kinds], turn, known)

    @np.errstate(all="ignore")
    def see(self, stretch: Stretch) -> None:
        """Widen the range in which each channel was seen; an angle has none."""
        turning = self.turn > 0
        low = np.fmin.reduce(stretch.values, initial=np.inf)
        high = np.fmax.reduce(stretch.values, initial=-np.inf)
        self.low = np.where(turning, -np.inf, np.fmin(self.low, low))
        self.high = np.where(turning, np.inf, np.fmax(self.high, high))

    def fill(
        self,
        channel: int,
        gaps: Gaps,
        series: np.ndarray,
        scene: Scene,
        both: np.ndarray | None = None,
        trees: Any = True,
    ) -> np.ndarray:
        """Return what each of WAYS puts into the Gaps of a channel's `series` (rows,), (ways,
        entries); without corrections of the network in `both` heads or by `trees`, as if 0.
        """
        turn, k = self.turn[channel], self.place.get(channel)
        base = gaps.nearest(series) if self.nearest[channel] else gaps.line(series, turn)
        if self.nearest[channel] or k is None:
            return np.stack([base, series[gaps.before], *[base] * 5])
        change = wrapped(scene.filled[k, gaps.row] - scene.line(k, gaps), turn)
        dated, std = len(self.rivals.kriging.cycles) > 0, self.rivals.std[k]
        season = scene.lag(k, gaps, 0) if dated else 0  # a guessed period is no way of its own
        regression = base + std * change
        ways = np.stack([base, series[gaps.before], base + std * season, *[regression] * 4])
        by_trees = std * self.trees.correct(k, gaps, scene) if trees else 0
        ways[4] += by_trees
        if both is not None:
            by_network = std * both[gaps.row, :, k].mean(axis=1)
            ways[5:] += by_network, (by_network + by_trees) / 2
        return ways if turn else np.clip(ways, self.low[channel], self.high[channel])

    def unit(self, channel: int, gaps: Gaps, scene: Scene) -> np.ndarray:
        """Return what fillings of a channel's Gaps may be off by, (entries,), in its units."""
        k = self.place.get(channel)
        known = k is not None
        return self.rivals.std[k] * scene.deviation[k, gaps.row] if known else np.sqrt(gaps.reach)
