"""A run in a thread: it starts at once, is steered and stopped on the way, and keeps only what is a
plain run.
"""

import time

import pytest

import gru_lab as lab
from gru_lab.runs.live import Live
from gru_lab.runs.snapshot import Snapshot, Status, no_better
from tests.conftest import wait_until


@pytest.fixture
def live(series, store):
    running = Live(series, store)
    yield running
    running.stop()


def wait_for(live, condition):
    """Return the first snapshot that fulfils the condition; fail if none does in time."""
    return wait_until(lambda: condition(seen := live.snapshot()) and seen)


def ended(seen):
    return not seen.running


def long(config):
    return config.replace(epochs=100_000)


def test_a_run_in_a_thread_gives_the_curve_of_a_plain_trainer_and_is_kept(
    live, series, store, config
):
    live.start(config)
    seen = wait_for(live, ended)
    trainer = lab.Trainer(config, series)
    plain = list(trainer)
    assert seen.status == Status.DONE and seen.share == 1 and seen.seconds_left is None
    assert [row["val_missing"] for row in seen.rows] == [row["val_missing"] for row in plain]
    assert store.curve(config.on(series)) is not None


def test_a_kept_run_is_shown_without_training(live, store, config, monkeypatch):
    live.start(config)
    rows = wait_for(live, ended).rows
    monkeypatch.setattr("gru_lab.runs.live.Trainer", None)
    live.start(config.replace(epochs=2))
    seen = live.snapshot()
    assert seen.status == Status.STORED
    assert [row["val_missing"] for row in seen.rows] == [row["val_missing"] for row in rows[:2]]


def test_stop_ends_the_run_keeps_its_epochs_and_puts_nothing_into_the_store(live, store, config):
    live.start(long(config))
    wait_for(live, lambda seen: len(seen.rows) >= 2)
    live.stop()
    seen = live.snapshot()
    assert seen.status == Status.STOPPED and len(seen.rows) >= 2
    time.sleep(0.2)
    assert len(live.snapshot().rows) <= len(seen.rows) + 1 and store.runs().empty


def test_stop_before_the_first_step_works(live, store, config):
    live.start(long(config))
    live.stop()
    time.sleep(0.5)
    seen = live.snapshot()
    assert seen.status == Status.STOPPED and seen.rows == () and store.runs().empty


def test_a_restart_replaces_the_run_and_the_old_one_disturbs_nothing(live, config):
    live.start(long(config))
    wait_for(live, lambda seen: seen.rows)
    live.start(long(config).replace(num_layers=1))
    seen = wait_for(live, lambda seen: seen.rows)
    assert seen.config.num_layers == 1 and seen.status == Status.TRAINING
    time.sleep(0.2)
    rows = live.snapshot().rows
    assert [row["epoch"] for row in rows] == list(range(1, len(rows) + 1))
    live.stop()
    assert live.snapshot().status == Status.STOPPED


def test_a_weight_moved_on_the_way_holds_at_once_is_noted_and_never_kept_as_a_plain_run(
    live, series, store, config
):
    live.start(long(config))
    wait_for(live, lambda seen: len(seen.rows) >= 1)
    live.missing_weight = 5.0
    live.until(len(wait_for(live, lambda seen: seen.schedule).rows) + 20)
    seen = wait_for(live, ended)
    assert seen.status == Status.DONE and store.runs().empty
    ((epoch, batch, weight),) = seen.schedule
    assert weight == 5.0 and 1 <= epoch <= len(seen.rows)
    again = lab.Trainer(config.replace(epochs=len(seen.rows)), series, schedule=seen.schedule)
    assert [row["val_missing"] for row in again] == [row["val_missing"] for row in seen.rows]


def test_a_weight_out_of_range_is_refused(live, config):
    live.start(long(config))
    with pytest.raises(ValueError, match="missing_weight must be"):
        live.missing_weight = -1


def test_a_run_ends_when_it_gets_no_better(live, config):
    live.start(config.replace(epochs=100_000, learning_rate=1e-12), patience=3)
    seen = wait_for(live, ended)
    errors = [row["val_missing"] for row in seen.rows]
    assert seen.status == Status.NO_BETTER and len(errors) >= 4
    assert min(errors[-3:]) >= min(errors[:-3])
    assert no_better([3, 2, 2, 1, 1, 1], 2) == 6 and no_better([3, 2, 2, 1], 2) is None


def test_an_error_of_the_training_is_told_and_the_next_run_works(live, config):
    live.start(config.replace(learning_rate=1e30, epochs=50))
    seen = wait_for(live, ended)
    assert seen.status == Status.FAILED and "lower learning_rate" in seen.error
    live.start(config)
    assert wait_for(live, ended).status == Status.DONE


def test_two_at_once_do_not_disturb_each_other(live, series, store, config):
    other = Live(series, store)
    live.start(config.replace(seed=1))
    other.start(config.replace(seed=2))
    both = [wait_for(one, ended).rows[-1]["val_missing"] for one in (live, other)]
    plain = [
        list(lab.Trainer(config.replace(seed=seed), series))[-1]["val_missing"] for seed in (1, 2)
    ]
    assert both == plain


def test_the_time_left_is_estimated_from_the_last_epochs(config):
    rows = tuple({"epoch": epoch, "seconds": 2.0} for epoch in (1, 2))
    seen = Snapshot(1, config.replace(epochs=4), Status.TRAINING, rows, batch=5, batches=10)
    assert seen.share == 2.5 / 4 and seen.seconds_left == pytest.approx(3.0)


def test_pins_come_back_from_the_store_with_their_schedule_until_they_are_removed(
    live, series, store, config
):
    live.start(config)
    seen = wait_for(live, ended)
    store.pin("dropout", seen.pin())
    (pin,) = lab.Store(store.url).pins("dropout", series.digest)
    assert pin.config == config.on(series) and list(pin.curve["val_missing"]) == [
        r["val_missing"] for r in seen.rows
    ]
    assert store.pins("num_layers", series.digest) == []
    store.unpin(pin.number)
    assert store.pins("dropout", series.digest) == []
