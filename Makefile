# The commands of this project; `make help` lists them.

PYTHON ?= python3
# The first language is the one that executes the examples.
LANGUAGES ?= en zh_CN
# DRAFT=1 builds with unfinished translations instead of refusing them.
DRAFT ?=
# A further package index from which PyTorch comes, and nothing else: the one with its CPU builds; see the README.
EXTRA_INDEX_URL ?=
# How many examples run at once; without it, as many as there are cores.
JOBS ?=
# `make execute SHARD=2/4` runs the second of four parts of the examples.
SHARD ?=
# Passed on to sphinx-build, and to pytest.
SPHINXOPTS ?=
PYTESTOPTS ?=
PORT ?= 8000
# `make new-example CHAPTER=field_guide NAME=my_topic` lays down gallery/field_guide/my_topic.py.
CHAPTER ?=
NAME ?=
# Pages that `make audit` measures, such as en/index.html; all, if there are none.
PAGES ?=
# `make lock UPGRADE=1` takes the newest versions that requirements.txt allows, instead of those in locks/.
UPGRADE ?=
# Packages that `make upgrade-check` leaves at their pinned versions, such as "torch".
KEEP ?=
# Passed on to the mutation tests: --only=CHAPTER/SCRIPT runs those of one script.
MUTANTSOPTS ?=
# Languages whose catalogues `make gettext` refreshes.
TRANSLATIONS ?= $(filter-out en,$(LANGUAGES))

# Commands find them in the environment: a shell never reads what they hold. make_variables checks their form.
export PYTHON LANGUAGES DRAFT EXTRA_INDEX_URL JOBS SHARD SPHINXOPTS PYTESTOPTS PORT CHAPTER NAME PAGES UPGRADE KEEP MUTANTSOPTS TRANSLATIONS
# With it Python leaves out what examples assert.
unexport PYTHONOPTIMIZE

override VENV := .venv
override BIN := $(VENV)/bin
override COMMAND := PYTHONPATH=docs/_ext $(BIN)/python -m sitebuild.commands
# The same without the environment, for commands that need the standard library only.
override EARLY_COMMAND := PYTHONPATH=docs/_ext "$$PYTHON" -m sitebuild.commands
override AUDIT := benchmarks/audit
# A package without a wheel is built with what is locked: pip would otherwise fetch that by itself, unchecked.
override PIP_INSTALL := -m pip install --quiet --disable-pip-version-check --no-build-isolation
override LOCKED := --require-hashes --requirement
override TORCH = $(shell sed -n 's/^\(torch==[^ ]*\).*/\1/p' locks/torch.txt)
# PyTorch has a call of its own, without its dependencies: they are locked like all others. Nobody here can know the
# hashes of a build for CPUs; it comes from EXTRA_INDEX_URL, or from a folder that pip is set up to look in
# (its --find-links). The default build, and what only that needs, come with hashes.
override INSTALL_TORCH = $(if $(EXTRA_INDEX_URL),\
	$(BIN)/python $(PIP_INSTALL) --no-deps --index-url "$$EXTRA_INDEX_URL" $(TORCH),\
	$(BIN)/python $(PIP_INSTALL) --no-deps --no-index $(TORCH)+cpu 2>/dev/null || \
	$(BIN)/python $(PIP_INSTALL) --no-deps $(LOCKED) locks/torch.txt)

# An environment whose Python is gone, as after an upgrade of the system, is made again.
$(shell [ -x $(BIN)/python ] || rm -f $(VENV)/.installed $(VENV)/.installed-test)

.DEFAULT_GOAL := help
.PHONY: help html execute test mutants audit speed recall lock upgrade-check serve live gettext new-example inventory clean variables system-for-html system-for-test system-for-audit

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

html: $(VENV)/.installed  ## build the site in all LANGUAGES into build/html
	@$(COMMAND).build_site --make --languages "$$LANGUAGES" $(if $(DRAFT),--draft) --options="$$SPHINXOPTS"

execute: $(VENV)/.installed  ## run the examples, or the part named by SHARD, and render nothing
	@$(COMMAND).build_site --make --examples --shard "$$SHARD" --options="$$SPHINXOPTS"

