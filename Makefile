# `make` lists the commands. Each of them sets the checkout up first, which is quick when nothing changed.
.DEFAULT_GOAL := help
.PHONY: help setup setup-runtime demo devnet test shared lint types imports bench prove invariants mutate coverage slither compile generate lock clean chaos

PY := .venv/bin/python
CODE := $(wildcard executor devnet scripts tools benchmarks tests)
# One more than a small machine has cores: tests often wait for a node.
WORKERS ?= 3
BENCH ?= gas
PORT = 8545
TESTS ?=
ROOMS ?=
RUNS ?= 3000
DEPTH ?= 200
N ?= 50
SEED ?=

help: ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 24

setup: ## install everything this checkout needs (also done by the commands below)
	@tools/setup dev

setup-runtime: ## install only what running the executor needs
	@tools/setup runtime

demo: setup ## watch real arbitrages on a local mainnet
	@$(PY) -m devnet.demo

devnet: setup ## run the local mainnet in the foreground, to play with; PORT=8545
	@$(PY) -m devnet --port $(PORT)

test: setup ## lint, types, import contract and all tests; TESTS=path runs some
	@$(MAKE) --no-print-directory -j2 lint types imports $(if $(TESTS),,shared)
	@$(PY) -m pytest -q -n $(WORKERS) --dist worksteal $(TESTS)

shared: setup
	@$(PY) -m tests.support.sharing

lint: setup ## style
	@echo "lint: ruff" >&2
	@$(PY) -m ruff check --quiet $(CODE)
	@$(PY) -m ruff format --quiet --check $(CODE) || { echo "format: run .venv/bin/ruff format"; exit 1; }

types: setup ## static types
	@echo "types: mypy, longest the first time" >&2
	@$(PY) -m mypy --no-error-summary $(CODE)

imports: setup ## the floors of the house
	@echo "imports: the floors of the house" >&2
	@found=$$(.venv/bin/lint-imports --no-logo 2>&1) || { echo "$$found"; exit 1; }

bench: setup ## measure: BENCH=gas, sizing, forecast, hotpath, lifecycle
	@echo "bench: measuring $(BENCH)" >&2
	@$(PY) -m benchmarks.$(BENCH)

prove: setup ## prove the rules of the contracts symbolically; PROOF=pattern picks contracts
	@$(PY) -m tools.prove $(PROOF)

invariants: setup ## search longer for sequences of calls that break an invariant; RUNS=3000 DEPTH=200
	@INVARIANT_RUNS=$(RUNS) INVARIANT_DEPTH=$(DEPTH) INVARIANT_SECONDS=36000 $(PY) -m pytest -n0 -q -s \
		-k no_sequence tests/invariants

mutate: setup ## plant faults in the contracts, one at a time; within an hour, goes on where it was stopped; ROOMS=
	@$(PY) -m tools.mutation --workers $(WORKERS) $(ROOMS)

chaos: setup ## kill the executor N times among faults, and hold its books against the chain; N=50 SEED=
	@$(PY) -m tests.chaos --kills $(N) $(if $(SEED),--seed $(SEED))

coverage: setup ## lines and branches of the contracts that no test of tests/contracts or tests/attacks runs
	@WORKERS=$(WORKERS) $(PY) -m tools.coverage

slither: setup ## analyse the contracts; what is accepted, and why, stands in tools/slither.yaml
	@$(PY) -m tools.slither

compile: setup ## compile the contracts
	@.venv/bin/ape compile

generate: setup ## write what is generated: plan format constants, JSON Schemas, the compiled lens
	@$(PY) -m tools.generate

lock: setup ## write the lock files anew from requirements/*.in and tools/npm/*/package.json
	@$(PY) -m tools.bootstrap.lock

clean: ## remove what was made in this checkout; the per-user tool cache stays
	rm -rf .venv .tools .forge .mypy_cache .ruff_cache .pytest_cache .import_linter_cache *.egg-info
