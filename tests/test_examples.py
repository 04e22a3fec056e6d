"""The examples in the docstrings of the public names run, and show what they say."""

import doctest
import pkgutil
import sys

import pytest

import gru_lab as lab

MORE = ("config.in_words", "config.RunConfig.difference", "repairs.summary.compare")


def run(thing, name):
    """Run the examples of one docstring in a folder of its own; returns how many there were."""
    finder = doctest.DocTestFinder(recurse=False)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL
    runner = doctest.DocTestRunner(optionflags=flags)
    module = sys.modules[thing.__module__]
    for test in finder.find(thing, name, module=module, globs=vars(module).copy()):
        runner.run(test)
    assert runner.failures == 0, f"an example of {name} shows something else; see above"
    return runner.tries


@pytest.mark.parametrize("name", lab.__all__)
def test_every_public_name_has_an_example_that_runs(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GRU_LAB_STORE", raising=False)
    monkeypatch.delenv("GRU_LAB_RECORD", raising=False)
    monkeypatch.setenv("TQDM_DISABLE", "1")
    assert run(getattr(lab, name), name) > 0


@pytest.mark.parametrize("name", MORE)
def test_other_examples_run_too(name):
    thing = pkgutil.resolve_name(f"gru_lab.{name}")
    assert run(thing, name) > 0
