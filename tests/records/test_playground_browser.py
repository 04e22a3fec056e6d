"""The playground in a browser, from a local file and with the network off."""

import json
import re

import pytest

import gru_lab as lab
from gru_lab.records.playground import playground
from gru_lab.runs.exchange import adopt


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return playground(out=tmp_path_factory.mktemp("playground") / "page.html")


@pytest.fixture
def page(browser, place):
    context = browser.new_context(offline=True, viewport={"width": 1100, "height": 900})
    page = context.new_page()
    page.problems, page.asked = [], []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("console", lambda message: page.problems.append(message.text))
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto(place.as_uri())
    yield page
    context.close()


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def train(page, epochs=None):
    """Press Train and wait for the end, after so many epochs if given."""
    if epochs is not None:
        page.get_by_role("slider", name="epochs").fill(
            {5: "0", 10: "1", 20: "2", 1000: "7"}[epochs]
        )
    button(page, "Train").click()


def points(page, kind):
    line = page.locator(f".train-here .curve.{kind}").first.get_attribute("d")
    return line.count("L") + 1


def test_it_trains_grows_both_figures_and_says_what_came_out(page, place):
    train(page, 10)
    page.get_by_text("Done after 10 epochs.").wait_for()
    said = page.locator("[role=status]").inner_text()
    assert re.search(r"Error on hidden entries: 0\.\d+\. That is \d+.* times the straight", said)
    assert points(page, "training") == points(page, "validation") == 10
    assert page.locator(".train-here .triangle").count() > 3
    assert page.locator(".train-here .reference").count() == 2
    assert page.problems == []
    assert [url for url in page.asked if not url.startswith("blob:")] == [place.as_uri()]


def test_before_a_training_there_is_no_empty_picture_and_paper_has_no_controls(page):
    shown = {name: page.locator(f".train-here .{name}") for name in ("figures", "controls")}
    assert not shown["figures"].is_visible() and shown["controls"].is_visible()
    page.emulate_media(media="print")
    assert not shown["figures"].is_visible() and not shown["controls"].is_visible()
    page.emulate_media(media="screen")
    train(page, 5)
    page.get_by_text("Done after 5 epochs.").wait_for()
    page.emulate_media(media="print")
    assert shown["figures"].is_visible() and shown["controls"].is_visible()


def test_the_page_draws_while_it_trains_and_stays_awake(page):
    page.evaluate(
        """() => {
            window.beats = 0;
            const beat = () => { window.beats++; setTimeout(beat, 5); };
            beat();
        }"""
    )
    train(page, 1000)
    page.locator(".train-here .triangle").nth(3).wait_for()
    before, beats = points(page, "validation"), page.evaluate("window.beats")
    page.wait_for_function(
        """before => document.querySelector(".train-here .curve.validation")
            .getAttribute("d").split("L").length > before + 20""",
        arg=before,
    )
    # a page that trained by itself would have no time for more than one beat an epoch
    assert page.evaluate("window.beats") - beats > points(page, "validation") - before
    button(page, "Stop").click()
    page.get_by_text("Stopped after").wait_for()


def test_the_weight_moves_the_running_training_and_another_slider_begins_again(page):
    train(page, 1000)
    page.locator(".train-here .triangle").nth(3).wait_for()
    page.get_by_label("loss weight").fill("16")
    page.locator(".train-here .weight-moved").wait_for()
    before = points(page, "validation")
    page.get_by_label("layers").fill("0")
    page.locator(".train-here .weight-moved").wait_for(state="detached")
    page.locator(".train-here .triangle").nth(3).wait_for()
    button(page, "Stop").click()
    page.get_by_text("Stopped after").wait_for()
    assert points(page, "validation") < 1000 and before >= 1


def test_runs_are_pinned_cleared_saved_and_taken_in(page, tmp_path, store):
    train(page, 5)
    page.get_by_text("Done after 5 epochs.").wait_for()
    button(page, "Pin").click()
    page.get_by_label("seed").fill("3")
    page.get_by_label("seed").press("Tab")
    train(page, 10)
    page.get_by_text("Done after 10 epochs.").wait_for()
    assert page.locator(".train-here .pinned").count() == 1
    with page.expect_download() as download:
        button(page, "Save curves").click()
    path = tmp_path / "curves.json"
    download.value.save_as(path)
    page.get_by_text("2 runs saved as curves.json.").wait_for()
    pinned, last = adopt(path, store)
    assert (pinned.seed, pinned.epochs, last.seed, last.epochs) == (0, 5, 3, 10)
    assert store.runs()["device"].unique().tolist() == ["browser"]
    assert json.loads(path.read_text())["moved"] == []
    shown = page.locator(".train-here li").inner_text()
    assert f"{store.curve(pinned)['val_missing'].iloc[-1]:.3g}" in shown
    button(page, "Clear").click()
    assert page.locator(".train-here .curve").count() == 2  # only those of the legend
    button(page, "Unpin #1").click()
    assert page.locator(".train-here .pinned").count() == 0


