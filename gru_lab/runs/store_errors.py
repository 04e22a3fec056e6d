"""What is wrong when a database will not do as it is told, in words a person can act upon."""

import contextlib

import psutil
import sqlalchemy as sa


def shown(url):
    """Return a database URL without its password."""
    with contextlib.suppress(sa.exc.ArgumentError):
        return sa.make_url(url).render_as_string(hide_password=True)
    return url


def users_of(file):
    """Return in words which other processes have a SQLite file open; SQLite itself knows only that
    there is one.
    """
    names, found = {str(file), f"{file}-wal"}, []
    for process in psutil.process_iter(["pid", "cmdline"]):
        with contextlib.suppress(psutil.Error, OSError):  # gone meanwhile, or another person's
            if process.pid != psutil.Process().pid and names & {
                opened.path for opened in process.open_files()
            }:
                command = " ".join(" ".join(process.info["cmdline"]).split())
                found.append(f"process {process.pid} ({command[:80]})")
    if found:
        return f"it is open in {', '.join(found)}"
    return "which one cannot be seen from here: perhaps another person's, or one on another machine"


def is_locked(error):
    """Tell whether another process kept a SQLite database locked until we gave up waiting."""
    return getattr(getattr(error, "orig", None), "sqlite_errorname", "").startswith(
        ("SQLITE_BUSY", "SQLITE_LOCKED")
    )


def reason_of(error, file, seconds):
    """Return why a database refused, and what to do. `file` is a SQLite file, waited for so many
    seconds, or None.
    """
    raw = getattr(error, "orig", None) or error
    name = getattr(raw, "sqlite_errorname", "")
    if is_locked(error):
        return f"another process has kept it locked for {seconds} seconds; {users_of(file)}. End that one, or wait"
    if (
        name.startswith(("SQLITE_FULL", "SQLITE_IOERR"))
        or getattr(raw, "sqlstate", None) == "53100"
    ):
        return f"the disk, or what you may use of it, is full ({raw}). Free some space"
    return str(raw).strip().splitlines()[0]
