"""Ways to fill a hole that need no training: last value, straight line, seasonal line, and one
regression per channel on all that goes on across the hole.

Between the observed rows b and a around a hole, at share s of the way, any series g gives
across(g) = g[t] - (1 - s) g[b] - s g[a]: what it does, less its own straight line. The regression
takes what the other channels, earlier and later periods and the usual day do across a hole to what
the channel itself does there. It is solved in closed form, on entries that are hidden for it, in
rounds that see what the round before has filled. Arrays are (channels, rows), in units of each
channel's spread.
"""

from dataclasses import dataclass

import numpy as np

from gru_lab.repairs.holes import LABELS, Stretch

ROWS, DRAWS, ROUNDS = 20_000, 3, 3  # to fit on; hidden anew; each sees what the last one filled
PARTNERS, BENDS = 12, (1, 6, 24)  # other channels, and the rows over which these go with its own
NEAR = 24  # rows around an entry whose mean is seen
CYCLES = (86_400, 604_800, 31_556_952)  # seconds: day, week, year
BINS = 336  # of a mean profile, at most
LAGS = ((1,), (2, 3), (7,))  # periods earlier and later
UNSEEN = 0.1  # weight of a period whose own values were filled
RIDGE, OWN_RIDGE, HUBER, TIMES, EXTREME = 30.0, 100.0, 2.5, 4, 12.0
CLASSES = len(LABELS)


def cycles_of(stretch):
    """Return the cycles of the clock, in seconds, that time stamps show at least twice."""
    span = np.ptp(stretch.position) * stretch.step
    return [cycle for cycle in CYCLES if 3.5 * stretch.step <= cycle <= span / 2]


def period_of(stretch, filled):
    """Return the period in rows by autocorrelation, 0 where nothing comes back: for tables without
    time stamps.
    """
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


@dataclass(frozen=True, eq=False)
class Scene:
    """A Stretch whose holes are being filled: `filled` and `observed` (channels, rows), and where
    rows a period away lie.
    """

    stretch: Stretch
    filled: np.ndarray
    observed: np.ndarray
    lagged: list  # (which group, rows a period away, which are there)

    def lag(self, channel, gaps, group, turn):
        """Return what the channel did across a hole some periods earlier and later."""
        series, seen = self.filled[channel], self.observed[channel]
        total, weight = np.zeros(len(gaps.row), np.float32), np.float32(0.05)
        for at, there in (pair for number, *pair in self.lagged if number == group):
            ends = at[gaps.row], at[gaps.before], at[gaps.after]
            fine = there[gaps.row] & there[gaps.before] & there[gaps.after]
            weigh = fine * np.where(seen[ends[0]] & seen[ends[1]] & seen[ends[2]], 1, UNSEEN)
            total += weigh * gaps.across(_Moved(series, at), turn)
            weight = weight + weigh
        return total / weight

    def near(self, channel, gaps):
        """Return the mean of the rows around each entry, filled ones counting little."""
        weight = np.where(self.observed[channel], 1.0, UNSEEN)
        sums = [np.r_[0, np.cumsum(a)] for a in (weight, weight * self.filled[channel])]
        first = np.maximum(gaps.row - NEAR, self.stretch.begin[gaps.row])
        last = np.minimum(gaps.row + NEAR + 1, self.stretch.end[gaps.row])
        count, total = (a[last] - a[first] for a in sums)
        return total / count


@dataclass(frozen=True, eq=False)
class _Moved:
    """A series as it is some rows away."""

    series: np.ndarray
    at: np.ndarray

    def __getitem__(self, rows):
        return self.series[self.at[rows]]


