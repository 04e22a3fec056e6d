"""Runs by their settings: of a list, named and read as one table; of a store, filtered."""

import dataclasses
from typing import Any

import numpy as np
import pandas as pd

from gru_lab.config import COUNT, RULES, RunConfig, in_words, one_of
from gru_lab.runs.store import Store, config_of
from gru_lab.series import Series
from gru_lab.tuning_log.stages import known_stage

SETTINGS = tuple(  # what a run is, apart from its series, its length and its luck
    field.name
    for field in dataclasses.fields(RunConfig)
    if field.name not in ("data", "data_digest", "epochs", "seed")
)

ALWAYS = ("num_layers", "dropout", "missing_weight")  # the knobs of the log: always listed


def bind(configs: Any, series: Series, seeds: int | None = None) -> list[RunConfig]:
    """Return RunConfigs bound to their series, each with seeds 0, 1, … (None: as it is)."""
    configs = list(configs) if isinstance(configs, list | tuple) else [configs]
    strange = next((config for config in configs if not isinstance(config, RunConfig)), None)
    if strange is not None or not configs:
        raise ValueError(
            f"sweep must be given a stage or a list of RunConfigs, not {strange or configs!r}"
        )
    if not isinstance(series, Series):
        raise ValueError(
            "series must be the Series to train on, as demo_series or read_table give it, not "
            f"{series!r}"
        )
    if seeds is not None:
        each = range(COUNT.fix("seeds", seeds))
        configs = [config.replace(seed=seed) for config in configs for seed in each]
    return [config.on(series) for config in configs]


def require_unchanged(stage: Any, configs: list[RunConfig], store: Store) -> None:
    """Raise ValueError where runs of a question are kept on a file that now holds other data."""
    if not stage.own or not stage.source or stage.data_changed:
        return
    series, keys = stage.series, {config.key for config in configs}
    table = store.runs()
    table = table[(table["data"] == series.name) & (table["data_digest"] != series.digest)]
    before = {}
    for row in table.to_dict("records"):
        if config_of(row).replace(data_digest=series.digest).key in keys:
            before.setdefault(row["data_digest"], []).append(row["trained"][:10])
    if before:
        runs = "; ".join(
            f"digest {digest}: {len(days)} runs, trained {min(days)} to {max(days)}"
            for digest, days in before.items()
        )
        raise ValueError(
            f"data {stage.source!r} has changed since runs of this question were kept ({runs}); it "
            f"has digest {series.digest} now. Bring the old file back, or pass data_changed=True "
            "to lab.question: both stay apart in the store"
        )


def _varying(configs):
    """Return the settings in which runs differ."""
    return [name for name in SETTINGS if len({getattr(config, name) for config in configs}) > 1]


def names_of(configs: list[RunConfig]) -> dict[str, str]:
    """Return what to call each run, by key: the settings in which runs differ, and its seed."""
    names = [*_varying(configs), "seed"]
    return {
        config.key: in_words({name: getattr(config, name) for name in names}) for config in configs
    }


def curves_of(configs: list[RunConfig], store: Store) -> pd.DataFrame:
    """Return stored curves: a row per run and epoch, with what tells the runs apart."""
    curves, varying = store.curves(configs), ["seed", *_varying(configs)]
    frames = []
    for config in configs:
        settings = {name: getattr(config, name) for name in varying}
        frames.append(curves[config.key].head(config.epochs).assign(key=config.key, **settings))
    table = pd.concat(frames, ignore_index=True)
    return table[["key", *varying, *table.columns.drop(["key", *varying])]]


def runs(
    store: Store | str | None = None,
    stage: str | int | None = None,
    with_shipped: bool = False,
    **where: Any,
) -> pd.DataFrame:
    """Return the stored runs as a tidy DataFrame, oldest first: a row per run.

    `where` are settings or other columns with the value they must have, `stage` a stage's name or
    number: its settings, on whatever series and at whatever size. `with_shipped` lists the runs
    that come with the kit too, told by a column `shipped`. Raises ValueError for a column, a value
    or a stage there is not.
    """
    table = Store.of(store).runs(with_shipped=with_shipped)
    for name, value in where.items():
        one_of("a column of the runs", name, table.columns)
        table = table[_equal(table[name], name, value)]
    if stage is not None:
        table = table[_of_stage(stage, table)]
    return table.reset_index(drop=True)


def listed(table: pd.DataFrame) -> pd.DataFrame:
    """Return of the table that `runs` returns what tells its runs apart, and what came out."""
    varying = [name for name in SETTINGS if table[name].nunique() > 1 or name in ALWAYS]
    columns = ["key", "data", *varying, "epochs", "seed", "error", "seconds", "record"]
    return table[columns].round({"seconds": 1})


def _equal(column, name, value):
    if name in RULES:
        value = RULES[name].fix(name, value)
    if isinstance(value, float):
        return np.isclose(column, value, rtol=1e-9, atol=0)
    return column == value


def _of_stage(stage, table):
    """Tell which runs of a table are settings of a stage, on whatever series and at any size."""
    stage = known_stage(stage)
    belongs = np.zeros(len(table), dtype=bool)
    for setting in stage.settings:
        config = stage.start.replace(**setting.changes)
        # one layer has no dropout, whatever is noted of it
        free = {"hidden_size", "dropout"} if config.num_layers == 1 else {"hidden_size"}
        names = [name for name in SETTINGS if name not in free]
        same = [_equal(table[name], name, getattr(config, name)) for name in names]
        belongs |= np.all(same, axis=0)
    return belongs


def parse_where(texts: list[str]) -> dict[str, Any]:
    """Return 'name=value' texts as the `where` of `runs`; ValueError for another form."""
    where = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals:
            raise ValueError(f"where must be NAME=VALUE, such as dropout=0.5, not {text!r}")
        where[name] = parse_value(name, value)
    return where


def parse_value(name: str, text: str) -> object:
    """Return the text of a setting's value as that setting takes it, or as it is."""
    kind = RULES[name].kind if name in RULES else str
    if kind is bool:
        switches = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
        return switches.get(text.lower(), text)
    try:
        return kind(text)
    except ValueError:
        return text  # which the rule will refuse, with the range there is
