# Every command of the README. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo real ui test test-all bench bench-large docs lint lock clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

# One stamp per lock file: a changed lock file installs again. --no-deps is safe because a lock names every package.
$(VENV)/%.installed: requirements/%.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing requirements/$*.lock (about a minute) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/$*.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/rekindle prepare
	@touch $@

demo: $(VENV)/run.installed ## Simulate a chain of stores, load, build, audit and publish it
	@$(BIN)/rekindle demo

real: $(VENV)/real.installed ## The same on the Complete Journey grocery data (2,469 households)
	@$(BIN)/rekindle real

ui: $(VENV)/run.installed ## Open the Dagster UI on 127.0.0.1:3000, read-only
	@$(BIN)/rekindle ui

# A file of tests stays with one process: what a file builds is built once.
WORKERS := --numprocesses logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test: $(VENV)/test.installed ## The test suite
	@$(BIN)/pytest -q -m "not slow" --hypothesis-profile repeatable $(WORKERS)

test-all: $(VENV)/test.installed ## Everything, the slow suites too
	@$(BIN)/pytest -q --timeout 1800 $(WORKERS)

bench: $(VENV)/test.installed ## Seconds and ratios of the whole way, measured side by side
	@$(BIN)/python -m benchmarks.fixed_cost
	@$(BIN)/python -m benchmarks.loader
	@$(BIN)/python -m benchmarks.whole_way
	@$(BIN)/python -m benchmarks.state_tables

MEMBERS := 20000
DAYS := 2
bench-large: $(VENV)/test.installed ## A chain of MEMBERS and its next DAYS: seconds, memory, disk; writes docs/performance.md
	@$(BIN)/python -m benchmarks.large --members $(MEMBERS) --days $(DAYS)

docs: $(VENV)/run.installed ## Write docs/tables.md anew
	@$(BIN)/rekindle tables > docs/tables.md

lint: $(VENV)/test.installed ## ruff and sqlfluff
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@cd dbt_project && ../$(BIN)/sqlfluff lint models tests

lock: ## Resolve the lock files anew (needs uv)
	@for name in run real test; do \
	  case $$name in run) extras="";; real) extras="--extra real";; test) extras="--extra real --extra dev";; esac; \
	  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	    --no-emit-index-url --extra build $$extras pyproject.toml --output-file requirements/$$name.lock; \
	done

clean: ## Remove the environment and everything made in var/
	rm -rf $(VENV) var dbt_project/target
