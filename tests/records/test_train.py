"""The network that learns in a browser, against torch and against the kit's own gaps and rulers."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from gru_lab.gaps import forward_fill, hide_points, linear_interpolation
from gru_lab.loss import METRICS, errors, weighted_loss
from gru_lab.model import RNN, inputs_of
from gru_lab.records import playground
from gru_lab.tuning_log.rulers import corrected, recorded

MODULE = Path(playground.__file__).with_name("train.mjs")
FOUR = 4  # widths are rounded up to a multiple of it


@pytest.fixture
def javascript(request):
    """A function that runs the body of a JavaScript function of `data` beside the module."""

    def run(body, data=None):
        if shutil.which("node") is None:
            return in_browser(request.getfixturevalue("browser"), body, data)
        script = f"""
            import * as lab from {json.dumps(MODULE.as_uri())};
            let text = "";
            for await (const part of process.stdin) text += part;
            const act = (data) => {{ {body} }};
            console.log(JSON.stringify(act(JSON.parse(text))));"""
        done = subprocess.run(
            ["node", "--input-type=module", "--eval", script],
            input=json.dumps(data),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def in_browser(browser, body, data):
    page = browser.new_page()
    text = MODULE.read_text(encoding="utf-8")
    act = f"""async ([text, data]) => {{
        const blob = new Blob([text], {{ type: "text/javascript" }});
        const lab = await import(URL.createObjectURL(blob));
        const act = (data) => {{ {body} }};
        return act(data);
    }}"""
    answer = page.evaluate(act, [text, data])
    page.close()
    return answer


# sets weights as torch has them, takes steps on one batch, and gives all that came out
STEPS = """
    const { settings, weights, truth, hidden, filled, draws, count, channels, steps } = data;
    const windows = truth.length / steps / channels;
    const table = { values: new Float64Array(400 * channels), channels, parts: [[0, 400]] };
    const run = new lab.Run(table, { ...settings, batch_size: 1000 }, data.fast);
    run.training = { truth, hidden, filled, windows };
    const H = settings.hidden_size;
    const inputs = channels * (settings.mask_input ? 2 : 1);
    const layers = settings.num_layers;
    const sizes = { inputs, channels, hidden: H, layers, batch: windows, steps };
    const network = new lab.Network({ ...sizes, fast: data.fast });
    run.network = network;
    const cells = (name, each) => {
      const [, width, rows] = network.shapes[name];
      const isOut = name.startsWith("out");
      for (let column = 0; column < (isOut ? channels : 3 * H); column++)
        for (let row = 0; row < rows; row++) {
          const gate = Math.floor(column / H) * network.wide.hidden + (column % H);
          const place = isOut ? column : gate;
          each(row * width + place, column * rows + row);
        }
    };
    for (const name of Object.keys(network.shapes))
      cells(name, (at, from) => (network.weight[name][at] = weights[name][from]));
    const all = Array.from({ length: windows }, (_, index) => index);
    const read = (part) => Object.fromEntries(Object.keys(network.shapes).map((name) => {
      const values = [];
      cells(name, (at, to) => (values[to] = part[name][at]));
      return [name, values];
    }));
    let at, first, figures = [];
    for (let step = 0; step < count; step++) {
      at = step * (draws.length / count);
      figures.push(run.step(all, settings.dropout, () => draws[at++]));
      if (step === 0) {
        const out = all.map((line) => Array.from({ length: steps }, (_, time) =>
          Array.from({ length: channels }, (_, channel) =>
            network.out[(time * network.lines + line) * network.wide.out + channel])));
        first = { out, gradients: read(network.gradient) };
      }
    }
    return { ...first, figures, weights: read(network.weight) };
"""


def named(network):
    """torch's parameters by the names that the module gives them."""
    kinds = {"input": "weight_ih", "recurrent": "weight_hh"}
    kinds |= {"input bias": "bias_ih", "recurrent bias": "bias_hh"}
    parameters = {
        f"{name} {layer}": getattr(network.rnn, f"{kind}_l{layer}")
        for layer in range(network.rnn.num_layers)
        for name, kind in kinds.items()
    }
    return parameters | {"out": network.out.weight, "out bias": network.out.bias}


def forward(network, inputs, masks):
    """What RNN does, with the masks of the dropout given, (layers - 1, batch, time, hidden)."""
    states = inputs
    for layer in range(network.rnn.num_layers):
        if layer:
            states = states * masks[layer - 1]
        begin = states.new_zeros(1, len(states), network.rnn.hidden_size)
        weights = network.rnn.all_weights[layer]
        states, _ = torch.gru(states, begin, weights, True, 1, 0.0, True, False, True)
    return network.out(states)


