"""The database of a store: its URL read, a SQLite file opened, and watched lest it be deleted."""

import contextlib
import json
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa

from gru_lab.errors import StoreFailed
from gru_lab.output import home, identity, may_write
from gru_lab.runs.schema import TABLES, complete, require_columns, require_ours
from gru_lab.runs.store_errors import is_damaged, is_full, reason_of, shown

SECONDS_TO_WAIT = 30  # for another process to finish writing
ATTEMPTS = 4  # to create the tables that a database lacks
SIGNS = ("?", "#", "%")  # of a URL, which may also stand in the name of a folder


def default_url(folder: str | Path | None = None) -> str:
    """Return $GRU_LAB_STORE if set, else `runs.sqlite` in the `home` of a folder."""
    return os.environ.get("GRU_LAB_STORE") or f"sqlite:///{home(folder) / 'runs.sqlite'}"


def parse(url: str) -> tuple:
    """Return (SQLAlchemy's URL, the SQLite file or None); ValueError for a text that is no URL.

    A folder with one of SIGNS in its name is taken as it is written, if it is there.
    """
    try:
        parsed = sa.make_url(url)
        backend, database = parsed.get_backend_name(), parsed.database
    except (sa.exc.ArgumentError, ValueError, AttributeError, TypeError):  # may name the password
        raise ValueError(
            f"store must be a database URL such as sqlite:///runs.sqlite, not {shown(url)!r}"
        ) from None
    if backend != "sqlite" or database in (None, "", ":memory:") or database.startswith("file:"):
        return parsed, None
    text = str(url).partition(":///")[2]
    folder, query = os.path.dirname(text), text.rpartition("?")[2]
    literal = any(sign in folder for sign in SIGNS) and os.path.isdir(folder)
    if literal or ("?" in text and "=" not in query):
        parsed, database = sa.URL.create(parsed.drivername, database=text), text
    return parsed, Path(database).absolute()


def is_writable(file: Path) -> bool:
    """Tell whether SQLite can write a file: that, and the folder, where it keeps its journal."""
    return may_write(file.parent) and (not file.exists() or may_write(file))


def for_reading(file: Path) -> str:
    """Return the address by which SQLite reads a file that it cannot write.

    Without a journal beside it nobody is writing, and SQLite has to be told so.
    """
    journal = file.with_name(f"{file.name}-wal")
    still = "" if journal.exists() and journal.stat().st_size else "&immutable=1"
    return f"file:{quote(str(file))}?mode=ro{still}&uri=true"


def engine_of(parsed: sa.URL, file: Path | None, writable: bool, seconds: float) -> sa.Engine:
    """Return an engine for a database; one of a file that cannot be written only reads."""
    if parsed.get_backend_name() != "sqlite":
        return sa.create_engine(parsed)
    if file and not writable:
        parsed = sa.make_url(f"sqlite:///{for_reading(file)}")
    elif file:
        parsed = parsed.set(database=str(file))
    return sa.create_engine(parsed, connect_args={"timeout": seconds})


class Watched:
    """A SQLite file that may be deleted while in use; its runs can still be copied out."""

    def __init__(self, file):
        self.file, self.identity = file, identity(file)
        self._open = sqlite3.connect(file, check_same_thread=False)
        self._open.execute("SELECT key FROM runs LIMIT 1").fetchall()  # opens its journal too

    @property
    def is_gone(self) -> bool:
        """Whether the file no longer is where it was opened."""
        return identity(self.file) != self.identity

    def rescued(self) -> Path | None:
        """Return a new file with all that the lost one held, beside it or where there is room."""
        for folder in (self.file.parent, Path.cwd(), Path(tempfile.gettempdir())):
            try:
                number, path = tempfile.mkstemp(".sqlite", f"{self.file.stem}.rescued-", folder)
                os.close(number)
                copy = sqlite3.connect(path)
                with copy:
                    self._open.backup(copy)
                copy.close()
                return Path(path)
            except (OSError, sqlite3.Error):
                continue
        return None


