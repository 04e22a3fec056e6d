"""Work in a thread: what `lab.sweep` and `lab.search` return at once in the background."""

import threading
from collections.abc import Callable
from typing import Any, Self


class Background:
    """Work that goes on in a thread as long as this process lives; `error` is what ended it.

    `work(stopped)` does it and returns what came out; `stopped()` says whether it is to end.
    """

    def __init__(self, work: Callable) -> None:
        self.stopped = False
        self.error: Exception | None = None
        self._work, self._outcome = work, None
        self._thread: threading.Thread | None = None

    def start(self) -> Self:
        """Begin the work; returns itself at once."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def _run(self):
        try:
            self._outcome = self._work(lambda: self.stopped)
        except Exception as error:  # of whatever kind: the caller has long gone on, `results` tells
            self.error = error

    def stop(self) -> None:
        """End it, from any thread, once what is under way is done; the same work resumes there."""
        self.stopped = True

    @property
    def done(self) -> bool:
        """True once it has ended: finished, stopped or failed."""
        return self._thread is not None and not self._thread.is_alive()

    def wait(self) -> None:
        """Wait until it is done, however it ends."""
        self._thread.join()

    @property
    def results(self) -> Any:
        """What came out, once it is done: waits for it, and raises what went wrong."""
        self.wait()
        if self.error:
            raise self.error
        return self._outcome
