# The verbs of the checkout; bare `make` prints them. Needs python3 (3.11 or newer) and make.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
T ?= tests
JOBS ?= $(shell $(PYTHON) -c 'import os; print(min(4, 1 + (os.cpu_count() or 1)))')
LOCKING := build/locking
WEEK_AGO = $(shell $(PYTHON) -c 'import datetime as d; print(d.date.today() - d.timedelta(days=7))')
COMPILE = $(LOCKING)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
          --no-emit-index-url --no-emit-find-links --exclude-newer $(WEEK_AGO) --custom-compile-command "make locks"
CODE := $(wildcard api workers signer bootstrap workflows activities ledger chains providers domain devstack bench tests tools deploy)

.DEFAULT_GOAL := help
.PHONY: help setup demo up test lint bench format locks clean

help:  ## print the verbs
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "make %-8s %s\n", $$1, $$2 }'

setup:  ## build .venv from locks/ and fetch anvil; every verb does it by itself
	@$(PYTHON) tools/preparing.py

demo: setup  ## deposit, bets and withdrawal on the embedded stack; writes build/demo.json
	@$(BIN)/python -m devstack demo

up: setup  ## the same stack, kept running; prints its addresses
	@$(BIN)/python -m devstack up

test: setup  ## the whole suite, a process more than cores; T=tests/unit narrows it, JOBS=0 runs it in one
	@$(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile $(T)

lint: setup  ## style, format, types, import contracts, house rules; runs all, then fails if one did
	@failed=; \
	check() { echo "== $$1"; shift; "$$@" || failed=yes; }; \
	check "ruff check" $(BIN)/ruff check --output-format concise $(CODE); \
	check "ruff format" $(BIN)/ruff format --check --output-format concise $(CODE); \
	check "mypy" $(BIN)/mypy; \
	check "basedpyright" $(BIN)/basedpyright; \
	check "import-linter" env PYTHONPATH=. $(BIN)/lint-imports --no-logo --cache-dir build/imports; \
	check "tidy" $(BIN)/python tools/tidy.py; \
	test -z "$$failed"

bench: setup  ## measure; writes build/bench/*.json
	@$(BIN)/python -m bench

format: setup  ## format and sort imports
	@$(BIN)/ruff check --select I --fix --quiet $(CODE)
	@$(BIN)/ruff format $(CODE)

locks:  ## resolve the dependency groups anew, without releases younger than a week
	@$(PYTHON) -m venv $(LOCKING) && $(LOCKING)/bin/pip install --quiet uv
	@$(COMPILE) pyproject.toml --group signer --group stack --group test --group lint --upgrade -o locks/development.txt
	@$(COMPILE) pyproject.toml --constraints locks/development.txt -o locks/runtime.txt
	@$(COMPILE) --group signer --constraints locks/development.txt -o locks/signer.txt

clean:  ## remove what a run may have left, not .venv
	@rm -rf build dist .coverage
