"""A stage's finished runs, read with both rulers, and the log's figures beside them."""

from dataclasses import dataclass

import pandas as pd

from gru_lab.loss import recorded
from gru_lab.study.log import write_lines
from gru_lab.study.stage import Stage
from gru_lab.trainer import prepare

LAST = 3  # epochs the log notes of each run


@dataclass(frozen=True)
class Results:
    """The runs of a stage. `curves` has one row per setting, seed and epoch.

    Its columns `train` and `validation` are the losses as the log would have printed them (the *recorded* ruler);
    `val_missing` is the figure that compares any two runs (the *corrected* ruler). `references` are the mean
    squared errors of forward fill and linear interpolation on the same hidden validation entries.
    """

    stage: Stage
    curves: pd.DataFrame
    references: dict[str, float]

    @classmethod
    def collect(cls, stage, seeds, store):
        """Read a stage's runs from the store; ValueError if one is not there."""
        frames = []
        for setting, config in stage.configs(seeds):
            curve = store.curve(config)
            if curve is None:
                raise ValueError(f"{setting.name}, seed {config.seed} is not in {store}: sweep the stage first")
            curve = recorded(curve, setting.weight, config.hidden_share, stage.validate_missing_only)
            frames.append(curve.assign(setting=setting.name, kind=setting.kind, seed=config.seed))
        _, validation, _ = prepare(stage.series, stage.start)
        return cls(stage, pd.concat(frames, ignore_index=True), validation.mean_squared_errors())

    @property
    def finals(self):
        """Each run's mean over its last three epochs: one row per setting and seed, both rulers."""
        figures = ["train", "validation", "train_missing", "val_missing", "val_missing_dropout"]
        last = self.curves.groupby(["setting", "kind", "seed"], sort=False).tail(LAST)
        return last.groupby(["setting", "kind", "seed"], sort=False)[figures].mean().reset_index()

    def summary(self, *kinds):
        """Return one row per setting: the log's last figure, ours on its ruler, and the error on hidden entries.

        Ours are means over seeds of the last three epochs; ± is half the range over the seeds.
        """
        finals = self.finals
        rows = []
        for setting in self.stage.settings:
            if kinds and setting.kind not in kinds:
                continue
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

    def order(self, figure="validation", kind="trained"):
        """Return each seed's settings of one kind from the smallest figure to the largest, one row per seed."""
        chosen = self.finals[self.finals["kind"] == kind].sort_values(figure)
        return chosen.groupby("seed")["setting"].agg(" < ".join)

    def lines(self, setting, seed=0):
        """Return a run's last three epochs in the line format the log uses for that setting, on its ruler."""
        one = self.stage[setting]
        curve = self.curves[(self.curves["setting"] == setting) & (self.curves["seed"] == seed)]
        return write_lines(curve, one.lines[0].format if one.lines else "train valid", LAST, self.steps)

    @property
    def steps(self):
        """Batches in an epoch of these runs."""
        train, _, _ = self.stage.series.split()
        return max(1, round(len(train.windows(self.stage.start.window)) / self.stage.start.batch_size))
