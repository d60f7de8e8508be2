# The commands of this project; `make help` lists them.

PYTHON ?= python3
# The first language is the one that executes the examples.
LANGUAGES ?= en zh_CN
# DRAFT=1 builds with unfinished translations instead of refusing them.
DRAFT ?=
# A further package index, for example the one with PyTorch's CPU builds; see the README.
EXTRA_INDEX_URL ?=
# Passed on to sphinx-build, and to pytest.
SPHINXOPTS ?=
PYTESTOPTS ?=
PORT ?= 8000
# Passed on to the mutation tests: --only=CHAPTER/SCRIPT runs those of one script.
MUTANTSOPTS ?=
# Languages whose catalogues `make gettext` refreshes.
TRANSLATIONS ?= $(filter-out en,$(LANGUAGES))

VENV := .venv
BIN := $(VENV)/bin
TOOLS := docs/_tools
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check \
	$(if $(EXTRA_INDEX_URL),--extra-index-url $(EXTRA_INDEX_URL)) --constraint constraints.txt
CHAPTERS := $(patsubst %/.results-made-with,%,$(wildcard docs/*/.results-made-with))

.DEFAULT_GOAL := help
.PHONY: help html test mutants serve gettext inventory clean system-for-html system-for-test

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

html: $(VENV)/.installed  ## build the site in all LANGUAGES into build/html
	@$(BIN)/python $(TOOLS)/build_site.py --languages "$(LANGUAGES)" $(if $(DRAFT),--draft) -- $(SPHINXOPTS)

test: $(VENV)/.installed-test  ## run all tests
	@$(BIN)/python -m pytest tests $(PYTESTOPTS)

mutants: $(VENV)/.installed  ## change every formula and see that a check notices
	@$(BIN)/python tests/mutants/run_mutants.py $(MUTANTSOPTS)

serve: html  ## preview the site on PORT
	@echo "http://localhost:$(PORT)/"
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory build/html

gettext: $(VENV)/.installed  ## bring the catalogues of TRANSLATIONS up to date
	@$(BIN)/python $(TOOLS)/refresh_catalogues.py $(TRANSLATIONS)

inventory: $(VENV)/.installed  ## compress the inventory of PyTorch names
	@$(BIN)/sphobjinv convert zlib --overwrite docs/_inventories/torch.txt docs/_inventories/torch.inv

clean:  ## remove everything that a build made, but not the environment
	rm -rf build $(CHAPTERS)
	find docs/locale -name '*.mo' -delete

# What pip cannot install is looked for first, before anything is downloaded.
system-for-html:
	@$(PYTHON) $(TOOLS)/system_requirements.py graphviz

system-for-test:
	@$(PYTHON) $(TOOLS)/system_requirements.py graphviz chromium

html gettext: system-for-html
test: system-for-test

$(VENV)/.installed: requirements.txt constraints.txt | system-for-html
	@echo "Setting up $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP_INSTALL) --requirement requirements.txt
	@touch $@

$(VENV)/.installed-test: tests/requirements.txt constraints.txt $(VENV)/.installed | system-for-test
	@$(PIP_INSTALL) --requirement tests/requirements.txt
	@touch $@
