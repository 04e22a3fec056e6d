"""Adam (Kingma and Ba, 2015) and AdamW as torch computes them, without its classes: these load
torch's compiler at the first step, a second in each process that trains.
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch.optim.adamw import adamw

NAMES = ("step", "exp_avg", "exp_avg_sq")
FIXED: dict[str, Any] = {"beta1": 0.9, "beta2": 0.999, "amsgrad": False, "maximize": False}


class Adam:
    """Adam over a network's `weights`, which also shrink by `weight_decay` as in AdamW.

    `state` is {number of a weight: {name: tensor}}, as in `torch.optim.Adam`.
    """

    def __init__(self, weights: Iterable, learning_rate: float, weight_decay: float = 0.0) -> None:
        self.weights = list(weights)
        self.learning_rate, self.weight_decay = learning_rate, weight_decay
        begin = [
            (torch.tensor(0.0), w.new_zeros(w.shape), w.new_zeros(w.shape)) for w in self.weights
        ]
        self.state = {n: dict(zip(NAMES, row, strict=True)) for n, row in enumerate(begin)}

    def load(self, state: dict[int, dict[str, torch.Tensor]]) -> None:
        """Go on from the `state` of an Adam over the same weights, on whatever device that was."""
        self.state = {
            number: {name: state[number][name].to(value.device) for name, value in before.items()}
            for number, before in self.state.items()
        }

    @torch.no_grad()
    def step(self) -> None:
        """Change the weights by the gradients that `backward` left, and forget these."""
        gradients, rows = [weight.grad for weight in self.weights], self.state.values()
        steps, first, second = ([row[name] for row in rows] for name in NAMES)
        rates: dict[str, Any] = {"lr": self.learning_rate, "weight_decay": self.weight_decay}
        adamw(self.weights, gradients, first, second, [], steps, eps=1e-8, **rates, **FIXED)
        for weight in self.weights:
            weight.grad = None
