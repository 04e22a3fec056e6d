"""Where things are written: a place is looked at before the work, a file gets its name once it is
whole.
"""

import os
import tempfile
from pathlib import Path


def require_place(name, path, *others):
    """Return a path to write to, or raise ValueError now rather than at the end of a long
    computation.

    `others` are files that it must not be.
    """
    path = Path(path)
    for other in others:
        if path.resolve() == Path(other).resolve() or (
            path.exists() and os.path.exists(other) and path.samefile(other)
        ):
            raise ValueError(f"{name} must be another file than {str(other)!r}; name another one")
    if path.is_dir():
        raise ValueError(f"{name} must be a file to write, not {str(path)!r} (a folder)")
    if not path.parent.is_dir():
        raise ValueError(
            f"{name} must be in a folder that exists, not {str(path.parent)!r}; make that folder "
            "first"
        )
    if not os.access(path.parent, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise ValueError(
            f"{name} must be in a folder you may write to, not {str(path.parent)!r}; name "
            "another place"
        )
    return path


def require_folder(name, path):
    """Return a folder to write into, made where it is not there, or raise ValueError as
    `require_place` does.
    """
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


def write_whole(path, content):
    """Write text or bytes to a file under its name only once it is complete."""
    unfinished = path.with_name(path.name + ".part")
    try:
        unfinished.write_bytes(content.encode() if isinstance(content, str) else content)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def home():
    """Return the folder that holds what a person makes: this one, or the one above `notebooks/`
    when inside it.
    """
    here = Path.cwd()
    return next(
        (path.parent for path in (here, *here.parents[:1]) if path.name == "notebooks"), here
    )
