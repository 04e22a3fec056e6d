"""The network against a GRU written out in NumPy, and printed as the log prints it."""

import numpy as np
import pytest
import torch

import gru_lab as lab
from gru_lab.model import RNN, build, inputs_of

AS_LOGGED = """RNN(
  (rnn): GRU(66, 256, num_layers=2, batch_first=True, dropout=0.5)
  (out): Linear(in_features=256, out_features=66, bias=True)
)"""


def test_it_prints_exactly_as_the_log_does():
    assert str(RNN(66, 256, 2, dropout=0.5)) == AS_LOGGED


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gru_cell(x, h, w_x, w_h, b_x, b_h):
    """One step of a GRU: x (batch, inputs), h (batch, hidden); the gates are stacked reset, update,
    new.
    """
    x_reset, x_update, x_new = np.split(x @ w_x.T + b_x, 3, axis=1)
    h_reset, h_update, h_new = np.split(h @ w_h.T + b_h, 3, axis=1)
    reset, update = sigmoid(x_reset + h_reset), sigmoid(x_update + h_update)
    return (1 - update) * np.tanh(x_new + reset * h_new) + update * h


def gru_layer(x, weights):
    """The states of one layer in one direction, (batch, time, hidden), from zero."""
    h, states = np.zeros((len(x), weights[1].shape[1])), []
    for step in range(x.shape[1]):
        h = gru_cell(x[:, step], h, *weights)
        states.append(h)
    return np.stack(states, axis=1)


def by_hand(network, x, dropped=()):
    """The whole network in NumPy; `dropped` holds what each layer's input but the first is
    multiplied with.
    """
    weights = {
        name: value.detach().double().numpy() for name, value in network.state_dict().items()
    }
    states = x
    for layer in range(network.rnn.num_layers):
        if layer and len(dropped):
            states = states * dropped[layer - 1]
        sides = []
        for suffix in ("", "_reverse")[: 2 if network.rnn.bidirectional else 1]:
            names = [
                f"rnn.{kind}_l{layer}{suffix}"
                for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            ]
            turned = states[:, ::-1] if suffix else states
            side = gru_layer(turned, [weights[name] for name in names])
            sides.append(side[:, ::-1] if suffix else side)
        states = np.concatenate(sides, axis=2)
    values = states @ weights["out.weight"].T + weights["out.bias"]
    return values + x[..., : values.shape[-1]] if network.residual else values


VARIANTS = [
    {},
    {"num_layers": 1},
    {"num_layers": 3},
    {"bidirectional": True},
    {"residual": True},
    {"bidirectional": True, "residual": True, "output_size": 3},
]


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_it_computes_what_a_gru_written_out_in_numpy_computes(variant, rng):
    network = RNN(6, 5, **({"num_layers": 2} | variant)).eval()
    x = rng.standard_normal((4, 10, 6))
    with torch.no_grad():
        values = network(torch.from_numpy(x).float()).numpy()
    assert values.shape == (4, 10, variant.get("output_size", 6))
    np.testing.assert_allclose(values, by_hand(network, x), atol=1e-5)


@pytest.mark.parametrize(
    "variant", [{}, {"num_layers": 3}, {"bidirectional": True, "residual": True}], ids=str
)
def test_dropout_drawn_from_a_generator_drops_the_states_between_the_layers(variant, rng):
    network = RNN(6, 5, dropout=0.25, **({"num_layers": 2} | variant)).train()
    x = rng.standard_normal((4, 10, 6))
    with torch.no_grad():
        values = network(torch.from_numpy(x).float(), torch.Generator().manual_seed(3)).numpy()
    generator, width = torch.Generator().manual_seed(3), 10 if network.rnn.bidirectional else 5
    kept = [  # in memory torch's states are time first
        torch.empty(10, 4, width).bernoulli_(0.75, generator=generator).transpose(0, 1).numpy()
        for _ in range(network.rnn.num_layers - 1)
    ]
    assert 0.6 < np.mean(kept) < 0.9
    np.testing.assert_allclose(
        values, by_hand(network, x, [mask / 0.75 for mask in kept]), atol=1e-5
    )


def test_dropout_is_off_in_evaluation_mode_and_with_one_layer(rng):
    x = torch.from_numpy(rng.standard_normal((4, 10, 6))).float()
    for network in (RNN(6, 5, 2, dropout=0.5).eval(), RNN(6, 5, 1, dropout=0.5).train()):
        torch.testing.assert_close(
            network(x, torch.Generator()), network(x, torch.Generator().manual_seed(1))
        )


def test_gradients_are_the_same_a_layer_at_a_time(rng):
    network = RNN(
        6, 5, 2, dropout=1e-12
    ).train()  # as good as none, so torch's own pass is the reference
    x = torch.from_numpy(rng.standard_normal((4, 10, 6))).float()
    gradients = []
    for generator in (None, torch.Generator()):
        network.zero_grad()
        network(x, generator).square().mean().backward()
        gradients.append([weights.grad.clone() for weights in network.parameters()])
    torch.testing.assert_close(*gradients)


def test_one_layer_with_dropout_does_not_warn(recwarn):
    RNN(6, 5, 1, dropout=0.5)
    assert not recwarn.list


def test_with_the_mask_it_has_twice_as_many_inputs():
    plain, masked = (
        build(lab.RunConfig(mask_input=mask), 66, torch.Generator()) for mask in (False, True)
    )
    assert (plain.rnn.input_size, plain.out.out_features) == (66, 66)
    assert (masked.rnn.input_size, masked.out.out_features) == (132, 66)


def test_both_ways_the_linear_layer_sees_both():
    network = build(
        lab.RunConfig(hidden_size=5, bidirectional=True, residual=True, mask_input=True), 3, None
    )
    assert network.out.in_features == 10
    assert network(torch.zeros(2, 10, 6)).shape == (2, 10, 3)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_weights_are_drawn_as_torch_draws_them_and_its_generator_is_left_alone(bidirectional):
    config = lab.RunConfig(hidden_size=5, bidirectional=bidirectional)
    torch.manual_seed(11)
    expected = RNN(3, 5, 2, dropout=0.5, bidirectional=bidirectional).state_dict()
    before = torch.get_rng_state()
    network = build(config, 3, torch.Generator().manual_seed(11))
    assert torch.equal(before, torch.get_rng_state())
    torch.testing.assert_close(dict(network.state_dict()), dict(expected))


def test_the_mask_comes_after_the_values_and_is_one_where_hidden(rng):
    filled = torch.from_numpy(rng.random((2, 10, 3), dtype=np.float32))
    hidden_mask = torch.from_numpy(rng.random((2, 10, 3)) < 0.5)
    inputs = inputs_of(filled, hidden_mask, mask_input=True)
    np.testing.assert_array_equal(inputs.numpy(), np.concatenate([filled, hidden_mask], axis=2))
    assert inputs_of(filled, hidden_mask, mask_input=False) is filled
