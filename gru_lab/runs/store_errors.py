"""Why a database refused, in words a person can act upon, without any password."""

import contextlib
import errno
import re
from pathlib import Path
from urllib.parse import unquote

import psutil

HIDDEN = "***"
# what holds no secret: a name, a SQLite file, and a server's user, host, port and database. Without
# a user, a number that is no usual port may be a password whose host was left out
USER = r"[\w.-]+(:[^@/]*)?@[\w.-]*(:\d{1,5})?"
SQLITE = "sqlite:(?!//)[^@=?]*|sqlite:///.*"
PLACE = re.compile(rf"[^:;@=?]*|{SQLITE}|[\w+]+://({USER}|[\w.-]*(:5432|:3306)?)(/[\w./-]*)?", re.S)
PASSWORD = re.compile(r"^([\w+]+://[^:/@]*:)[^@/]*(?=@)")
# whose value is no secret
OPTION = re.compile(r"(host|port|dbname|user|sslmode|connect_timeout|timeout|mode|uri)=[\w./-]*")
IN_PASSING = re.compile(
    r"(://[^\s:/@]{0,200}:)\S{1,500}@|((?:password|passwd|pwd)=)[^\s&]{1,500}", re.I
)


def shown(url: object) -> str:
    """Return a database URL without its password and without options that may hold one.

    >>> shown("postgresql://ada:secret@host/lab?sslkey=secret")
    'postgresql://ada:***@host/lab?***'
    """
    text = str(url)
    place, mark, query = text.partition("?")
    if not PLACE.fullmatch(place):
        return re.split("[:;@=?]", text)[0] + HIDDEN
    options = (option if OPTION.fullmatch(option) else HIDDEN for option in query.split("&"))
    return PASSWORD.sub(rf"\g<1>{HIDDEN}", place) + mark + "&".join(options if mark else ())


def without_secrets(text: str, url: object = "") -> str:
    """Return a driver's or a process's words with passwords blotted out, those of `url` too."""
    public = set(re.split("[:@/?&=;]", shown(url)))
    for secret in set(re.split("[:@/?&=;]", str(url))) - public - {""}:
        for form in (secret, unquote(secret)):
            text = re.sub(rf"(?<!\w){re.escape(form)}(?!\w)", HIDDEN, text)
    return IN_PASSING.sub(
        lambda match: f"{match[1]}{HIDDEN}@" if match[1] else match[2] + HIDDEN, text
    )


def users_of(file: Path | None) -> str:
    """Return in words which other processes have a SQLite file open, which SQLite does not know."""
    names, users = {str(file), f"{file}-wal"}, []
    for process in psutil.process_iter(["pid", "cmdline"]):
        with contextlib.suppress(psutil.Error, OSError):  # gone meanwhile, or another person's
            if process.pid != psutil.Process().pid and names & {
                opened.path for opened in process.open_files()
            }:
                command = without_secrets(" ".join(" ".join(process.info["cmdline"]).split()))
                users.append(f"process {process.pid} ({command[:80]})")
    if users:
        return f"it is open in {', '.join(users)}"
    return "which one cannot be seen from here: perhaps another person's, or one on another machine"


def sqlite_name(error: Exception) -> str:
    """Return SQLite's name for what went wrong, such as SQLITE_FULL, or ''."""
    return getattr(getattr(error, "orig", None) or error, "sqlite_errorname", "")


def is_damaged(error: Exception) -> bool:
    """Tell whether a file is not, or no longer, a SQLite database."""
    no_text = isinstance(error, UnicodeError) or "decode to UTF-8" in str(error)
    return no_text or sqlite_name(error).startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB"))


def is_full(error: Exception) -> bool:
    """Tell whether there is no more room, on the disk or for this user."""
    raw = getattr(error, "orig", None) or error
    return (
        sqlite_name(error).startswith(("SQLITE_FULL", "SQLITE_IOERR"))
        or getattr(raw, "sqlstate", None) == "53100"
        or getattr(error, "errno", None) in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
    )


def reason_of(error: Exception, url: object, file: Path | None, seconds: int) -> str:
    """Return why a database refused, and what to do; `file`, or None, was waited for `seconds`."""
    raw = getattr(error, "orig", None) or error
    words = without_secrets(
        str(raw).strip().splitlines()[0] if str(raw).strip() else repr(raw), url
    )
    if sqlite_name(error).startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):  # until we gave up
        return (
            f"another process has kept it locked for {seconds} seconds; {users_of(file)}. "
            "End that one, or wait"
        )
    if is_full(error):
        return f"the disk, or what you may use of it, is full ({words}). Free some space"
    if is_damaged(error):
        return f"{file} is damaged, or no SQLite database ({words}). Restore a copy of it"
    return words
