# make        sets up, runs the study of the drawn collection, prints the path of its site
# make test   sets up, runs every test
# make lab    sets up, opens JupyterLab on the project
# make help   lists the rest

.DEFAULT_GOAL := demo
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export TF_CPP_MIN_LOG_LEVEL ?= 2
# where it is set, every process reads every library it imports from its source: umap costs 16 seconds then instead of 6
unexport PYTHONDONTWRITEBYTECODE
# tests and notebooks run two at a time: each has half of the cores, and none waits for the other's threads
HALF = OMP_NUM_THREADS=$$(n=$$(getconf _NPROCESSORS_ONLN); echo $$(( n > 2 ? n / 2 : 1 )))

.PHONY: help
help: ## lists these
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.venv/.done: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "make needs Python 3.11 to 3.13, found '$(PYTHON)'; name one with: make PYTHON=python3.11" >&2; exit 2; }
	$(PYTHON) -m venv .venv 2>/dev/null || $(PYTHON) -m venv --without-pip .venv
	$(PYTHON) -m pip --python $(BIN)/python install --quiet pip
	$(BIN)/python -m pip install --quiet --no-compile -c constraints.txt -e ".[all,dev]" # what is used is compiled then
	touch $@

.PHONY: setup demo lab
setup: .venv/.done ## makes .venv with everything the project needs

demo: .venv/.done ## studies the drawn collection and prints the path of the site
	poster-analysis demo --out _demo $(DEMO)

lab: .venv/.done ## opens JupyterLab on the project
	jupyter lab --notebook-dir .

.PHONY: test test-all quick lint notebooks reports pytest test-lab
test: export DEMO = --backbone colour --n-null 0 --limit 72 --n-components 20 --map-method pca # what takes minutes has tests of its own
test: .venv/.done ## lint, notebooks, reports and tests: what stands between a change and main
	@$(MAKE) --no-print-directory -j 3 lint notebooks reports # the demo alone would keep one core busy
	@$(MAKE) --no-print-directory pytest

test-all: export POSTER_ANALYSIS_ALL = 1
test-all: test ## the same, with an extraction killed more often

# what needs no weights, no finished study, no kernel, no browser, and no minutes
QUICK = tests/collection tests/similarity tests/words tests/test_house.py \
	tests/test_notebooks.py::test_the_modules_are_what_the_notebooks_export
quick: lint ## lint and the quickest tests, in under two minutes
	$(HALF) pytest -q -n 2 --dist worksteal $(QUICK)

lint: .venv/.done ## style of notebooks and tests, types of the package
	ruff check .
	ruff format --check .
	pyrefly check

notebooks: .venv/.done ## runs every cell of nbs/
	$(HALF) nbdev_test --path nbs --n_workers 2

reports: demo ## runs the report notebooks with their defaults, on the demo's study
	$(HALF) nbdev_test --path reports --n_workers 2

pytest: .venv/.done ## runs tests/, the one that compares nbs/ with the module among them
	$(HALF) pytest -q -n 3 --dist worksteal

test-lab: .venv/.done ## tries reports, map and explorer in a real JupyterLab, and nothing else
	pytest -q tests/jupyter

.PHONY: export run docs wheel constraints hooks clean
export: .venv/.done ## writes poster_analysis/ from nbs/
	nbdev_export
	nbdev_clean

run: .venv/.done ## runs the notebooks of nbs/ that were changed and keeps their outputs (ALL=1: every one)
	python tools/run_notebooks.py $(if $(ALL),--all)

docs: .venv/.done ## builds the documentation from docs/ and nbs/ into _build/docs
	python docs/build.py

wheel: .venv/.done ## builds the wheel into dist/
	python -m build --wheel

constraints: ## resolves constraints.txt afresh (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --all-extras --no-header --no-annotate pyproject.toml -o constraints.txt

hooks: .venv/.done ## installs nbdev's git hooks, which merge and clean notebooks
	nbdev_install_hooks

clean: ## removes what was built, never a study
	rm -rf build dist _build *.egg-info .pytest_cache .ruff_cache
