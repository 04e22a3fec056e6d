"""The run store: every run and its curve in two tidy tables behind a SQLAlchemy URL, by default one SQLite file.

`runs` has one row per key: the configuration, how many epochs were trained, when, on what. `curves` has one row per
key and epoch. A run is written whole, in one transaction, or not at all. Two more hold what is not
tidy: `samples` a little of each run's repair, `pins` the runs a person put aside to compare; those may have been
stopped or steered on the way, so each has its own curve.
"""

import dataclasses
import datetime
import json
import os
import platform
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import sqlalchemy as sa

from gru_lab.config import RunConfig
from gru_lab.loss import FIGURES

SQL_TYPES = {bool: sa.Boolean, int: sa.Integer, float: sa.Float, str: sa.String}
SECONDS_TO_WAIT = 30  # for another process to finish writing

_tables = sa.MetaData()
runs = sa.Table(
    "runs",
    _tables,
    sa.Column("key", sa.String(16), primary_key=True),
    *(sa.Column(field.name, SQL_TYPES[field.type], nullable=False) for field in dataclasses.fields(RunConfig)),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("device", sa.String, nullable=False),
    sa.Column("machine", sa.String, nullable=False),
    sa.Column("torch", sa.String, nullable=False),
    sa.Column("trained", sa.String, nullable=False),  # date and time, UTC, ISO 8601
)
curves = sa.Table(
    "curves",
    _tables,
    sa.Column("key", sa.String(16), sa.ForeignKey("runs.key"), primary_key=True),
    sa.Column("epoch", sa.Integer, primary_key=True),
    *(sa.Column(figure, sa.Float, nullable=False) for figure in FIGURES),
    sa.Column("seconds", sa.Float, nullable=False),
)
samples = sa.Table(
    "samples",
    _tables,
    sa.Column("key", sa.String(16), sa.ForeignKey("runs.key"), primary_key=True),
    sa.Column("sample", sa.Text, nullable=False),  # JSON: a little of the run's repair, `Trainer.sample`
)
pins = sa.Table(
    "pins",
    _tables,
    sa.Column("pin", sa.Integer, primary_key=True),
    sa.Column("stage", sa.String, nullable=False),
    sa.Column("data_digest", sa.String, nullable=False),
    sa.Column("run", sa.Text, nullable=False),  # JSON: its configuration, its curve, where its weight was moved
    sqlite_autoincrement=True,  # a number once given is never another run's
)


@dataclass(frozen=True, eq=False)
class Pin:
    """A run put aside to compare. `schedule` says where its weight was moved: (epoch, batch, weight), mostly none."""

    config: RunConfig
    curve: pd.DataFrame
    schedule: tuple = ()
    number: int | None = None  # in the store


def config_of(row):
    """Return the RunConfig of a row of `Store.runs`, a mapping."""
    return RunConfig(**{field.name: row[field.name] for field in dataclasses.fields(RunConfig)})


def home():
    """Return the folder that holds what a person makes: this one, or the one above `notebooks/` when inside it."""
    here = Path.cwd()
    return next((path.parent for path in (here, *here.parents[:1]) if path.name == "notebooks"), here)


def default_url():
    """Return $GRU_LAB_STORE if it is set, else `runs.sqlite` in the `home` folder."""
    return os.environ.get("GRU_LAB_STORE") or f"sqlite:///{home() / 'runs.sqlite'}"


