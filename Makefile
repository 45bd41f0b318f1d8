# Two commands: `make run` and `make test`. Both install what is missing and are quick the second time.
.PHONY: install run test format clean

PIAODA = .venv/bin/piaoda
CODE = bot handlers nlu storage locales fapiao tests benchmarks

install:
	@setup/install run

run: install
	@PIAODA_DEMO=$${PIAODA_DEMO:-true} exec $(PIAODA) serve

test:
	@setup/install test
	.venv/bin/ruff format --check $(CODE)
	.venv/bin/ruff check $(CODE)
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/pytest -n 2 --dist loadfile tests

format:
	.venv/bin/ruff format $(CODE)
	.venv/bin/ruff check --fix $(CODE)

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
