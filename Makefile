# The two commands an outsider needs are `make demo` and `make test`; both set up what they miss.
# What is installed, and how, is in requirements/setup.sh.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo setup test test-hardware test-api check bench lock

VENV ?= .venv
JOBS ?= 2
BENCHES ?= start waves pages import events drain reconnect backup
SCALE ?= 1
RESULTS ?= docs/results
SETUP := VENV=$(VENV) requirements/setup.sh
BIN := $(VENV)/bin
DEMO_OPTIONS := $(if $(LISTEN),--listen $(LISTEN)) $(if $(ORDERS),--orders $(ORDERS)) \
	$(if $(PICKERS),--pickers $(PICKERS)) $(if $(SEED),--seed $(SEED))

help: ## say what there is
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' $(MAKEFILE_LIST) | expand -t 16
	@echo "  make demo LISTEN=0.0.0.0 ORDERS=200 PICKERS=6 SEED=7: each of them optional"

demo: ## a working warehouse on this machine; prints the address of its page
	@$(SETUP) run
	@exec $(BIN)/binlight demo $(DEMO_OPTIONS)

setup: ## everything for work on Binlight itself: compiler, browser, databases, test tools
	@$(SETUP) dev

test: setup ## every test; ARGS="tests/hub -k wave" for some
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile $(ARGS)

test-hardware: ## scanners on a real kernel, in a virtual machine (a minute)
	@$(SETUP) hardware
	$(BIN)/python -m pytest -m hardware tests/hardware

# SHORT=1 leaves the forms out, which `make test` tries with fewer values.
test-api: setup ## API by its description, forms by hostile values; ARGS="--examples 200 --seed 7"
	$(BIN)/python -m tests.hub.api.campaign --results $(RESULTS) $(ARGS)
	$(if $(SHORT),,BINLIGHT_LONG=1 $(BIN)/python -m pytest tests/hub/web/test_hostile_forms.py)

check: setup ## lint, format, types, import rules, and the wire's contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	node tests/tidy/asyncapi_check.mjs protocols/asyncapi.yaml

bench: ## measure; JSON and a picture of each benchmark in docs/results; SCALE=0.1 for short
	@$(SETUP) dev
	@for name in $(BENCHES); do \
		$(BIN)/binlight bench "$$name" --scale $(SCALE) --results $(RESULTS) || exit 1; \
	done

lock: ## write the locks anew from requirements/*.in; UPGRADE=--upgrade for newer versions
	@requirements/lock.sh $(UPGRADE)
