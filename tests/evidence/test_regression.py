"""The regression as a reference line: below the straight line, and blind to what is hidden."""

from dataclasses import replace

import numpy as np
import pytest

from gru_lab.config import RunConfig
from gru_lab.demo import demo_series
from gru_lab.evidence.regression import regression
from gru_lab.gaps import prepare


@pytest.fixture(scope="module")
def gapped():
    train, validation, _ = prepare(demo_series(4_000), RunConfig(missing_rate=0.2, window=10))
    return train, validation, regression(train, validation)


def test_a_regression_is_far_below_the_straight_line(gapped):
    _, validation, filled = gapped
    line = validation.mean_squared_errors()["linear interpolation"]
    assert validation.error(filled) < 0.5 * line
    seen = ~validation.hidden_mask
    np.testing.assert_array_equal(filled[seen], validation.truth[seen])


def test_what_is_hidden_changes_nothing(gapped):
    train, validation, filled = gapped
    other = [replace(g, truth=np.where(g.hidden_mask, 0.123, g.truth)) for g in (train, validation)]
    hidden = validation.hidden_mask
    np.testing.assert_allclose(regression(*other)[hidden], filled[hidden], atol=1e-6)


def test_the_error_is_that_of_numpy(gapped):
    _, validation, filled = gapped
    hidden = validation.hidden_mask
    by_hand = np.mean((filled[hidden].astype(float) - validation.truth[hidden]) ** 2)
    assert validation.error(filled) == pytest.approx(by_hand, rel=1e-5)
