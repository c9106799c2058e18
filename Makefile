# `make train` and `make test` do all the set-up they need on a machine that has Python, venv and make.
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: train test slow lint types examples docs clean

train: .venv/library
	$(BIN)/functional-bp train

test: .venv/tests
	$(BIN)/python -m pytest -n 2 -q -m "not slow"

slow: .venv/tests
	$(BIN)/python -m pytest -n 2 -q -m slow $(ONLY)

lint: .venv/lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/lint .venv/tests
	$(BIN)/pyright

examples: .venv/library
	for example in examples/[0-9]*.py; do echo "== $$example"; $(BIN)/python $$example || exit 1; done

docs: .venv/docs
	$(BIN)/python -m docs.generator build/docs
	SITE_THEME=zensical $(BIN)/zensical build --strict --clean
	$(BIN)/python -m docs.generator.links build/site

.venv/library: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --upgrade "pip>=25.1"
	$(BIN)/python -m pip install -q -e .
	touch $@

.venv/tests: .venv/library
	$(BIN)/python -m pip install -q -e ".[plots,scale,tensorboard,html,completion]" --group test
	touch $@

.venv/lint: .venv/library
	$(BIN)/python -m pip install -q --group lint
	touch $@

.venv/docs: .venv/library
	$(BIN)/python -m pip install -q --group docs
	touch $@

clean:
	rm -rf .venv
