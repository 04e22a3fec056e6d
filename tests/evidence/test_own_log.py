"""A log of one's own questions: appended, never changed, read back, audited."""

from concurrent.futures import ThreadPoolExecutor

import pytest

import gru_lab as lab
from gru_lab.tuning_log.read import read_log

OTHERS = {"data.csv": "a,b\n1,2\n", "book.ipynb": "{}", "runs.sqlite": "SQLite format 3\0"}


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """The Results of two questions on a short series."""
    from gru_lab.demo import demo_series

    store = lab.Store(f"sqlite:///{tmp_path_factory.mktemp('own') / 'runs.sqlite'}")
    fixed = dict(data=demo_series(700), epochs=3, seeds=2, batch_size=20)
    wide = lab.question("How wide?", hidden_size=[2, 4], adopted=4, **fixed)
    weight = lab.question("What weight?", missing_weight=[0, 1], hidden_size=2, **fixed)
    wide = wide.control("longer", epochs=4)
    return [lab.sweep(asked, store=store, workers=1) for asked in (wide, weight)]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_questions_are_appended_read_back_and_pass_the_audit(answers, tmp_path, language):
    path = tmp_path / "log.md"
    assert lab.write_log(answers[0], path, "Four will do.", language) == path
    first = path.read_bytes()
    lab.write_log(answers[1], path, language=language)
    assert path.read_bytes().startswith(first) and lab.audit(path) == []
    wide, weight = read_log(path).stages
    assert [stage.number for stage in (wide, weight)] == [
        1,
        2,
    ] and wide.conclusion == "Four will do."
    assert wide.verdict and len(wide.runs) == 8 and {len(run.lines) for run in wide.runs} == {3}
    final = answers[0].curves.query("setting == 'hidden_size=2' and seed == 0").iloc[-1]
    line = wide.runs[0].lines[-1]
    assert (line.train, line.validation) == pytest.approx(
        (final["train_missing"], final["val_missing"]), abs=6e-8
    )
    assert wide.runs[-1].epochs == 4 and "[seed 1]" in wide.runs[-1].label
    text = path.read_text("utf-8")
    assert answers[0].stage.series.digest in text and "0, 1" in text and "hidden_size" in text


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "before", ["# Mine\n\nEpochs: 9\n\n## 7. Old\n- x\n0,1 0,2\nzehn", "notes", "\ufeff"]
)
def test_what_stands_in_the_file_stays_byte_for_byte(answers, tmp_path, before, end):
    path = tmp_path / "log.md"
    old = before.replace("\n", end).encode()
    path.write_bytes(old)
    lab.write_log(answers, path, ["a", "b"])
    new = path.read_bytes()
    assert new.startswith(old) and new.count(b"\r\n") == (new.count(b"\n") if b"\r\n" in old else 0)
    numbers = [stage.number for stage in read_log(path).stages]
    assert numbers == ([7, 8, 9] if "7. Old" in before else [1, 2])


def test_two_who_append_at_once_lose_neither_question(answers, tmp_path):
    for trial in range(6):
        path = tmp_path / f"{trial}.md"
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda answer, path=path: lab.write_log(answer, path), answers))
        assert [stage.number for stage in read_log(path).stages] == [1, 2]


def test_the_same_question_is_not_written_twice(answers, tmp_path):
    path = lab.write_log(answers[0], tmp_path / "log.md", "Four.")
    before = path.read_bytes()
    lab.write_log(answers[0], path, "Four.")
    assert path.read_bytes() == before
    for given, said in [
        (dict(conclusion="Two."), "is number 1 in .* already"),
        (dict(conclusion="Four.", number=1), "number 1 is taken .* take 2"),
        (dict(conclusion=["a", "b"]), "one sentence per question"),
        (dict(language="de"), "language must be one of en, zh"),
    ]:
        with pytest.raises(ValueError, match=said):
            lab.write_log(answers[0], path, **given)
        assert path.read_bytes() == before
    lab.write_log(answers[1], path, number=12)
    assert [stage.number for stage in read_log(path).stages] == [1, 12]


def test_what_cannot_be_written_changes_nothing(answers, tmp_path):
    path = tmp_path / "log.md"
    path.write_bytes(b"\xff\x00")
    with pytest.raises(ValueError, match="must be a UTF-8 text file"):
        lab.write_log(answers[0], path)
    assert path.read_bytes() == b"\xff\x00"
    for name, text in OTHERS.items():
        (tmp_path / name).write_text(text)
        (tmp_path / "link.md").unlink(missing_ok=True)
        (tmp_path / "link.md").symlink_to(name)
        for place in (name, "link.md"):
            with pytest.raises(ValueError, match="path must be a log, not"):
                lab.write_log(answers[0], tmp_path / place)
        assert (tmp_path / name).read_text() == text
    with pytest.raises(ValueError, match="results must be those of a question of your own"):
        lab.write_log("x", tmp_path / "new.md")
    with pytest.raises(ValueError, match="at least one question"):
        lab.write_log([], tmp_path / "new.md")
    with pytest.raises(ValueError, match="must be in a folder that exists"):
        lab.write_log(answers[0], tmp_path / "none" / "log.md")
    assert not (tmp_path / "new.md").exists()


def test_a_question_is_read_from_the_store_or_says_that_it_has_no_runs(answers, tmp_path, store):
    with pytest.raises(ValueError, match="sweep the stage first"):
        lab.write_log(answers[0].stage, tmp_path / "log.md", store=store)