class Rivals:
    """Fills channels in their `ways` (channels,), 'linear' or 'nearest'; `turn` (channels,) is 360
    for an angle, else 0. Only those with 'linear' have a regression.
    """

    def __init__(self, ways, turn):
        self.ways, self.turn = list(ways), np.asarray(turn, dtype=float)
        channels = len(self.ways)
        self.mean, self.std = np.zeros(channels), np.ones(channels)
        self.partners = np.zeros((channels, 0), dtype=int)
        self.periods, self.profiles, self.cycles = np.zeros(0), [], []  # periods in rows
        self.weights = None  # (rounds, channels, classes of length, inputs)

    def fit(self, stretch, pattern, rng):
        """Learn from a Stretch in which holes lie as the Pattern says; return self."""
        some = stretch.where(stretch.spread(ROWS))
        for c in np.flatnonzero(self.turn == 0):
            self.mean[c], self.std[c] = np.nanmean(some.values[:, c]), np.nanstd(some.values[:, c])
        self.mean, self.std = np.nan_to_num(self.mean), np.where(self.std > 0, self.std, 1)
        self.cycles = cycles_of(stretch)
        scene = self._scene(some)
        period = self.cycles[0] / stretch.step if self.cycles else period_of(some, scene.filled)
        year = [cycle / stretch.step for cycle in self.cycles[1:] if cycle == CYCLES[-1]]
        self.periods = np.array([period, *year]) if period else np.zeros(0)
        self._find_partners(some, scene.filled)
        self.profiles = [self._profile(stretch, cycle) for cycle in self.cycles]
        draws = []
        for number in range(DRAWS):
            hidden_mask, starts = pattern.mixed(some, rng)
            if number == 1:
                hidden_mask, starts = pattern.alike(some, rng), []
            hidden_mask &= ~np.isnan(some.values)
            draws.append((self._scene(some.cut(starts).without(hidden_mask)), some, hidden_mask))
        self.weights = np.zeros((ROUNDS, len(self.ways), CLASSES, 0), dtype=np.float32)
        weights = [[self._round(c, draws) for c in range(len(self.ways))] for _ in range(ROUNDS)]
        self.weights = np.array(weights, dtype=np.float32)
        return self

    def _scene(self, stretch):
        """Return the Scene of a Stretch with its holes filled by the line."""
        observed = ~np.isnan(stretch.values.T)
        filled = np.empty(observed.shape, dtype=np.float32)
        for c in range(len(self.ways)):
            filled[c] = (stretch.values[:, c] - self.mean[c]) / self.std[c]
            gaps = stretch.gaps(c)
            filled[c, gaps.row] = self._line(c, gaps, filled[c])
        np.nan_to_num(filled, copy=False)  # a part without any value of a channel
        return Scene(stretch, filled, observed, list(self._lagged(stretch)))

    def _line(self, channel, gaps, values):
        if self.ways[channel] == "nearest":
            return gaps.nearest(values)
        return gaps.line(values, self.turn[channel])

    def _lagged(self, stretch):
        """Yield (group, row a period away, whether there is one), both (rows,), of each lag."""
        span = np.ptp(stretch.position) + 2
        part = np.cumsum(np.r_[0, np.diff(stretch.begin) != 0])
        place = stretch.position - stretch.position.min() + part * 2 * span
        groups = [(period, group) for period in self.periods[:1] for group in LAGS]
        groups += [(period, (1,)) for period in self.periods[1:]]
        for number, (period, group) in enumerate(groups):
            for shift in (period * k * sign for k in group for sign in (1, -1)):
                if abs(shift) >= span:
                    continue
                goal = place + shift
                at = np.minimum(np.searchsorted(place, goal - 0.5), len(place) - 1)
                at = at.astype(np.int32)
                yield number, at, np.abs(place[at] - goal) <= 0.5

    def _find_partners(self, stretch, filled):
        """For each channel, find those whose bends go most with its own."""
        alike, row = np.zeros((len(filled), len(filled))), np.arange(len(stretch))
        for far in BENDS:
            at = row[(row - far >= stretch.begin) & (row + far < stretch.end)]
            if len(at) < 20:
                continue
            bends = 2 * filled[:, at] - filled[:, at - far] - filled[:, at + far]
            for c in np.flatnonzero(self.turn > 0):
                bends[c] = (bends[c] + 180) % 360 - 180
            bends /= np.maximum(np.sqrt(np.square(bends).sum(axis=1, keepdims=True)), 1e-9)
            alike += np.square(bends @ bends.T)
        np.fill_diagonal(alike, -1)
        self.partners = np.argsort(-alike, axis=1, kind="stable")[:, :PARTNERS][
            :, : len(filled) - 1
        ]

    def _profile(self, stretch, cycle):
        """Return each channel's mean over a `cycle` of the clock, (channels, bins)."""
        bins = int(min(round(cycle / stretch.step), BINS))
        place = (stretch.clock(cycle) * bins).astype(int) % bins
        means = np.zeros((len(self.ways), bins), dtype=np.float32)
        for c in np.flatnonzero(self.turn == 0):
            seen = ~np.isnan(stretch.values[:, c])
            z = (stretch.values[seen, c] - self.mean[c]) / self.std[c]
            means[c] = np.bincount(place[seen], z, bins) / (
                np.bincount(place[seen], minlength=bins) + 1
            )
        return means

    def inputs(self, channel, gaps, scene):
        """Return what the regression sees of each entry of a channel, (entries, inputs)."""
        series, turn = scene.filled[channel], self.turn[channel]
        columns = [gaps.across(scene.filled[p], self.turn[p]) for p in self.partners[channel]]
        groups = len(LAGS) * (len(self.periods) > 0) + max(0, len(self.periods) - 1)
        columns += [scene.lag(channel, gaps, group, turn) for group in range(groups)]
        for cycle, profile in zip(self.cycles, self.profiles, strict=True):
            bins = profile.shape[1]
            place = (scene.stretch.clock(cycle) * bins).astype(int) % bins
            columns.append(gaps.across(_Moved(profile[channel], place)))
        columns += self._slopes(gaps, series, scene.stretch, turn)
        if not turn:
            line, steady = gaps.line(series), gaps.steady
            columns += [-line * steady, (scene.near(channel, gaps) - line) * steady, steady]
        else:
            columns += [np.zeros(len(gaps.row))] * 3
        return np.stack(columns, axis=1, dtype=np.float32, casting="same_kind")

    def _slopes(self, gaps, series, stretch, turn):
        """Return the two cubic Hermite terms: how the series comes into a hole and leaves it."""
        first, last = stretch.begin[gaps.before], stretch.end[gaps.before] - 1
        terms = []
        whole = stretch.position[gaps.after] - stretch.position[gaps.before]
        chord = self._step(series, gaps.before, gaps.after, turn) / np.maximum(whole, 1e-9)
        leading = gaps.open & (gaps.row < gaps.before)
        for row, other, side in ((gaps.before, -1, ~leading), (gaps.after, 1, leading)):
            beyond = np.clip(row + other, first, last)
            moved = stretch.position[row] - stretch.position[beyond]
            slope = self._step(series, beyond, row, turn) / np.where(moved == 0, np.inf, moved)
            share = gaps.share if other < 0 else 1 - gaps.share
            inside = -other * (slope - chord) * whole * share * (1 - share) ** 2
            far = gaps.reach / 2
            end = np.where(side, -other * slope * far / (1 + far), 0)
            terms.append(np.where(gaps.open, end, inside))
        return terms

    @staticmethod
    def _step(series, start, end, turn):
        step = series[end] - series[start]
        return (step + turn / 2) % turn - turn / 2 if turn else step

    def _round(self, channel, draws):
        """Fit a channel once on all draws, fill it in them, and return its weights (classes,
        inputs).
        """
        pieces = []
        for scene, some, hidden_mask in draws:
            gaps = scene.stretch.gaps(channel)
            inputs = self.inputs(channel, gaps, scene)
            known = hidden_mask[gaps.row, channel]
            truth = (some.values[gaps.row[known], channel] - self.mean[channel]) / self.std[channel]
            line = gaps.line(scene.filled[channel], self.turn[channel])
            pieces.append((gaps, inputs, line, known, truth - line[known]))
        seen, kind, goal = (
            np.concatenate(a)
            for a in zip(*((p[1][p[3]], p[0].kind[p[3]], p[4]) for p in pieces), strict=True)
        )
        if self.turn[channel]:
            goal = (goal + self.turn[channel] / 2) % self.turn[channel] - self.turn[channel] / 2
        weights = np.zeros((CLASSES, seen.shape[1]), dtype=np.float32)
        if self.ways[channel] == "linear" and len(goal):
            weights = solve(seen, goal, kind)
            for (scene, *_), (gaps, inputs, line, *_) in zip(draws, pieces, strict=True):
                scene.filled[channel, gaps.row] = self._filled(channel, gaps, inputs, line, weights)
        return weights

    def _filled(self, channel, gaps, inputs, line, weights):
        """Return the line corrected by the `weights` (classes, inputs), within the usual range."""
        filled, kind = line.astype(np.float32), gaps.kind
        for k in np.unique(kind):
            filled[kind == k] += inputs[kind == k] @ weights[k]
        if self.turn[channel]:
            return filled
        return np.clip(filled, -EXTREME, EXTREME)

    def season(self, channel, gaps, scene):
        """Return what a channel did across its holes a period earlier and later, (entries,); 0
        where no time stamps tell the period: a guess may be an input and no way of its own.
        """
        if not len(self.cycles):
            return np.zeros(len(gaps.row))
        return scene.lag(channel, gaps, 0, self.turn[channel])

    def arrays(self):
        """Return all that was learned, as (name, array)."""
        names = ("mean", "std", "partners", "periods", "weights")
        learned = [(name, getattr(self, name)) for name in names]
        learned.append(("cycles", np.array(self.cycles, dtype=float)))
        return learned + [(f"profile{n}", profile) for n, profile in enumerate(self.profiles)]

    def take(self, arrays):
        """Take up what the `arrays` of other Rivals gave, by name."""
        for name in ("mean", "std", "partners", "periods", "weights", "cycles"):
            setattr(self, name, arrays[name])
        self.profiles = [arrays[f"profile{n}"] for n in range(len(self.cycles))]

    def lines(self, scene):
        """Return a Scene's values with the straight line in the holes, (rows, channels)."""
        lines = scene.filled.T.copy()
        for c in range(len(self.ways)):
            gaps = scene.stretch.gaps(c)
            lines[gaps.row, c] = self._line(c, gaps, scene.filled[c])
        return lines

    def fill(self, stretch):
        """Return the Scene of a Stretch filled by the line and then by every round."""
        scene = self._scene(stretch)
        for weights in self.weights:
            for c in np.flatnonzero(np.array(self.ways) == "linear"):
                gaps = stretch.gaps(c)
                if len(gaps.row):
                    inputs = self.inputs(c, gaps, scene)
                    line = gaps.line(scene.filled[c], self.turn[c])
                    scene.filled[c, gaps.row] = self._filled(c, gaps, inputs, line, weights[c])
        return scene


