"""The explorer without a kernel: sliders that move, by keyboard, and say what was run and what was
not.
"""

import pytest

from gru_lab.widgets.explorer import explorer_page


def run(dropout, layers, seed=0, **more):
    """A made-up run whose losses tell which it is."""
    loss = (1 + dropout) / 10**layers
    curves = {name: [10 * loss, loss] for name in ("training", "validation")}
    return {
        "dropout": dropout,
        "num_layers": layers,
        "missing_weight": 0.0324,
        "seed": seed,
        "other": "unchanged",
        "name": "",
        "epochs": 2,
        "recorded": curves,
        "corrected": curves,
        "lines": f"lines of {dropout} {layers}",
        "sample": [0.5] * 10,  # one for each hidden entry
        **more,
    }


FURTHER = {name: [0.1, 0.05, 0.01] for name in ("training", "validation")}
BEYOND = {"recorded": FURTHER, "corrected": FURTHER}
DATA = {
    "title": "Stage 4",
    "knobs": {"dropout": "dropout", "num_layers": "layers", "missing_weight": "loss weight"},
    "begin": {"dropout": 0.0, "num_layers": 2, "missing_weight": 0.0324, "other": "unchanged"},
    "references": {"forward fill": 0.01, "linear interpolation": 0.002},
    "channels": ["</script><script>window.broken = 1</script>", "b"],
    "picture": {"truth": [0.1, 0.9] * 10, "hidden": [0, 1, 1, 0] * 5, "filled": [0.2, 0.8] * 10},
    "left_out": 7,
    "runs": [
        run(0.0, 2),
        run(0.5, 2),
        run(0.0, 1),
        run(0.0, 2, seed=1, lines="lines of the second seed", longest=5, beyond=BEYOND),
    ],
}


@pytest.fixture
def page(browser, tmp_path):
    path = tmp_path / "explorer.html"
    policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'"
    head = f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}">'
    path.write_text(
        f"<!DOCTYPE html><html><head>{head}</head><body>{explorer_page(DATA)}</body></html>"
    )
    context = browser.new_context(offline=True)
    opened = context.new_page()
    opened.errors = []
    opened.on("pageerror", lambda error: opened.errors.append(str(error)))
    opened.goto(path.as_uri())
    yield opened
    assert opened.errors == []
    context.close()


def test_what_a_run_went_on_to_is_pale_and_said(page):
    page.get_by_label("seed").select_option("1")
    told = page.locator("p").first.inner_text()
    assert "2 epochs" in told and "Pale: it went on to 5 epochs for another setting." in told
    chart = page.locator("svg").first
    assert chart.locator("path[opacity]").count() == 2
    assert page.locator("svg").nth(1).get_by_text("network after 5 epochs").count() == 1


def test_it_begins_where_it_is_told_and_draws_both_charts(page):
    assert page.locator("pre").inner_text() == "lines of 0 2".replace("0 2", "0.0 2")
    assert "This was run" in page.locator("p").first.inner_text()
    assert (
        page.locator("svg").count() == 2 and page.locator("svg").first.locator("path").count() == 4
    )


def test_a_slider_moves_by_keyboard_and_shows_the_other_run(page):
    page.get_by_label("dropout").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("pre").inner_text() == "lines of 0.5 2"
    assert page.get_by_label("dropout").get_attribute("aria-valuetext") == "0.5"


def test_a_combination_that_was_not_run_is_said_plainly_with_the_nearest_one(page):
    page.get_by_label("dropout").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_label("layers").focus()
    page.keyboard.press("ArrowLeft")
    said = page.locator("p").first.inner_text()
    assert said.startswith("This combination was not run. The nearest one that was: dropout")
    text = page.locator("body").inner_text()
    assert "3 of the 4 combinations" in text and "7 older runs in the store are not in here" in text


def test_the_seed_and_the_ruler_can_be_chosen(page):
    page.get_by_label("seed").select_option("1")
    assert page.locator("pre").inner_text() == "lines of the second seed"
    assert page.get_by_text("linear interpolation").count() == 1
    page.get_by_label("read").select_option("as the log reads")
    assert page.get_by_text("linear interpolation").count() == 0


def test_names_from_the_data_stay_text(page):
    assert page.evaluate("window.broken") is None
    assert "<script>" in page.get_by_label("channel").locator("option").first.inner_text()
