"""Repair the holes of a real table: `Repairer` learns from what was observed, `repair` does all of
it in one call.

Nothing but the holes changes, and no repair lies outside what its channel was seen to be. The
network never has a channel to itself: it has to beat the straight line by both measures, on entries
held back, or the line is kept.
"""

import copy
import functools
import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
from safetensors.torch import save
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data
from tqdm.auto import tqdm

from gru_lab.config import COUNT, RULES, Rule, one_of
from gru_lab.device import pick_device
from gru_lab.output import write_whole
from gru_lab.repairs import saved
from gru_lab.repairs.columns import numbers, put, stretch_of
from gru_lab.repairs.imputer import Imputer
from gru_lab.repairs.intervals import FEW
from gru_lab.repairs.words import counted
from gru_lab.tables.frames import holds_columns, plain_table
from gru_lab.tables.layout import Layout

MINUTES = Rule(float, 0, open_low=True, words="a finite number above 0")
FULL_TURN = 360.0
FORMAT = 3  # of the file that `save` writes
LEARNED = (
    *("channels_", "set_aside_", "time_", "way_", "warnings_", "coverage_"),
    *("n_features_in_", "feature_names_in_"),
)


class Repairer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """A scikit-learn transformer that fills the holes of a table (rows, channels), and only those.

    `fit` trains for `minutes`, or for `epochs` where given: then the same seed gives the same
    figures. `angles` names channels in degrees that wrap at 360; `split_by` the column that tells
    series apart which lie in one table; `time` the column of time stamps, or several that make them
    (default: what holds dates, be it the index or columns); `time_format` how it is written, such
    as '%d/%m/%Y', 's' for seconds since 1970 or 'excel'; `dayfirst` whether 1/2 is February.
    `network` is 'correction', or 'plain' for
    the tuning log's.

    Learned: `channels_`, `time_` (the column of time stamps, if one is), `scores_` (per channel, on
    entries held back, in the channel's units), `coverage_` (share of held-back entries in their 90
    % interval), `warnings_` (sentences), `history_` (a row per epoch). Raises ValueError for a
    setting out of its range, unknown columns, infinite values, and a table without a numeric
    column.
    """

    def __init__(
        self,
        minutes=3,
        epochs=None,
        angles=(),
        split_by=None,
        time=None,
        time_format=None,
        dayfirst=None,
        seed=0,
        device="auto",
        network="correction",
    ):
        self.minutes = minutes
        self.epochs = epochs
        self.angles = angles
        self.split_by = split_by
        self.time = time
        self.time_format = time_format
        self.dayfirst = dayfirst
        self.seed = seed
        self.device = device
        self.network = network

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def fit(self, table, y=None):
        """Learn from the observed entries of `table`, a DataFrame or an array (rows, channels);
        return self.

        Ctrl-C ends the training early and keeps the best network so far.
        """
        settings = self._settings()
        frame = self._frame(table, fitting=True)
        layout = self._layout(frame)
        columns = [name for name in layout.time if name in layout.set_aside]
        self.time_ = None if not columns else columns[0] if len(columns) == 1 else columns
        self.way_ = layout.way
        self.channels_, self.set_aside_ = layout.repaired(frame), list(layout.set_aside)
        if not self.channels_:
            raise ValueError("table must have at least one numeric column, and it has none")
        for name in self.angles:
            one_of("angles", name, self.channels_)
        stretch = stretch_of(frame, self.channels_, layout)
        period = [FULL_TURN if name in self.angles else 0 for name in self.channels_]
        self._imputer = Imputer.of(stretch, period, **settings)
        self.warnings_ = self._warnings(frame, stretch, layout)
        self._train(stretch)
        return self

    def _settings(self):
        """Return the settings of a Imputer, all of them checked."""
        MINUTES.fix("minutes", self.minutes)
        if self.epochs is not None:
            COUNT.fix("epochs", self.epochs)
        plain = one_of("network", self.network, ("correction", "plain")) == "plain"
        return {
            "seed": RULES["seed"].fix("seed", self.seed),
            "device": pick_device(self.device),
            "plain": plain,
        }

    def _frame(self, table, fitting=False):
        """Return whatever holds the table as a DataFrame."""
        if not holds_columns(table):
            return pd.DataFrame(
                validate_data(self, table, ensure_all_finite="allow-nan", reset=fitting)
            )
        frame = plain_table(table)
        if not len(frame):
            raise ValueError("table must have rows and must not be empty")
        if fitting:
            self.n_features_in_ = frame.shape[1]
            self.feature_names_in_ = np.asarray(frame.columns, dtype=object)
        return frame

    def _layout(self, frame, fitted=False):
        """Return the Layout of a table; once fitted, with the channels and the time learned."""
        known = {"channels": self.channels_, "way": self.way_} if fitted else {}
        time = self.time_ if fitted and self.time_ is not None else self.time
        settings = {"time_format": self.time_format, "dayfirst": self.dayfirst}
        return Layout.of(frame, self.split_by, time, **settings, **known).require()

    def _warnings(self, frame, stretch, layout):
        said = [
            f"{self.channels_[c]}: {words}" for c, words in self._imputer.remarks(stretch).items()
        ]
        for name, why in layout.set_aside.items():
            if why == "text" and (holes := frame[name].isna().sum()):
                said.append(f"{name}: not numeric, so its {holes:,} holes stay")
        if "lacking" in layout.odd:
            rows = counted(len(layout.odd["lacking"]), "row")
            said.append(f"{rows} without a time stamp counted as between their neighbours in time")
        return said

    def _train(self, stretch):
        """Let the Imputer learn, with a bar that shows the score."""
        if self.epochs:
            shown = {"total": self.epochs, "unit": "epoch"}
        else:  # in seconds, so a speed would say nothing
            shown = {
                "total": round(60 * self.minutes),
                "bar_format": "{l_bar}{bar}| {remaining} left{postfix}",
            }
        with tqdm(desc="repair", **shown) as bar:

            def progress(row):
                bar.set_postfix_str(
                    f"error {row['score']:.0%} of the straight line's", refresh=False
                )
                bar.update(row["epoch"] - bar.n if self.epochs else round(row["seconds"]) - bar.n)

            scores, self.coverage_ = self._imputer.learn(
                stretch, self.minutes, self.epochs, progress
            )
        self.scores_ = scores.set_axis(pd.Index(self.channels_, name="channel"))
        self.history_ = pd.DataFrame(self._imputer.history, columns=["epoch", "seconds", "score"])
        if self._imputer.interrupted:
            self.warnings_.append(f"training was ended early, after {len(self.history_)} epochs")

    def transform(self, table):
        """Return `table` with its holes filled; an array as a float array. Its channels must be
        those of the fit.
        """
        out = self.repaired(table).table
        if isinstance(table, pd.Series):
            return out.iloc[:, 0].rename(table.name)
        return out if holds_columns(table) else out.to_numpy()

    def intervals(self, table):
        """Return (low, high), DataFrames like the channels of `table`, NaN where a value was
        observed.

        About 90 % of the truth lies between; for an angle they may pass 0 or 360. NaN also where
        nothing was held back.
        """
        return self.repaired(table).interval

    def on(self, table):
        """Return this Repairer as it repairs the rows of another `table` of the same channels;
        nothing is trained.

        Entries of that table are held back as well: by them its `scores_` and `coverage_` are
        measured, and where the network is worse than the straight line there, the line is kept. All
        that repairs a table does this by itself.
        """
        return self._on(self._stretch(table)[1])

    def repaired(self, table):
        """Return the Repaired of a table by what was learned; its `repairer` is that `on` this
        table.
        """
        frame, stretch, layout = self._stretch(table)
        return self._on(stretch)._fill(frame, stretch, layout)

    def _on(self, stretch):
        other = copy.copy(self)
        other._imputer, scores, coverage = self._imputer.on(stretch)
        enough = scores["entries"].set_axis(self.scores_.index) >= FEW
        other.scores_ = scores.set_axis(self.scores_.index).where(enough, self.scores_, axis=0)
        if enough.any():
            other.coverage_ = coverage
        return other

    def _stretch(self, table):
        """Return the table as a DataFrame, as a Stretch of the fitted channels, and its Layout."""
        check_is_fitted(self)
        frame = self._frame(table)
        self._require_channels(frame)
        layout = self._layout(frame, fitted=True)
        return frame, stretch_of(frame, self.channels_, layout), layout

    def _fill(self, frame, stretch, layout):
        """Return the Repaired of what `_stretch` gives, by the choices and scores as they are."""
        out, half_width = (
            frame.copy(deep=False),
            np.full(stretch.values.shape, np.nan, dtype=np.float32),
        )
        watch = functools.partial(tqdm, desc="fill", unit="batch", leave=False)
        for c, (rows, values, half) in enumerate(self._imputer.impute(stretch, watch)):
            column, rows = frame.columns.get_loc(self.channels_[c]), layout.order[rows]
            if len(rows):
                out.isetitem(column, put(frame.iloc[:, column], rows, values))
            half_width[rows, c] = half
        half_width = pd.DataFrame(half_width, frame.index, self.channels_, copy=False)
        return Repaired(out, frame.isna() & out.notna(), half_width, self, layout)

    def _require_channels(self, frame):
        numeric = [name for name in frame.columns if numbers(frame[name]) is not None]
        lacking = [str(name) for name in self.channels_ if name not in numeric]
        known = {*self.channels_, *self.set_aside_, self.split_by}
        unknown = [str(name) for name in numeric if name not in known]
        said = [f"lacks {', '.join(lacking)}"] * bool(lacking) + [
            f"has {', '.join(unknown)} besides"
        ] * bool(unknown)
        if said:
            known = f"the {len(self.channels_)} channels it was fitted on"
            raise ValueError(f"table must have {known}, but it {' and '.join(said)}")

    def to_bytes(self):
        """Return the fitted repairer as a safetensors file, its settings and scores in the
        metadata.
        """
        check_is_fitted(self)
        known = {name: getattr(self, name) for name in LEARNED if hasattr(self, name)}
        known |= {"settings": self.get_params(), "kinds": self._imputer.kinds, "format": FORMAT}
        known |= {
            name: getattr(self, name).to_dict(orient="split") for name in ("scores_", "history_")
        }
        return save(self._imputer.state_dict(), {"gru_lab": json.dumps(known, default=_plain)})

    def save(self, path):
        """Write `to_bytes` to a file; whole or not at all."""
        write_whole(path, self.to_bytes())

    @classmethod
    def load(cls, path, device="auto"):
        """Return the repairer that `save` wrote to `path`; ValueError where the file is not of that
        kind.
        """
        pick_device(device)
        try:
            known, tensors = saved.read(path, FORMAT)
            saved.require_facts(known)
            return saved.tried(cls._of(known, tensors, device))
        except Exception as error:  # a damaged file fails in whatever way
            reason = str(error).strip().splitlines() or [type(error).__name__]
            raise ValueError(
                f"path must be a file that Repairer.save wrote, not {str(path)!r}: {reason[0]}"
            ) from error

    @classmethod
    def _of(cls, known, tensors, device):
        """Return the repairer of what `to_bytes` wrote."""
        settings = known["settings"]
        repairer = cls(**settings | {"device": device, "angles": tuple(settings["angles"])})
        for name in LEARNED:
            if name in known:
                setattr(repairer, name, known[name])
        repairer.scores_, repairer.history_ = (
            pd.DataFrame(**known[name]) for name in ("scores_", "history_")
        )
        repairer.scores_.index.name = "channel"
        saved.require_tables(repairer)
        repairer._imputer = Imputer.from_state_dict(tensors, known["kinds"], **repairer._settings())
        return repairer


