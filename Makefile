# Everything below needs Python 3.11 or newer, make and a C library. `make` alone lists the targets.

.DEFAULT_GOAL := help
SHELL := /bin/sh

# The interpreter that .venv is made with: make PYTHON=python3.12 venv
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
ROOT_USER := $(filter 0,$(shell id -u))

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: venv
venv: $(VENV)/.installed ## Make .venv with the locked versions and the project in it

$(VENV)/.installed: requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { \
	  echo "error: no '$(PYTHON)' here; name a Python 3.11 or newer: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "error: '$(PYTHON)' is $$($(PYTHON) --version 2>&1), but 3.11 or newer is needed: make PYTHON=python3.12" >&2; exit 1; }
	@$(PIP) --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV) || { \
	  echo "error: '$(PYTHON) -m venv' failed; on Debian and Ubuntu the package python3-venv is missing" >&2; exit 1; }
	@echo "Installing the locked versions into $(VENV); the first time takes a minute or two"
	@$(PIP) install --quiet --require-hashes --requirement requirements.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: report
report: venv ## Report on every shipped scenario in reports/ (options: make report REPORT_ARGS='--replications 20')
	$(BIN)/allocation report run --jobs 2 $(REPORT_ARGS)

.PHONY: test
test: venv ## Run the tests (options: make test PYTEST_ADDOPTS='-n 2')
	$(BIN)/pytest

.PHONY: test-uncompiled
test-uncompiled: venv ## Run the engine's tests as plain Python
	NUMBA_DISABLE_JIT=1 $(BIN)/pytest tests/engine

.PHONY: test-boundscheck
test-boundscheck: venv ## Run the engine's tests compiled with bounds checking
	NUMBA_BOUNDSCHECK=1 $(BIN)/pytest tests/engine

.PHONY: bench
bench: venv ## Measure the speed of what is meant to be fast
	$(BIN)/pytest -m bench tests/benchmarks

.PHONY: chaos
chaos: venv ## Apply plans under a thousand seeds of faults and crashes (options: make chaos CHAOS_SEEDS=0:100)
	CHAOS_SEEDS=$(or $(CHAOS_SEEDS),0:1000) $(BIN)/pytest tests/live/test_chaos.py tests/live/test_replan.py tests/live/test_campaign.py

.PHONY: lab
lab: venv ## Open the notebooks in JupyterLab (options: make lab LAB_ARGS=--no-browser)
	$(BIN)/jupyter lab --notebook-dir=notebooks $(if $(ROOT_USER),--allow-root) $(LAB_ARGS)

.PHONY: lint
lint: venv ## Check style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: format
format: venv ## Mend what can be mended about style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: types
types: venv ## Check types
	$(BIN)/mypy

.PHONY: imports
imports: venv ## Check who imports whom
	$(BIN)/lint-imports --no-logo

.PHONY: lock
lock: venv ## Write requirements.lock anew (newer versions: make lock LOCK_ARGS=--upgrade)
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command 'make lock' --quiet \
	  --output-file requirements.lock $(LOCK_ARGS)

.PHONY: clean
clean: ## Remove caches and build output, and keep .venv and reports/
	rm -rf build dist htmlcov .coverage .benchmarks .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -path ./$(VENV) -prune -o -type d -name __pycache__ -exec rm -rf {} +

.PHONY: distclean
distclean: clean ## Remove .venv, too
	rm -rf $(VENV)
