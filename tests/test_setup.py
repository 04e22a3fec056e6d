"""What is written twice agrees: conda's environment, the constraints and the project's own
requirements.
"""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
CONDA_NAMES = {"torch": "pytorch"}


def required():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return project, [Requirement(text) for text in project["dependencies"]]


def conda_lines():
    text = (ROOT / "environment.yml").read_text().partition("dependencies:")[2]
    return re.findall(r"^  - ([^\s:]+)$", text, flags=re.M)


def test_conda_gets_the_same_packages_and_bounds_as_pip():
    project, requirements = required()
    expected = [f"{CONDA_NAMES.get(one.name, one.name)}{one.specifier}" for one in requirements]
    assert sorted(conda_lines()) == sorted(
        [*expected, f"python{project['requires-python']}", "pip"]
    )


def test_every_requirement_is_pinned_within_its_bounds_and_torch_to_the_agreed_version():
    project, requirements = required()
    tests = [Requirement(text) for text in project["optional-dependencies"]["test"]]
    pins = dict(
        re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(), flags=re.M)
    )
    pins = {name.lower(): version for name, version in pins.items()}
    for one in requirements + tests:
        assert one.specifier.contains(pins[one.name]), one
    assert pins["torch"] == "2.13.0"
