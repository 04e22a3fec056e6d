"""The report of a repair: one file, offline, that says what was done, whatever the columns are
called.
"""

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import gru_lab as lab
from gru_lab.plots.repaired import largest, plot_holes, plot_repaired
from gru_lab.records.report import _digits, report_page
from gru_lab.repairs.keep import holes_to_keep
from gru_lab.repairs.remarks import grouped
from gru_lab.repairs.summary import (
    HOW,
    _why,
    by_length,
    last_line,
    left_empty,
    summary,
)
from tests.records.test_exporter import Page
from tests.test_stranger_browser import BOXES, overlaps

NASTY = "<script>document.title='broken'</script>"


@pytest.fixture(scope="module")
def repaired():
    """A repaired table: three waves with holes, the longest of 40 rows; a flag; an empty channel;
    text.
    """
    rows, rng = np.arange(600), np.random.default_rng(0)
    table = pd.DataFrame(
        {
            name: np.sin(rows / period) * 50
            for name, period in ((NASTY, 9), ("b & c", 14), ("d", 23))
        }
    )
    table = table.mask(rng.random(table.shape) < 0.05)
    table.loc[100:139, "d"] = np.nan
    table = table.assign(flag=(rows // 30 % 2).astype(float), empty=np.nan, note="x").astype(
        {"note": object}
    )
    table.loc[[50, 51], "flag"] = np.nan
    table.loc[3, "note"] = None
    table.insert(0, "time", pd.date_range("2024-05-01", periods=600, freq="min"))
    return lab.repair(table, epochs=2, time="time")


@pytest.fixture(scope="module")
def page(repaired, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    assert lab.report(repaired, path, NASTY, ["a <b>warning</b>"]) == path
    return path


def test_the_outcome_counts_what_was_filled_and_what_was_left(repaired):
    rows = summary(repaired)
    filled = repaired.filled[rows.index]
    assert (rows["filled"] == filled.sum()).all() and (
        rows["filled"] + rows["left"] == rows["holes"]
    ).all()
    assert rows.loc["empty", ["filled", "left", "how"]].to_list() == [0, 600, "stays empty"]
    assert rows.loc["flag", "holes"] == 2 and rows.loc["flag", "how"] == "nearer neighbour"
    known = rows[rows["entries"] > 0]
    np.testing.assert_allclose(known["better"], 1 - known["repair MAE"] / known["linear MAE"])


def test_the_last_line_says_what_was_filled_what_not_and_how_much_better(repaired):
    rows, line = summary(repaired), last_line(repaired)
    assert line.startswith(
        f"Filled {rows['filled'].sum():,} of {rows['holes'].sum():,} holes in 5 channels."
    )
    assert "Not filled: empty (600)." in line and "straight line's (median of" in line


def test_the_same_said_of_many_channels_is_said_once():
    names = [f"c{n}" for n in range(12)]
    warnings = [f"{name}: constant" for name in names] + ["T (S/N: 7): empty", "ended early"]
    fitted = SimpleNamespace(channels_=[*names, "T (S/N: 7)"], set_aside_=[], warnings_=warnings)
    assert list(grouped(fitted)) == [
        "c0, c1, c2, c3, c4, c5, c6, c7, c8, c9 and 2 more: constant",
        "T (S/N: 7): empty",
        "ended early",
    ]


def test_the_largest_repair_comes_first_and_each_channel_once(repaired):
    found = largest(repaired)
    names = [name for name, _ in found]
    assert names[0] == "d" and {*range(100, 140)} <= set(found[0][1]) and len(set(names[:4])) == 4
    assert len(names) == 6 and len(largest(repaired, 2)) == 2


def test_channels_that_fail_together_are_not_shown_at_the_same_moment_again():
    rows = np.arange(500)
    table = pd.DataFrame({name: np.sin(rows / (9 + k)) for k, name in enumerate("abcdefgh")})
    table.loc[[50, 200, 350, 430]] = np.nan
    done = lab.repair(table, minutes=0)
    moments = [where[0] for _, where in largest(done)]
    assert sorted(moments) == [50, 200, 350, 430]
    assert len({name for name, _ in largest(done)}) == 4


def test_each_long_hole_has_its_picture_however_many_are_asked_for():
    rows = np.arange(500)
    table = pd.DataFrame({name: np.sin(rows / (9 + k)) for k, name in enumerate("abcd")})
    table.loc[100:119] = np.nan
    table.loc[300, "a"] = np.nan
    done = lab.repair(table, minutes=0)
    assert len(largest(done, 1)) == 1
    assert {name for name, _ in largest(done, 1, long=12)} == set("abcd")
    assert len(largest(done, 2, long=12)) == 5


def test_in_parts_that_lie_among_each_other_a_repair_is_that_of_one_part():
    rows = np.arange(200)
    table = pd.DataFrame(
        {
            "t": rows // 2,
            "part": np.where(rows % 2, "x", "y"),
            "a": np.sin(rows / 20) + rows % 2 * 10,
        }
    )
    table.loc[(table["part"] == "x") & table["t"].between(30, 39), "a"] = np.nan
    done = lab.repair(table, minutes=0, time="t", split_by="part")
    ((name, where),) = largest(done)
    assert name == "a" and list(where) == list(range(61, 81, 2))
    figure = plot_repaired(done, name, where)
    assert (
        min(np.concatenate([trace.y for trace in figure.data])) > 5
    )  # nothing of the other part is in the picture


def test_the_figures_draw_what_was_observed_and_what_was_put_there(repaired):
    name, rows = largest(repaired)[0]
    figure = plot_repaired(repaired, name, rows)
    put, seen = figure.data[-1], figure.data[-2]
    drawn = pd.Series(put.y, pd.DatetimeIndex(put.x))
    values = repaired.table.set_index("time")[name]
    pd.testing.assert_series_equal(
        drawn, values.loc[drawn.index], check_names=False, check_freq=False, check_index_type=False
    )
    assert set(repaired.table["time"][rows]) <= set(drawn.index)
    assert np.isnan(seen.y).sum() == len(drawn)
    before, after = plot_holes(repaired).data
    share = pd.DataFrame(before.z, index=before.y).mean(axis=1)
    assert share["empty"] == 1 and share["d"] == pytest.approx(repaired.filled["d"].mean())
    assert pd.DataFrame(after.z, index=after.y).drop("empty").to_numpy().max() == 0


def test_every_repair_in_the_picture_has_its_interval_a_band_where_it_is_long(repaired):
    figure = plot_repaired(repaired, "d", np.arange(100, 140))
    put, (band,) = figure.data[-1], [trace for trace in figure.data if trace.fill]
    half = pd.Series(repaired.half_width["d"].to_numpy(), repaired.table["time"])
    drawn = pd.Series(put.error_y.array, pd.DatetimeIndex(put.x))
    single = drawn.index.difference(pd.DatetimeIndex(band.x))
    assert len(single) and drawn.drop(single).isna().all()
    below = pd.Series(put.error_y.arrayminus, drawn.index)
    np.testing.assert_allclose((drawn + below)[single] / 2, half[single])
    hole = repaired.table["time"][100:140]
    assert set(hole) <= set(pd.DatetimeIndex(band.x))
    np.testing.assert_allclose(
        np.subtract(band.y[::-1], band.y)[: len(band.y) // 2][:40], 2 * half[band.x[:40]]
    )


def test_names_and_warnings_stay_text(page):
    text = page.read_text(encoding="utf-8")
    shown = Page(text)
    assert "".join(shown.texts["title"]) == f"Repair of {NASTY}"
    assert NASTY in "".join(shown.texts["th"]) and "a <b>warning</b>" in "".join(shown.texts["li"])
    assert NASTY not in text.replace("\\u003c", "") and shown.loads == []


def test_it_opens_without_a_network_and_draws_every_figure(page, browser):
    context = browser.new_context(offline=True, viewport={"width": 1100, "height": 900})
    tab, requests, complaints = context.new_page(), [], []
    tab.on("request", lambda request: requests.append(request.url))
    tab.on("console", lambda line: line.type == "error" and complaints.append(line.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.goto(page.as_uri())
    drawn = "document.querySelectorAll('.js-plotly-plot .main-svg:first-child').length"
    tab.wait_for_function(f"{drawn} == 7")
    assert requests == [page.as_uri()] and complaints == []
    assert tab.title() == f"Repair of {NASTY}"
    assert NASTY in tab.locator(".js-plotly-plot").nth(0).text_content()
    assert tab.locator("tbody th").all_text_contents()[:2] == ["empty", "d"]
    context.close()


def test_each_repaired_value_can_be_saved_with_its_interval(
    page, repaired, browser, monkeypatch, tmp_path
):
    context = browser.new_context(offline=True, accept_downloads=True)
    tab = context.new_page()
    tab.goto(page.as_uri())
    with tab.expect_download() as begun:
        tab.get_by_role("link", name="Save each repaired value").click()
    saved = pd.read_csv(begun.value.path(), parse_dates=["time"])
    context.close()
    assert len(saved) == repaired.filled.to_numpy().sum()
    assert set(saved["channel"]) == {NASTY, "b & c", "d", "flag"}
    for one in saved.sample(40, random_state=0).itertuples():
        cell = one.row, one.channel
        assert repaired.filled.loc[cell] and repaired.table.loc[one.row, "time"] == one.time
        expected = [float(part.loc[cell]) for part in (repaired.table, repaired.low, repaired.high)]
        assert [one.value, one.low, one.high] == pytest.approx(expected)
    monkeypatch.setattr("gru_lab.records.report.MOST_VALUES", 5)
    assert "There are too many to list them here" in lab.report(
        repaired, tmp_path / "r.html"
    ).read_text("utf-8")


def test_on_paper_its_tables_are_whole(page, browser):
    tab = browser.new_page(viewport={"width": 680, "height": 960})  # A4 between its margins
    tab.goto(page.as_uri())
    tab.emulate_media(media="print")
    ends = tab.locator(".scores table").evaluate_all(
        "all => all.map((one) => one.getBoundingClientRect().right)"
    )
    assert len(ends) == 2 and max(ends) <= 680
    tab.close()


def test_what_is_unticked_is_saved_as_holes_to_keep(page, repaired, browser):
    context = browser.new_context(offline=True, accept_downloads=True)
    tab = context.new_page()
    tab.goto(page.as_uri())
    ticks = tab.locator("input[data-hole]")
    assert (
        ticks.count() == 6 and "Every repair is accepted" in tab.locator("#unticked").text_content()
    )
    ticks.nth(0).uncheck()
    assert tab.locator("#unticked").text_content() == "1 of 6 repairs are not accepted."
    with tab.expect_download() as begun:
        tab.get_by_role("button", name="Save what I unticked").click()
    before = repaired.table.mask(repaired.filled)
    kept = holes_to_keep(begun.value.path(), before)
    context.close()
    (name, rows), *_ = largest(repaired)
    assert begun.value.suggested_filename == "holes to keep.csv"
    assert kept.sum().sum() == len(rows) and kept.loc[rows, name].all()


def test_no_figure_has_a_button_that_sends_it_away(page, browser):
    context = browser.new_context(offline=True, viewport={"width": 1100, "height": 900})
    tab = context.new_page()
    tab.goto(page.as_uri())
    tab.locator(".modebar-btn").first.wait_for(state="attached")
    titles = tab.locator(".modebar-btn").evaluate_all("all => all.map((b) => b.dataset.title)")
    assert "download plot as a png" in map(str.lower, titles)
    assert not [title for title in titles if "hare" in title]
    context.close()


def test_its_fixed_words_are_also_there_in_chinese(repaired, tmp_path):
    page = lab.report(repaired, tmp_path / "report.html", NASTY, language="zh").read_text("utf-8")
    assert "修补得有多好？" in page and "图“" in page and 'lang="zh-Hans"' in page
    assert "How good is it?" not in page and "could not be drawn" not in page and NASTY not in page


def test_each_length_of_hole_says_what_fills_it_and_why(repaired):
    rows = by_length(repaired)
    assert (rows["holes"] > 0).all() and set(rows["fills"]) <= set(HOW)
    for row in rows.to_dict(orient="records"):
        if row["why"] == "surely better by MAE and RMSE":
            assert row["repair MAE"] < row["linear MAE"] and row["worse"] < 0.05
        if row["why"].endswith("by MAE only"):
            assert row["fills"] == "linear"
    assert (rows.loc["flag", "why"] == "").all()


def test_a_channel_without_holes_is_not_among_the_lengths_of_hole():
    rows = np.arange(300)
    table = pd.DataFrame({"holed": np.sin(rows / 9), "whole": np.cos(rows / 9)})
    table.loc[50:60, "holed"] = np.nan
    page = report_page(lab.repair(table, minutes=0))
    heads = re.findall('<th scope="row">(.*?)</th>', page)
    assert set(heads) == {"holed"} and "Further channels without holes: 1." in page


def test_a_picture_of_a_repair_is_chosen_by_its_details_and_by_nothing_else(repaired):
    assert lab.plot(repaired) == plot_holes(repaired)
    assert lab.plot(repaired, *largest(repaired)[0]) == plot_repaired(
        repaired, *largest(repaired)[0]
    )
    for details in ((), largest(repaired)[0]):
        with pytest.raises(ValueError, match="by must be one of row, not 'epoch'"):
            lab.plot(repaired, *details, by="epoch")


def test_the_reason_names_the_measure_that_decides():
    ways = ("linear", "forward fill", "regression", "network")
    row = {"fills": "linear", "entries": 99} | {
        f"{w} {m}": 2 for w in ways for m in ("MAE", "RMSE")
    }
    others = ways[1:]
    assert _why(row, others) == "best by MAE and RMSE"
    assert _why(row | {"network MAE": 1}, others) == "network better by MAE only"
    assert _why(row | {"regression RMSE": 1}, others) == "regression better by RMSE only"
    both = {"network MAE": 1, "network RMSE": 1}
    assert _why(row | both, others) == "network better, but not surely"
    taken = row | both | {"fills": "network"}
    assert _why(taken | {"worse": 0.01}, others) == "surely better by MAE and RMSE"
    assert _why(taken | {"worse": 0.32}, others) == "surely better with other channels and lengths"
    assert _why(taken | {"worse": 0.6}, others) == "surely better where it was learned"
    assert _why(row | {"entries": 0}, others) == "none held back: as other lengths"


def test_holes_that_stay_are_listed_with_the_reason(page, repaired):
    left = left_empty(repaired)
    assert [(name, len(rows), why) for name, rows, why in left] == [
        ("empty", 600, "no value in this series")
    ]
    table = pd.DataFrame({"a": np.sin(np.arange(300) / 9), "b": np.cos(np.arange(300) / 9)})
    table.loc[:89, "a"] = table.loc[270:, "b"] = table.loc[150:180, "b"] = np.nan
    done = lab.repair(table, minutes=0, extrapolation=0, max_gap=12)
    assert [(name, len(rows), why) for name, rows, why in left_empty(done)] == [
        ("a", 90, "before its first value: extrapolation"),
        ("b", 31, "between two values"),
        ("b", 30, "after its last value: extrapolation"),
    ]
    done = lab.repair(table, minutes=0, extrapolation="all", max_gap=40)
    assert [(name, len(rows), why) for name, rows, why in left_empty(done)] == [
        ("a", 90, "before its first value: longer than max_gap"),
    ]
    said = [words for words in done.repairer.warnings_ if "last value" in words]
    assert said == [
        "b: 30 of the filled entries lie before its first or after its last value: extrapolation"
    ]
    assert "What stays empty" in page.read_text(encoding="utf-8")


def test_errors_have_three_digits_whatever_their_size():
    errors = (12.3, 0.456, np.nan, 1234.5, 0.0, 0.00069555, 1e-12)
    texts = ["12.3", "0.456", "–", "1,234", "0", "0.000696", "1.00e-12"]
    assert [*map(_digits, errors)] == texts


def test_axes_have_names_and_units(repaired):
    figure = plot_repaired(repaired, "d", np.arange(100, 140), "°C")
    assert figure.layout.xaxis.title.text == "time" and figure.layout.yaxis.title.text == "d (°C)"
    figure = plot_holes(repaired)
    assert figure.layout.xaxis.title.text == "row of the table"


def test_on_a_phone_the_table_scrolls_and_not_the_page(page, browser):
    context = browser.new_context(offline=True, viewport={"width": 400, "height": 800})
    tab = context.new_page()
    tab.goto(page.as_uri())
    tab.wait_for_function("document.querySelectorAll('.js-plotly-plot').length == 7")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 400
    assert tab.locator(".scores").nth(1).evaluate("table => table.scrollWidth > table.clientWidth")
    for figure in tab.locator("figure.plot").all():
        texts = figure.locator(".xtick text, .x2tick text, .legendtext, [class*=title] text")
        boxes = texts.evaluate_all(BOXES)
        assert len(boxes) >= 4 and overlaps(boxes) == []
        assert all(box["left"] >= 0 and box["right"] <= 400 for box in boxes)
    context.close()


def test_a_repair_without_a_hole_has_a_report_too(tmp_path):
    table = pd.DataFrame({"a": np.sin(np.arange(100.0)), "b": np.cos(np.arange(100.0))})
    path = lab.report(lab.repair(table, minutes=0), tmp_path / "r.html")
    assert "Filled 0 of 0 holes" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("place", [".", "no/report.html"])
def test_a_place_that_cannot_be_written_to_is_an_error(place, repaired, tmp_path):
    with pytest.raises(ValueError, match="the report must be"):
        lab.report(repaired, tmp_path / place)


def test_a_report_of_what_is_no_repair_is_a_clear_error(tmp_path):
    with pytest.raises(ValueError, match="repaired must come from lab.repair, and is a DataFrame"):
        lab.report(pd.DataFrame({"a": [1.0]}), tmp_path / "r.html")
