"""The loss and the two rulers against plain loops, written out from their definitions."""

import numpy as np
import pandas as pd
import pytest
import torch

from gru_lab.loss import METRICS, errors, weighted_loss
from gru_lab.tuning_log.rulers import corrected, recorded


@pytest.fixture
def batch(rng):
    output, target = rng.random((2, 4, 5, 3))
    hidden_mask = rng.random((4, 5, 3)) < 0.3
    return output, target, hidden_mask


def errors_by_loops(output, target, hidden_mask):
    all_sum = hidden_sum = all_count = hidden_count = 0
    for at in np.ndindex(output.shape):
        squared = (output[at] - target[at]) ** 2
        all_sum, all_count = all_sum + squared, all_count + 1
        if hidden_mask[at]:
            hidden_sum, hidden_count = hidden_sum + squared, hidden_count + 1
    return all_sum / all_count, hidden_sum / hidden_count


def test_both_errors_are_those_of_plain_loops(batch):
    computed = errors(*map(torch.from_numpy, batch))
    np.testing.assert_allclose(
        [float(error) for error in computed], errors_by_loops(*batch), rtol=1e-12
    )


@pytest.mark.parametrize("weight", [0, 0.5 * 0.0324, 0.5, 1, 10])
def test_the_loss_is_a_plus_w_m_over_one_plus_w(batch, weight):
    all_error, missing_error = errors_by_loops(*batch)
    loss = weighted_loss(*errors(*map(torch.from_numpy, batch)), weight)
    assert float(loss) == pytest.approx(
        (all_error + weight * missing_error) / (1 + weight), rel=1e-12
    )


def test_the_gradient_of_the_loss_is_the_one_by_hand(batch):
    output, target, hidden_mask = batch
    tensor = torch.from_numpy(output).requires_grad_()
    weighted_loss(
        *errors(tensor, torch.from_numpy(target), torch.from_numpy(hidden_mask)), 3.0
    ).backward()
    share = 1 / output.size + 3.0 * hidden_mask / hidden_mask.sum()
    np.testing.assert_allclose(tensor.grad.numpy(), 2 * (output - target) * share / 4, rtol=1e-10)


def test_a_batch_with_nothing_hidden_has_no_m_and_says_so(batch):
    output, target, hidden_mask = map(torch.from_numpy, batch)
    with pytest.raises(ValueError, match="hidden_mask must hide at least one entry of each batch"):
        errors(output, target, torch.zeros_like(hidden_mask))


@pytest.fixture
def curve(rng):
    return pd.DataFrame(rng.random((4, len(METRICS))), columns=list(METRICS)).assign(
        epoch=range(1, 5)
    )


@pytest.mark.parametrize("weight", [0, 0.5, 1, 3])
def test_the_recorded_ruler_scales_m_by_r_squared_and_reads_the_last_batch_and_active_dropout(
    curve, weight
):
    read = recorded(curve, weight, hidden_share=0.18)
    for row in read.itertuples():
        train = (row.last_all + weight * 0.18 * 0.18 * row.last_missing) / (1 + weight)
        validation = (row.val_all_dropout + weight * 0.18 * 0.18 * row.val_missing_dropout) / (
            1 + weight
        )
        assert (row.train, row.validation) == pytest.approx((train, validation), rel=1e-12)


def test_the_last_stage_validated_on_the_scaled_m_alone(curve):
    read = recorded(curve, 3, hidden_share=0.18, validate_missing_only=True)
    np.testing.assert_allclose(
        read["validation"], [0.0324 * m for m in curve["val_missing_dropout"]], rtol=1e-12
    )
    np.testing.assert_allclose(read["train"], recorded(curve, 3, 0.18)["train"])


def test_the_corrected_ruler_reads_m_without_dropout(curve):
    read = corrected(curve)
    np.testing.assert_array_equal(
        read[["train", "validation"]], curve[["train_missing", "val_missing"]]
    )


def test_reading_a_curve_leaves_the_curve_as_it_is(curve):
    before = curve.copy()
    recorded(curve, 1, 0.18), corrected(curve)
    pd.testing.assert_frame_equal(curve, before)


def test_the_recorded_ruler_explains_the_second_stage_of_the_log_without_training_anything():
    all_error = 0.00450  # weight 0 reads A; weight 1 reads (A + r²M) / 2
    scaled_m = 2 * 0.00242 - all_error
    curve = pd.DataFrame({name: [0.0] for name in METRICS})
    curve = curve.assign(val_all_dropout=all_error, val_missing_dropout=scaled_m / 0.0324)
    for weight, logged in ((0, 0.00450), (1, 0.00242), (0.5, 0.00312)):
        assert recorded(curve, weight, 0.18)["validation"][0] == pytest.approx(logged, abs=1.5e-5)
