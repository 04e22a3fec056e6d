"""The log's network: a GRU over the window, then a linear layer at each step."""

import warnings

import torch
from torch import nn

from gru_lab.config import RunConfig

# on a GPU, of `RNN._layers`: cuDNN packs the weights of a layer that is called by itself, each
# time; they are few
warnings.filterwarnings("ignore", "RNN module weights are not part of single contiguous chunk")


class RNN(nn.Module):
    """A GRU and a linear layer that give a value for every entry of a window.

    `input_size` is the number of inputs per step: the channels, or twice as many where the mask is
    given too. `output_size` (default: `input_size`) is the number of channels. With `residual` the
    network predicts a correction to its own first `output_size` inputs, the filled values.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        dropout: float = 0.0,
        output_size: int | None = None,
        bidirectional: bool = False,
        residual: bool = False,
    ) -> None:
        super().__init__()
        # torch drops out between layers only, and warns where there is no 'between'
        self.rnn = nn.GRU(
            input_size,
            hidden_size,
            num_layers=num_layers,
            batch_first=True,
            dropout=dropout if num_layers > 1 else 0.0,
            bidirectional=bidirectional,
        )
        self.out = nn.Linear(hidden_size * (2 if bidirectional else 1), output_size or input_size)
        self.residual = residual

    def forward(
        self, inputs: torch.Tensor, generator: torch.Generator | None = None
    ) -> torch.Tensor:
        """Take inputs (batch, time, input_size) to values (batch, time, output_size).

        Dropout is drawn from `generator`; without one from torch's own, which all threads share.
        """
        drops = generator is not None and self.training and self.rnn.dropout > 0
        states = self._layers(inputs, generator) if drops else self.rnn(inputs)[0]
        values = self.out(states)  # (batch, time, output_size)
        return values + inputs[..., : values.shape[-1]] if self.residual else values

    def _layers(self, states, generator):
        """What `self.rnn` does, a layer at a time: states (batch, time, directions x hidden)."""
        directions = 2 if self.rnn.bidirectional else 1
        for layer in range(self.rnn.num_layers):
            if layer:
                kept = torch.empty_like(states).bernoulli_(
                    1 - self.rnn.dropout, generator=generator
                )
                states = states * kept / (1 - self.rnn.dropout)
            weights = sum(self.rnn.all_weights[layer * directions : (layer + 1) * directions], [])
            begin = states.new_zeros(directions, len(states), self.rnn.hidden_size)
            states, _ = torch.gru(states, begin, weights, True, 1, 0.0, True, directions == 2, True)
        return states


def build(config: RunConfig, channels: int, generator: torch.Generator) -> RNN:
    """Return the network of a RunConfig, its weights drawn as torch does, from `generator`."""
    with torch.device("meta"):  # without weights yet: torch would draw them from its own generator
        network = RNN(
            input_size=channels * (2 if config.mask_input else 1),
            hidden_size=config.hidden_size,
            num_layers=config.num_layers,
            dropout=config.dropout,
            output_size=channels,
            bidirectional=config.bidirectional,
            residual=config.residual,
        )
    return draw(network, generator)


def draw(network: RNN, generator: torch.Generator) -> RNN:
    """Return an RNN made on the meta device, its weights drawn as torch does, from `generator`."""
    bounds = {"rnn": network.rnn.hidden_size**-0.5, "out": network.out.in_features**-0.5}
    drawn = {}
    for name, weight in network.state_dict().items():  # the GRU's first
        bound = bounds[name.partition(".")[0]]
        drawn[name] = torch.empty(weight.shape).uniform_(-bound, bound, generator=generator)
    network.load_state_dict(drawn, assign=True)
    return network


def inputs_of(filled: torch.Tensor, hidden_mask: torch.Tensor, mask_input: bool) -> torch.Tensor:
    """Return what the network sees, (batch, time, inputs): filled values, and 1 where hidden."""
    return torch.cat([filled, hidden_mask.to(filled.dtype)], dim=-1) if mask_input else filled
