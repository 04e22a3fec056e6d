"""Ways to fill a hole that need no training: last value, straight line, seasonal line, and one
regression per channel on all that goes on across the hole.

The regression is solved in closed form, on entries that are hidden for it, in rounds that see what
the round before has filled. Arrays are (channels, rows), in units of each channel's spread.
"""

import numpy as np

from gru_lab.repairs.holes import wrapped
from gru_lab.repairs.regression import CLASSES, EXTREME, Scene, solve

ROWS, DRAWS, ROUNDS = 20_000, 3, 3  # to fit on; hidden anew; each sees what the last one filled
PARTNERS, BENDS = 12, (1, 6, 24)  # other channels, and the rows over which these go with its own
CYCLES = (86_400, 604_800, 31_556_952)  # seconds: day, week, year
BINS = 336  # of a mean profile, at most
LAGS = ((1,), (2, 3), (7,))  # periods earlier and later


def cycles_of(stretch):
    """Return the cycles of the clock, in seconds, that time stamps show at least twice."""
    span = np.ptp(stretch.position) * stretch.step
    return [cycle for cycle in CYCLES if 3.5 * stretch.step <= cycle <= span / 2]


def period_of(stretch, filled):
    """Return the period in rows by autocorrelation, for tables without time stamps; 0 for none."""
    first = np.unique(stretch.begin)
    rows = stretch.end[first] - first
    part = slice(first[rows.argmax()], first[rows.argmax()] + rows.max())
    if rows.max() < 100:
        return 0.0
    steps = np.diff(filled[:, part], axis=1)
    steps -= steps.mean(axis=1, keepdims=True)
    power = np.square(np.abs(np.fft.rfft(steps, 2 * steps.shape[1])))
    like = np.fft.irfft(power)[:, : steps.shape[1] // 3]
    like = np.median(like / np.maximum(like[:, :1], 1e-12), axis=0)
    peaks = np.flatnonzero((like[1:-1] > like[:-2]) & (like[1:-1] >= like[2:])) + 1
    peaks = peaks[(peaks >= 4) & (like[peaks] > 0.2)]
    return float(peaks[like[peaks] > 0.85 * like[peaks].max()].min()) if len(peaks) else 0.0


class Rivals:
    """Fills channels in their `ways` (channels,), 'linear' or 'nearest'; `turn` (channels,) is 360
    for an angle, else 0. Only those with 'linear' have a regression.
    """

    def __init__(self, ways, turn):
        self.ways, self.turn = list(ways), np.asarray(turn, dtype=float)
        channels = len(self.ways)
        self.mean, self.std = np.zeros(channels), np.ones(channels)
        self.partners = np.zeros((channels, 0), dtype=int)
        self.periods, self.profiles = np.zeros(0), {}  # in rows; {cycle: (channels, bins)}
        self.weights = None  # (rounds, channels, classes of length, inputs)

    def fit(self, stretch, pattern, rng):
        """Learn from a Stretch in which holes lie as the Pattern says; return self."""
        some = stretch.where(stretch.spread(ROWS))
        for c in np.flatnonzero(self.turn == 0):
            self.mean[c], self.std[c] = np.nanmean(some.values[:, c]), np.nanstd(some.values[:, c])
        self.mean, self.std = np.nan_to_num(self.mean), np.where(self.std > 0, self.std, 1)
        scene, cycles = self.line(some), cycles_of(stretch)
        period = cycles[0] / stretch.step if cycles else period_of(some, scene.filled)
        year = [cycle / stretch.step for cycle in cycles[1:] if cycle == CYCLES[-1]]
        self.periods = np.array([period, *year]) if period else np.zeros(0)
        self._find_partners(some, scene.filled)
        self.profiles = {cycle: self._profile(stretch, cycle) for cycle in cycles}
        draws = []
        for number in range(DRAWS):
            hidden_mask, starts = pattern.mixed(some, rng)
            if number == 1:
                hidden_mask, starts = pattern.alike(some, rng), []
            hidden_mask &= ~np.isnan(some.values)
            draws.append((self.line(some.cut(starts).without(hidden_mask)), some, hidden_mask))
        rounds = [[self._round(c, draws) for c in range(len(self.ways))] for _ in range(ROUNDS)]
        self.weights = np.array(rounds, dtype=np.float32)
        return self

    def line(self, stretch):
        """Return the Scene of a Stretch with its holes filled by the line."""
        observed = ~np.isnan(stretch.values.T)
        filled = np.empty(observed.shape, dtype=np.float32)
        scene = Scene(stretch, filled, observed, self.turn, self._lagged(stretch))
        for c, way in enumerate(self.ways):
            filled[c] = (stretch.values[:, c] - self.mean[c]) / self.std[c]
            gaps = stretch.gaps(c)
            nearest = way == "nearest"
            filled[c, gaps.row] = gaps.nearest(filled[c]) if nearest else scene.line(c, gaps)
        np.nan_to_num(filled, copy=False)  # a part without any value of a channel
        return scene

    def _lagged(self, stretch):
        """Return the groups of lags of a Scene."""
        span = np.ptp(stretch.position) + 2
        part = np.cumsum(np.r_[0, np.diff(stretch.begin) != 0])
        place = stretch.position - stretch.position.min() + part * 2 * span

        def away(shift):
            at = np.minimum(np.searchsorted(place, place + shift - 0.5), len(place) - 1)
            return at.astype(np.int32), np.abs(place[at] - (place + shift)) <= 0.5

        groups = [(period, group) for period in self.periods[:1] for group in LAGS]
        groups += [(period, (1,)) for period in self.periods[1:]]
        shifts = [[k * sign * p for k in group for sign in (1, -1)] for p, group in groups]
        return [[away(shift) for shift in group if abs(shift) < span] for group in shifts]

    def _find_partners(self, stretch, filled):
        """For each channel, find those whose bends go most with its own."""
        alike, row = np.zeros((len(filled), len(filled))), np.arange(len(stretch))
        for far in BENDS:
            at = row[(row - far >= stretch.begin) & (row + far < stretch.end)]
            if len(at) < 20:
                continue
            bends = 2 * filled[:, at] - filled[:, at - far] - filled[:, at + far]
            bends = wrapped(bends.T, self.turn).T.astype(np.float32)
            bends /= np.maximum(np.sqrt(np.square(bends).sum(axis=1, keepdims=True)), 1e-9)
            alike += np.square(bends @ bends.T)
        np.fill_diagonal(alike, -1)
        nearest = np.argsort(-alike, axis=1, kind="stable")
        self.partners = nearest[:, : min(PARTNERS, len(filled) - 1)]

    def _profile(self, stretch, cycle):
        """Return each channel's mean over a `cycle` of the clock, (channels, bins)."""
        bins = int(min(round(cycle / stretch.step), BINS))
        place = stretch.bin(cycle, bins)
        means = np.zeros((len(self.ways), bins), dtype=np.float32)
        for c in np.flatnonzero(self.turn == 0):
            seen = ~np.isnan(stretch.values[:, c])
            z = (stretch.values[seen, c] - self.mean[c]) / self.std[c]
            count = np.bincount(place[seen], minlength=bins)
            means[c] = np.bincount(place[seen], z, bins) / (count + 1)
        return means

    def _seen(self, channel, scene):
        """Return a channel's Gaps, what the regression sees of them, and the line across them."""
        gaps = scene.stretch.gaps(channel)
        usual = {cycle: profile[channel] for cycle, profile in self.profiles.items()}
        inputs = scene.inputs(channel, gaps, self.partners[channel], usual)
        return gaps, inputs, scene.line(channel, gaps)

    def _round(self, channel, draws):
        """Fit a channel once on all draws, fill it there; return weights (classes, inputs)."""
        pieces, known = [self._seen(channel, scene) for scene, *_ in draws], []
        for (gaps, inputs, line), (_, some, hidden_mask) in zip(pieces, draws, strict=True):
            at = hidden_mask[gaps.row, channel]
            truth = some.values[gaps.row[at], channel]
            truth = (truth - self.mean[channel]) / self.std[channel]
            known.append((inputs[at], wrapped(truth - line[at], self.turn[channel]), gaps.kind[at]))
        inputs, goal, kind = (np.concatenate(a) for a in zip(*known, strict=True))
        if self.ways[channel] != "linear" or not len(goal):
            return np.zeros((CLASSES, inputs.shape[1]), dtype=np.float32)
        weights = solve(inputs, goal, kind)
        for (scene, *_), piece in zip(draws, pieces, strict=True):
            self._put(channel, scene, weights, *piece)
        return weights

    def _put(self, channel, scene, weights, gaps, inputs, line):
        """Fill a channel with the line corrected by `weights` (classes, inputs)."""
        filled, kind = line.astype(np.float32), gaps.kind
        for k in np.unique(kind):
            filled[kind == k] += inputs[kind == k] @ weights[k]
        usual = filled if self.turn[channel] else np.clip(filled, -EXTREME, EXTREME)
        scene.filled[channel, gaps.row] = usual

    def fill(self, stretch):
        """Return the Scene of a Stretch filled by the line and then by every round."""
        scene = self.line(stretch)
        for weights in self.weights:
            for c, way in enumerate(self.ways):
                if way == "linear" and np.isnan(stretch.values[:, c]).any():
                    self._put(c, scene, weights[c], *self._seen(c, scene))
        return scene

    def season(self, channel, gaps, scene):
        """Return what a channel did across its holes a period earlier and later, (entries,); 0
        where no time stamps tell the period: a guess may be an input and no way of its own.
        """
        return scene.lag(channel, gaps, 0) if self.profiles else np.zeros(len(gaps.row))

    def arrays(self):
        """Return all that was learned, as {name: array}."""
        names = ("mean", "std", "partners", "periods", "weights")
        learned = {name: getattr(self, name) for name in names}
        learned["cycles"] = np.array(list(self.profiles), dtype=float)
        return learned | {f"profile{n}": a for n, a in enumerate(self.profiles.values())}

    def take(self, arrays):
        """Take up what the `arrays` of other Rivals gave, by name."""
        for name in ("mean", "std", "partners", "periods", "weights"):
            setattr(self, name, arrays[name])
        self.profiles = {cycle: arrays[f"profile{n}"] for n, cycle in enumerate(arrays["cycles"])}
