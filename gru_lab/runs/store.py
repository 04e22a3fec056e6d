"""The run store: every run and its curve behind a SQLAlchemy URL, by default one SQLite file.

A run is written whole, in one transaction, or not at all; a longer one is never lost for a shorter
one.
"""

import dataclasses
import json
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from gru_lab.config import RunConfig
from gru_lab.loss import METRICS
from gru_lab.runs import shipped
from gru_lab.runs.database import Database
from gru_lab.runs.one_run import origin
from gru_lab.runs.schema import curves, origins, pins, runs, samples
from gru_lab.tuning_log.rulers import LAST


@dataclass(frozen=True, eq=False)
class Pin:
    """A run put aside to compare; `schedule` moves its weight: (epoch, batch, weight)."""

    config: RunConfig
    curve: pd.DataFrame
    schedule: tuple = ()
    number: int | None = None  # in the store


def config_of(row: Mapping) -> RunConfig:
    """Return the RunConfig of a row of `Store.runs`, a mapping."""
    return RunConfig(**{field.name: row[field.name] for field in dataclasses.fields(RunConfig)})


class Store(Database):
    """Runs by their key, kept by as many processes and people at once as like.

    A SQLite file that may only be read serves for reading. Raises ValueError for an invalid URL
    or one without a database of ours, StoreFailed where it cannot be opened or written.

    >>> store = Store("sqlite:///runs.sqlite")
    >>> store.runs().empty
    True
    """

    @classmethod
    def of(cls, store: Any) -> "Store":
        """Return a Store as it is, the one at a URL, or for None this machine's."""
        return store if isinstance(store, cls) else cls(store)

    @property
    def checkpoints(self) -> Path:
        """The folder of the unfinished runs' checkpoints: beside the store's file, or here."""
        return (
            self.file.with_suffix(".checkpoints") if self.file else Path.cwd() / "runs.checkpoints"
        )

    def put(
        self,
        config: RunConfig,
        curve: pd.DataFrame,
        device: str = "cpu",
        sample: np.ndarray | None = None,
        trained: dict[str, str] | None = None,
        record: str = "",
    ) -> None:
        """Keep a run, its curve and the sample of its repair, unless as long a one is there.

        `trained` says where and when it was trained, as `origin` does, if that was not here and
        now; `record` is the name of the record that it was imported from.
        """
        row = dataclasses.asdict(config.replace(epochs=len(curve)))
        row |= {"key": config.key, "seconds": float(curve["seconds"].sum())} | (
            trained or origin(device)
        )
        epochs = curve[["epoch", *METRICS, "seconds"]].assign(key=config.key)
        with self.writing() as connection:
            # deleting before looking takes SQLite's lock: no other process can put a longer run in
            # between
            shorter = (runs.c.key == config.key) & (runs.c.epochs < len(curve))
            for table in (curves, samples, origins):
                connection.execute(
                    sa.delete(table).where(table.c.key.in_(sa.select(runs.c.key).where(shorter)))
                )
            connection.execute(sa.delete(runs).where(shorter))
            if connection.scalar(sa.select(runs.c.key).where(runs.c.key == config.key)):
                return
            connection.execute(sa.insert(runs), row)
            connection.execute(sa.insert(curves), epochs.to_dict("records"))
            if sample is not None:
                text = json.dumps(np.round(np.asarray(sample, dtype=float), 4).tolist())
                connection.execute(sa.insert(samples), {"key": config.key, "sample": text})
            if record:
                connection.execute(sa.insert(origins), {"key": config.key, "record": record})

    def delete(self, keys: Iterable[str]) -> int:
        """Forget the runs with these keys, curves and samples too; returns how many there were.

        Raises ValueError for runs that come with the kit, before anything is deleted.
        """
        keys = list(keys)
        if fixed := set(shipped.lengths(keys)) - set(self.runs(keys)["key"]):
            raise ValueError(
                f"runs that come with the kit cannot be deleted, and {len(fixed)} of these do: "
                "they lie in the package, not in this store; leave them out with --where"
            )
        with self.writing() as connection:
            for table in (curves, samples, origins, runs):
                gone = connection.execute(sa.delete(table).where(table.c.key.in_(list(keys))))
        return gone.rowcount

    def lengths(self, keys: Iterable[str]) -> dict[str, int]:
        """Return how many epochs are kept of the runs with these keys, {key: epochs}."""
        with self.reading() as connection:
            query = sa.select(runs.c.key, runs.c.epochs).where(runs.c.key.in_(list(keys)))
            kept = dict(connection.execute(query).all())
        for key, epochs in shipped.lengths(keys).items():
            kept[key] = max(epochs, kept.get(key, 0))
        return kept

    def curves(self, configs: list[RunConfig]) -> dict[str, pd.DataFrame]:
        """Return the curves of runs by key: DataFrames of `config.epochs` rows, where as long.

        Of several runs of one key, the longest asked for counts.
        """
        longest_last = sorted(configs, key=lambda config: config.epochs)
        ends = {config.key: config.epochs for config in longest_last}
        query = sa.select(curves).where(curves.c.key.in_(list(ends)))
        query = query.order_by(curves.c.key, curves.c.epoch)
        with self.reading() as connection:
            rows = pd.read_sql(query, connection).groupby("key")
        kept = {config.key: shipped.curve(config) for config in longest_last}
        for key, curve in rows:
            if len(curve) >= ends[key]:
                kept[key] = curve.drop(columns="key").head(ends[key]).reset_index(drop=True)
        return {key: curve for key, curve in kept.items() if curve is not None}

    def curve(self, config: RunConfig) -> pd.DataFrame | None:
        """Return a run's curve, `config.epochs` rows, or None where it is not as long."""
        return self.curves([config]).get(config.key)

    def sample(self, key: str) -> np.ndarray | None:
        """Return the sample of a run's repair, (windows, time, channels), or None."""
        if samples.name not in self.tables:  # an older store that may only be read
            return None
        with self.reading() as connection:
            text = connection.scalar(sa.select(samples.c.sample).where(samples.c.key == key))
        return shipped.sample(key) if text is None else np.array(json.loads(text))

    def runs(self, keys: Iterable[str] | None = None, with_shipped: bool = False) -> pd.DataFrame:
        """Return the runs as a tidy DataFrame, oldest first; only those with these keys, if given.

        `error` is the mean squared error on hidden entries, mean of the last three epochs; `record`
        the name of the record that a run was imported from, '' for those trained here.
        `with_shipped` puts those that come with the kit before them, unless the store has its own,
        and adds a column `shipped` that tells them.
        """
        chosen = sa.true() if keys is None else runs.c.key.in_(list(keys))
        last = (
            sa.select(runs.c.key, sa.func.avg(curves.c.val_missing).label("error"))
            .join(curves, (curves.c.key == runs.c.key) & (curves.c.epoch > runs.c.epochs - LAST))
            .where(chosen)
            .group_by(runs.c.key)
            .subquery()
        )
        known = origins.name in self.tables  # not in an older store that may only be read
        record = sa.func.coalesce(origins.c.record, "") if known else sa.literal("")
        tables = runs.outerjoin(last, last.c.key == runs.c.key)
        tables = tables.outerjoin(origins, origins.c.key == runs.c.key) if known else tables
        query = sa.select(*runs.c, last.c.error, record.label("record")).select_from(tables)
        with self.reading() as connection:
            table = pd.read_sql(
                query.where(chosen).order_by(runs.c.trained, runs.c.key), connection
            )
        kept = self._readable(table)
        if not with_shipped:
            return kept
        others = shipped.runs(keys)
        others = others[~others["key"].isin(kept["key"])].assign(shipped=True)
        kept = kept.assign(shipped=False)
        frames = [frame for frame in (others, kept) if len(frame)]
        return pd.concat(frames or [kept], ignore_index=True)

    def _readable(self, table):
        """Leave out the runs of an older version that lack a setting; a warning says so."""
        types = {field.name: field.type for field in dataclasses.fields(RunConfig)}
        lacking = table[list(types)].isna().any(axis=1)
        if not lacking.any():
            return table
        names = ", ".join(name for name in types if table[name].isna().any())
        warnings.warn(
            f"{lacking.sum()} runs of {self} are by an older version, which did not know {names}: "
            "they stay in the store, and cannot be read",
            stacklevel=3,
        )
        return table[~lacking].astype(types).reset_index(drop=True)

    def pin(self, stage: str, pin: Pin) -> None:
        """Keep a Pin for the stage of that name."""
        run = {
            "config": dataclasses.asdict(pin.config),
            "curve": pin.curve.to_dict("list"),
            "schedule": pin.schedule,
        }
        row = {"stage": stage, "data_digest": pin.config.data_digest, "run": json.dumps(run)}
        with self.writing() as connection:
            connection.execute(sa.insert(pins), row)

    def unpin(self, number: int) -> None:
        """Forget the Pin of that number, if it is there."""
        with self.writing() as connection:
            connection.execute(sa.delete(pins).where(pins.c.pin == number))

    def pins(self, stage: str, data_digest: str) -> list[Pin]:
        """Return a stage's Pins on the series of that digest, oldest first."""
        query = sa.select(pins.c.pin, pins.c.run).where(
            pins.c.stage == stage, pins.c.data_digest == data_digest
        )
        if pins.name not in self.tables:  # an older store that may only be read
            return []
        with self.reading() as connection:
            rows = connection.execute(query.order_by(pins.c.pin)).all()
            return [self._pin(number, **json.loads(run)) for number, run in rows]

    @staticmethod
    def _pin(number, config, curve, schedule):
        return Pin(RunConfig(**config), pd.DataFrame(curve), tuple(map(tuple, schedule)), number)
