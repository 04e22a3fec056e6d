"""Runs as a tuning log: what is written is read back as it was, in both languages."""

import dataclasses

import pytest

import gru_lab as lab
from gru_lab.evidence.as_log import in_chinese, logged_stage, tuning_log
from gru_lab.model import RNN
from gru_lab.tuning_log.lines import Line
from gru_lab.tuning_log.log import LoggedRun, LoggedStage, TuningLog
from gru_lab.tuning_log.read import read_log
from gru_lab.tuning_log.stages import STAGES
from gru_lab.tuning_log.write import write_log
from gru_lab.words import LANGUAGES

SEEDS = 2
both_languages = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture(scope="module")
def results(tiny_runs, tmp_path_factory):
    """The runs of all five stages on the tiny profile."""
    store = tiny_runs(tmp_path_factory.mktemp("log"))
    series = lab.stage(1, "tiny").series
    return [lab.sweep(one.bind("tiny", series), SEEDS, store, workers=1) for one in STAGES.values()]


@both_languages
def test_a_log_of_all_stages_is_read_back_without_loss(results, language):
    log = tuning_log(results, language)
    read = read_log(write_log(log, language))
    assert read == log and len(read.stages) == 5
    for stage, one in zip(read.stages, results, strict=True):
        assert (stage.number, stage.learning_rate) == (
            one.stage.number,
            one.stage.start.learning_rate,
        )
        runs = iter(stage.runs)
        for setting in one.stage.settings:
            for seed in range(SEEDS):
                run, config = next(runs), one.stage.config(setting, seed)
                assert "\n".join(map(str, run.lines)) == one.lines(setting.name, seed)
                assert (
                    run.label.endswith(f"[seed {seed}]")
                    and (run.epochs or stage.epochs) == config.epochs
                )
        assert next(runs, None) is None
    assert log.model == str(RNN(66, 8, num_layers=2, dropout=0.5))


def test_the_log_is_english_or_chinese_and_gives_the_word_on_each_conclusion(results):
    english, chinese = (logged_stage(results[2], language) for language in LANGUAGES)
    assert (english.title, chinese.title) == ("How many layers?", "GRU应有几层？")
    assert english.conclusion == "Keep 2 layers. (Run again with seeds 0 to 1: cannot tell.)"
    assert chinese.conclusion == "保持2层。（用种子0至1重新训练：无法判断。）"
    text = write_log(tuning_log(results[2:3], "zh"), "zh")
    assert "## 基本设置" in text and "- 1层 [seed 0]" in text and "Conclusion" not in text


def test_every_setting_has_a_name_in_chinese_that_tells_it_from_the_others():
    for stage in STAGES.values():
        names = [in_chinese(setting.name) for setting in stage.settings]
        assert len(set(names)) == len(names)
        for name in names:  # what stays in Latin letters is a field's name
            assert not set(
                "".join(filter(str.isascii, name)).replace("dropout", "").replace("weight", "")
            ) & set("aeiou")
    assert (
        in_chinese("2 layers, no dropout, 5 times as long (control)")
        == "2层，无dropout，5倍时长（对照）"
    )


@both_languages
def test_the_recorded_log_is_written_and_read_back_as_it_was(seed_log, language):
    log = read_log(seed_log)
    assert read_log(write_log(log, language)) == log


def test_an_audit_finds_the_same_in_what_was_written(seed_log):
    def kinds(log):
        return [(finding.stage, finding.kind) for finding in lab.audit(log)]

    assert kinds(write_log(read_log(seed_log), "zh")) == kinds(seed_log) != []


SMALL = TuningLog("T", "", 5, [LoggedStage(1, "A", runs=[LoggedRun("x", [Line(0.1, 0.2)])])])


@both_languages
@pytest.mark.parametrize("seconds", [None, 0.5, 126.8, 100.0])
@pytest.mark.parametrize("epochs", [None, 7])
@pytest.mark.parametrize("conclusion", ["", "Take x, or (perhaps) y: 0.1 or less."])
@pytest.mark.parametrize(
    "label", ["x", "dropout=0.5, 250 epochs [seed 1]", "1:3", "2层", "a_b*c", "weight = 1"]
)
def test_labels_epochs_seconds_and_conclusions_survive(
    language, seconds, epochs, conclusion, label
):
    lines = [Line(0.00012, 0.0025), Line(1e-5, 0.00001)]
    runs = [
        LoggedRun(label, lines, epochs, seconds),
        LoggedRun("other", [Line(0.000004, 0.0001, 9, 300)]),
    ]
    runs += [LoggedRun("", [Line(0.0000014, 0.0000011, 9)])] if conclusion else []
    log = TuningLog("T", "", 5, [LoggedStage(3, "A stage", 20, 5e-4, runs, conclusion)] * 2)
    assert read_log(write_log(log, language)) == log


@pytest.mark.parametrize(
    "label", ["0.1 0.2", "3 s", "Conclusion: x", "# x", "x ", "x\ny", "epochs 3", "x:"]
)
def test_what_could_not_be_read_back_is_an_error_instead(label):
    (stage,) = SMALL.stages
    assert read_log(write_log(SMALL)) == SMALL
    wrong = dataclasses.replace(
        SMALL, stages=[dataclasses.replace(stage, runs=[LoggedRun(label, [Line(0.1, 0.2)])])]
    )
    with pytest.raises(ValueError, match="must be one that can be read back|no numbered heading"):
        write_log(wrong)


def test_an_unknown_language_is_an_error():
    with pytest.raises(ValueError, match="language must be one of en, zh, not 'de'"):
        write_log(SMALL, "de")
