"""Repair the holes of a real table: `Repairer` learns from what was observed, `repair` does all of it in one call.

Nothing but the holes changes. The network never has a channel to itself: on entries that were held back it has to beat
the straight line by both measures, or the line is kept.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors.torch import safe_open, save_file
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data
from tqdm.auto import tqdm

from gru_lab.config import COUNT, RULES, Rule, one_of
from gru_lab.holes import Stretch, hide_alike, kind_of, part_ends, wrapped
from gru_lab.refine import Refiner
from gru_lab.series import Series
from gru_lab.study.held_back import Intervals, choose, errors_of
from gru_lab.trainer import pick_device

MINUTES = Rule(float, 0, open_low=True, words="a finite number above 0")
CHECKED = 40_000  # rows, evenly spread, in which entries are held back
FEWEST = 10  # observed values that a channel needs to be learned from
FULL_TURN = 360.0
FORMAT = 1  # of the file that `save` writes
LEARNED = ("channels_", "warnings_", "coverage_", "n_features_in_", "_kinds")
ARRAYS = ("_known", "_head", "_period")
MEASURES = [f"{way} {error}" for way in ("forward fill", "linear", "network") for error in ("MAE", "RMSE")]


def _numbers(column):
    """Return a column as float64 with NaN, True and False as 1 and 0; or None where it holds no real numbers."""
    kind = column.dtype
    if pd.api.types.is_object_dtype(kind) and pd.api.types.infer_dtype(column, skipna=True) == "boolean":
        column = column.astype("boolean")
    elif not pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_complex_dtype(kind):
        return None
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def _put(column, rows, values):
    """Return the array of `column` with `values` in `rows`, in its own dtype."""
    array = column.array.copy()
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_object_dtype(column.dtype):
        values = values.round().astype(bool)
    elif pd.api.types.is_integer_dtype(column.dtype):
        values = values.round().astype(np.int64)
    elif isinstance(column.dtype, np.dtype):
        values = values.astype(column.dtype)
    array[rows] = values
    return array


class Repairer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """A scikit-learn transformer that fills the holes of a table (rows, channels), and only those.

    `fit` trains for `minutes`, or for `epochs` where given: then the same seed gives the same figures. `angles` names
    channels in degrees that wrap at 360; `split_by` the column that tells series apart which lie in one table; `time`
    the column of time stamps (default: the index, where it is one). `network` is 'correction', or 'plain' for the
    tuning log's.

    Learned: `channels_`, `scores_` (per channel, on entries held back, in the channel's units), `coverage_` (share of
    held-back entries in their 90 % interval), `warnings_` (sentences), `history_` (a row per epoch). Raises ValueError
    for a setting out of its range, unknown columns, infinite values, and a table without a numeric column.
    """

    def __init__(
        self,
        minutes=3,
        epochs=None,
        angles=(),
        split_by=None,
        time=None,
        seed=0,
        device="auto",
        network="correction",
    ):
        self.minutes = minutes
        self.epochs = epochs
        self.angles = angles
        self.split_by = split_by
        self.time = time
        self.seed = seed
        self.device = device
        self.network = network

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def fit(self, table, y=None):
        """Learn from the observed entries of `table`, a DataFrame or an array (rows, channels); return self.

        Ctrl-C ends the training early and keeps the best network so far.
        """
        self._check_settings()
        frame = self._frame(table)
        validate_data(self, frame if isinstance(table, pd.DataFrame) else frame.to_numpy(), skip_check_array=True)
        columns = {name: _numbers(frame[name]) for name in frame.columns if name not in (self.split_by, self.time)}
        self.channels_ = [name for name, values in columns.items() if values is not None]
        if not self.channels_:
            raise ValueError("table must have at least one numeric column, and it has none")
        for name in self.angles:
            one_of("angles", name, self.channels_)
        self.warnings_ = [
            f"{name}: not numeric, so its {frame[name].isna().sum():,} holes stay"
            for name, values in columns.items()
            if values is None and frame[name].isna().any()
        ]
        stretch, _ = self._stretch(frame, self.warnings_)
        self._learn(stretch)
        return self

    def _check_settings(self):
        MINUTES.fix("minutes", self.minutes)
        RULES["seed"].fix("seed", self.seed)
        one_of("network", self.network, ("correction", "plain"))
        if self.epochs is not None:
            COUNT.fix("epochs", self.epochs)
        pick_device(self.device)

    def _frame(self, table):
        frame = table if isinstance(table, pd.DataFrame) else pd.DataFrame(np.asarray(table))
        if not frame.columns.is_unique:
            twice = frame.columns[frame.columns.duplicated()][0]
            raise ValueError(f"table: columns must have different names, and {twice!r} is there twice; rename one")
        for setting in ("split_by", "time"):
            if getattr(self, setting) is not None:
                one_of(setting, getattr(self, setting), list(frame.columns))
        return frame

    def _stretch(self, frame, warnings):
        """Return the channels as a Stretch, its rows brought in order, and that order: its row i is row order[i]."""
        label = np.zeros(len(frame), dtype=int)
        if self.split_by is not None:
            label = pd.factorize(frame[self.split_by], use_na_sentinel=False)[0]
        moment = self._moments(frame, warnings)
        order = np.lexsort((moment, label))
        label, moment = label[order], moment[order]
        starts = np.flatnonzero(np.r_[True, np.diff(label) != 0])
        step = np.diff(moment)
        step = step[(step > 0) & (np.diff(label) == 0)]
        values = np.empty((len(frame), len(self.channels_)))
        for c, name in enumerate(self.channels_):
            values[:, c] = _numbers(frame[name])[order]
        Series(values, tuple(map(str, self.channels_)), "table", tuple(starts))  # it refuses what is infinite or empty
        return Stretch(values, moment / (np.median(step) if len(step) else 1), *part_ends(starts, len(frame))), order

    def _moments(self, frame, warnings):
        """Return where the rows lie in time, (rows,): by their time stamps, or by their number where there are none."""
        by_number = np.arange(len(frame), dtype=float)
        if self.time is not None:
            stamps = frame[self.time]
        elif isinstance(frame.index, pd.DatetimeIndex):
            stamps = frame.index.to_series()
        else:
            return by_number
        if not pd.api.types.is_numeric_dtype(stamps):
            stamps = pd.to_datetime(stamps, errors="coerce", format="mixed", utc=True)
            stamps = (stamps - stamps.min()) / pd.Timedelta(seconds=1)
        moment = stamps.to_numpy(dtype=float, na_value=np.nan)
        if np.isfinite(moment).all():
            return moment
        warnings.append(f"{np.isnan(moment).sum():,} rows have no time stamp, so rows are taken as equally far apart")
        return by_number

    def _learn(self, stretch):
        """Find what each channel is, hide entries of our own, train on the rest and score every way on them."""
        self._kinds = [kind_of(values) for values in stretch.values.T]
        self._period = np.array([FULL_TURN if name in self.angles else 0.0 for name in self.channels_])
        enough = (~np.isnan(stretch.values)).sum(axis=0) >= FEWEST
        self._known = np.flatnonzero(enough & np.isin(self._kinds, ["flag", "code", "measured"]))
        nowhere = np.add.reduceat(~np.isnan(stretch.values), np.unique(stretch.begin), axis=0) == 0
        for c, name in enumerate(self.channels_):
            if text := self._named(c, enough[c], nowhere[:, c]):
                self.warnings_.append(f"{name}: {text}")
        self._refiner = self._new_refiner()
        stretch = stretch.channels(self._known)
        missing, checked = np.isnan(stretch.values), stretch.spread(CHECKED)
        truth = stretch.where(checked)
        held = hide_alike(missing, len(truth), np.random.default_rng((self.seed, 0))) & ~np.isnan(truth.values)
        stretch.values[checked] = np.where(held, np.nan, truth.values)  # what is trained on never holds them
        self._train(stretch, missing, truth, held)
        self._score(truth, held)

    def _named(self, c, enough, nowhere):
        """Return in words why the network does not repair a channel, or ''; `nowhere` tells the series without it."""
        words = {
            "none": "no value at all, so it stays empty",
            "constant": "constant, so its holes take that value",
            "flag": "a flag of two values, so a hole takes its nearer neighbour's",
            "code": "a code of a few whole numbers, so a hole takes its nearer neighbour's",
        }
        if self._kinds[c] != "none" and nowhere.any():
            return f"no value in {nowhere.sum()} of {len(nowhere)} series, where it stays empty"
        return words.get(self._kinds[c], "" if enough else f"fewer than {FEWEST} values, so the straight line fills it")

    def _way(self, c):
        return "nearest" if self._kinds[c] in ("flag", "code") else "linear"

    def _new_refiner(self):
        ways, plain = [self._way(c) for c in self._known], self.network == "plain"
        return Refiner(ways, self._period[self._known], self.seed, pick_device(self.device), plain)

    def _train(self, shown, missing, truth, held):
        """Train with a bar that shows the score; Ctrl-C ends it."""
        rows, some = [], bool(held[:, self._refiner.goal].any())
        total, unit = (self.epochs, "epoch") if self.epochs else (round(60 * self.minutes), "s")
        epochs = self._refiner.train(shown, missing, truth, held, self.minutes, self.epochs) if some else []
        with tqdm(total=total, unit=unit, desc="repair", disable=None if some else True) as bar:
            try:
                for row in epochs:
                    rows.append(row)
                    bar.set_postfix_str(f"error {row['score']:.0%} of the straight line's", refresh=False)
                    bar.update((row["epoch"] if self.epochs else round(row["seconds"])) - bar.n)
            except KeyboardInterrupt:
                self.warnings_.append(f"training was ended early, after {len(rows)} epochs")
        self._refiner.take_best()
        self.history_ = pd.DataFrame(rows, columns=["epoch", "seconds", "score"])

    def _score(self, truth, held):
        """Score every way on the entries of `held`, keep one per channel by it, and measure the intervals."""
        shown, scores, entries = truth.without(held), {}, []
        refined = self._refiner.refine(shown)  # (rows, 2, channels)
        self._head = np.full(len(self.channels_), -1)  # which of the network's corrections is kept; -1: the line
        for k, c in enumerate(self._known):
            at, period = held[:, k], self._period[c]
            line, distance = shown.fill_one(k, self._way(c), period)
            forward, _ = shown.fill_one(k, "previous", period)
            at = at & ~np.isnan(line)  # a part may show nothing of a channel but what was held back
            error = wrapped(np.c_[refined[at, :, k], line[at], forward[at]].T - truth.values[at, k], period)
            *networks, by_line, by_forward = map(errors_of, error)
            best, kept = choose(by_line, networks)
            goal = self._kinds[c] == "measured"
            self._head[c] = best if kept and goal else -1
            scores[c] = [*by_forward, *by_line, *(networks[best] if goal else [np.nan] * 2), at.sum()]
            entries.append([np.full(at.sum(), c), distance[at], error[best if kept and goal else 2]])
        self._tell(scores)
        self._measure_intervals(np.concatenate(entries, axis=1) if entries else np.zeros((3, 0)))

    def _tell(self, scores):
        """Make the table of scores: those of some channels, and in words what is kept of each."""
        words = {"none": "none", "constant": "constant", "flag": "flag", "code": "flag", "measured": "linear"}
        kept = ["network" if head >= 0 else words[kind] for kind, head in zip(self._kinds, self._head, strict=True)]
        table = [scores.get(c, [np.nan] * len(MEASURES) + [0]) for c in range(len(kept))]
        self.scores_ = pd.DataFrame(table, pd.Index(self.channels_, name="channel"), [*MEASURES, "entries"])
        self.scores_ = self.scores_.astype({"entries": int})
        self.scores_.insert(len(MEASURES), "kept", kept)

    def _measure_intervals(self, entries):
        """Measure widths on one half of `entries`, (channel, distance, error), and how many they hold on the other."""
        half = np.random.default_rng(self.seed).random(entries.shape[1]) < 0.5
        self._intervals = Intervals.fit(*entries[:, half], len(self.channels_))
        self._intervals.by_channel[np.array(self._kinds) == "constant"] = 0
        channel, distance, error = entries[:, ~half]
        inside = np.abs(error) <= self._intervals.half_width(channel.astype(int), distance)
        self.coverage_ = float(inside.mean()) if len(inside) else np.nan

    def _repaired(self, frame):
        """Yield (number of a channel, rows, values, half widths) of the holes of each channel."""
        stretch, order = self._stretch(frame, [])
        head, refined = self._head[self._known], None
        if (head >= 0).any():
            refined = self._refiner.refine(stretch.channels(self._known), np.maximum(head, 0))
        for c in range(len(self.channels_)):
            line, distance = stretch.fill_one(c, self._way(c), self._period[c])
            at = np.isnan(stretch.values[:, c]) & ~np.isnan(line)
            values = line[at] if self._head[c] < 0 else refined[at, np.searchsorted(self._known, c)]
            if self._period[c]:  # as the channel gives them, from 0 to 360 or from -180 to 180
                low = -FULL_TURN / 2 if np.nanmin(stretch.values[:, c], initial=0) < 0 else 0
                values = (values - low) % FULL_TURN + low
            yield c, order[at], values, self._intervals.half_width(c, distance[at])

    def _checked(self, table):
        """Return the table as a DataFrame; ValueError where its channels are not those of the fit."""
        check_is_fitted(self)
        frame = self._frame(table)
        numeric = [n for n in frame.columns if n not in (self.split_by, self.time) and _numbers(frame[n]) is not None]
        lacking = [name for name in self.channels_ if name not in numeric]
        unknown = [name for name in numeric if name not in self.channels_]
        if lacking or unknown:
            said = [f"lacks {', '.join(map(str, lacking))}"] * bool(lacking)
            said += [f"has {', '.join(map(str, unknown))} besides"] * bool(unknown)
            raise ValueError(
                f"table must have the {len(self.channels_)} channels it was fitted on, but it {' and '.join(said)}"
            )
        return frame

    def transform(self, table):
        """Return `table` with its holes filled; an array as a float array. Its channels must be those of the fit."""
        out, *_ = self._filled(self._checked(table))
        return out if isinstance(table, pd.DataFrame) else out.to_numpy()

    def intervals(self, table):
        """Return (low, high), DataFrames like the channels of `table`, NaN where a value was observed.

        About 90 % of the truth lies between; for an angle they may pass 0 or 360. NaN also where nothing was held back.
        """
        return self._filled(self._checked(table), bounds=True)[1:]

    def _filled(self, frame, bounds=False):
        """Return the repaired table, and the bounds of its intervals if they are asked for."""
        out = frame.copy(deep=False)
        edges = [np.full((len(frame), len(self.channels_)), np.nan) for _ in range(2 * bounds)]
        for c, rows, values, half in self._repaired(frame):
            column = frame.columns.get_loc(self.channels_[c])
            if len(rows):
                out.isetitem(column, _put(frame.iloc[:, column], rows, values))
            for edge, sign in zip(edges, (-1, 1), strict=False):
                edge[rows, c] = values + sign * half
        return out, *(pd.DataFrame(edge, frame.index, self.channels_) for edge in edges)

    def save(self, path):
        """Write the fitted repairer to one safetensors file, its settings and scores in the metadata."""
        check_is_fitted(self)
        known = {name: getattr(self, name) for name in LEARNED} | {"settings": self.get_params(), "format": FORMAT}
        known |= {name: getattr(self, name).to_dict(orient="split") for name in ("scores_", "history_")}
        arrays = {name: torch.tensor(getattr(self, name)) for name in ARRAYS}
        arrays |= {f"intervals.{name}": torch.tensor(value) for name, value in vars(self._intervals).items()}
        unfinished = Path(f"{path}.part")
        save_file(arrays | self._refiner.tensors(), unfinished, {"gru_lab": json.dumps(known, default=_plain)})
        unfinished.replace(path)

    @classmethod
    def load(cls, path, device="auto"):
        """Return the repairer that `save` wrote to `path`; ValueError where the file is not of that kind."""
        try:
            with safe_open(path, "pt") as file:
                known = json.loads(file.metadata()["gru_lab"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}
            if known["format"] != FORMAT:
                raise ValueError(f"its format is {known['format']}, not {FORMAT}")
        except Exception as error:  # a damaged file fails in whatever way
            raise ValueError(f"path must be a file that Repairer.save wrote, not {str(path)!r}: {error}") from error
        repairer = cls(**known["settings"] | {"device": device, "angles": tuple(known["settings"]["angles"])})
        for name in LEARNED:
            setattr(repairer, name, known[name])
        for name in ("scores_", "history_"):
            setattr(repairer, name, pd.DataFrame(**known[name]))
        repairer.scores_.index.name = "channel"
        for name in ARRAYS:
            setattr(repairer, name, tensors[name].numpy())
        repairer._intervals = Intervals(
            *(tensors[f"intervals.{name}"].numpy() for name in ("by_channel", "by_distance"))
        )
        repairer._refiner = repairer._new_refiner().take(tensors)
        return repairer


def _plain(value):
    """Return what JSON can hold of a NumPy number in a setting or a channel's name."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"only text and numbers can be saved as settings and names of channels, not {value!r}")


@dataclass(frozen=True, eq=False)
class Repaired:
    """A repaired table: `filled` tells its cells that were, `low` and `high` bound their 90 % intervals."""

    table: pd.DataFrame
    filled: pd.DataFrame
    low: pd.DataFrame
    high: pd.DataFrame
    repairer: Repairer


def repair(table, **settings):
    """Train a `Repairer` with these settings on a table and repair it: return a `Repaired`."""
    frame = table if isinstance(table, pd.DataFrame) else pd.DataFrame(np.asarray(table))
    repairer = Repairer(**settings).fit(frame)
    out, low, high = repairer._filled(frame, bounds=True)
    return Repaired(out, frame.isna() & out.notna(), low, high, repairer)
