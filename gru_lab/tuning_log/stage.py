"""A stage: one question of the log, its settings and figures, bound to a profile and a series.

A setting comes in one of three kinds. *trained*: as the log's code trained it. *meant*: as its
author meant it (stages 2 and 5: the code scaled the missing term by r² ≈ 0.03). *control*: a run
the log lacks and its question needs.
"""

import re
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from gru_lab.config import COUNT, RunConfig, one_of
from gru_lab.digits import Table
from gru_lab.series import Series
from gru_lab.tuning_log.lines import Line
from gru_lab.tuning_log.own_data import open_data


@dataclass(frozen=True)
class Profile:
    """How large a study is: rows, width of the network, share of the log's epochs, seeds."""

    name: str
    rows: int  # training, validation and test together, 5 : 1 : 1
    hidden_size: int
    epoch_share: float
    seeds: int
    about: str

    def epochs(self, logged: int) -> int:
        """Return the epochs that stand for `logged` epochs of the log, at least 1."""
        return max(1, round(logged * self.epoch_share))


PROFILES = {
    profile.name: profile
    for profile in (
        Profile(
            "tiny", 2_800, 8, 0.06, 3, "seconds; to see that everything works, not to learn from"
        ),
        Profile(
            "lesson", 24_500, 64, 0.4, 5, "minutes; fewer rows, fewer epochs and a narrower network"
        ),
        Profile("full", 420_000, 256, 1.0, 3, "hours; as the log recorded it"),
    )
}


def open_profile(name: "str | Profile") -> Profile:
    """Return the profile of that name ('tiny', 'lesson' or 'full'), or a Profile given as it is."""
    return name if isinstance(name, Profile) else PROFILES[one_of("profile", name, PROFILES)]


@dataclass(frozen=True)
class Setting:
    """One value of a stage's knob: its changes to the start, and the log's figures for it."""

    label: str
    changes: dict
    epochs: int  # of the log
    weight: float  # of the missing values in the log's notation: what its ruler read the run with
    lines: tuple[Line, ...] = ()  # the log's last three epochs; none for runs the log lacks
    seconds: float | None = None  # where the log notes them
    kind: str = "trained"

    @property
    def name(self) -> str:
        """The label, with the kind where it is not 'trained': unique within the stage."""
        return self.label if self.kind == "trained" else f"{self.label} ({self.kind})"

    def sized(self, profile: Profile) -> "Setting":
        """Return this setting with the epochs in its label that the profile trains it for."""
        epochs = f"{profile.epochs(self.epochs)} epochs"
        return replace(self, label=re.sub(r"\b\d+ epochs\b", epochs, self.label))


@dataclass(frozen=True)
class Stage:
    """One question: a start, one knob, its settings, and what the log concluded from them."""

    number: int
    name: str
    question: str
    conclusion: str
    adopted: str  # name of the setting that the log went on with
    knob: str  # the field of RunConfig that is turned
    start: RunConfig
    settings: tuple[Setting, ...]
    # a learner guesses how many times the error of the second the first one's is
    guess: tuple[str, str]
    validate_missing_only: bool = False  # the log's validation figure is r²·M alone
    profile: Profile = PROFILES["full"]
    series: Series | None = None

    own = False  # True for a question of one's own: it has no recorded log

    @property
    def title(self) -> str:
        """What pictures and pages are called."""
        return f"Stage {self.number}: {self.question}"

    @property
    def called(self) -> str:
        """What a progress bar and a list of runs call it."""
        return f"stage {self.number}"

    @property
    def note(self) -> str:
        """What a reader of its verdict has to know of the knob, or ''."""
        return ""

    def __repr__(self):
        profile = f"{self.profile.name.capitalize()} profile"
        text = f"Stage {self.number}, {self.name}: {self.question} {profile}"
        if self.series is None:
            return text
        rows, channels = self.series.values.shape
        return f"{text}, {self.series.name}: {rows:,} rows, {channels} channels"

    def bind(
        self, profile: str | Profile, data: object = None, split_by: str | None = None
    ) -> "Stage":
        """Return this stage at a profile, on the built-in series, a file, a DataFrame or a Series.

        Raises ValueError if the series has NaN or is too short for a window in each of its three
        parts.
        """
        profile = open_profile(profile)
        series = open_data(data, split_by, profile.rows).head(profile.rows)
        for part in series.require_complete().split():
            part.windows(self.start.window)
        return replace(self.sized(profile), series=series)

    def sized(self, profile: Profile) -> "Stage":
        """Return this stage at a profile, without a series."""
        settings = tuple(setting.sized(profile) for setting in self.settings)
        start = self.start.replace(hidden_size=profile.hidden_size)
        return replace(self, profile=profile, settings=settings, start=start)

    def __getitem__(self, name):
        """Return the setting of that name, or raise ValueError with the names there are."""
        return self.by_name[one_of("setting", name, self.by_name)]

    @property
    def by_name(self) -> dict[str, Setting]:
        """The settings by their names."""
        return {setting.name: setting for setting in self.settings}

    def choose(self, *chosen: str) -> list[Setting]:
        """Return the settings of these kinds or names, in the stage's order; else ValueError."""
        kinds = dict.fromkeys(setting.kind for setting in self.settings)
        for choice in chosen:
            one_of("setting", choice, [*kinds, *self.by_name])
        return [
            setting for setting in self.settings if setting.kind in chosen or setting.name in chosen
        ]

    def config(self, setting: str | Setting, seed: int = 0) -> RunConfig:
        """Return the RunConfig of a setting or its name, at this stage's profile and series."""
        setting = self[setting] if isinstance(setting, str) else setting
        epochs = self.profile.epochs(setting.epochs)
        config = self.start.replace(epochs=epochs, seed=seed, **setting.changes)
        return config.on(self.series) if self.series is not None else config

    @cached_property
    def by_key(self) -> dict[str, list[Setting]]:
        """The settings by the key of their run with seed 0: several may be one run."""
        keys = {}
        for setting in self.settings:
            keys.setdefault(self.config(setting).key, []).append(setting)
        return keys

    def configs(self, seeds: int | None = None) -> list[tuple[Setting, RunConfig]]:
        """Return (setting, config) of every setting and seed 0, 1, … (default: the profile's)."""
        count = COUNT.fix("seeds", self.profile.seeds if seeds is None else seeds)
        return [
            (setting, self.config(setting, seed))
            for seed in range(count)
            for setting in self.settings
        ]

    @property
    def logged(self) -> pd.DataFrame:
        """What the log says: a row per setting, its last lines `train validation` as written."""
        rows = [
            {"setting": setting.sized(PROFILES["full"]).name, "epochs": setting.epochs}
            | {f"line {number}": str(line) for number, line in enumerate(setting.lines, start=1)}
            for setting in self.settings
            if setting.lines
        ]
        table = pd.DataFrame(rows, columns=None if rows else ["setting"])
        return Table(table.set_index("setting"))
