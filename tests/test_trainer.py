"""One run: its figures against a loop written out here, the same curve whatever else happens, and
no work lost.
"""

import itertools
import json
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, safe_open, save_file

import gru_lab as lab
from gru_lab import trainer as module
from gru_lab.errors import Diverged
from gru_lab.gaps import make_gaps, prepare
from gru_lab.loss import METRICS
from gru_lab.series import Series
from gru_lab.trainer import Trainer
from tests.conftest import LONG, wait_until

IN_ANOTHER_PROCESS = """
import json, sys
import gru_lab as lab
from gru_lab import trainer
from gru_lab.demo import demo_series

trainer.CHECKPOINT_SECONDS = 0
config = lab.RunConfig(hidden_size=8, batch_size=20, epochs=int(sys.argv[1]))
for row in lab.Trainer(config, demo_series(1_400), checkpoint=sys.argv[2]):
    print(json.dumps(row), flush=True)
"""


def figures(rows):
    """The rows of a curve without the seconds, the only thing that may differ between two equal
    runs.
    """
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def trained(config, series, **others):
    return figures(Trainer(config, series, **others))


@pytest.fixture
def every_epoch(monkeypatch):
    """Write a checkpoint after every epoch."""
    monkeypatch.setattr(module, "CHECKPOINT_SECONDS", 0)


def test_there_is_one_row_per_epoch_with_every_figure(config, series):
    trainer = Trainer(config, series)
    rows = list(trainer)
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert all(list(row) == ["epoch", *METRICS, "seconds"] for row in rows)
    assert all(
        type(value) is float for row in rows for name, value in row.items() if name != "epoch"
    )
    assert all(row["seconds"] > 0 for row in rows)
    assert trainer.curve.to_dict("records") == rows


def test_training_makes_the_error_on_hidden_entries_smaller(series):
    config = lab.RunConfig(hidden_size=16, epochs=8, batch_size=10, num_layers=1, missing_weight=1)
    rows = list(Trainer(config, series))
    assert rows[-1]["val_missing"] < rows[0]["val_missing"] / 3


@pytest.mark.parametrize(
    "variant", [{"missing_weight": 2.0}, {"mask_input": True}, {"num_layers": 1, "residual": True}]
)
def test_the_figures_are_those_of_a_loop_written_out_by_hand(variant, config, series):
    config = config.replace(dropout=0, seed=5, epochs=2, **variant)
    rows = list(Trainer(config, series))

    model = Trainer(config, series).model  # with its first weights
    train, validation, _ = prepare(series, config)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def all_and_missing(gaps, windows):
        """A and M of some windows, as tensors that can be trained on."""
        filled, hidden, truth = (
            torch.tensor(part[windows]) for part in (gaps.filled, gaps.hidden_mask, gaps.truth)
        )
        inputs = torch.cat([filled, hidden.float()], dim=2) if config.mask_input else filled
        squared = (model(inputs) - truth) ** 2
        return squared.sum() / squared.numel(), squared[hidden].sum() / hidden.sum()

    for epoch, row in enumerate(rows, start=1):
        order = np.random.default_rng((5, epoch)).permutation(100)
        seen = []
        for batch in range(5):
            a, m = all_and_missing(train, order[20 * batch : 20 * batch + 20])
            seen.append((a.item(), m.item()))
            optimizer.zero_grad()
            ((a + config.missing_weight * m) / (1 + config.missing_weight)).backward()
            optimizer.step()
        with torch.no_grad():
            val = [error.item() for error in all_and_missing(validation, slice(None))]
        expected = [*np.mean(seen, axis=0), *seen[-1], *val, *val]
        assert [row[name] for name in METRICS] == pytest.approx(expected, rel=1e-4)


