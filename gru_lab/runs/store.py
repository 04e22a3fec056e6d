"""The run store: every run and its curve behind a SQLAlchemy URL, by default one SQLite file.

A run is written whole, in one transaction, or not at all; a longer one is never lost for a shorter
one.
"""

import contextlib
import dataclasses
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import sqlalchemy as sa

from gru_lab.config import RunConfig
from gru_lab.errors import StoreFailed
from gru_lab.loss import METRICS
from gru_lab.output import home
from gru_lab.runs.one_run import origin
from gru_lab.runs.schema import TABLES, curves, pins, runs, samples
from gru_lab.runs.store_errors import is_locked, reason_of, shown

SECONDS_TO_WAIT = 30  # for another process to finish writing


@dataclass(frozen=True, eq=False)
class Pin:
    """A run put aside to compare. `schedule` says where its weight was moved: (epoch, batch,
    weight), mostly none.
    """

    config: RunConfig
    curve: pd.DataFrame
    schedule: tuple = ()
    number: int | None = None  # in the store


def config_of(row):
    """Return the RunConfig of a row of `Store.runs`, a mapping."""
    return RunConfig(**{field.name: row[field.name] for field in dataclasses.fields(RunConfig)})


def default_url():
    """Return $GRU_LAB_STORE if it is set, else `runs.sqlite` in the `home` folder."""
    return os.environ.get("GRU_LAB_STORE") or f"sqlite:///{home() / 'runs.sqlite'}"


