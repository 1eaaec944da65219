# Each target is one line of a real tool; `make demo` and `make test` set up what they need.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ALONE := tests/core/phases tests/core/selftest
READY := $(VENV)/.ready

# Without byte code every process that a run or a test starts would compile the program anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test slow check docs bench clean

demo: $(READY)  ## Run the main job quickly, on torch and onnx
	$(BIN)/infer-compare run --backends torch,onnx --quick --report html

test: $(READY)  ## Run the fast tests: first those that may run side by side, then the others
	$(BIN)/python -m pytest -q -n auto -m "not slow and not alone"
	$(BIN)/python -m pytest -m "not slow and alone" $(ALONE)

slow: $(READY)  ## Run the tests that take long, in the same order
	$(BIN)/python -m pytest -q -n auto --durations=30 -m "slow and not alone"
	$(BIN)/python -m pytest -q --durations=30 -m "slow and alone" $(ALONE) tests/faults

check: $(READY)  ## Lint, types, layers
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

docs: $(READY)  ## Build the documentation, warnings as errors
	$(BIN)/sphinx-build --fail-on-warning --keep-going -q docs docs/_build/html

bench: $(READY)  ## Measure what the program promises about itself
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/overhead.py

clean:  ## Remove what the other targets made, the runs excepted
	rm -rf $(VENV) build dist docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# Of the frameworks' modules few are ever imported: Python compiles these then, and pip would compile all.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --editable '.[all,dev]'
	touch $@