def test_the_same_seed_gives_the_same_curve_and_another_one_another(page):
    ends = []
    for seed in ("1", "1", "2"):
        page.get_by_label("seed").fill(seed)
        page.get_by_label("seed").press("Tab")
        train(page, 5)
        page.get_by_text("Done after 5 epochs.").wait_for()
        ends.append(page.locator(".train-here .curve.validation").first.get_attribute("d"))
        button(page, "Clear").click()
    assert ends[0] == ends[1] != ends[2]


def test_the_log_reads_the_same_run_otherwise(page):
    page.get_by_label("dropout").fill("10")
    train(page, 5)
    page.get_by_text("Done after 5 epochs.").wait_for()
    corrected = page.locator(".train-here .curve.validation").first.get_attribute("d")
    page.get_by_label("read the losses").select_option("as the log reads")
    assert page.locator(".train-here .curve.validation").first.get_attribute("d") != corrected
    assert page.locator(".train-here .reference").count() == 0


TRIES = """
<script>
window.refused = [];
window.ran = [];
const note = ({ effectiveDirective: rule, blockedURI }) => refused.push(`${rule} ${blockedURI}`);
document.addEventListener("securitypolicyviolation", note);
const texts = [() => eval("1"), () => new Function("return 1")(), () => setTimeout("ran.push(1)")]
for (const act of texts) try { if (act() === 1) ran.push(1); } catch { }
fetch("https://example.org").catch(() => 0);
new Image().src = "https://example.org/two.png";
const frame = document.body.appendChild(document.createElement("iframe"));
frame.src = "https://example.org";
</script></body>"""


def test_the_policy_refuses_requests_and_evaluated_text(page, place, tmp_path):
    (tmp_path / "tries.html").write_text(place.read_text().replace("</body>", TRIES))
    page.goto((tmp_path / "tries.html").as_uri())
    page.wait_for_function("() => window.refused.length >= 6")
    assert page.evaluate("() => window.ran") == []
    refused = page.evaluate("() => window.refused")
    assert refused.count("script-src eval") == 3
    for kind in ("connect-src", "img-src", "frame-src"):
        assert any(one.startswith(f"{kind} https://example.org") for one in refused)


def test_everything_works_by_keyboard_and_has_a_name(page):
    for _ in range(9):
        page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.textContent") == "Train"
    page.keyboard.press("Enter")
    page.get_by_text("Training has started").wait_for()
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll("input, select, button")].filter((one) =>
            !(one.labels?.[0]?.textContent.trim() || one.textContent.trim())).length"""
    )
    assert unnamed == 0
    for figure in page.locator(".train-here svg").all():
        assert len(figure.get_attribute("aria-label").split()) > 5


@pytest.mark.parametrize("width", [390, 320])
def test_on_a_phone_everything_is_in_reach(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    train(page, 5)
    page.get_by_text("Done after 5 epochs.").wait_for()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    boxes = [one.bounding_box() for one in page.locator(":is(input, select, button):visible").all()]
    for number, one in enumerate(boxes):
        assert one["x"] >= 0 and one["x"] + one["width"] <= width
        for other in boxes[:number]:
            apart = [
                one[at] >= other[at] + other[size] or other[at] >= one[at] + one[size]
                for at, size in (("x", "width"), ("y", "height"))
            ]
            assert any(apart)


def test_the_page_follows_the_readers_dark_scheme_and_prints_on_white(page):
    paper = "() => getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(paper) == "rgb(255, 255, 255)"
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(paper) != "rgb(255, 255, 255)"
    page.emulate_media(color_scheme="dark", media="print")
    assert page.evaluate(paper) == "rgb(255, 255, 255)"
    assert page.locator(".buttons").is_hidden()


def test_the_page_is_also_there_in_chinese(browser, tmp_path):
    page = browser.new_page()
    page.goto(playground(out=tmp_path / "zh.html", language="zh").as_uri())
    page.get_by_label("轮数").fill("0")
    page.get_by_role("button", name="训练", exact=True).click()
    page.get_by_text("完成，共 5 轮。").wait_for()
    assert page.evaluate("() => document.documentElement.lang") == "zh-Hans"
    page.close()


def test_the_network_of_the_page_learns(page, store, tmp_path):
    page.get_by_role("slider", name="epochs").fill("3")
    train(page)
    page.get_by_text("Done after 50 epochs.").wait_for(timeout=300_000)
    with page.expect_download() as download:
        button(page, "Save curves").click()
    download.value.save_as(tmp_path / "curves.json")
    (config,) = adopt(tmp_path / "curves.json", lab.Store(store.url))
    curve = lab.Store(store.url).curve(config)
    assert curve["val_missing"].iloc[-1] < 0.1 * curve["val_missing"].iloc[0]
