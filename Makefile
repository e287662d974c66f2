# Everything a developer or a newcomer types. `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
DURATION ?= 0
SPEED ?= 10

.PHONY: help setup peers demo test test-long check format bench lock chaos proof-check dashboards dashboards-preview

help:  ## list the commands
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.ready  ## install everything (system packages too, on Debian as root)

$(VENV)/.ready: requirements/dev.txt pyproject.toml deploy/setup.sh
	@deploy/setup.sh system
	@deploy/setup.sh python
	@touch $@

peers:
	@deploy/setup.sh peers

demo: setup  ## a simulated plant, every part real, OEE live on the terminal (DURATION=60 ends by itself)
	@$(BIN)/plantstream demo --duration $(DURATION) --speed $(SPEED)

test: setup peers  ## unit, laws, integration, kill tests
	@$(BIN)/python -m pytest -m "not long"

test-long: setup peers  ## everything, the long kill runs included
	@LAWS=2000 $(BIN)/python -m pytest

check: setup  ## lint, format, types, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@PYTHONPATH=. $(BIN)/lint-imports

format: setup  ## format the code
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

bench: setup  ## every benchmark, written to build/bench.json
	@$(BIN)/plantstream bench --out build/bench.json
	@$(BIN)/python -m tests.bench.peers --out build/bench.json

chaos: setup peers  ## faults against real processes (ROW=kill-sink RUNS=3 ANY_COMMIT=1; all take hours), or SEEDS=100000 of the simulation
ifdef SEEDS
	@SEEDS=$(SEEDS) $(BIN)/python -m pytest -q tests/simulation
else
	@$(BIN)/python -m tests.chaos $(if $(ROW),--row $(ROW)) $(if $(RUNS),--runs $(RUNS)) $(if $(ANY_COMMIT),--any-commit)
endif

proof-check: setup peers  ## three rows of docs/proof.md by chance, with fresh seeds
	@$(BIN)/python -m tests.chaos --fresh 3 --out build/proof-check.json

dashboards: setup  ## write Grafana's dashboards anew
	@$(BIN)/python -m deploy.grafana.generate

dashboards-preview: setup  ## a picture of each dashboard in build/dashboards, of the database of PLANTSTREAM_DATABASE_*
	@$(BIN)/python -m deploy.grafana.preview --out build/dashboards

lock:  ## resolve the dependencies anew into requirements/
	@deploy/setup.sh lock
