"""Every exception of the kit but ValueError, which is for wrong input."""


class Diverged(RuntimeError):
    """The loss is no longer finite; the network holds the weights of the last good epoch."""


class StoreFailed(RuntimeError):
    """The store could not be read or written; what was in it before is whole."""


class SweepFailed(RuntimeError):
    """Some runs of a sweep could not be trained; the others are in the store."""


class SchedulerGone(SweepFailed):
    """The scheduler ended, or answers no more, while runs were trained on its workers."""

    def __str__(self):
        return "the scheduler is gone; finished runs are kept, and the same sweep resumes there"


class WorkerDied(RuntimeError):
    """The process that trained a run died on every attempt."""

    def __str__(self):
        return (
            "its process died on every attempt, the last time alone: most often for lack of memory"
        )


class Unfit(RuntimeError):
    """A worker that joined late and differs from the others: the sweep ends."""


class Unwanted(Exception):
    """Nobody waits for this run any more."""


class Ended(KeyboardInterrupt):
    """The process is told to end (SIGTERM, SIGHUP): like Ctrl-C, but nothing is finished first."""

    def __init__(self, number):
        super().__init__(number)
        self.number = int(number)
