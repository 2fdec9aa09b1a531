# Everything a developer runs. CI runs `make test` and `make test-more`; each target makes its own environment.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
AIO := .venv-aio
BENCH := .venv-bench
LOWEST := .venv-lowest
LOWEST_TESTS := $(addprefix tests/,hosts adapters api scenario whatif storage trace \
	base/json base/test_clock.py against/test_croniter.py languages/schedule/test_syntax.py)

.PHONY: demo test test-more test-lowest aio bench docs format clean

demo: $(VENV)/ready
	$(BIN)/simbridge run scenarios/order_fan_out.py

test: $(VENV)/ready aio
	$(BIN)/ruff format --check .
	$(BIN)/ruff format --check --preview README.md docs
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q -n auto --dist worksteal

# An environment of its own: aiobotocore and aioboto3 pin versions of botocore that are older than ours.
aio: $(AIO)/ready
	$(AIO)/bin/python -m pytest -q tests/aio

# The wheel and the sdist: built, installed into an empty environment, and used from there.
DIST := .venv-dist
.PHONY: dist-test
dist-test: $(DIST)/ready
	$(DIST)/bin/python -m pytest -q tests/packaging

$(DIST)/ready: constraints.txt
	$(PYTHON) -m venv $(DIST)
	$(DIST)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt build hatchling pytest
	touch $@

# What needs other versions, or packages that are built and installed.
test-more: test-lowest dist-test

# An environment of its own: the oldest versions that pyproject.toml promises (constraints-lowest.txt).
# The folders are those whose code calls other libraries. A deprecation is no error here: an old matplotlib
# calls names that today's pyparsing has deprecated.
test-lowest: $(LOWEST)/ready
	$(LOWEST)/bin/python -m pytest -q -n auto --dist worksteal -p no:cacheprovider \
		-W default::DeprecationWarning tests/test_lowest.py $(LOWEST_TESTS)

# An environment of its own: looptime, one of the peers, installs a pytest plugin that is never inert.
bench: $(BENCH)/ready
	$(BENCH)/bin/python tests/bench/run.py $(ONLY)

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

$(AIO)/ready: pyproject.toml constraints-aio.txt
	$(PYTHON) -m venv $(AIO)
	$(AIO)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints-aio.txt -e '.[aio]'
	touch $@

$(LOWEST)/ready: pyproject.toml constraints-lowest.txt
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints-lowest.txt -e '.[dev]'
	touch $@

$(BENCH)/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	touch $@

clean:
	rm -rf $(VENV) $(AIO) $(BENCH) $(LOWEST) $(DIST) .mypy_cache .pytest_cache .ruff_cache