def solve(inputs, goal, kind):
    """Return weights (classes, inputs) by ridge regression of `goal` (entries,), in each class of
    length `kind` (entries,) drawn towards those of all.

    Large errors count as Huber's loss has them, in units of what is usual in their class; inputs
    beyond 12 times their root mean square as less.
    """
    size = np.sqrt(np.square(inputs).mean(axis=0)) + 1e-9
    scaled = np.clip(inputs / size, -EXTREME, EXTREME).astype(np.float64)
    weights, count = np.zeros(inputs.shape[1]), np.bincount(kind, minlength=CLASSES)
    for _ in range(TIMES):
        error = goal - scaled @ weights
        usual = np.ones(CLASSES)
        for k in np.flatnonzero(count):
            usual[k] = 1.4826 * np.median(np.abs(error[kind == k])) + 1e-6
        relative = np.abs(error) / usual[kind]
        trust = np.minimum(1, HUBER / np.maximum(relative, HUBER))
        weigh = trust / np.square(usual[kind])
        weigh /= weigh.mean()
        weights = _ridge(scaled, goal, weigh, RIDGE)
    by_kind = np.tile(weights, (CLASSES, 1))
    for k in np.flatnonzero(count):
        here = kind == k
        by_kind[k] += _ridge(scaled[here], error[here], trust[here], OWN_RIDGE)
    return (by_kind / size).astype(np.float32)


def _ridge(inputs, goal, weigh, ridge):
    weighed = inputs * weigh[:, None]
    square = weighed.T @ inputs + ridge * np.eye(inputs.shape[1])
    return np.linalg.solve(square, weighed.T @ goal)
