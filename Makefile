# The commands of this repository. Each makes the environment it needs in .venv first; `make help` lists them.

PYTHON ?= python3
BIN := .venv/bin
INPUTS := constraints.txt pyproject.toml
# Half of the tests by time, those that wait for processes and databases among them: they run beside the others.
APART := tests/hosted tests/safety tests/service tests/studio tests/engine tests/training tests/compat

# The prompt reaches the program through the environment, letter by letter: quotes, `$` and every script survive.
# `value` keeps make from expanding `$` in it; the two lines below keep make from exporting it expanded.
export SCENE_PROMPT := $(value PROMPT)
unexport PROMPT
MAKEOVERRIDES =

.DEFAULT_GOAL := help
.PHONY: help scene test check train train-pause clean
.NOTPARALLEL:

help:  ## List the commands
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

scene: words $(BIN)/.scene  ## Words into scene.mp4, scene.png and scene.json: make scene PROMPT="..."
	@$(BIN)/rushes shoot --output scene.mp4 -- "$$SCENE_PROMPT"

test: check  ## Lint, types and the whole test suite
	@export OMP_NUM_THREADS=1; \
	$(BIN)/python -m pytest -p no:cacheprovider $(APART) > .venv/apart.log 2>&1 & apart=$$!; \
	trap 'kill $$apart' INT TERM; \
	$(BIN)/python -m pytest $(APART:%=--ignore=%); rest=$$?; \
	wait $$apart; code=$$?; cat .venv/apart.log; exit $$((rest | code))

check: $(BIN)/.dev  ## Lint, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

train: $(BIN)/.train  ## Train mini in the foreground at the lowest priority; resumable at any moment
	$(BIN)/rushes train --threads 1 --nice 19

train-pause:  ## Ask a running training to save its state and stop
	@test -x $(BIN)/rushes || { echo "nothing to pause: there is no .venv yet" >&2; exit 2; }
	$(BIN)/rushes train --pause

clean:  ## Remove the environment, caches and the scene
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis src/rushes.egg-info
	rm -f scene.mp4 scene.png scene.json

.PHONY: words
words:
	@test -n "$$SCENE_PROMPT" || { echo 'no words to film: make scene PROMPT="a fox leaps over snow"' >&2; exit 2; }

# One stamp for each set of dependencies, newer than what it was installed from: a second run installs nothing.
$(BIN)/.scene: $(BIN)/.base
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-build-isolation --editable .
	@touch $@

$(BIN)/.train: $(BIN)/.base
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-build-isolation --editable '.[train]'
	@touch $@ $(BIN)/.scene

$(BIN)/.dev: $(BIN)/.base
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-build-isolation --editable '.[dev]'
	@touch $@ $(BIN)/.scene $(BIN)/.train

# setuptools is pinned and installed first, so that the editable build uses it instead of fetching its own.
# Some Linux systems ship venv without ensurepip: there the system's pip fills the environment.
$(BIN)/.base: $(INPUTS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    echo "$(PYTHON) is missing or older than Python 3.11 ($$($(PYTHON) --version 2>&1)):" \
	         "name a newer one, for example make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 2; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv 2>/dev/null || { \
	    $(PYTHON) -m venv --clear --without-pip .venv && \
	    $(PYTHON) -m pip --python $(BIN)/python install --quiet pip; } || { \
	    echo "$(PYTHON) can make no environment: install its venv or pip module (Debian: python3-venv)," \
	         "or name another one with PYTHON=" >&2; rm -rf .venv; exit 2; }
	@echo "installing into .venv (the first time takes a few minutes)"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt setuptools
	@touch $@
