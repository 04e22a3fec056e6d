"""Verdicts, figures and guesses in Chinese: whatever our code says in English is in the table."""

import ast
import json
import re

import nbformat
import pandas as pd
import pytest

import gru_lab as lab
from gru_lab.evidence.guess import answers, question
from gru_lab.evidence.paired import compare
from gru_lab.evidence.verdict_words import checks_in_words, claim_of, explain
from gru_lab.plots.plot import plot
from gru_lab.records.exporter import texts_in
from gru_lab.records.html import in_language
from gru_lab.records.notebooks import notebooks_folder
from gru_lab.tuning_log.stages import STAGES
from gru_lab.words import OURS, translated


def english(text):
    """The English words that are left in a text, but for names in quotes and of settings."""
    left = re.sub("“.*?”|<.*?>|%{.*?}", " ", text)
    return [word for word in re.findall("[A-Za-z]{3,}", left) if word not in KEPT]


KEPT = "dropout weight mask loss GRU MAE RMSE layer layers included not meant rows epochs".split()
KEPT += "long tenth times the control extra".split()
LABELS = ("supported", "not supported", "artefact of the ruler", "cannot tell")


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("times", (0.9, 1.002, 1.3, 3))
def test_every_verdict_is_there_in_chinese(label, times):
    for stage in STAGES.values():
        names = [setting.name for setting in stage.settings]
        errors = {seed: {name: times for name in names} | {stage.adopted: 1} for seed in range(5)}
        tables = [compare(pd.DataFrame(errors), stage.adopted)] * 2
        for seeds, needed in ((5, 12), (5, None), (3, 5), (1, 5)):
            says = explain(label, tables, stage.adopted, seeds, needed, 0.01)
            claim = claim_of(stage, stage.adopted)
            assert english(translated(f"{label.capitalize()}. {claim} {says}", "zh")) == []


def test_every_check_is_there_in_chinese():
    causes = ("by the recorded ruler", "by the loss", "after half of the epochs")
    for at in ("", "smallest", "largest"):
        for changes in ((0, 0, 0), (1, 0, 1), (1, 1, 1)):
            checks = checks_in_words("1:3", at, dict(zip(causes, changes, strict=True)))
            assert english(" ".join(translated(check, "zh") for check in checks)) == []


def test_every_guess_is_there_in_chinese():
    for stage in STAGES.values():
        texts = [question(stage), stage.question, stage.conclusion, *answers(stage)]
        assert english(" ".join(translated(text, "zh") for text in texts)) == []


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    store = f"sqlite:///{tmp_path_factory.mktemp('store') / 'runs.sqlite'}"
    return lab.sweep(lab.stage("missing_weight", "tiny"), seeds=2, store=store, workers=1)


def texts_of(part, key=""):
    if isinstance(part, dict):
        return [
            text
            for name, value in part.items()
            if name != "template"
            for text in texts_of(value, name)
        ]
    if isinstance(part, list):
        return [text for value in part for text in texts_of(value, key)]
    return [part] if isinstance(part, str) and key in ("text", "name", "hovertemplate") else []


def test_the_texts_of_our_figures_are_there_in_chinese_and_a_persons_own_stay(results):
    figures = [plot(results), plot(results, guess="half of it"), plot(results, by="epoch")]
    figures += [plot(results, by="seed"), plot(lab.second_opinion([results]))]
    figures += [plot(results.curve("weight=0"), results.references)]
    for figure in figures:
        meta = figure.layout.meta
        said = in_language(json.loads(figure.to_json()), "zh", meta["kept"])
        assert [text for text in texts_of(said) if english(text)] == []
    said = in_language({"title": {"text": "before"}}, "zh", ["before"])
    assert said == {"title": {"text": "before"}}


def test_the_titles_that_our_notebooks_give_are_there_in_chinese():
    titles = set()
    for path in notebooks_folder().glob("0*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            for node in ast.walk(ast.parse(cell.source if cell.cell_type == "code" else "")):
                if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "plot":
                    given = [*node.args, *(word.value for word in node.keywords)]
                    titles |= {value.value for value in given if isinstance(value, ast.Constant)}
    titles -= {"control", "trained", "meant", "epoch", "seed"}
    assert len(titles) > 4 and [title for title in titles if english(translated(title, "zh"))] == []


def test_only_what_is_ours_is_translated_in_a_page():
    page = f'<p>Supported.</p><p class="{OURS}"><b>Supported.</b> Keep 2 layers.</p>'
    assert texts_in(page, "en") == page
    said = f'<p>Supported.</p><p class="{OURS}" lang="zh-Hans"><b>支持。</b> 保持2层。</p>'
    assert texts_in(page, "zh") == said


def test_a_strangers_endless_line_is_given_back_at_once():
    line = "But " + "the error of 'a' is 1 times that of " * 20_000
    assert translated(line, "zh") == line
