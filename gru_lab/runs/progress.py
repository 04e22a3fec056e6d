"""How far a sweep is: each run's epochs as they are done, their speed, and a bar."""

import contextlib
import time
from collections.abc import Collection, Iterator

from tqdm.auto import tqdm

from gru_lab.config import RunConfig
from gru_lab.runs.store import Store


class Progress:
    """What is known of a sweep's runs: `curves` are {epoch: error on hidden entries} by key.

    `name` is a function from a RunConfig to what the bar calls it.
    """

    def __init__(self, configs, name):
        self.configs, self.name = {config.key: config for config in configs}, name
        self.curves, self.ended = {key: {} for key in self.configs}, 0
        self.epochs = sum(config.epochs for config in configs)  # to be trained
        self._began, self._trained, self._bar = None, 0, tqdm(disable=True)

    def know(self, configs: list[RunConfig], store: Store) -> None:
        """Take in the curves of runs that need no training."""
        self.curves = {config.key: {} for config in configs} | self.curves
        for key, curve in store.curves(configs).items():
            self.curves[key] = curve.set_index("epoch")["val_missing"].to_dict()

    @contextlib.contextmanager
    def shown(self, show: bool = True) -> Iterator[None]:
        """Show a bar for as long as the block runs: runs done, epochs a second, time left."""
        # nothing said leaves it to the person: TQDM_DISABLE
        hidden = {} if show else {"disable": True}
        with tqdm(
            desc="starting", total=self.epochs, unit="epoch", leave=False, **hidden
        ) as self._bar:
            self._bar.set_postfix_str(f"0/{len(self.configs)} runs")
            yield

    def add(self, key: str, epochs: Collection[tuple[int, float]]) -> None:
        """Take in (epoch, error) of a run: its checkpoint's, or the one just done."""
        config, curve = self.configs[key], self.curves[key]
        before = len(curve)
        curve.update(epochs)
        self._began = self._began or time.monotonic()
        self._trained += len(epochs) == 1  # a checkpoint's epochs cost nothing now
        self._bar.set_description(
            f"{self.name(config)}, epoch {len(curve)}/{config.epochs}", refresh=False
        )
        self._bar.update(len(curve) - before)

    def end_run(self) -> None:
        """Count a run that is kept or has failed."""
        self.ended += 1
        self._bar.set_postfix_str(f"{self.ended}/{len(self.configs)} runs")

    @property
    def share(self) -> float:
        """The share of the epochs to be trained that is done, from 0 to 1."""
        return (
            sum(len(self.curves[key]) for key in self.configs) / self.epochs if self.epochs else 1.0
        )

    @property
    def speed(self) -> float:
        """Epochs a second so far; 0 before there are any."""
        return self._trained / (time.monotonic() - self._began) if self._trained else 0.0

    @property
    def seconds_left(self) -> float | None:
        """An estimate from the speed so far; None before there is one."""
        return self.epochs * (1 - self.share) / self.speed if self.speed else None