test: $(VENV)/.installed-test  ## run all tests
	@PYTEST_ADDOPTS="$$PYTESTOPTS" $(BIN)/python -m pytest tests

audit: html $(VENV)/.installed-test $(AUDIT)/node_modules/.installed  ## measure every page with Lighthouse and axe
	@$(BIN)/python $(AUDIT)/audit.py $$PAGES

speed: $(VENV)/.installed  ## measure how long builds take, into docs/build_speed.json
	@$(BIN)/python benchmarks/speed/measure_speed.py

lock: variables  ## pin what requirements.txt and tests/requirements.txt need, with hashes, in locks/
	@"$$PYTHON" -m venv --clear build/lock
	@build/lock/bin/python $(PIP_INSTALL) $(LOCKED) locks/tool.txt
	@build/lock/bin/python locks/write_locks.py $(if $(UPGRADE),--upgrade)

upgrade-check: html  ## build and test with the newest versions, except those of KEEP, and compare
	@$(BIN)/python benchmarks/upgrade/upgrade_check.py --languages "$$LANGUAGES" --keep "$$KEEP" \
		--extra-index-url "$$EXTRA_INDEX_URL"

mutants: $(VENV)/.installed  ## change every formula and see that a check notices
	@$(BIN)/python tests/mutants/run_mutants.py $$MUTANTSOPTS

recall: html $(VENV)/.installed-test  ## measure how often the search finds the right page, into docs/search_recall.json
	@$(BIN)/python benchmarks/recall/measure_recall.py

serve: html  ## preview the site on PORT
	@$(COMMAND).serve "$$PORT"

live: $(VENV)/.installed  ## show the site on PORT, and build and reload it after each edit
	@$(COMMAND).live "$$PORT" --languages "$$LANGUAGES" --options="$$SPHINXOPTS"

gettext: $(VENV)/.installed  ## bring the catalogues of TRANSLATIONS up to date
	@$(COMMAND).refresh_catalogues $$TRANSLATIONS

new-example: $(VENV)/.installed  ## lay down a script NAME in CHAPTER, and its catalogue
	@$(COMMAND).new_example "$$CHAPTER" "$$NAME" $$TRANSLATIONS

inventory: $(VENV)/.installed  ## compress the inventory of PyTorch names
	@$(BIN)/python -m sphobjinv convert zlib --overwrite docs/_inventories/torch.txt docs/_inventories/torch.inv

clean:  ## remove everything that a build made, but not the environment
	@$(EARLY_COMMAND).clean

variables:
	@$(EARLY_COMMAND).make_variables

# What pip cannot install is looked for first, before anything is downloaded.
system-for-html:
	@$(EARLY_COMMAND).system_requirements graphviz

system-for-test:
	@$(EARLY_COMMAND).system_requirements graphviz chromium

system-for-audit:
	@$(EARLY_COMMAND).system_requirements graphviz chromium node

system-for-html system-for-test system-for-audit clean: variables
# html and execute look at the variables and the system by themselves, in the Python that then builds: it is started once.
live gettext new-example: system-for-html
test: system-for-test
audit: system-for-audit

$(VENV)/.installed: requirements.txt locks/build.txt locks/torch.txt locks/site.txt
	@$(EARLY_COMMAND).make_variables
	@$(EARLY_COMMAND).system_requirements graphviz
	@"$$PYTHON" locks/check_locks.py
	@echo "Setting up $(VENV)"
	@$(BIN)/python -ISc "" 2>/dev/null || "$$PYTHON" -m venv --clear $(VENV)
	@$(BIN)/python $(PIP_INSTALL) $(LOCKED) locks/build.txt
	@$(INSTALL_TORCH)
	@$(BIN)/python $(PIP_INSTALL) $(LOCKED) locks/site.txt
	@touch $@

$(VENV)/.installed-test: tests/requirements.txt locks/tests.txt $(VENV)/.installed | system-for-test
	@$(BIN)/python $(PIP_INSTALL) $(LOCKED) locks/tests.txt
	@touch $@

$(AUDIT)/node_modules/.installed: $(AUDIT)/package-lock.json | system-for-audit
	@echo "Setting up $(AUDIT)/node_modules"
	@npm ci --prefix $(AUDIT) --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@