def _plain(value):
    """Return what JSON can hold of NumPy's numbers and arrays in settings and names."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(
        f"only text and numbers can be saved as settings and names of channels, not {value!r}"
    )


@dataclass(frozen=True, eq=False)
class Repaired:
    """A repaired table: `filled` tells its cells that were, `half_width` half the width of their 90
    % intervals.
    """

    table: pd.DataFrame
    filled: pd.DataFrame
    half_width: pd.DataFrame  # of the channels, NaN where a value was observed
    repairer: Repairer
    layout: Layout  # of the table: its time, its parts, the order of its rows

    @property
    def interval(self):
        """The bounds (low, high) of the channels' repaired values, NaN where a value was observed."""
        known = self.half_width
        values = pd.DataFrame(
            {name: numbers(self.table[name]) for name in known.columns}, known.index, copy=False
        )
        return values - known, values + known

    @property
    def low(self):
        """The lower bounds."""
        return self.interval[0]

    @property
    def high(self):
        """The upper bounds."""
        return self.interval[1]


def repair(table, **settings):
    """Train a `Repairer` with these settings on a table and repair it: return a `Repaired`."""
    frame = plain_table(table)
    repairer = Repairer(**settings).fit(frame)
    return repairer._fill(*repairer._stretch(frame))  # the fit has just measured on these rows
