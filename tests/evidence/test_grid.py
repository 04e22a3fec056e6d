"""A grid of two knobs, its heat map, and how fairly a search compares on its runs."""

import numpy as np
import pytest

import gru_lab as lab
from gru_lab.demo import demo_series
from gru_lab.evidence import fairness as ways
from gru_lab.runs.compute import Compute
from gru_lab.runs.sweep import train_missing
from gru_lab.widgets.pinned import GridPanel

KNOBS = dict(hidden_size=[2, 3, 4], dropout=[0, 0.2])


def make(store, **more):
    fixed = dict(data=demo_series(700), epochs=2, seeds=2, batch_size=20, store=store)
    return lab.grid(**fixed | KNOBS | more)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    store = lab.Store(f"sqlite:///{tmp_path_factory.mktemp('grid') / 'runs.sqlite'}")
    return store, make(store, train=True, workers=1)


def test_cells_that_were_not_run_stay_blank(store):
    grid = make(store)
    assert grid.table.shape == (3, 2) and grid.table.isna().all().all()
    assert "0 of 6 cells were run; train=True" in repr(grid)
    run = grid.config(2, 1)
    assert (run.hidden_size, run.dropout) == (4, 0.2)
    train_missing([run], grid.question.series, Compute(store, 1))
    again = make(store)
    assert again.table.notna().to_numpy().tolist() == [[False] * 2, [False] * 2, [False, True]]
    assert again.best == run and "1 of 6" in repr(again)
    curve = store.curve(run)["val_missing"]
    assert again.table.loc[4, 0.2] == pytest.approx(curve.tail(3).mean())
    (heat,) = lab.plot(again).data
    assert [cell for row in heat.z for cell in row].count(None) == 5 and heat.text[0][0] == ""


def test_all_cells_are_trained_once_with_their_seeds(kept):
    store, grid = kept
    assert np.isfinite(grid.errors).all() and grid.errors.shape == (3, 2, 2)
    assert len(store.runs()) == 12 and make(store).table.equals(grid.table)
    assert grid.table.to_numpy().min() == pytest.approx(
        store.curve(grid.best)["val_missing"].mean(), rel=0.2
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (dict(dropout=0.1), "two settings must have several values, not 1"),
        (dict(num_layers=[1, 2]), "not 3"),
        (dict(dropout=[0, 2]), "dropout must be at least 0 and below 1"),
        (dict(hidden_size=[2, 2]), "each setting must be a run of its own"),
    ],
)
def test_a_wrong_grid_is_one_clear_error(store, settings, said):
    with pytest.raises(ValueError, match=said):
        make(store, **settings)


def test_a_click_pins_the_run_of_a_cell_and_a_blank_one_pins_nothing(kept, store):
    kept_store, grid = kept
    panel = GridPanel(grid)
    panel.pin(1, 0)
    (pin,) = kept_store.pins(grid.question.name, grid.question.series.digest)
    assert pin.config == grid.config(1, 0)
    blank = GridPanel(make(store))
    blank.pin(0, 0)
    assert blank.pinned.pins == []


def test_three_ways_visit_the_same_cells_and_nothing_is_trained(kept):
    store, grid = kept
    before = len(store.runs())
    found = grid.fairness(repeats=6)
    assert len(store.runs()) == before and list(found.table.index) == list(ways.WAYS)
    for (way, repeat), steps in found.steps.groupby(["way", "repeat"]):
        assert sorted(steps["error"]) == sorted(grid.table.to_numpy().ravel()), (way, repeat)
        assert (steps["best"] == steps["error"].cummin()).all()
        assert steps["epochs"].tolist() == [4 * visited for visited in range(1, 7)]
    assert found.lowest == grid.table.to_numpy().min()
    assert (found.table["lowest"] >= 4).all() and (found.table["highest"] <= 24).all()
    assert grid.fairness(6).steps.equals(found.steps) and "6 repeats" in repr(found)
    figure = lab.plot(found)
    assert {trace.name for trace in figure.data if trace.name} == set(ways.WAYS)
    with pytest.raises(ValueError, match="repeats must be a whole number of at least 5"):
        grid.fairness(4)


def test_a_persons_order_turns_one_knob_after_the_other():
    errors = np.array([[5.0, 4.0, 3.0], [6.0, 2.0, 7.0]])
    cells = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]
    for seed in range(8):
        order = ways.by_hand(errors, cells, np.random.default_rng(seed))
        assert sorted(order) == cells
        line = 0 if order[0][0] == order[1][0] else 1
        head = order[:3] if line == 0 else order[:2]
        assert len({cell[line] for cell in head}) == 1


def test_one_layer_is_the_same_run_with_any_dropout_and_each_length_is_read_at_its_own_end(store):
    fixed = dict(data=demo_series(700), seeds=1, batch_size=20, store=store, train=True, workers=1)
    layers = lab.grid(hidden_size=2, dropout=[0, 0.2], num_layers=[1, 2], epochs=2, **fixed).table
    assert layers.loc[0, 1] == layers.loc[0.2, 1] and layers.loc[0, 2] != layers.loc[0.2, 2]
    grid = lab.grid(epochs=[1, 4], hidden_size=np.array([2, 3]), **fixed)
    for row in range(2):
        curve = store.curve(grid.config(row, 1))["val_missing"]
        assert grid.table.iloc[row, 1] == pytest.approx(curve.tail(3).mean())
    with pytest.raises(ValueError, match="turn another setting than epochs"):
        grid.fairness()


def test_fairness_needs_cells_that_were_run(store):
    with pytest.raises(ValueError, match="at least three cells that were run, not 0"):
        make(store).fairness()
