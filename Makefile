# Everything needs only make and Python 3.11 or newer; the first run sets up .venv, later runs find it there.

newest = for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$python; exit; fi; done; echo python3
PYTHON ?= $(shell $(newest))
ARGS ?=
ONLY ?=

.DEFAULT_GOAL := help
.PHONY: help setup run test check schemas bench

help: ## Show this list
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1@\2/p' Makefile | tr '@' '\t' | expand -t 16

setup: ## Set up .venv; the others do it by themselves
	@command -v "$(PYTHON)" >/dev/null || { echo "Huanliu needs Python 3.11 or newer; install it first." >&2; exit 1; }
	@"$(PYTHON)" deploy/bootstrap.py

run: setup ## Start everything and stay with it; Ctrl-C stops it (ARGS="--port 9000")
	@exec .venv/bin/python -m deploy.cli up $(ARGS)

test: setup ## Run every test against real servers (ARGS="-k lots")
	@exec .venv/bin/python -m pytest $(ARGS)

check: setup ## Formatting, lint, types, import rules, the catalogue's tables
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/python -m shared.catalogue.lint

schemas: setup ## Store the schemas of events that changed; refuses a change that breaks readers
	.venv/bin/python -m shared.events.frozen
	.venv/bin/python -m shared.events.asyncapi

bench: setup ## Run the benchmarks (ONLY=clearing runs one)
	@exec .venv/bin/python -m tests.bench $(ONLY)
