"""Repair the holes of a real table: `Repairer` learns from what was observed, `repair` does all of
it in one call.

Nothing but the holes changes, and no repair lies outside what its channel was seen to be. Each
channel and length of hole is filled in the way that did best on entries held back; any other way
has to beat the straight line there by both measures, surely, or the line is kept.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from gru_lab.config import COUNT, RULES, SWITCH, Rule
from gru_lab.device import pick_device
from gru_lab.output import write_whole
from gru_lab.repairs import saved, scores, training
from gru_lab.repairs.columns import put, require_channels, require_no_numbers_as_text, stretch_of
from gru_lab.repairs.imputer import Imputer
from gru_lab.repairs.limits import Limits
from gru_lab.repairs.options import Options
from gru_lab.repairs.progress import Progress, filling
from gru_lab.repairs.remarks import on_ends, remarks
from gru_lab.repairs.repaired import Repaired
from gru_lab.repairs.ways import Ways
from gru_lab.tables.frames import holds_columns, plain_table
from gru_lab.tables.layout import Layout, names_of, one_or_several

SETTINGS = {
    "minutes": Rule(float, 0, words="a finite number of at least 0"),
    "draws": Rule(int, 0, 1_000, words="a whole number from 0 to 1000"),
    "seed": RULES["seed"],
}
OPTIONAL = {"epochs": COUNT, "dayfirst": SWITCH}


@dataclass(eq=False, repr=False)
class Repairer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """A scikit-learn transformer that fills the holes of a table (rows, channels), and only those.

    `minutes` is the time of `fit` and of filling the same table, in all; 0 stops at the regression,
    after seconds. With `epochs` instead the same seed gives the same figures. `angles` names
    channels in degrees that wrap at 360, `codes` those between whose values there is nothing;
    `split_by` the column that tells series apart which lie in one table; `time` the column of time
    stamps, or several that make them (default: what holds dates, be it the index or columns);
    `time_format` how it is written, such as '%d/%m/%Y', 's' for seconds since 1970 or 'excel';
    `dayfirst` whether 1/2 is February. `low` and `high` ({channel: bound}) and `integer` (channels)
    limit what is put there. `inputs` are channels that are only seen, `only` those to repair. Holes
    longer than `max_gap` (rows, or a time such as '6h') stay; so do those before a channel's first
    or after its last value that are longer than `extrapolation` (the same; 'all' fills them;
    default: as far as held-back ends support it). `draws` is how many plausible tables are drawn
    beside the repaired one, `seed` that of all that is random, `device` 'auto', 'cpu' or 'cuda'.

    Learned: `channels_`, `time_` (the column of time stamps, if one is), `scores_` (a row per
    channel: errors on entries held back, in the channel's units, as they are to be expected for its
    own holes), `by_length_` (the same for each channel and class of length, what fills it, and the
    chance that this is worse than the straight line), `coverage_` (share of held-back entries, in
    holes as long as the table's own, that 90 % intervals learned from other holes hold),
    `warnings_` (sentences), `history_` (a row per epoch). Raises ValueError for a setting out of
    its range, unknown columns, infinite values, and a table without a numeric column.

    >>> from gru_lab.demo import demo_table
    >>> table, truth = demo_table(600)
    >>> repairer = Repairer(minutes=0).fit(table)
    >>> int(repairer.transform(table)["a2"].isna().sum())
    0
    """

    minutes: float = 3
    epochs: int | None = None
    angles: Sequence = ()
    split_by: str | None = None
    time: str | list | None = None
    time_format: str | None = None
    dayfirst: bool | None = None
    seed: int = 0
    device: str = "auto"
    codes: Sequence = ()
    low: dict | None = None
    high: dict | None = None
    integer: Sequence = ()
    inputs: Sequence = ()
    only: Sequence = ()
    max_gap: int | str | None = None
    extrapolation: int | str | None = None
    draws: int = 0

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def fit(self, table: Any, y: Any = None) -> Self:
        """Learn from the observed entries of `table`, a DataFrame or an array (rows, channels);
        return self.

        Ctrl-C ends the training early and keeps the best network so far.
        """
        began, settings = training.perf_counter(), self.settings()
        frame = self._frame(table, fitting=True)
        layout = self._layout(frame)
        texts = [name for name, why in layout.set_aside.items() if why == "text"]
        require_no_numbers_as_text(frame, texts)
        self.time_ = one_or_several([name for name in layout.time if name in layout.set_aside])
        self.way_ = layout.way
        self.channels_, self.set_aside_ = layout.repaired(frame), list(layout.set_aside)
        if not self.channels_:
            raise ValueError("table must have at least one numeric column, and it has none")
        stretch = stretch_of(frame, self.channels_, layout)
        limits = Limits.of(options := self._options(), self.channels_, stretch)
        kinds = list(map(options.kind, self.channels_, stretch.values.T))
        turn = [360 * (name in self.angles) for name in self.channels_]
        self._imputer = Imputer(Ways.of(stretch, kinds, turn), **settings)
        self.warnings_ = remarks(self, frame, stretch, layout)
        at_ends = [(gaps := stretch.gaps(c)).length[gaps.open] for c in range(len(kinds))]
        progress = Progress(began, self.minutes, self.epochs)
        with progress.bar:
            ends = np.inf if self.epochs else began + 60 * self.minutes if self.minutes else None
            interrupted = self._imputer.learn(stretch, ends, self.epochs, progress)
        self.history_ = pd.DataFrame(progress.history, columns=["epoch", "seconds", "score"])
        self.take_scores()
        if interrupted:
            self.warnings_.append(f"training was ended early, after {len(progress.history)} epochs")
        self.warnings_ += on_ends(self, at_ends, limits)
        return self

    def settings(self) -> dict:
        """Return the settings of an Imputer, all of them checked."""
        for name, rule in (SETTINGS | OPTIONAL).items():
            if name not in OPTIONAL or getattr(self, name) is not None:
                rule.fix(name, getattr(self, name))
        return {"seed": int(self.seed), "device": pick_device(self.device)}

    def _options(self):
        """Return what the settings say of channels."""
        given = {field.name: getattr(self, field.name) for field in fields(Options)}
        return Options(**{name: value for name, value in given.items() if value is not None})

    def _frame(self, table, fitting=False):
        """Return whatever holds the table as a DataFrame."""
        if not holds_columns(table):
            array = validate_data(self, table, ensure_all_finite="allow-nan", reset=fitting)
            return pd.DataFrame(array)
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

    def take_scores(self) -> None:
        """Take over what the Imputer measured, by the channels' names."""
        self.scores_, self.by_length_ = scores.tables(self._imputer, self.channels_)
        self.coverage_ = self._imputer.coverage

    def transform(self, table: Any) -> Any:
        """Return `table` with its holes filled; an array as floats. Raises ValueError for a table
        without the channels of the fit, or with others.
        """
        out = self.repaired(table).table
        if isinstance(table, pd.Series):
            return out.iloc[:, 0].rename(table.name)
        return out if holds_columns(table) else out.to_numpy()

    def repaired(self, table: Any) -> Repaired:
        """Return the Repaired of a `table` by what was learned; raises ValueError as `transform`.

        Nothing is trained. Its `repairer` is this one as it repairs these rows: entries of them are
        held back as well, by which `scores_` and `coverage_` are measured, and where a way is
        surely worse than the straight line there, the line is taken.
        """
        frame, stretch, layout = self._stretch(table)
        other = copy.copy(self)
        other._imputer = self._imputer.on(stretch)
        other.take_scores()
        return other._fill(frame, stretch, layout)

    def _stretch(self, table):
        """Return the table as a DataFrame, as a Stretch of the fitted channels, and its Layout."""
        check_is_fitted(self)
        frame = self._frame(table)
        require_channels(frame, self.channels_, [*self.set_aside_, *names_of(self.split_by)])
        layout = self._layout(frame, fitted=True)
        return frame, stretch_of(frame, self.channels_, layout), layout

    def _fill(self, frame, stretch, layout):
        """Return the Repaired of what `_stretch` gives, by the choices and scores as they are."""
        draws = SETTINGS["draws"].fix("draws", self.draws)  # one may ask for them after the fit
        tables, bounds = [frame.copy(deep=False) for _ in range(1 + draws)], {}
        limits = Limits.of(self._options(), self.channels_, stretch)
        filled = self._imputer.impute(stretch, limits, draws, filling)
        for name, (rows, pieces) in zip(self.channels_, filled, strict=True):
            if len(rows):
                rows, column = layout.order[rows], frame.columns.get_loc(name)
                for table, (values, *_) in zip(tables, pieces, strict=True):
                    table.isetitem(column, put(frame.iloc[:, column], rows, values))
                bounds[name] = rows, *pieces[0][1:]
        out, *drawn = tables
        return Repaired(out, frame.isna() & out.notna(), bounds, self, layout, drawn)

    def to_bytes(self) -> bytes:
        """Return the fitted repairer as a safetensors file, settings and scores in its metadata."""
        check_is_fitted(self)
        return saved.to_bytes(self)

    def save(self, path: str | Path) -> None:
        """Write `to_bytes` to a file, such as 'sensor.safetensors'; whole or not at all."""
        write_whole(path, self.to_bytes())

    @classmethod
    def load(cls, path: str | Path, device: str = "auto") -> "Repairer":
        """Return the repairer that `save` wrote to `path`, for a `device` as in the settings;
        raises ValueError for any other file.
        """
        pick_device(device)  # an unknown one is no fault of the file
        return saved.read(path, cls, device)


def repair(table: Any, **settings: Any) -> Repaired:
    """Train a `Repairer` with these settings on a table and repair it: return a `Repaired`.

    `table` is a DataFrame, a Series (its `table` then is one, too), an array (rows, channels) or
    masked array, or a table of polars or xarray, which comes back as a DataFrame. Raises ValueError
    for other objects, and as `Repairer` does.

    >>> import gru_lab as lab
    >>> from gru_lab.demo import demo_table
    >>> int(lab.repair(demo_table(600)[0], minutes=0).table["a2"].isna().sum())
    0
    """
    frame = plain_table(table)
    repairer = Repairer(**settings).fit(frame)
    done = repairer._fill(*repairer._stretch(frame))  # the fit has just measured on these rows
    if isinstance(table, pd.Series):
        return replace(done, table=done.table.iloc[:, 0].rename(table.name))
    return done