def up(size):
    return -(-size // FOUR) * FOUR


def close(ours, theirs, name):
    theirs = theirs.detach().numpy()
    away = np.abs(np.asarray(ours).reshape(theirs.shape) - theirs).max()
    assert away <= 1e-9 * np.abs(theirs).max(), f"{name} is {away:.1e} away"


CASES = {
    "one layer": dict(num_layers=1, hidden_size=8, missing_weight=0.0),
    "odd sizes, the mask, dropout": dict(
        num_layers=3, hidden_size=7, missing_weight=2.5, mask_input=True, dropout=0.4
    ),
    "two layers": dict(num_layers=2, hidden_size=16, missing_weight=0.3, dropout=0.5),
    "four layers": dict(num_layers=4, hidden_size=4, missing_weight=10.0),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("fast", [True, False], ids=["WebAssembly", "JavaScript"])
def test_outputs_gradients_and_ten_steps_of_adam_are_those_of_torch(javascript, rng, case, fast):
    settings = dict(
        mask_input=False, dropout=0.0, learning_rate=0.01, seed=0, window=6, missing_rate=0.3
    )
    settings |= CASES[case]
    windows, steps, channels, count = 5, settings["window"], 3, 10
    hidden, dropout = settings["hidden_size"], settings["dropout"]
    truth = torch.from_numpy(rng.random((windows, steps, channels)))
    mask = torch.from_numpy(hide_points(truth.shape, 0.3, rng))
    filled = torch.from_numpy(forward_fill(truth.numpy(), mask.numpy()))
    inputs = inputs_of(filled, mask, settings["mask_input"])
    network = RNN(inputs.shape[-1], hidden, settings["num_layers"], 0.0, channels).double()
    layers = settings["num_layers"] - 1
    draws = rng.random((count, layers, steps, up(windows), up(hidden)))
    kept = torch.from_numpy(draws[..., :windows, :hidden]).transpose(2, 3)
    masks = (kept >= dropout).double() / (1 - dropout)  # (count, layers - 1, batch, time, hidden)
    data = {
        "settings": settings,
        "weights": {name: value.flatten().tolist() for name, value in named(network).items()},
        "truth": truth.flatten().tolist(),
        "hidden": mask.int().flatten().tolist(),
        "filled": filled.flatten().tolist(),
        "draws": draws.ravel().tolist(),
        "count": count,
        "channels": channels,
        "steps": steps,
        "fast": fast,
    }
    ours = javascript(STEPS, data)

    adam = torch.optim.Adam(network.parameters(), lr=settings["learning_rate"])
    for step in range(count):
        out = forward(network, inputs, masks[step])
        both = errors(out, truth, mask)
        adam.zero_grad()
        weighted_loss(*both, settings["missing_weight"]).backward()
        close(ours["figures"][step], torch.stack(both), f"the errors of step {step}")
        if step == 0:
            close(ours["out"], out, "the output")
            for name, value in named(network).items():
                close(ours["gradients"][name], value.grad, f"the gradient of {name}")
        adam.step()
    for name, value in named(network).items():
        close(ours["weights"][name], value, f"{name} after {count} steps")


def test_weights_are_drawn_evenly_from_the_range_of_torch_and_the_rest_is_zero(javascript):
    body = """
        const sizes = { inputs: 3, channels: 3, hidden: 50, layers: 2, batch: 4, steps: 5 };
        const network = new lab.Network(sizes);
        network.draw(lab.random(0, 1));
        return Array.from(network.weights);"""
    values = np.array(javascript(body))
    drawn = values[values != 0]
    assert len(drawn) == 150 * (3 + 50 + 50 + 50 + 4) + 50 * 3 + 3
    bound = 50**-0.5
    assert np.abs(drawn).max() < bound and abs(drawn.mean()) < 0.02 * bound
    assert drawn.std() == pytest.approx(bound / 3**0.5, rel=0.02)


def test_random_numbers_repeat_with_their_seeds_and_differ_without(javascript):
    body = """
        const all = [[0, 1], [0, 1], [1, 0], [0], [0, 0], [2147483647, 3, 5]];
        return all.map((seeds) => Array.from({ length: 4000 }, lab.random(...seeds)));"""
    first, same, *others = np.array(javascript(body))
    assert np.array_equal(first, same)
    for one in others:
        assert abs(np.corrcoef(first, one)[0, 1]) < 0.06
        assert one.mean() == pytest.approx(0.5, abs=0.02) and one.var() == pytest.approx(
            1 / 12, rel=0.06
        )
        assert one.min() >= 0 and one.max() < 1


def test_gaps_are_filled_forward_and_by_straight_lines_as_the_kit_does(javascript, rng):
    truth = rng.random((7, 9, 4))
    hidden = hide_points(truth.shape, 0.6, rng)
    body = """
        const { truth, hidden } = data;
        const both = [lab.forwardFill(truth, hidden, 4), lab.straightLine(truth, hidden, 4, 9)];
        return both.map((values) => Array.from(values));"""
    data = {"truth": truth.ravel().tolist(), "hidden": hidden.astype(int).ravel().tolist()}
    forward, line = (np.reshape(values, truth.shape) for values in javascript(body, data))
    np.testing.assert_array_equal(forward, forward_fill(truth, hidden))
    np.testing.assert_allclose(line, linear_interpolation(truth, hidden), atol=1e-6)


def test_a_share_of_the_entries_is_hidden_and_never_a_windows_first_step(javascript):
    body = "return Array.from(lab.hide(200 * 10 * 6, 10, 6, 0.3, lab.random(5, 0)));"
    hidden = np.reshape(javascript(body), (200, 10, 6))
    assert hidden[:, 0].sum() == 0
    assert hidden[:, 1:].mean() == pytest.approx(0.3, abs=0.015)
    assert set(np.unique(hidden)) == {0, 1}


def test_windows_are_whole_and_cross_no_part(javascript):
    body = """
        const values = Float64Array.from({ length: 46 }, (_, index) => index);
        return Array.from(lab.windowsOf(values, 2, [[0, 9], [9, 11], [11, 23]], 4));"""
    windows = np.reshape(javascript(body), (-1, 4, 2))
    assert windows[:, 0, 0].tolist() == [0, 8, 22, 30, 38]


def test_both_rulers_read_a_curve_as_the_kit_does(javascript, rng):
    curve = pd.DataFrame(rng.random((5, len(METRICS))), columns=METRICS)
    weights = [0.5, 0.5, 2.0, 2.0, 0.0]
    body = """
        const read = (only) => data[0].map((row, at) => lab.readings(row, data[1][at], 0.18, only));
        const [both, missing] = [read(false), read(true)];
        const log = [both, missing].map((read) => read.map((reading) => reading.recorded));
        return [...log, both.map((reading) => reading.corrected)];"""
    theirs = [
        recorded(curve, pd.Series(weights), 0.18),
        recorded(curve, pd.Series(weights), 0.18, True),
        corrected(curve),
    ]
    for ours, read in zip(
        javascript(body, [curve.to_dict("records"), weights]), theirs, strict=True
    ):
        ours = pd.DataFrame(ours)
        np.testing.assert_allclose(ours["training"], read["train"], rtol=1e-12)
        np.testing.assert_allclose(ours["validation"], read["validation"], rtol=1e-12)


SETTINGS = dict(
    mask_input=True, hidden_size=8, num_layers=2, dropout=0.3, missing_weight=1.0, seed=3
)
SETTINGS |= dict(learning_rate=0.01, batch_size=10, window=10, missing_rate=0.2)
TRAIN = """
    const next = lab.random(9);
    const wave = (_, at) => 0.5 + 0.4 * Math.sin(at / 60 + (at % 3));
    const values = Float64Array.from({ length: 700 * 3 }, wave);
    const table = { values, channels: 3, parts: [[0, 700]] };
    const train = (epochs, moves = {}) => {
      const run = new lab.Run(table, data);
      while (run.rows.length < epochs) {
        let batch = 0;
        for (const row of run.epoch()) {
          batch += 1;
          const move = moves[`${run.rows.length + 1} ${batch}`];
          if (move !== undefined) run.weight = move;
        }
      }
      return { rows: run.rows.map(({ seconds, ...row }) => row), moves: run.moves };
    };
"""


def test_a_run_learns_repeats_itself_and_is_moved_by_its_weight(javascript):
    body = TRAIN + "return [train(20), train(20), train(6, { '3 2': 4, '5 5': 0 })];"
    first, again, moved = javascript(body, SETTINGS)
    assert first == again
    curve = pd.DataFrame(first["rows"])
    assert list(curve) == ["epoch", *METRICS] and curve["epoch"].tolist() == list(range(1, 21))
    assert curve["val_missing"].iloc[-1] < 0.3 * curve["val_missing"].iloc[0]
    assert (curve["val_missing"] != curve["val_missing_dropout"]).all()
    assert moved["moves"] == [[3, 3, 4], [5, 1, 0]]
    before, after = (
        [row["val_all"] for row in run["rows"] if row["epoch"] == 2] for run in (first, moved)
    )
    assert before == after
    assert first["rows"][2] != moved["rows"][2]


def test_a_run_that_diverges_says_what_to_change(javascript):
    body = TRAIN + "try { train(30); } catch (error) { return error.message; } return '';"
    message = javascript(body, SETTINGS | {"learning_rate": 1e200})
    assert "choose a lower learning rate" in message
