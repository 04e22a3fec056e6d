"""Where things are written: the place is checked before the work, files appear when whole."""

import contextlib
import os
import re
import secrets
import signal
import stat
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

try:
    import fcntl
except ImportError:  # on Windows
    fcntl = None  # type: ignore[assignment]

ENDING = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]
STREAMS = ("/dev/std", "/dev/fd/", "/proc/")  # what is written there is printed, or lost
WRITTEN = []  # the files that this command has written so far, for whoever interrupts it
CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # what a spreadsheet runs


def printable(text: object) -> str:
    r"""Return text as a terminal may show it: control and direction characters become escapes.

    >>> printable("a\x1b[2J")
    'a\\x1b[2J'
    """
    return CONTROL.sub(lambda sign: ascii(sign[0])[1:-1], str(text))


def safe_cell(value: object) -> object:
    """Return a cell for a CSV file: text that a spreadsheet would run as a formula gets a ' before
    it; numbers, also those written as text, stay.

    >>> safe_cell("=1+1"), safe_cell("-4.5"), safe_cell(-4.5)
    ("'=1+1", '-4.5', -4.5)
    """
    if not isinstance(value, str):
        return value
    text = printable(value)
    try:
        float(text.replace(",", "."))
    except ValueError:
        return f"'{text}" if text.lstrip().startswith(FORMULA) else text
    return text


def safe_csv(table: Any) -> str:
    """Return a DataFrame as the text of a CSV file, each cell of text as `safe_cell` writes it."""
    texts = table.select_dtypes(["object", "string"]).columns
    return table.assign(**{name: table[name].map(safe_cell) for name in texts}).to_csv(index=False)


def identity(path: str | Path) -> object:
    """Return what a path is, through links of either kind, whatever it is called."""
    try:
        state = os.stat(path)
    except OSError:  # there is none yet, or a name that is too long, which shows later
        return os.path.realpath(path)
    return state.st_dev, state.st_ino


def may_write(path: Path) -> bool:
    """Tell whether this user may write to a file or a folder that is there."""
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _trouble(target):
    """Return what keeps us from writing a file there, and the next step, or ''."""
    if target.is_dir():
        return f"a file to write, not {str(target)!r} (a folder)"
    if target.exists() and not stat.S_ISREG(target.stat().st_mode):
        return f"an ordinary file, not {str(target)!r} (a device or a pipe); name another place"
    if not target.parent.is_dir():
        return f"in a folder that exists, not {str(target.parent)!r}; make that folder first"
    if not may_write(target.parent):
        return f"in a folder you may write to, not {str(target.parent)!r}; name another place"
    if target.exists() and not may_write(target):
        return f"a file you may write to, not {str(target)!r}; name another one"
    return ""


def require_place(name: str, path: str | Path, *others: Any) -> Path:
    """Return a path to write to, or raise ValueError now rather than after a long computation.

    `others` are files that it must not be. A symbolic link stays, and what it leads to is written.
    """
    shown, path = str(path), Path(path)
    try:
        if shown == "-" or os.path.abspath(path).startswith(STREAMS):
            raise ValueError(f"{name} must be an ordinary file, not {shown!r}: it is not printed")
        for other in filter(None, others):
            if identity(path) == identity(other):
                raise ValueError(
                    f"{name} must be another file than {str(other)!r}; name another one"
                )
        target = Path(os.path.realpath(path)) if path.is_symlink() else path
        if trouble := _trouble(target):
            raise ValueError(f"{name} must be {trouble}")
    except OSError as error:  # a name that is too long, say
        raise ValueError(f"{name} cannot be {shown!r}: {error.strerror}") from error
    return path


def require_folder(name: str, path: str | Path) -> Path:
    """Return a folder to write into, made if need be, or raise ValueError."""
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path).close()
    except OSError as error:
        raise ValueError(
            f"{name} must be a folder that you may write to, not {str(path)!r} "
            f"({error.strerror}); name another place"
        ) from error
    return path


def require_places(places: Iterable[tuple[str, str | Path | None]], *others: Any) -> None:
    """Raise ValueError unless each of a command's files, as (name, path or None), can be written,
    none is another one, and none is one of `others`.
    """
    taken = {identity(other): other for other in filter(None, others)}
    for name, path in [place for place in places if place[1]]:
        require_place(name, path, taken.get(identity(path)))
        taken[identity(path)] = path


@contextlib.contextmanager
def gone_if_empty(folder: str | Path) -> Iterator[None]:
    """Remove a folder, and those above it, that the block has made and left empty."""
    path = Path(folder).absolute()
    made = [place for place in (path, *path.parents) if not place.exists()]
    try:
        yield
    finally:
        with uninterrupted(), contextlib.suppress(OSError):
            for place in made:
                place.rmdir()


@contextlib.contextmanager
def alone_in(folder: str | Path) -> Iterator[None]:
    """Let other processes wait that want to be alone in a folder, such as to append to a file."""
    if fcntl is None:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # a network's disk that knows no locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Let a signal that would end this process wait until the block is done."""
    if threading.current_thread() is not threading.main_thread():  # signals go to the main thread
        yield
        return
    came = []
    before = {number: signal.signal(number, lambda *got: came.append(got[0])) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        if came:
            signal.raise_signal(came[0])


def _write(part, content, target):
    """Write a file under a name of its own, with the rights of the one it will replace."""
    with part.open("xb") as file:
        # half a character, as only foreign files have it, must not end a long computation
        text = content.encode(errors="backslashreplace") if isinstance(content, str) else content
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    if target.exists():
        part.chmod(stat.S_IMODE(target.stat().st_mode))


def write_together(files: Mapping) -> None:
    """Write files, {path: text or bytes}, under their names only once all of them are complete.

    Raises OSError, naming the file, where one cannot be written, ValueError where two are the same
    one; then none is.
    """
    parts = {}
    try:
        for path, content in files.items():
            target = Path(os.path.realpath(path))
            if target in parts.values():
                raise ValueError(f"two files must not both be written to {str(path)!r}")
            part = target.with_name(f".gru-lab-{secrets.token_hex(8)}.part")
            parts[part] = target
            try:
                _write(part, content, target)
            except OSError as error:
                reason = f"{error.strerror}. Nothing was written"
                raise OSError(f"{str(path)!r} could not be written: {reason}") from error
        with uninterrupted():
            for part, target in parts.items():
                part.replace(target)
            WRITTEN.extend(files)
    finally:
        with uninterrupted():  # a second Ctrl-C must leave no half-written file either
            for part in parts:
                with contextlib.suppress(OSError):
                    part.unlink()


def write_whole(path: str | Path, content: str | bytes) -> None:
    """Write text or bytes to a file under its name only once it is complete."""
    write_together({path: content})


def home(folder: str | Path | None = None) -> Path:
    """Return the folder that holds what a person makes: this one, or the one above `notebooks/`
    when inside it. `folder` takes the place of this one.
    """
    here = Path(folder or Path.cwd()).absolute()
    return next(
        (path.parent for path in (here, *here.parents[:1]) if path.name == "notebooks"), here
    )
