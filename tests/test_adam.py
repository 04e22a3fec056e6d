"""Adam and AdamW without torch's classes."""

import pytest
import torch

from gru_lab.adam import Adam


def network():
    torch.manual_seed(3)
    return torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.Tanh(), torch.nn.Linear(6, 2))


def train(model, optimizer, steps, forget=lambda: None):
    generator = torch.Generator().manual_seed(steps)
    for _ in range(steps):
        forget()
        model(torch.randn(8, 4, generator=generator)).square().mean().backward()
        optimizer.step()


@pytest.mark.parametrize("weight_decay", [0, 0.1])
def test_its_steps_are_those_of_torchs_classes_to_the_last_bit(weight_decay):
    ours, theirs = network(), network()
    kind = torch.optim.AdamW if weight_decay else torch.optim.Adam
    known = kind(theirs.parameters(), lr=0.01, weight_decay=weight_decay)
    train(ours, Adam(ours.parameters(), 0.01, weight_decay), 20)
    train(theirs, known, 20, known.zero_grad)
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(a, b)


def test_it_goes_on_from_its_state():
    whole, parts = network(), network()
    optimizer, first = Adam(whole.parameters(), 0.01), Adam(parts.parameters(), 0.01)
    train(whole, optimizer, 5), train(parts, first, 5)
    second = Adam(parts.parameters(), 0.01)
    second.load(first.state)
    train(whole, optimizer, 7), train(parts, second, 7)
    for a, b in zip(whole.parameters(), parts.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_state_that_lacks_something_changes_nothing():
    optimizer = Adam(network().parameters(), 0.01)
    before = {number: dict(row) for number, row in optimizer.state.items()}
    with pytest.raises(KeyError):
        optimizer.load({0: before[0]})
    assert optimizer.state == before
