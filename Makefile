# `make` alone prints help. Every target makes the virtual environment it needs.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
# So many that each takes under half an hour on two idle cores.
SLICES := 7
# Set in many containers; every process of a test or a sandbox would compile again what it imports.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help venv demo lab test test-wheel test-slice test-all bench cost-report lint clean notebooks pages docs lock definitions

help:  ## Print this help
	@awk -F':.*## ' '/^[a-z-]+:.*## / {gsub(/SLICES/, "$(SLICES)", $$2); printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: $(READY)  ## Make the virtual environment and install everything

# uv's and pip's own progress shows on a terminal.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 14) else "l3kit needs Python 3.11 to 3.13; this is %d.%d. Name another: make PYTHON=python3.12 ..." % v)'
	@echo "making the virtual environment $(VENV), installing up to $$(grep -c == constraints.txt) packages (a minute or two the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv 2>/dev/null || true
	@quiet=; test -t 2 || quiet=--quiet; \
	if test -x $(BIN)/uv; then \
	  VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install $$quiet --compile-bytecode --python $(BIN)/python -c constraints.txt -e '.[dev]'; \
	else \
	  $(BIN)/python -m pip install $$quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'; \
	fi
	@touch $@
	@echo "$(VENV) is ready"

demo: $(READY)  ## Deploy, move, verify and query real weather data in the sandbox, notebook by notebook
	@$(BIN)/python -m l3kit.examples.demo

lab: $(READY)  ## Open JupyterLab on copies of the notebooks in lab/, which git ignores (NEW=1: newer ones beside; LAB=--no-browser)
	@$(BIN)/python -m l3kit.notebook.lab $(if $(NEW),--new) $(LAB)

test: $(READY)  ## Run the tests and check every notebook
	@$(BIN)/python -m tests.programs.slices --of $(SLICES) --fast

test-wheel: $(READY)  ## Build the wheel; from it alone, go from init to a queried twin in an empty folder
	@$(BIN)/python -m tests.programs.slices --of $(SLICES) --wheel

test-slice: $(READY)  ## Run one of the SLICES slices of the long tests: N=1 to N=SLICES, without N the commit chooses
	@$(BIN)/python -m tests.programs.slices --of $(SLICES) $(if $(N),--number $(N))

test-all: $(READY)  ## Run the tests, the wheel and all slices; print each one's time, faults, and items lost or doubled
	@$(BIN)/python -m tests.programs.slices --of $(SLICES) --all

bench: $(READY)  ## Move data and take messages in beside naive ways, price 10,000 scenarios; print ratios and times
	@$(BIN)/python -m benchmarks.bench
	@$(BIN)/python -m benchmarks.limited
	@$(BIN)/python -m benchmarks.limited_hot_stores
	@$(BIN)/python -m benchmarks.safety
	@$(BIN)/python -m benchmarks.cost_grid
	@$(BIN)/python -m benchmarks.hot_stores
	@$(BIN)/python -m benchmarks.chain
	@$(BIN)/python -m benchmarks.load
	@$(BIN)/python -m benchmarks.start_up
	@$(BIN)/python -m benchmarks.function_start

cost-report: $(READY)  ## Price a scenario (PARAMS=params/cost_analysis.three_clouds.yaml) as HTML and PDF into build/cost
	@$(BIN)/python -m l3kit.cost.report.document $(if $(PARAMS),--params $(PARAMS)) $(if $(OUT),--out $(OUT))

lint: $(READY)  ## Check style, layers and types
	@echo "checking style, then layers, then types (a minute the first time, then seconds)"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/mypy

notebooks: $(READY)  ## Run all notebooks with their defaults and save their outputs
	@$(BIN)/python -m tests.programs.refresh_notebooks

pages: $(READY)  ## Write the pages of docs/reference that are made from the code: API, commands, functions
	@$(BIN)/python -m tests.programs.api_page
	@$(BIN)/python -m tests.programs.commands_page
	@$(BIN)/python -m tests.programs.functions_page

docs: $(READY)  ## Build the documentation as a site into build/site, and check its links
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m tests.programs.site

lock: $(READY)  ## Write constraints.txt and the lock files with hashes, for what pyproject.toml lists
	@$(BIN)/python -m tests.programs.lock

definitions: $(READY)  ## Cut Google's definitions of its APIs, from the locked package, to the calls that l3kit makes
	@$(BIN)/python -m tests.programs.definitions

clean:  ## Stop the sandbox and remove what was generated
	@test ! -x $(BIN)/l3kit || $(BIN)/l3kit sandbox down --all
	@rm -rf build dist .l3kit .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +
