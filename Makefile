# Thin: everything real is in pyproject.toml and tools/. `make help` lists the targets.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet
# The newest Python that is here; 3.11 at least.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

.DEFAULT_GOAL := help
.PHONY: help demo serve test check bench mutants lint clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.run ## Try everything on this machine, without Slack: prints one address to open
	@exec $(BIN)/rekey demo $(if $(DATA),--data $(DATA)) $(if $(PORT),--port $(PORT))

serve: $(VENV)/.run ## Run the bot with ./rekey.toml
	@exec $(BIN)/rekey serve

test: $(VENV)/.test ## Everything: servers, browser, style, types, floors, coverage
	tools/setup-test
	$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest -n 2 --cov --cov-report= -m "not browser and not journey"
	$(BIN)/python -m pytest --cov --cov-append --cov-report=term:skip-covered --cov-report=xml:build/coverage.xml -m "browser or journey"
	$(BIN)/coverage report --include='resets/*' --skip-covered --fail-under=100

check: $(VENV)/.test lint ## The fast part, under two minutes: no browser, no server
	$(BIN)/python -m pytest -n 2 -q -m "not server and not browser and not journey"

bench: $(VENV)/.test ## Print the figures of the README
	$(BIN)/python -m bench

mutants: $(VENV)/.mutants ## Change the rules in small ways, one by one, and list what no test notices (an hour)
	rm -rf mutants && mkdir -p build
	$(BIN)/mutmut run --max-children $(or $(JOBS),2)
	@$(BIN)/mutmut results > build/mutants.txt
	@echo "Not noticed, or not in time (build/mutants.txt; \`$(BIN)/mutmut show NAME\` shows one): $$(wc -l < build/mutants.txt)"
	@cat build/mutants.txt

lint: $(VENV)/.test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .

clean: ## Remove what was built here
	rm -rf $(VENV) build mutants *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Rekey needs Python 3.11 or newer; install it, or say which: make PYTHON=/path/to/python" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements/run.txt pyproject.toml | $(BIN)/python
	$(PIP) install --no-deps --require-hashes -r requirements/run.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.test: requirements/test.txt $(VENV)/.run
	$(PIP) install --no-deps --require-hashes -r requirements/test.txt
	@touch $@

$(VENV)/.mutants: requirements/mutants.txt $(VENV)/.test
	$(PIP) install --no-deps --require-hashes -r requirements/mutants.txt
	@touch $@
