# The few commands of the product; each works from a fresh clone.
.POSIX:
.PHONY: help serve test check bench bench-small lock format clean
PYTHON = python3
BIN = .venv/bin

help: ## say what there is
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -e 's/:.*## /\t/'

serve: ## install, migrate, load data, train the model if there is none, make the demo organisation, start on 127.0.0.1:8000 (PORT=)
	@$(PYTHON) -m scripts.serve

test: ## install all that the tests need, then run all tests
	@$(PYTHON) -m scripts.environment --test
	@$(BIN)/python -m scripts.frontend
	@sh scripts/system_packages.sh
	@$(BIN)/python -m pytest

check: ## format, lint, types, documentation, corpus
	@$(PYTHON) -m scripts.environment --test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m scripts.corpus_check
	$(BIN)/python -m scripts.lifecycle_docs --check
	$(BIN)/python -m scripts.metrics_docs --check
	$(BIN)/python -m scripts.wording --check
	$(BIN)/python -m pytest -q tests/test_docs.py tests/test_architecture.py

bench: ## benchmarks, each against a yardstick in the same run
	@$(PYTHON) -m scripts.environment --test
	@for file in benchmarks/bench_*.py; do [ -e "$$file" ] || { echo "no benchmarks yet"; continue; }; echo "== $$file"; PYTHONPATH=. $(BIN)/python "$$file" || exit 1; done

bench-small: ## the board over 100,000 tickets, a few minutes
	@$(PYTHON) -m scripts.environment --test
	@PYTHONPATH=. $(BIN)/python benchmarks/bench_board.py 10000 100000

format: ## format the code and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: ## pin all requirements again, with hashes
	@$(PYTHON) -m scripts.lock

clean: ## forget caches; the instance (data, secret, models) stays
	rm -rf .pytest_cache .mypy_cache .ruff_cache .coverage htmlcov

# PORT and HOST given on the command line reach the programs as environment variables.
.EXPORT_ALL_VARIABLES:
