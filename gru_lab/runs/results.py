"""A stage's finished runs, read with both rulers, and the log's figures beside them."""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from gru_lab.digits import Table, column, html_table, places, plain
from gru_lab.gaps import references
from gru_lab.runs.store import Store
from gru_lab.tuning_log.rulers import LAST, log_lines, read_run
from gru_lab.tuning_log.stage import Stage


@dataclass(frozen=True)
class Results:
    """The runs of a stage. `curves` has one row per setting, seed and epoch.

    Its columns `train` and `validation` are the losses as the log would have printed them (the
    *recorded* ruler); `val_missing` is the figure that compares any two runs (the *corrected*
    ruler). `references` are the mean squared errors of forward fill and linear interpolation on the
    same hidden validation entries.
    """

    stage: Stage
    curves: pd.DataFrame
    references: dict[str, float]

    @classmethod
    def collect(cls, stage: Stage, seeds: int | None, store: Store) -> "Results":
        """Read a stage's runs from the store; ValueError if one is not there."""
        runs, pairs = [], stage.configs(seeds)
        curves = store.curves([config for _, config in pairs])
        for setting, config in pairs:
            curve = curves.get(config.key, ())[: config.epochs]
            if len(curve) < config.epochs:
                raise ValueError(
                    f"{setting.name}, seed {config.seed} is not in {store}: sweep the stage first"
                )
            runs.append((setting, config, curve))
        return cls.of(stage, runs, references(stage.series, stage.start))

    @classmethod
    def of(cls, stage: Stage, runs: Iterable[tuple], references: dict[str, float]) -> "Results":
        """Return the Results of (setting, config, curve), read by the recorded ruler."""
        frames = [
            read_run(stage, config, curve).assign(
                setting=setting.name, kind=setting.kind, seed=config.seed
            )
            for setting, config, curve in runs
        ]
        curves = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame({"setting": []})
        return cls(stage, curves, references)

    @property
    def seeds(self) -> list[int]:
        """The seeds of the runs."""
        return sorted(map(int, self.curves["seed"].unique()))

    @property
    def finals(self) -> pd.DataFrame:
        """Each run's mean over its last three epochs: one row per setting and seed, both rulers."""
        figures = ["train", "validation", "train_missing", "val_missing", "val_missing_dropout"]
        last = self.curves.groupby(["setting", "kind", "seed"], sort=False).tail(LAST)
        return last.groupby(["setting", "kind", "seed"], sort=False)[figures].mean().reset_index()

    def summary(self, *chosen: str) -> pd.DataFrame:
        """Return a row per setting: the log's last figure, ours on its ruler, the corrected error.

        `chosen` are kinds or names of settings, by default all.
        Ours are means over seeds of the last three epochs; ± is half the range over the seeds.
        """
        finals = self.finals
        rows = []
        for setting in self.stage.choose(*(chosen or self.stage.by_name)):
            ours = finals[finals["setting"] == setting.name]
            rows.append(
                {
                    "setting": setting.name,
                    "epochs": self.stage.profile.epochs(setting.epochs),
                    "log": setting.lines[-1].validation if setting.lines else None,
                    "recorded ruler": ours["validation"].mean(),
                    "corrected ruler": ours["val_missing"].mean(),
                    "±": (ours["val_missing"].max() - ours["val_missing"].min()) / 2,
                }
            )
        return pd.DataFrame(rows).set_index("setting")

    def errors(self, figure: str = "val_missing") -> pd.DataFrame:
        """Return the runs' `finals` of a figure: a row per setting, a column per seed."""
        table = self.finals.pivot(index="setting", columns="seed", values=figure)
        return table.reindex([row.name for row in self.stage.settings if row.name in table.index])

    def curve(self, setting: str, seed: int = 0) -> pd.DataFrame:
        """Return one run's rows of `curves`, an epoch each."""
        curves = self.curves[self.curves["setting"] == self.stage[setting].name]
        return curves[curves["seed"] == seed]

    def dropout_noise(self, *names: str) -> Table:
        """Return each setting's error on hidden entries, dropout on and off, and their `factor`."""
        on, off = (
            self.errors(figure).loc[list(names)].mean(axis=1)
            for figure in ("val_missing_dropout", "val_missing")
        )
        return Table({"error, dropout on": on, "error, dropout off": off, "factor": on / off})

    def spread(self, names: Iterable[str]) -> float:
        """Return by what share the largest mean error of these settings exceeds the smallest."""
        means = self.errors().loc[list(names)].mean(axis=1)
        return means.max() / means.min() - 1

    def luck(self, names: Iterable[str]) -> float:
        """Return by what share a setting's worst seed exceeds its best, on average of these."""
        errors = self.errors().loc[list(names)]
        return (errors.max(axis=1) / errors.min(axis=1) - 1).mean()

    def _repr_html_(self):
        """Show the summary as a table in a notebook; ± has the decimals of the error beside it."""
        table = self.summary().drop(columns=["log"] if self.stage.own else [])
        fixed = places([*table["corrected ruler"]])
        for name in ("corrected ruler", "±"):
            table[name] = column(table[name], fixed)
        return html_table(table)

    def lines(self, setting: str, seed: int = 0) -> str:
        """Return a run's last three epochs as the log writes them, on its ruler."""
        curve = self.curve(setting, seed)
        return log_lines(self.stage, self.stage.config(setting, seed), curve)

    @property
    def line(self) -> str:
        """What came out, in one line: the setting with the lowest error, beside a straight line."""
        error = self.summary("trained")["corrected ruler"]
        straight = self.references["linear interpolation"]
        return (
            f"lowest error on hidden entries {plain(error.min())} ({error.idxmin()}); "
            f"a straight line has {plain(straight)}"
        )
