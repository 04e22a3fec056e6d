"""Repair the holes of a real table: `Repairer` learns from what was observed, `repair` does all of
it in one call.

Nothing but the holes changes, and no repair lies outside what its channel was seen to be. Each
channel and length of hole is filled in the way that did best on entries held back; any other way
has to beat the straight line there by both measures, surely, or the line is kept.
"""

import copy
import functools
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data
from tqdm.auto import tqdm

from gru_lab.config import COUNT, RULES, Rule
from gru_lab.device import pick_device
from gru_lab.output import write_whole
from gru_lab.repairs import network, saved, scores
from gru_lab.repairs.columns import numbers, put, require_no_numbers_as_text, stretch_of
from gru_lab.repairs.imputer import Imputer
from gru_lab.repairs.kinds import remarks, wraps
from gru_lab.repairs.limits import Limits, at_ends
from gru_lab.repairs.options import Options
from gru_lab.repairs.repaired import Repaired
from gru_lab.repairs.words import counted
from gru_lab.tables.frames import holds_columns, plain_table
from gru_lab.tables.layout import Layout, names_of

MINUTES = Rule(float, 0, words="a finite number of at least 0")
DRAWS = Rule(int, 0, words="a whole number of at least 0")
FULL_TURN = 360.0


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
    beside the repaired one.

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
        began, settings = network.perf_counter(), self.settings()
        frame = self._frame(table, fitting=True)
        layout = self._layout(frame)
        require_no_numbers_as_text(
            frame, [c for c, why in layout.set_aside.items() if why == "text"]
        )
        columns = [name for name in layout.time if name in layout.set_aside]
        self.time_ = None if not columns else columns[0] if len(columns) == 1 else columns
        self.way_ = layout.way
        self.channels_, self.set_aside_ = layout.repaired(frame), list(layout.set_aside)
        if not self.channels_:
            raise ValueError("table must have at least one numeric column, and it has none")
        stretch = stretch_of(frame, self.channels_, layout)
        limits = self._limits(stretch)
        turn = [FULL_TURN if name in self.angles else 0 for name in self.channels_]
        codes = [c for c, name in enumerate(self.channels_) if name in self.codes]
        counts = [c for c, name in enumerate(self.channels_) if name in self.integer]
        self._imputer = Imputer.of(stretch, turn, codes, counts, **settings)
        self.warnings_ = self._warnings(frame, stretch, layout)
        gaps = map(stretch.gaps, range(len(self.channels_)))
        ends = [gap.length[gap.open] for gap in gaps]
        self._train(stretch, began)
        self.warnings_ += at_ends(self._imputer, self.channels_, ends, limits)
        return self

    def settings(self) -> dict:
        """Return the settings of an Imputer, all of them checked."""
        MINUTES.fix("minutes", self.minutes)
        if self.epochs is not None:
            COUNT.fix("epochs", self.epochs)
        DRAWS.fix("draws", self.draws)
        seed = RULES["seed"].fix("seed", self.seed)
        return {"seed": seed, "device": pick_device(self.device)}

    def _limits(self, stretch):
        """Return the Limits that the settings draw for the channels of a Stretch."""
        given = {field.name: getattr(self, field.name) for field in fields(Options)}
        options = Options(**{name: value for name, value in given.items() if value is not None})
        return Limits.of(options, self.channels_, stretch)

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
        reasons = remarks(self._imputer.kinds, self._imputer.known, stretch)
        notes = [f"{self.channels_[c]}: {words}" for c, words in reasons.items()]
        for name, why in layout.set_aside.items():
            if why == "text" and (holes := frame[name].isna().sum()):
                notes.append(f"{name}: not numeric, so its {holes:,} holes stay")
        settled = {*self.angles, *self.codes, *self.integer}
        for name, values in zip(self.channels_, stretch.values.T, strict=True):
            if name not in settled and np.isnan(values).any() and wraps(values):
                notes.append(
                    f"{name}: filled as plain numbers; if it is degrees, where 360 is 0, "
                    "name it in angles"
                )
        if "lacking" in layout.odd:
            rows = counted(len(layout.odd["lacking"]), "row")
            notes.append(f"{rows} without a time stamp counted as between their neighbours in time")
        return notes

    def _train(self, stretch, began):
        """Let the Imputer learn, with a bar that says what it does and shows the score."""
        if self.epochs:
            shown = {"total": self.epochs, "unit": "epoch"}
        else:  # in seconds, so a speed would say nothing
            shown = {
                "total": max(1, round(60 * self.minutes)),
                "bar_format": "{l_bar}{bar}| {elapsed} of at most {total} s{postfix}",
            }
        with tqdm(desc="repair", **shown) as bar:

            def progress(now):
                if isinstance(now, str):
                    bar.set_description_str(f"repair: {now}")
                    return
                bar.set_description_str(f"repair: network, epoch {now['epoch']}", refresh=False)
                bar.set_postfix_str(
                    f"error {now['score']:.0%} of the straight line's", refresh=False
                )
                done = now["epoch"] if self.epochs else round(network.perf_counter() - began)
                bar.update(min(done, bar.total) - bar.n)

            ends = began + 60 * self.minutes if self.minutes else None
            self._imputer.learn(stretch, ends, self.epochs, progress)
        self.history_ = pd.DataFrame(self._imputer.history, columns=["epoch", "seconds", "score"])
        self.take_scores()
        if self._imputer.interrupted:
            self.warnings_.append(f"training was ended early, after {len(self.history_)} epochs")

    def take_scores(self) -> None:
        """Take over what the Imputer measured, by the channels' names."""
        self.scores_, self.by_length_ = scores.tables(self._imputer, self.channels_)
        self.coverage_ = self._imputer.coverage

    def transform(self, table: Any) -> Any:
        """Return `table`, of the channels of the fit, with its holes filled; an array as floats."""
        out = self.repaired(table).table
        if isinstance(table, pd.Series):
            return out.iloc[:, 0].rename(table.name)
        return out if holds_columns(table) else out.to_numpy()

    def on(self, table: Any) -> "Repairer":
        """Return this Repairer as it repairs the rows of another `table` of the same channels;
        nothing is trained.

        Entries of that table are held back as well: by them its `scores_` and `coverage_` are
        measured, and where a way is surely worse than the straight line there, the line is taken.
        All that repairs a table does this by itself.
        """
        return self._on(self._stretch(table)[1])

    def repaired(self, table: Any) -> Repaired:
        """Return the Repaired of a table by what was learned; its `repairer` is that `on` it."""
        frame, stretch, layout = self._stretch(table)
        return self._on(stretch)._fill(frame, stretch, layout)

    def _on(self, stretch):
        other = copy.copy(self)
        other._imputer = self._imputer.on(stretch)
        other.take_scores()
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
        out, bounds, rng = frame.copy(deep=False), {}, np.random.default_rng((self.seed, 4))
        drawn = [frame.copy(deep=False) for _ in range(self.draws)]
        watch = functools.partial(tqdm, desc="repair: filling", unit="batch", leave=False)
        limits = self._limits(stretch)
        for c, (gaps, unit, values) in enumerate(self._imputer.impute(stretch, limits, watch)):
            name, rows, series = self.channels_[c], layout.order[gaps.row], stretch.values[:, c]
            if not len(rows):
                continue
            column = frame.columns.get_loc(name)
            errors = [self._imputer.intervals.draw(c, gaps, unit, rng) for _ in drawn]
            for table, error in zip([out, *drawn], [0, *errors], strict=True):
                put_there, low, high = self._imputer.within(
                    c, gaps, unit, values + error, limits, series
                )
                table.isetitem(column, put(frame.iloc[:, column], rows, put_there))
                if table is out:
                    bounds[name] = rows, low, high
        return Repaired(out, frame.isna() & out.notna(), bounds, self, layout, drawn)

    def _require_channels(self, frame):
        numeric = [name for name in frame.columns if numbers(frame[name]) is not None]
        lacking = [str(name) for name in self.channels_ if name not in numeric]
        known = {*self.channels_, *self.set_aside_, *names_of(self.split_by)}
        unknown = [str(name) for name in numeric if name not in known]
        problems = [f"lacks {', '.join(lacking)}"] * bool(lacking)
        problems += [f"has {', '.join(unknown)} besides"] * bool(unknown)
        if problems:
            known = f"the {len(self.channels_)} channels it was fitted on"
            raise ValueError(f"table must have {known}, but it {' and '.join(problems)}")

    def to_bytes(self) -> bytes:
        """Return the fitted repairer as a safetensors file, settings and scores in its metadata."""
        check_is_fitted(self)
        return saved.to_bytes(self)

    def save(self, path: str | Path) -> None:
        """Write `to_bytes` to a file; whole or not at all."""
        write_whole(path, self.to_bytes())

    @classmethod
    def load(cls, path: str | Path, device: str = "auto") -> "Repairer":
        """Return the repairer that `save` wrote to `path`; ValueError for any other file."""
        pick_device(device)
        try:
            return saved.read(path, cls, device)
        except Exception as error:  # a damaged file fails in whatever way
            reason = str(error).strip().splitlines() or [type(error).__name__]
            raise ValueError(
                f"path must be a file that Repairer.save wrote, not {str(path)!r}: {reason[0]}"
            ) from error


def repair(table: Any, **settings: Any) -> Repaired:
    """Train a `Repairer` with these settings on a table and repair it: return a `Repaired`.

    `table` is a DataFrame, a Series (its `table` then is one, too), an array (rows, channels) or
    masked array, or a table of polars or xarray, which comes back as a DataFrame.

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
