"""Where runs are trained and where they are kept, as one thing that is passed on."""

import os
from dataclasses import dataclass

from gru_lab.config import COUNT
from gru_lab.device import pick_device
from gru_lab.runs.store import Store

ON_ONE_GPU = 4  # runs at a time, by default: they share one Python


@dataclass(frozen=True)
class Compute:
    """A store, and what trains for it: processes of this machine, or a Dask scheduler's workers.

    `workers` is how many runs are trained at a time (default: one a core, four on a GPU), `device`
    'auto', 'cpu' or 'cuda', `scheduler` an address or a distributed.Client. Raises ValueError for
    wrong workers or an unknown device, before anything is trained.
    """

    store: Store
    workers: int | None = None
    device: str = "auto"
    scheduler: object = None

    def __post_init__(self):
        if self.scheduler is None:
            _ = self.shape
        elif self.workers is not None:
            raise ValueError("workers must be left out with a scheduler, which has its own")
        object.__setattr__(self, "store", Store.of(self.store))  # last: it makes a file

    @property
    def shape(self) -> tuple[int, int]:
        """(processes, threads of each).

        On CPU each run has a process of one thread. On a GPU all share one process: each process
        that uses a GPU takes hundreds of megabytes of it before any run does.
        """
        on_gpu = pick_device(self.device).type == "cuda"
        best = ON_ONE_GPU if on_gpu else os.cpu_count() or 1
        workers = COUNT.fix("workers", best if self.workers is None else self.workers)
        return (1, workers) if on_gpu else (workers, 1)

    @property
    def here(self) -> bool:
        """True where runs are trained one by one in this process, without any other."""
        return self.scheduler is None and self.shape == (1, 1)
