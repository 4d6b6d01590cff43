# One command per job. `make run` and `make test` set themselves up.
PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 2

.PHONY: run test check bench shots format simulate

run: .venv/ready
	@$(BIN)/kept run --demo

test: .venv/ready
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile

check: .venv/ready
	$(BIN)/ruff format --check kept tests bench
	$(BIN)/ruff check kept tests bench
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/test_tidy.py tests/test_docs.py

format: .venv/ready
	$(BIN)/ruff check --fix --select I kept tests bench
	$(BIN)/ruff format kept tests bench

bench: .venv/ready
	@$(BIN)/python -m bench

# A long search for a history that breaks an invariant: make simulate SEEDS=100000
SEEDS ?= 20000
simulate: .venv/ready
	@$(BIN)/python -m tests.simulation --seeds $(SEEDS)

shots: .venv/ready
	@$(BIN)/python -m docs.shots

.venv/ready: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@
