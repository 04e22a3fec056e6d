"""The tables of a run store, two of them tidy.

`runs` has one row per key: the configuration, how many epochs were trained, when, on what. `curves`
has one row per key and epoch. Two more hold what is not tidy: `samples` a little of each run's
repair, `pins` the runs a person put aside to compare; those may have been stopped or steered on the
way, so each has its own curve. `origins` says out of whose record a run came, and `gru_lab` which
version of this schema a store has.
"""

import dataclasses

import sqlalchemy as sa

import gru_lab
from gru_lab.config import RunConfig
from gru_lab.loss import METRICS

VERSION = 1  # of this schema: raised when older kits can no longer read what newer ones write
SQL_TYPES: dict = {bool: sa.Boolean, int: sa.Integer, float: sa.Float, str: sa.String}

TABLES = sa.MetaData()
runs = sa.Table(
    "runs",
    TABLES,
    sa.Column("key", sa.String(16), primary_key=True),
    *(
        sa.Column(field.name, SQL_TYPES[field.type], nullable=False)
        for field in dataclasses.fields(RunConfig)
    ),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("device", sa.String, nullable=False),
    sa.Column("machine", sa.String, nullable=False),
    sa.Column("torch", sa.String, nullable=False),
    sa.Column("trained", sa.String, nullable=False),  # date and time, UTC, ISO 8601
)
curves = sa.Table(
    "curves",
    TABLES,
    sa.Column("key", sa.String(16), sa.ForeignKey("runs.key"), primary_key=True),
    sa.Column("epoch", sa.Integer, primary_key=True),
    *(sa.Column(figure, sa.Float, nullable=False) for figure in METRICS),
    sa.Column("seconds", sa.Float, nullable=False),
)
samples = sa.Table(
    "samples",
    TABLES,
    sa.Column("key", sa.String(16), sa.ForeignKey("runs.key"), primary_key=True),
    # JSON: a little of the run's repair, `Trainer.sample`
    sa.Column("sample", sa.Text, nullable=False),
)
pins = sa.Table(
    "pins",
    TABLES,
    sa.Column("pin", sa.Integer, primary_key=True),
    sa.Column("stage", sa.String, nullable=False),
    sa.Column("data_digest", sa.String, nullable=False),
    # JSON: its configuration, its curve, where its weight was moved
    sa.Column("run", sa.Text, nullable=False),
    sqlite_autoincrement=True,  # a number once given is never another run's
)
origins = sa.Table(
    "origins",
    TABLES,
    sa.Column("key", sa.String(16), sa.ForeignKey("runs.key"), primary_key=True),
    sa.Column("record", sa.String, nullable=False),  # the name of the record it was imported from
)
about = sa.Table(
    "gru_lab",
    TABLES,
    sa.Column("name", sa.String(20), primary_key=True),  # version, or made by
    sa.Column("value", sa.String, nullable=False),
)


def require_ours(engine: sa.Engine) -> dict[str, set[str]]:
    """Return the tables of a database, {name: its columns}, without any change to it.

    Raises ValueError for the database of another tool and for the store of a newer kit.
    """
    inspector = sa.inspect(engine)
    tables = {
        name: {column["name"] for column in inspector.get_columns(name)}
        for name in inspector.get_table_names()
    }
    ours = {"key", "epochs", "data_digest"} <= tables.get("runs", set())
    if not ours and ("runs" in tables or not set(tables) <= set(TABLES.tables)):
        names = ", ".join(sorted(tables)[:5])
        raise ValueError(
            f"it is another program's database, with the tables {names}, and was not changed. "
            "Name a file that is not there yet, or an empty database"
        )
    if tables.get(about.name):
        with engine.connect() as connection:
            facts = dict(connection.execute(sa.select(about)).all())
        version = facts.get("version", "0")
        if not version.isdigit() or int(version) > VERSION:
            raise ValueError(
                f"it was made by a newer version, {facts.get('made by', 'unknown')}: its schema is "
                f"{version}, and GRU Lab {gru_lab.__version__} reads up to {VERSION}. "
                "Update GRU Lab, or name another store"
            )
    return tables


def require_columns(tables: dict[str, set[str]]) -> None:
    """Raise ValueError for an older store without some settings, if it may only be read."""
    lacking = {column.name for column in runs.columns} - tables.get("runs", set())
    if lacking:
        raise ValueError(
            f"it is by an older version, without {', '.join(sorted(lacking))}, and may only be "
            "read. Copy it to a place where it can be brought up to date"
        )


def complete(engine: sa.Engine, tables: dict[str, set[str]]) -> None:
    """Make the tables and settings that a new or an older store lacks."""
    TABLES.create_all(engine)
    with engine.begin() as connection:
        for column in runs.columns:
            if runs.name in tables and column.name not in tables[runs.name]:
                kind = column.type.compile(engine.dialect)  # empty for runs that were made before
                connection.execute(sa.text(f"ALTER TABLE runs ADD COLUMN {column.name} {kind}"))
        if not connection.execute(sa.select(about)).all():
            facts = {"version": str(VERSION), "made by": f"GRU Lab {gru_lab.__version__}"}
            rows = [{"name": name, "value": value} for name, value in facts.items()]
            connection.execute(sa.insert(about), rows)