class Store:
    """Runs by their key. Raises ValueError for a URL that is none, or that leads to no database."""

    def __init__(self, url=None):
        self.url = url or default_url()
        try:
            parsed = sa.make_url(self.url)
            is_file = parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:")
            self.file = Path(parsed.database).absolute() if is_file else None
            if self.file:
                self.file.parent.mkdir(parents=True, exist_ok=True)
            wait = {"timeout": SECONDS_TO_WAIT} if parsed.get_backend_name() == "sqlite" else {}
            self.engine = sa.create_engine(parsed, connect_args=wait)
            if self.file:
                sa.event.listen(self.engine, "connect", lambda raw, _: raw.execute("PRAGMA journal_mode=WAL"))
            self._create_tables()
        except (sa.exc.SQLAlchemyError, ImportError, OSError) as error:
            reason = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise ValueError(
                f"store must be a database URL such as sqlite:///runs.sqlite, not {self.url!r}: {reason}"
            ) from error

    def _create_tables(self):
        try:
            _tables.create_all(self.engine)
        except sa.exc.DBAPIError:  # another process may be creating them at this moment
            time.sleep(0.5)
            _tables.create_all(self.engine)

    def __repr__(self):
        return f"Store({sa.make_url(self.url).render_as_string(hide_password=True)!r})"

    @property
    def checkpoints(self):
        """The folder of the unfinished runs' checkpoints: beside the store's file, or here."""
        return self.file.with_suffix(".checkpoints") if self.file else Path.cwd() / "runs.checkpoints"

    def put(self, config, curve, device="cpu", sample=None, origin=None):
        """Keep a run, its curve (the trainer's DataFrame) and the sample of its repair, unless as long a one is there.

        `origin` replaces what is noted of where and when it was trained, for a run that comes from elsewhere.
        """
        row = dataclasses.asdict(config.replace(epochs=len(curve))) | {
            "key": config.key,
            "seconds": float(curve["seconds"].sum()),
            "device": str(device),
            "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
            "torch": version("torch"),
            "trained": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        }
        row |= origin or {}
        epochs = curve[["epoch", *FIGURES, "seconds"]].assign(key=config.key)
        with self.engine.begin() as connection:
            # deleting before looking takes the database's lock: no other process can put a longer run in between
            shorter = (runs.c.key == config.key) & (runs.c.epochs < len(curve))
            for table in (curves, samples):
                connection.execute(sa.delete(table).where(table.c.key.in_(sa.select(runs.c.key).where(shorter))))
            connection.execute(sa.delete(runs).where(shorter))
            if connection.scalar(sa.select(runs.c.key).where(runs.c.key == config.key)):
                return
            connection.execute(sa.insert(runs), row)
            connection.execute(sa.insert(curves), epochs.to_dict("records"))
            if sample is not None:
                text = json.dumps(np.round(np.asarray(sample, dtype=float), 4).tolist())
                connection.execute(sa.insert(samples), {"key": config.key, "sample": text})

    def has(self, config):
        """Tell whether the store holds this run, as long or longer."""
        with self.engine.connect() as connection:
            kept = connection.scalar(sa.select(runs.c.epochs).where(runs.c.key == config.key))
        return kept is not None and kept >= config.epochs

    def curve(self, config):
        """Return a run's curve as a DataFrame of `config.epochs` rows, or None if it is not there as long."""
        if not self.has(config):
            return None
        query = sa.select(curves).where(curves.c.key == config.key, curves.c.epoch <= config.epochs)
        return pd.read_sql(query.order_by(curves.c.epoch), self.engine).drop(columns="key")

    def sample(self, key):
        """Return the sample of a run's repair, (windows, time, channels), or None where none was kept."""
        with self.engine.connect() as connection:
            text = connection.scalar(sa.select(samples.c.sample).where(samples.c.key == key))
        return None if text is None else np.array(json.loads(text))

    def runs(self, keys=None):
        """Return the runs as a tidy DataFrame, oldest first; only those with these keys, if given."""
        query = sa.select(runs).order_by(runs.c.trained, runs.c.key)
        return pd.read_sql(query if keys is None else query.where(runs.c.key.in_(list(keys))), self.engine)

    def pin(self, stage, pin):
        """Keep a Pin for the stage of that name."""
        run = {"config": dataclasses.asdict(pin.config), "curve": pin.curve.to_dict("list"), "schedule": pin.schedule}
        row = {"stage": stage, "data_digest": pin.config.data_digest, "run": json.dumps(run)}
        with self.engine.begin() as connection:
            connection.execute(sa.insert(pins), row)

    def unpin(self, number):
        """Forget the Pin of that number, if it is there."""
        with self.engine.begin() as connection:
            connection.execute(sa.delete(pins).where(pins.c.pin == number))

    def pins(self, stage, data_digest):
        """Return a stage's Pins on the series of that digest, oldest first."""
        query = sa.select(pins.c.pin, pins.c.run).where(pins.c.stage == stage, pins.c.data_digest == data_digest)
        with self.engine.connect() as connection:
            rows = connection.execute(query.order_by(pins.c.pin)).all()
        return [self._pin(number, **json.loads(run)) for number, run in rows]

    @staticmethod
    def _pin(number, config, curve, schedule):
        return Pin(RunConfig(**config), pd.DataFrame(curve), tuple(map(tuple, schedule)), number)
