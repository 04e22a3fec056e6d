"""A stage's finished runs, read with both rulers, and the log's figures beside them."""

from dataclasses import dataclass

import pandas as pd

from gru_lab.loss import recorded
from gru_lab.study.log import write_lines
from gru_lab.study.stage import KINDS, Stage
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
        frames, pairs = [], stage.configs(seeds)
        curves = store.curves([config for _, config in pairs])
        for setting, config in pairs:
            curve = curves.get(config.key, ())[: config.epochs]
            if len(curve) < config.epochs:
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

    def summary(self, *chosen):
        """Return one row per setting: the log's last figure, ours on its ruler, and the error on hidden entries.

        `chosen` are kinds or names of settings, by default all.
        Ours are means over seeds of the last three epochs; ± is half the range over the seeds.
        """
        finals = self.finals
        rows = []
        for setting in self.stage.choose(*(chosen or KINDS)):
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

    def _repr_html_(self):
        """Show the summary as a table in a notebook."""
        ours = {"recorded ruler": "{:.3g}", "corrected ruler": "{:.3g}", "±": "{:.1g}"}
        table = self.summary().style.format({"log": "{:.2g}"} | ours, na_rep="–")
        return table.set_table_attributes('class="dataframe"')._repr_html_()

    def lines(self, setting, seed=0):
        """Return a run's last three epochs in the line format the log uses for that setting, on its ruler."""
        one = self.stage[setting]
        curve = self.curves[(self.curves["setting"] == setting) & (self.curves["seed"] == seed)]
        return write_lines(curve, one.lines[0].format if one.lines else "train valid", LAST, self.steps)

    @property
    def line(self):
        """What came out, in one line: the setting with the lowest error on hidden entries, beside a straight line."""
        error = self.summary("trained")["corrected ruler"]
        straight = self.references["linear interpolation"]
        return (
            f"lowest error on hidden entries {error.min():.2g} ({error.idxmin()}); a straight line has {straight:.2g}"
        )

    @property
    def steps(self):
        """Batches in an epoch of these runs."""
        return batches(self.stage.series, self.stage.start)


def batches(series, config):
    """Return the batches in an epoch of a run, as the trainer makes them."""
    train, _, _ = series.split()
    windows = train.head(round(len(train) * config.train_share)).windows(config.window)
    return max(1, round(len(windows) / config.batch_size))


def log_setting(stage, config):
    """Return the stage's setting that this run repeats, with whatever seed, or None; of several, the nearest in length.

    `config` is bound to the stage's series.
    """
    pairs = [(setting, stage.config(setting, config.seed)) for setting in stage.settings]
    same = [(abs(row.epochs - config.epochs), setting) for setting, row in pairs if row.key == config.key]
    return min(same, key=lambda pair: pair[0])[1] if same else None


def as_logged(stage, config, curve, schedule=()):
    """Read any run of a stage as the log read its own: `recorded`, with the weight in the log's notation.

    Where the stage has no such setting, that is the weight it was trained with over r², as the log's code had it.
    `schedule` says where the weight was moved on the way, as (epoch, batch, weight).
    """
    setting = None if schedule else log_setting(stage, config)
    if setting:
        weight = setting.weight
    else:
        weight = pd.Series(config.missing_weight, index=curve.index)
        for epoch, _, moved_to in schedule:
            weight[curve["epoch"] >= epoch] = moved_to
        weight = weight / config.hidden_share**2
    return recorded(curve, weight, config.hidden_share, stage.validate_missing_only)


def log_lines(stage, config, curve, schedule=()):
    """Return the last three epochs of any run of a stage as the log writes them."""
    setting = log_setting(stage, config)
    lines = next((one.lines for one in (setting, *stage.settings) if one and one.lines), None)
    read = as_logged(stage, config, curve, schedule)
    return write_lines(read, lines[0].format, LAST, batches(stage.series, config))