def test_the_validation_figures_are_those_of_the_repaired_values(config, series):
    trainer = Trainer(config, series)
    *_, row = trainer
    squared = (trainer.repair().astype(np.float64) - trainer.validation.truth) ** 2
    assert row["val_all"] == pytest.approx(squared.mean(), rel=1e-5)
    assert row["val_missing"] == pytest.approx(
        squared[trainer.validation.hidden_mask].mean(), rel=1e-5
    )
    np.testing.assert_allclose(trainer.repair(slice(3, 7)), trainer.repair()[3:7], atol=1e-6)


def test_validation_with_dropout_is_another_figure_only_where_there_is_dropout(config, series):
    for row in Trainer(config, series):
        assert (
            row["val_missing_dropout"] != row["val_missing"]
            and row["val_all_dropout"] != row["val_all"]
        )
    for variant in ({"dropout": 0}, {"num_layers": 1}):
        for row in Trainer(config.replace(**variant), series):
            assert (
                row["val_missing_dropout"] == row["val_missing"]
                and row["val_all_dropout"] == row["val_all"]
            )


def test_validation_with_dropout_is_what_the_network_gives_with_dropout(config, series):
    trainer = Trainer(config, series)
    *_, row = trainer
    trainer.model.train()
    truth, hidden_mask = trainer.validation.truth, trainer.validation.hidden_mask
    with torch.no_grad():
        outputs = [
            trainer.model(torch.from_numpy(trainer.validation.filled)).numpy() for _ in range(60)
        ]
    errors = [((output - truth)[hidden_mask] ** 2).mean() for output in outputs]
    assert abs(row["val_missing_dropout"] - np.mean(errors)) < 4 * np.std(errors)


def test_every_seed_is_scored_on_the_same_gaps_and_trained_on_its_own(config, series):
    (one, val_one, _), (other, val_other, _) = (
        prepare(series, config.replace(seed=seed)) for seed in (0, 1)
    )
    np.testing.assert_array_equal(val_one.hidden_mask, val_other.hidden_mask)
    assert (one.hidden_mask != other.hidden_mask).any()
    assert (val_one.hidden_mask != one.hidden_mask[: len(val_one.hidden_mask)]).any()


def test_the_same_configuration_and_seed_give_the_same_curve_twice(config, series):
    assert trained(config, series) == trained(config, series)
    assert trained(config, series) != trained(config.replace(seed=1), series)


