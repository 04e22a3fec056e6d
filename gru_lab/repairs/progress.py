"""The bars of a repair: what is being learned, and how much is filled."""

import functools
from typing import Any

from tqdm.auto import tqdm

from gru_lab.repairs import training

filling = functools.partial(tqdm, desc="repair: filling", unit="batch", leave=False)


class Progress:
    """A bar over `minutes`, or over `epochs` if given, since the time `began` (of `perf_counter`).
    It is called with what is learned now, in words, and with the row of figures of each epoch,
    which it keeps as its `history`.
    """

    def __init__(self, began: float, minutes: float, epochs: int | None) -> None:
        self.began, self.epochs, self.history = began, epochs, []  # type: float, int | None, list
        shown: dict[str, Any] = {"total": epochs, "unit": "epoch"}
        if not epochs:  # in seconds, so a speed would say nothing
            shape = "{l_bar}{bar}| {elapsed} of at most {total} s{postfix}"
            shown = {"total": max(1, round(60 * minutes)), "bar_format": shape}
        self.bar = tqdm(desc="repair", **shown)

    def __call__(self, now: str | dict) -> None:
        if isinstance(now, str):
            self.bar.set_description_str(f"repair: {now}")
            return
        self.history.append(now)
        self.bar.set_description_str(f"repair: network, epoch {now['epoch']}", refresh=False)
        self.bar.set_postfix_str(f"error {now['score']:.0%} of the straight line's", refresh=False)
        done = now["epoch"] if self.epochs else round(training.perf_counter() - self.began)
        self.bar.update(min(done, self.bar.total) - self.bar.n)
