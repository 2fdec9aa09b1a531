# Everything a developer runs. `make test` is what CI runs; each target makes its own environment.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test bench docs format clean

demo: $(VENV)/ready
	$(BIN)/simbridge run scenarios/order_fan_out.py

test: $(VENV)/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff format --check --preview README.md docs
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q

bench: $(VENV)/ready
	$(BIN)/python tests/bench/bench_kernel.py

# Write what the examples print, the generated tables and the notebooks' outputs into the pages.
docs: $(VENV)/ready
	SIMBRIDGE_REFRESH=1 $(BIN)/python -m pytest -q tests/docs

format: $(VENV)/ready
	$(BIN)/ruff format .
	$(BIN)/ruff format --preview README.md docs
	$(BIN)/ruff check --fix .

$(VENV)/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache
