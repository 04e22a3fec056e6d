"""Adam (Kingma and Ba, 2015) and AdamW as torch computes them, without its classes: these load
torch's compiler at the first step, a second in each process that trains.
"""

from collections.abc import Iterable

import torch
from torch.optim.adamw import adamw

MOMENTS = ("exp_avg", "exp_avg_sq")
FIXED = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "amsgrad": False, "maximize": False}


class Adam:
    """Adam over a network's `weights`, which also shrink by `weight_decay` as in AdamW.

    `state` is {number of a weight: {name: tensor}}, as in `torch.optim.Adam`.
    """

    def __init__(self, weights: Iterable, learning_rate: float, weight_decay: float = 0.0) -> None:
        self.weights = list(weights)
        self.learning_rate, self.weight_decay = learning_rate, weight_decay
        self.state = {
            number: {"step": torch.tensor(0.0)}
            | {name: torch.zeros_like(weight) for name in MOMENTS}
            for number, weight in enumerate(self.weights)
        }

    def load(self, state: dict[int, dict[str, torch.Tensor]]) -> None:
        """Go on from the `state` of an Adam over the same weights, on whatever device that was."""
        self.state = {
            number: {name: state[number][name].to(value.device) for name, value in before.items()}
            for number, before in self.state.items()
        }

    @torch.no_grad()
    def step(self) -> None:
        """Change the weights by the gradients that `backward` left, and forget these."""
        gradients = [weight.grad for weight in self.weights]
        *moments, steps = (
            [row[name] for row in self.state.values()] for name in (*MOMENTS, "step")
        )
        rates = {"lr": self.learning_rate, "weight_decay": self.weight_decay}
        adamw(self.weights, gradients, *moments, [], steps, **rates, **FIXED)
        for weight in self.weights:
            weight.grad = None