def test_another_process_gives_the_same_curve(config, series, tmp_path):
    command = [sys.executable, "-c", IN_ANOTHER_PROCESS, "3", tmp_path / "run.safetensors"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert figures(map(json.loads, output.splitlines())) == trained(config, series)


def test_a_longer_run_begins_as_a_shorter_one(config, series):
    assert trained(config.replace(epochs=5), series)[:3] == trained(config, series)


class Meanwhile:
    """Do something over and over in another thread."""

    def __init__(self, work):
        self.work, self.over, self.times = work, threading.Event(), 0
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.over.is_set():
            self.work()
            self.times += 1

    def __enter__(self):
        self.thread.start()
        wait_until(lambda: self.times, "the other thread")
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def test_the_curve_is_the_same_while_another_thread_draws_random_numbers(config, series):
    alone = trained(config, series)
    with Meanwhile(lambda: (torch.rand(10), np.random.rand(10), torch.manual_seed(1))) as other:
        assert trained(config, series) == alone
    assert other.times > 1


def test_the_curve_is_the_same_while_another_thread_trains(config, series):
    alone = trained(config, series)
    others = []
    with Meanwhile(lambda: others.append(trained(config.replace(seed=1, epochs=1), series))):
        assert trained(config, series) == alone
    assert others[0] == trained(config.replace(seed=1, epochs=1), series)


def test_the_generators_of_the_user_are_left_as_they_were(config, series):
    before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()
    trained(config, series)
    assert torch.equal(before, torch.get_rng_state())
    np.testing.assert_array_equal(numpy_before, np.random.get_state()[1])


def test_random_numbers_drawn_while_a_run_trains_are_those_the_user_would_have_got(config, series):
    torch.manual_seed(7)
    expected = torch.rand(2_000)
    with Meanwhile(lambda: trained(config.replace(epochs=1), series)) as other:
        torch.manual_seed(7)
        drawn = torch.cat([torch.rand(1) for _ in range(2_000)])
    assert torch.equal(drawn, expected) and other.times > 1


def test_stopping_from_another_thread_ends_the_run_between_two_batches(config, series):
    trainer = Trainer(config.replace(epochs=10**6), series)
    rows = []
    thread = threading.Thread(target=lambda: rows.extend(trainer))
    thread.start()
    while len(trainer.rows) < 2:
        time.sleep(0.001)
    trainer.stop()
    thread.join(LONG)
    assert not thread.is_alive()
    assert figures(rows) == trained(config.replace(epochs=len(rows)), series)
    assert list(trainer) == []


def test_the_epoch_in_which_a_run_is_stopped_is_not_counted(config, series, monkeypatch):
    trainer, steps = Trainer(config, series), []
    step = trainer._step

    def stopping_step(*arguments):
        steps.append(trainer.batch)
        if len(steps) == 7:  # the second batch of the second epoch
            trainer.stop()
        return step(*arguments)

    monkeypatch.setattr(trainer, "_step", stopping_step)
    assert [row["epoch"] for row in trainer] == [1]
    assert steps == [1, 2, 3, 4, 5, 1, 2]


def test_a_run_that_diverges_says_so_and_keeps_its_last_good_weights(config, series):
    trainer = Trainer(config.replace(learning_rate=1e25), series)
    first = {name: value.clone() for name, value in trainer.model.state_dict().items()}
    with pytest.raises(
        Diverged,
        match=r"no longer finite in epoch 1, batch \d of 5, with learning_rate 1e\+25: lower",
    ):
        list(trainer)
    torch.testing.assert_close(dict(trainer.model.state_dict()), first, rtol=0, atol=0)


def test_a_run_that_diverges_later_keeps_its_curve_so_far_and_the_weights_after_it(config, series):
    trainer = Trainer(config.replace(epochs=10), series)
    for row in trainer:
        if row["epoch"] == 2:
            break
    good = trainer.repair()
    with torch.no_grad():
        trainer._train[2][:, 0, 0] = np.nan  # the truth, from now on
    with pytest.raises(Diverged, match="in epoch 3, batch 1 .* holds its weights after epoch 2"):
        list(trainer)
    assert figures(trainer.rows) == trained(config.replace(epochs=2), series)
    np.testing.assert_array_equal(trainer.repair(), good)


def test_a_huge_learning_rate_ends_with_finite_weights_either_way(config, series):
    trainer = Trainer(config.replace(learning_rate=1e6), series)
    try:
        list(trainer)
    except Diverged:
        pass
    assert all(torch.isfinite(value).all() for value in trainer.model.state_dict().values())


def test_the_weight_may_be_moved_and_holds_from_the_next_batch_on(config, series):
    plain, moved = Trainer(config, series), Trainer(config, series)
    for trainer, weight in ((plain, 0.0), (moved, 5.0)):
        first = next(iter(trainer))
        trainer.missing_weight = weight
        list(trainer)
        assert figures([first]) == trained(config.replace(epochs=1), series)
    assert figures(plain.rows) == trained(config, series)
    assert all(moved.rows[1][name] != plain.rows[1][name] for name in METRICS)
    assert moved.schedule == [(2, 1, 5.0)] and plain.schedule == []


def test_a_weight_moved_within_an_epoch_holds_from_that_batch_on(config, series, monkeypatch):
    trainer = Trainer(config.replace(epochs=1), series)
    weights, loss = [], module.weighted_loss

    def watching(all_error, missing_error, weight):
        weights.append(weight)
        if len(weights) == 2:
            trainer.missing_weight = 3.0  # too late for this batch
        return loss(all_error, missing_error, weight)

    monkeypatch.setattr(module, "weighted_loss", watching)
    list(trainer)
    assert weights == [0, 0, 3, 3, 3] and trainer.schedule == [(1, 3, 3.0)]


def test_a_schedule_repeats_a_run_whose_weight_was_moved(config, series):
    steered = Trainer(config, series)
    for row in steered:
        steered.missing_weight = float(row["epoch"])
    repeated = Trainer(config, series, schedule=steered.schedule)
    assert figures(repeated) == figures(steered.rows) and repeated.schedule == steered.schedule


def interrupted(config, series, checkpoint, epochs):
    """Train that many epochs of a run, as one that is killed then."""
    return list(itertools.islice(Trainer(config, series, checkpoint=checkpoint), epochs))


@pytest.mark.parametrize("variant", [{}, {"dropout": 0, "missing_weight": 1}])
def test_a_run_resumed_from_its_checkpoint_equals_one_that_was_never_interrupted(
    variant, config, series, tmp_path, every_epoch
):
    config, checkpoint = (
        config.replace(epochs=5, **variant),
        tmp_path / "folder" / "run.safetensors",
    )
    interrupted(config, series, checkpoint, 2)
    trainer = Trainer(config, series, checkpoint=checkpoint)
    assert [row["epoch"] for row in trainer.rows] == [1, 2]
    assert [row["epoch"] for row in trainer] == [3, 4, 5]
    assert figures(trainer.rows) == trained(config, series)
    assert list(checkpoint.parent.iterdir()) == [checkpoint]  # whoever keeps the run deletes it


def test_a_stopped_run_keeps_its_checkpoint(config, series, tmp_path, every_epoch):
    trainer = Trainer(config, series, checkpoint=tmp_path / "run.safetensors")
    next(iter(trainer))
    trainer.stop()
    assert list(trainer) == [] and (tmp_path / "run.safetensors").exists()


def test_a_checkpoint_is_written_only_when_it_is_time(config, series, tmp_path):
    interrupted(config, series, tmp_path / "run.safetensors", 3)
    assert not (tmp_path / "run.safetensors").exists()
    assert module.CHECKPOINT_SECONDS <= 15


def test_a_run_whose_checkpoint_cannot_be_written_goes_on_without(
    config, series, tmp_path, every_epoch
):
    (tmp_path / "file").write_text("no folder")
    assert trained(config, series, checkpoint=tmp_path / "file" / "run.safetensors") == trained(
        config, series
    )


def test_a_run_that_is_killed_goes_on_from_its_last_checkpoint(
    config, series, tmp_path, every_epoch, start
):
    checkpoint = tmp_path / "run.safetensors"
    command = [sys.executable, "-c", IN_ANOTHER_PROCESS, "100000", checkpoint]
    process = start(command, stdout=subprocess.PIPE, text=True)
    for _ in range(4):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    epochs = len(load_rows(checkpoint))
    trainer = Trainer(config.replace(epochs=epochs + 2), series, checkpoint=checkpoint)
    assert len(trainer.rows) == epochs >= 4
    list(trainer)
    assert figures(trainer.rows) == trained(config.replace(epochs=epochs + 2), series)


def load_rows(checkpoint):
    with safe_open(checkpoint, "pt") as file:
        return json.loads(file.metadata()["rows"])


def truncated(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def without_weights(path):
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    tensors = load_file(path)
    save_file(
        {name: value for name, value in tensors.items() if not name.startswith("model.out")},
        path,
        metadata,
    )


DAMAGE = {
    "cut in half": truncated,
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("not a checkpoint"),
    "of another program": lambda path: save_file({"x": torch.zeros(3)}, path),
    "lacking weights": without_weights,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_checkpoint_is_ignored(damage, config, series, tmp_path, every_epoch):
    checkpoint = tmp_path / "run.safetensors"
    interrupted(config, series, checkpoint, 2)
    damage(checkpoint)
    assert trained(config, series, checkpoint=checkpoint) == trained(config, series)


@pytest.mark.parametrize("change", [{"seed": 1}, {"hidden_size": 9}, {"learning_rate": 1e-4}])
def test_the_checkpoint_of_another_run_is_ignored(change, config, series, tmp_path, every_epoch):
    checkpoint = tmp_path / "run.safetensors"
    interrupted(config.replace(**change), series, checkpoint, 2)
    trainer = Trainer(config, series, checkpoint=checkpoint)
    assert trainer.rows == []


def test_a_shorter_run_leaves_the_checkpoint_of_a_longer_one_alone(
    config, series, tmp_path, every_epoch
):
    checkpoint = tmp_path / "run.safetensors"
    interrupted(config.replace(epochs=9), series, checkpoint, 4)
    short = Trainer(config.replace(epochs=2), series, checkpoint=checkpoint)
    list(short)
    fresh = Trainer(config.replace(epochs=2), series)
    list(fresh)
    assert figures(short.rows) == figures(fresh.rows)
    np.testing.assert_array_equal(short.repair(), fresh.repair())
    assert len(load_rows(checkpoint)) == 4


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_where_there_is_none_is_an_error(config, series):
    with pytest.raises(
        ValueError, match="device must be 'cpu' or 'auto' here, not 'cuda': torch sees no CUDA GPU"
    ):
        Trainer(config, series, device="cuda")
    assert Trainer(config, series).device == torch.device("cpu")


def test_an_unknown_device_lists_the_known_ones(config, series):
    with pytest.raises(ValueError, match="device must be one of auto, cpu, cuda, not 'gpu'"):
        Trainer(config, series, device="gpu")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_gpu_gives_nearly_the_same_curve_and_the_same_one_twice(config, series):
    rows = trained(config, series, device="cuda")
    assert rows == trained(config, series, device="cuda")
    dropout_free = config.replace(dropout=0)
    for ours, theirs in zip(
        trained(dropout_free, series), trained(dropout_free, series, device="cuda"), strict=True
    ):
        assert list(ours.values()) == pytest.approx(list(theirs.values()), rel=1e-2)


def test_a_series_with_less_than_one_batch_is_one_batch(series):
    trainer = Trainer(lab.RunConfig(hidden_size=4, epochs=1, batch_size=1_000), series)
    assert trainer.batches == 1 and len(list(trainer)) == 1


def test_batches_are_even_and_no_window_is_left_out(config, series, monkeypatch):
    trainer, batches = Trainer(config.replace(epochs=1, batch_size=30), series), []
    step = trainer._step
    monkeypatch.setattr(
        trainer, "_step", lambda epoch, windows: (batches.append(windows), step(epoch, windows))[1]
    )
    list(trainer)
    assert [len(batch) for batch in batches] == [34, 33, 33]
    assert sorted(torch.cat(batches).tolist()) == list(range(100))


def test_the_gaps_are_those_of_the_seed(config, series):
    trainer = Trainer(config.replace(seed=3), series)
    expected = make_gaps(trainer.training.truth, 0.2, (3, 0))
    np.testing.assert_array_equal(trainer.training.hidden_mask, expected.hidden_mask)


def test_the_sample_of_a_run_is_its_repair_of_the_liveliest_channels(config, series):
    trainer = lab.Trainer(config, series)
    list(trainer)
    spread = trainer.validation.truth[:6].std(axis=(0, 1))
    channels = sorted(range(len(spread)), key=lambda channel: -spread[channel])[:3]
    np.testing.assert_array_equal(trainer.sample(), trainer.repair()[:6][:, :, channels])


@pytest.mark.parametrize("changes", ({"batch_size": 1}, {"batch_size": 3, "missing_rate": 0.02}))
def test_batches_that_hide_nothing_are_an_error_before_the_training(changes, series, config):
    narrow = Series(series.values[:, :1], series.channels[:1], "narrow")
    with pytest.raises(ValueError, match="batch_size must be large .* batch .* of epoch .* none"):
        Trainer(config.replace(**changes), narrow)
    assert len(list(Trainer(config.replace(batch_size=20), narrow))) == config.epochs