class Store:
    """Runs by their key, kept by as many processes and people at once as like.

    Raises ValueError for a URL that is none or that leads to no database, StoreFailed where one
    cannot be written.
    """

    def __init__(self, url=None):
        self.url = url or default_url()
        try:
            parsed = sa.make_url(self.url)
            is_file = parsed.get_backend_name() == "sqlite" and parsed.database not in (
                None,
                "",
                ":memory:",
            )
            self.file = Path(parsed.database).absolute() if is_file else None
            if self.file:
                self.file.parent.mkdir(parents=True, exist_ok=True)
            wait = {"timeout": SECONDS_TO_WAIT} if parsed.get_backend_name() == "sqlite" else {}
            self.engine = sa.create_engine(parsed, connect_args=wait)
            if self.file:
                sa.event.listen(
                    self.engine, "connect", lambda raw, _: raw.execute("PRAGMA journal_mode=WAL")
                )
            self._create_tables()
        except (sa.exc.SQLAlchemyError, ImportError, OSError) as error:
            if is_locked(error):
                raise StoreFailed(f"{self} cannot be opened: {self._reason(error)}.") from error
            reason = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise ValueError(
                f"store must be a database URL such as sqlite:///runs.sqlite, not {shown(self.url)!r}: {reason}"
            ) from error

    @classmethod
    def of(cls, store):
        """Return a Store as it is, or the one at a URL, or where None is given that of this
        machine.
        """
        return store if isinstance(store, cls) else cls(store)

    def _create_tables(self):
        try:
            TABLES.create_all(self.engine)
        except sa.exc.DBAPIError:  # another process may be creating them at this moment
            time.sleep(0.5)
            TABLES.create_all(self.engine)

    def __repr__(self):
        return f"Store({shown(self.url)!r})"

    @property
    def checkpoints(self):
        """The folder of the unfinished runs' checkpoints: beside the store's file, or here."""
        return (
            self.file.with_suffix(".checkpoints") if self.file else Path.cwd() / "runs.checkpoints"
        )

    def _reason(self, error):
        return reason_of(error, self.file, SECONDS_TO_WAIT)

    @contextlib.contextmanager
    def _writing(self):
        """Give a connection whose changes are made all together at the end, by one process at a
        time, or not at all.
        """
        try:
            with self.engine.begin() as connection:
                if (
                    connection.dialect.name == "postgresql"
                ):  # SQLite has one writer at a time anyway
                    connection.execute(sa.text("LOCK TABLE runs IN SHARE ROW EXCLUSIVE MODE"))
                yield connection
        except sa.exc.OperationalError as error:
            again = "What it holds is whole; the same command goes on from there"
            raise StoreFailed(
                f"{self} cannot be written: {self._reason(error)}. {again}."
            ) from error

    def put(self, config, curve, device="cpu", sample=None, trained=None):
        """Keep a run, its curve (the trainer's DataFrame) and the sample of its repair, unless as
        long a one is there.

        `trained` says where and when it was trained, as `origin` does, if that was not here and
        now.
        """
        row = dataclasses.asdict(config.replace(epochs=len(curve)))
        row |= {"key": config.key, "seconds": float(curve["seconds"].sum())} | (
            trained or origin(device)
        )
        epochs = curve[["epoch", *METRICS, "seconds"]].assign(key=config.key)
        with self._writing() as connection:
            # deleting before looking takes SQLite's lock: no other process can put a longer run in
            # between
            shorter = (runs.c.key == config.key) & (runs.c.epochs < len(curve))
            for table in (curves, samples):
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

    def delete(self, keys):
        """Forget the runs with these keys, curves and samples too; returns how many there were."""
        with self._writing() as connection:
            for table in (curves, samples, runs):
                gone = connection.execute(sa.delete(table).where(table.c.key.in_(list(keys))))
        return gone.rowcount

    def lengths(self, keys):
        """Return how many epochs the store holds of the runs with these keys, by key, where it
        holds any.
        """
        with self.engine.connect() as connection:
            rows = connection.execute(
                sa.select(runs.c.key, runs.c.epochs).where(runs.c.key.in_(list(keys)))
            )
            return {key: epochs for key, epochs in rows}

    def curves(self, configs):
        """Return the curves of runs by key, in one query: DataFrames of `config.epochs` rows, of
        those there as long.

        Of several runs of one key, the longest asked for counts.
        """
        ends = {
            config.key: config.epochs
            for config in sorted(configs, key=lambda config: config.epochs)
        }
        query = (
            sa.select(curves)
            .where(curves.c.key.in_(list(ends)))
            .order_by(curves.c.key, curves.c.epoch)
        )
        rows = pd.read_sql(query, self.engine)
        found = {key: rows.drop(columns="key").head(ends[key]) for key, rows in rows.groupby("key")}
        return {
            key: rows.reset_index(drop=True)
            for key, rows in found.items()
            if len(rows) == ends[key]
        }

    def curve(self, config):
        """Return a run's curve as a DataFrame of `config.epochs` rows, or None if it is not there
        as long.
        """
        return self.curves([config]).get(config.key)

    def sample(self, key):
        """Return the sample of a run's repair, (windows, time, channels), or None where none was
        kept.
        """
        with self.engine.connect() as connection:
            text = connection.scalar(sa.select(samples.c.sample).where(samples.c.key == key))
        return None if text is None else np.array(json.loads(text))

    def runs(self, keys=None):
        """Return the runs as a tidy DataFrame, oldest first; only those with these keys, if given."""
        query = sa.select(runs).order_by(runs.c.trained, runs.c.key)
        return pd.read_sql(
            query if keys is None else query.where(runs.c.key.in_(list(keys))), self.engine
        )

    def pin(self, stage, pin):
        """Keep a Pin for the stage of that name."""
        run = {
            "config": dataclasses.asdict(pin.config),
            "curve": pin.curve.to_dict("list"),
            "schedule": pin.schedule,
        }
        row = {"stage": stage, "data_digest": pin.config.data_digest, "run": json.dumps(run)}
        with self._writing() as connection:
            connection.execute(sa.insert(pins), row)

    def unpin(self, number):
        """Forget the Pin of that number, if it is there."""
        with self._writing() as connection:
            connection.execute(sa.delete(pins).where(pins.c.pin == number))

    def pins(self, stage, data_digest):
        """Return a stage's Pins on the series of that digest, oldest first."""
        query = sa.select(pins.c.pin, pins.c.run).where(
            pins.c.stage == stage, pins.c.data_digest == data_digest
        )
        with self.engine.connect() as connection:
            rows = connection.execute(query.order_by(pins.c.pin)).all()
        return [self._pin(number, **json.loads(run)) for number, run in rows]

    @staticmethod
    def _pin(number, config, curve, schedule):
        return Pin(RunConfig(**config), pd.DataFrame(curve), tuple(map(tuple, schedule)), number)
