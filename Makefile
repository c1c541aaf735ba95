# Recipes for people and CI alike; `make` alone lists them. Each one sets up what it needs.
# Needed before: Python 3.11 or later with its venv module, and make. Nothing is installed outside .venv.

PYTHON  ?= python3
DAY     ?= data/synthetic
OUT     ?= build/run
WORKERS ?= 2

VENV   := .venv
BIN    := $(VENV)/bin
LOCKED := $(VENV)/.locked
READY  := $(VENV)/.ready
READY_PEERS := $(VENV)/.peers
LOCKER := build/locker

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Compiled kernels hold what they call, but numba only looks at the caller's file: a folder for each state of all of them.
export NUMBA_CACHE_DIR := $(CURDIR)/build/kernels-$(shell cat dispatch/geo/kernel.py dispatch/solver/*.py dispatch/solver/costs/*.py | cksum | cut -d' ' -f1)
PIP_INSTALL := $(BIN)/python -m pip install -qq

.DEFAULT_GOAL := help
.PHONY: help run day test lint bench bench-micro bench-store bench-service bench-replay endure fuzz peers quality lock clean

help: ## List the recipes
	@echo "make RECIPE, with RECIPE one of:"
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' Makefile
	@echo "Set PYTHON=/path/to/python3 to choose the interpreter."

run: $(READY) ## Serve a synthetic city that robots drive through the API (RUN_ARGS="--speed 60 --for 30")
	@exec $(BIN)/dispatch serve --demo $(RUN_ARGS)

day: $(READY) ## Play the built-in day at once and write its report, figures, orders and events to build/run
	@$(BIN)/dispatch simulate $(DAY) --out $(OUT)

test: lint ## Lint, then run every test
	@echo "==> Running the tests"
	@$(BIN)/python -m pytest -n $(WORKERS) $(PYTEST_ARGS)

lint: $(READY) ## Check style, formatting and types
	@echo "==> Checking style, formatting and types"
	@$(BIN)/ruff check --quiet --output-format concise
	@$(BIN)/ruff format --check --quiet || { echo "Run '$(BIN)/ruff format' to mend the formatting of the files above."; exit 1; }
	@$(BIN)/mypy

bench: $(READY) ## Measure speed beside the usual stack (minutes)
	@$(BIN)/python -m benchmarks $(BENCH_ARGS)
	@echo "Other solvers beside the product's: make peers"

bench-micro: $(READY) ## Measure the parts of the solver one by one
	@$(BIN)/python -m pytest benchmarks/micro --benchmark-enable --benchmark-timer=time.process_time \
	  --benchmark-columns=median,iqr,ops,rounds --benchmark-sort=name

bench-store: $(READY) ## Measure how many commands a second the store makes durable
	@$(BIN)/python -m benchmarks.store $(BENCH_ARGS)

bench-service: $(READY) ## Measure the service under the load of a city (BENCH_ARGS="--riders 2000 --minutes 10")
	@$(BIN)/python -m benchmarks.service.load $(BENCH_ARGS)

bench-replay: $(READY) ## Play a city-day through the API and in the simulation, and compare (BENCH_ARGS="--hours 11-15")
	@$(BIN)/python -m benchmarks.service.replay_day $(BENCH_ARGS)

endure: $(READY) ## Kill store and service a hundred times, processes in turn, Redis and PostgreSQL; see that nothing is lost (an hour)
	@DISPATCH_KILLS=100 DISPATCH_ROUNDS=12 DISPATCH_EVERY_S=20 DISPATCH_SLOW=1 $(BIN)/python -m pytest -s \
	  tests/store/test_kill.py tests/api/test_service_kill.py tests/api/test_service_relay.py tests/api/test_service_faults.py \
	  $(PYTEST_ARGS)

fuzz: $(READY) ## Ask the whole API what its description allows, and much that it does not (many minutes)
	@DISPATCH_FUZZ=100 $(BIN)/python -m pytest tests/api/test_fuzz.py $(PYTEST_ARGS)

peers: $(READY_PEERS) ## Measure other solvers beside the product's, after installing them (a quarter of an hour)
	@$(BIN)/python -m benchmarks.peers $(PEERS_ARGS)

quality: $(READY) ## Measure the quality of plans on public data sets (minutes)
	@$(BIN)/python -m benchmarks.quality $(QUALITY_ARGS)

lock: ## Write requirements.lock from pyproject.toml (UPGRADE=1 takes the newest releases)
	@test -x $(LOCKER)/bin/uv || { $(PYTHON) -m venv $(LOCKER) && $(LOCKER)/bin/python -m pip install -qq uv; }
	@$(LOCKER)/bin/uv pip compile pyproject.toml --extra dev --extra traces --universal --fork-strategy fewest --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --quiet $(if $(UPGRADE),--upgrade) \
	  --output-file requirements.lock
	@sed -n '/^peers = \[/,/^\]/s/^ *"\(.*\)",$$/\1/p' pyproject.toml | $(LOCKER)/bin/uv pip compile - --constraints requirements.lock \
	  --universal --fork-strategy fewest --generate-hashes --python-version 3.11 --no-emit-index-url --no-emit-find-links \
	  --custom-compile-command "make lock" --quiet $(if $(UPGRADE),--upgrade) --output-file requirements-peers.lock
	@echo "requirements.lock and requirements-peers.lock are up to date."

clean: ## Remove everything that the recipes made
	@rm -rf $(VENV) build dist .benchmarks .hypothesis .mypy_cache .ruff_cache
	@find dispatch simulations benchmarks tests -name __pycache__ -type d -prune -exec rm -rf {} +

# A new lock makes the environment anew, so that it never holds what the lock does not name.
$(LOCKED): requirements.lock
	@$(PYTHON) -c "" 2>/dev/null || { \
	  echo "Python was not found as '$(PYTHON)'. Install Python 3.11 or later, or name one: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || { \
	  echo "'$(PYTHON)' is $$($(PYTHON) --version 2>&1); 3.11 or later is needed. Name one: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c "import ensurepip, venv" 2>/dev/null || { \
	  echo "'$(PYTHON)' cannot make virtual environments. On Debian or Ubuntu install the package python3-venv."; exit 1; }
	@echo "==> Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv --clear $(VENV)
	@echo "==> Installing $$(grep -c '^[a-z].*==' requirements.lock) locked packages (about a minute, more on a slow network)"
	@$(PIP_INSTALL) --require-hashes --only-binary :all: -r requirements.lock
	@touch $@

$(READY): $(LOCKED) pyproject.toml
	@echo "==> Installing the project"
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(READY_PEERS): $(READY) requirements-peers.lock
	@echo "==> Installing the other solvers"
	@$(PIP_INSTALL) --require-hashes --only-binary :all: -r requirements-peers.lock
	@touch $@
