"""Is a search better than a person's order, or than luck? Replayed on stored runs.

Each way visits the cells of a grid in an order of its own and knows only what it has visited. After
the same number of epochs, which has found the lowest error?
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
import pandas as pd
from optuna.distributions import BaseDistribution, CategoricalDistribution

from gru_lab.config import RULES, Rule

optuna.logging.set_verbosity(optuna.logging.WARNING)  # or each study says that it exists
REPEATS = Rule(int, low=5, words="a whole number of at least 5: fewer repeats are luck")


@dataclass(frozen=True, eq=False, repr=False)
class Fairness:
    """How soon each way found what. `steps` has a row per way, repeat and visited cell: `epochs`
    spent so far, the cell's `error`, the `best` so far. `lowest` is the lowest error of all cells.
    """

    steps: pd.DataFrame
    lowest: float

    @property
    def table(self) -> pd.DataFrame:
        """A row per way: epochs until the best cell (mean, range), error after half of them."""
        half = self.steps["epochs"].max() / 2
        rows = {}
        for way, steps in self.steps.groupby("way", sort=False):
            there = steps[steps["best"] <= self.lowest].groupby("repeat")["epochs"].min()
            sooner = steps[steps["epochs"] <= half].groupby("repeat")["best"].min()
            rows[way] = {
                "epochs until the best": there.mean(),
                "lowest": there.min(),
                "highest": there.max(),
                "best after half of the epochs": sooner.mean(),
            }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("way")

    def __repr__(self):
        ways = ", ".join(
            f"{way} {row['epochs until the best']:.0f} "
            f"({row['lowest']:.0f} to {row['highest']:.0f})"
            for way, row in self.table.iterrows()
        )
        repeats = self.steps["repeat"].nunique()
        return f"Epochs until the best cell was found, {repeats} repeats: {ways}"

    def _repr_html_(self):
        table = self.table.style.format("{:.3g}")
        return table.set_table_attributes('class="dataframe"')._repr_html_()


def fairness(grid: Any, repeats: int = 5, seed: int = 0) -> Fairness:
    """Return the Fairness of three ways through the cells of a Grid that were run.

    *hand order* turns one knob at a time: along a line of the grid, then from its best cell along
    the other; then the rest. *random draws* takes the cells in any order, *search* is Optuna's TPE.
    Which line comes first, the draws and the search differ by repeat. Raises ValueError for fewer
    than five repeats, fewer than three cells that were run, and for cells of unlike epochs.
    """
    repeats, seed = REPEATS.fix("repeats", repeats), RULES["seed"].fix("seed", seed)
    if "epochs" in grid.knobs:
        raise ValueError(
            "grid must have cells of equally many epochs, since the ways are compared at the same "
            "number of epochs spent; turn another setting than epochs"
        )
    errors = grid.table.to_numpy()
    cells = [tuple(map(int, cell)) for cell in np.argwhere(np.isfinite(errors))]
    if len(cells) < 3:
        raise ValueError(
            f"grid must have at least three cells that were run, not {len(cells)}; "
            "lab.grid(..., train=True) trains them"
        )
    cost = grid.question.start.epochs * grid.errors.shape[2]
    frames = []
    for way, order_of in WAYS.items():
        for repeat in range(repeats):
            order = order_of(errors, cells, np.random.default_rng((seed, repeat)))
            visited = np.array([errors[cell] for cell in order])
            columns = {"way": way, "repeat": repeat, "epochs": cost * np.arange(1, len(order) + 1)}
            columns |= {"error": visited, "best": np.minimum.accumulate(visited)}
            frames.append(pd.DataFrame(columns))
    return Fairness(pd.concat(frames, ignore_index=True), float(np.nanmin(errors)))


def by_hand(errors: np.ndarray, cells: list[tuple], rng: np.random.Generator) -> list[tuple]:
    """Return the cells in a person's order: one knob after the other, from the best so far."""
    first = int(rng.integers(2))
    start = cells[rng.integers(len(cells))]
    line = [cell for cell in cells if cell[1 - first] == start[1 - first]]
    best = min(line, key=lambda cell: errors[cell])
    across = [cell for cell in cells if cell[first] == best[first]]
    return list(dict.fromkeys([*line, *across, *cells]))


def at_random(errors: np.ndarray, cells: list[tuple], rng: np.random.Generator) -> list[tuple]:
    """Return the cells as they are drawn."""
    return [cells[place] for place in rng.permutation(len(cells))]


def by_search(errors: np.ndarray, cells: list[tuple], rng: np.random.Generator) -> list[tuple]:
    """Return the cells as Optuna's TPE proposes them; one that it has seen is drawn anew."""
    sampler = optuna.samplers.TPESampler(seed=int(rng.integers(2**31)), n_startup_trials=3)
    study = optuna.create_study(sampler=sampler)
    space: dict[str, BaseDistribution] = {
        name: CategoricalDistribution(sorted({cell[place] for cell in cells}))
        for place, name in enumerate("ab")
    }
    order, left = [], set(cells)
    while left:
        trial = study.ask(space)
        cell = (trial.params["a"], trial.params["b"])
        if cell in left:
            left.remove(cell)
            order.append(cell)
            study.tell(trial, errors[cell])
        else:  # seen before, or never run: it costs nothing and tells nothing
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
            if len(study.trials) > 20 * len(cells):
                rest = sorted(left)
                order += [rest[place] for place in rng.permutation(len(rest))]
                break
    return order


WAYS = {"hand order": by_hand, "random draws": at_random, "search": by_search}
