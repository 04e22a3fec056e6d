"""The tables of a run store, two of them tidy.

`runs` has one row per key: the configuration, how many epochs were trained, when, on what. `curves`
has one row per key and epoch. Two more hold what is not tidy: `samples` a little of each run's
repair, `pins` the runs a person put aside to compare; those may have been stopped or steered on the
way, so each has its own curve.
"""

import dataclasses

import sqlalchemy as sa

from gru_lab.config import RunConfig
from gru_lab.loss import METRICS

SQL_TYPES = {bool: sa.Boolean, int: sa.Integer, float: sa.Float, str: sa.String}

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
    sa.Column(
        "sample", sa.Text, nullable=False
    ),  # JSON: a little of the run's repair, `Trainer.sample`
)
pins = sa.Table(
    "pins",
    TABLES,
    sa.Column("pin", sa.Integer, primary_key=True),
    sa.Column("stage", sa.String, nullable=False),
    sa.Column("data_digest", sa.String, nullable=False),
    sa.Column(
        "run", sa.Text, nullable=False
    ),  # JSON: its configuration, its curve, where its weight was moved
    sqlite_autoincrement=True,  # a number once given is never another run's
)