class Database:
    """The tables behind a SQLAlchemy URL: `reading` and `writing` give connections."""

    def __init__(self, url=None):
        self.url = str(url or default_url())
        parsed, self.file = parse(self.url)
        self._watched = self.kept = None
        try:
            if self.file:
                self.file.parent.mkdir(parents=True, exist_ok=True)
            self.writable = not self.file or is_writable(self.file)
            self._open(parsed)
        except (sa.exc.SQLAlchemyError, sqlite3.Error, UnicodeError, ImportError, OSError) as error:
            reason = reason_of(error, self.url, self.file, SECONDS_TO_WAIT)
            no_place = isinstance(error, OSError) and not is_full(error)
            if no_place or is_damaged(error):
                reason = f"{error.strerror}: {error.filename}" if no_place else reason
                raise ValueError(f"store {shown(self.url)!r} cannot be used: {reason}") from None
            if self.file:
                raise StoreFailed(f"{self} cannot be opened: {reason}.") from None
            raise ValueError(
                "store must be a database URL such as sqlite:///runs.sqlite, not "
                f"{shown(self.url)!r}: {reason}"
            ) from None
        except ValueError as error:  # another program's, or a newer version's
            raise ValueError(f"store {shown(self.url)!r} cannot be used: {error}") from None

    def _open(self, parsed):
        if self.file and self.file.exists() and not self.file.is_file():
            raise ValueError("it is a folder or a device; name a file")
        if not self.writable and not self.file.exists():
            raise ValueError(f"there is no such file, and {self.file.parent} may not be written to")
        self.engine = engine_of(parsed, self.file, self.writable, SECONDS_TO_WAIT)
        self.tables = require_ours(self.engine)
        if not self.writable:
            require_columns(self.tables)
            return
        if self.file:
            self.engine.dispose()  # only from here on is it known to be ours to change
            sa.event.listen(self.engine, "connect", self._connected)
            sa.event.listen(self.engine, "do_connect", self._connecting)
        self._complete()
        self.tables = TABLES.tables
        self._watched = Watched(self.file) if self.file else None

    def _complete(self):
        """Create what the database lacks; another process may be at it, a table at a time."""
        for attempt in range(ATTEMPTS):
            try:
                return complete(self.engine, self.tables)
            except sa.exc.DBAPIError:
                if attempt == ATTEMPTS - 1:
                    raise
            time.sleep(0.5)
            self.tables = require_ours(self.engine)

    @staticmethod
    def _connected(connection, _):
        connection.execute("PRAGMA journal_mode=WAL")

    def _connecting(self, *_):
        if self._watched and self._watched.is_gone:  # else SQLite would make a new, empty file
            raise self._gone()

    def _gone(self):
        """Return the error of a store whose file was deleted or moved, its runs kept elsewhere."""
        self.kept = self.kept or self._watched.rescued()
        return StoreFailed(
            f"{self} is gone: its file was deleted or moved while it was in use. What it held is "
            f"kept in {self.kept}; to go on with it, rename that file to {self.file.name}"
        )

    def __repr__(self):
        return f"Store({shown(self.url)!r})"

    def require_writable(self) -> None:
        """Raise StoreFailed for a store that may only be read, before runs are trained for it."""
        if not self.writable:
            raise StoreFailed(
                f"{self} may only be read: {self.file} or its folder is write-protected. "
                "Copy it to a place of your own and name that one as the store"
            )

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Give a connection to read by; what goes wrong is one clear error."""
        try:
            with self.engine.connect() as connection:
                yield connection
        except (sa.exc.DBAPIError, json.JSONDecodeError, UnicodeError) as error:
            reason = reason_of(error, self.url, self.file, SECONDS_TO_WAIT)
            raise StoreFailed(f"{self} cannot be read: {reason}.") from error
        if self._watched and self._watched.is_gone:
            raise self._gone()

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Give a connection whose changes are made all together at the end, or not at all."""
        self.require_writable()
        try:
            with self.engine.begin() as connection:
                # SQLite has one writer at a time anyway
                if connection.dialect.name == "postgresql":
                    connection.execute(sa.text("LOCK TABLE runs IN SHARE ROW EXCLUSIVE MODE"))
                yield connection
        except sa.exc.DBAPIError as error:
            if isinstance(error, sa.exc.IntegrityError):
                raise
            reason = reason_of(error, self.url, self.file, SECONDS_TO_WAIT)
            again = "What it holds is whole; the same command goes on from there"
            raise StoreFailed(f"{self} cannot be written: {reason}. {again}.") from error
        if self._watched and self._watched.is_gone:
            raise self._gone()
