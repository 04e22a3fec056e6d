# The two commands: `make record` re-runs the tuning log and writes records/, `make test` checks everything.
# Both build .venv when it is missing. Pass options like this: make record ARGS="--profile tiny"

PYTHON ?= python3
BIN := .venv/bin
AT_A_TIME := --numprocesses logical --maxprocesses 4 --dist worksteal

.PHONY: record lab test lint docs test-lowest clean

record: .venv/ready
	$(BIN)/gru-lab record $(ARGS)

lab: .venv/ready
	$(BIN)/gru-lab lab $(ARGS)

test: .venv/ready lint
	$(BIN)/python -m pytest $(AT_A_TIME) $(ARGS)

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: .venv/ready  # docs/index.html: every public name, from the docstrings
	$(BIN)/pdoc --output-directory docs --no-show-source gru_lab

# the same tests with the oldest packages that pyproject.toml allows, in an environment of their own
test-lowest: .venv-lowest/ready
	.venv-lowest/bin/python -m pytest $(AT_A_TIME) $(ARGS)

.venv-lowest/ready: pyproject.toml
	$(PYTHON) -m venv .venv-lowest
	$(PYTHON) .ci/lowest.py > .venv-lowest/constraints.txt
	.venv-lowest/bin/python -m pip install --quiet --constraint .venv-lowest/constraints.txt --editable ".[test,docs]"
	@touch $@

.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "GRU Lab needs Python 3.11 or later, not " + sys.version.split()[0] + "; say which: make PYTHON=python3.12 record")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[test,docs]"
	@touch $@

clean:
	rm -rf .venv .venv-lowest docs records runs.sqlite runs.sqlite-* runs.checkpoints
