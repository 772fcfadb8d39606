# Two commands do everything: `make run` and `make test`.
SHELL := /bin/sh
PYTHON ?= python3.11
ifeq (, $(shell command -v $(PYTHON) 2>/dev/null))
PYTHON := python3
endif
BIN := .venv/bin

.NOTPARALLEL:
.PHONY: run test retest lint types imports bench chaos ci clean requirements check-python

run: .venv/base.stamp node_modules/made.stamp
	@exec $(BIN)/python -m ibportal.run

test: .venv/dev.stamp node_modules/made.stamp
	$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile

# What the last `make test` saw fail, once more and one at a time.
retest: .venv/dev.stamp node_modules/made.stamp
	$(BIN)/pytest --last-failed --last-failed-no-failures none

lint: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev.stamp
	SECRET_KEY=only-for-reading-settings-while-checking-types $(BIN)/mypy

imports: .venv/dev.stamp
	$(BIN)/lint-imports

# Kills processes while orders and trade runs are under way; `make test` plays two rounds.
# ROUNDS=50 SEED=7 FIRST=120 make chaos plays rounds 120 to 169 of seed 7. With DATABASE_URL on a
# PostgreSQL server it starts one of its own, to be killed, from the same programs (initdb).
chaos: .venv/dev.stamp node_modules/made.stamp
	ROUNDS=$(or $(ROUNDS),200) SEED=$(SEED) FIRST=$(FIRST) $(BIN)/pytest -q -s tests/chaos

bench: .venv/dev.stamp
	@found=0; for file in benchmarks/bench_*.py; do [ -f "$$file" ] || continue; found=1; \
	  echo "$$file"; case "$$file" in *_memory.py) set -- --minutes 1;; *) set --;; esac; \
	  PYTHONPATH=. $(BIN)/python "$$file" "$$@" || exit 1; done; \
	  [ $$found = 1 ] || echo "There are no benchmarks yet."

ci:
	bash .ci/run

clean:
	rm -rf .venv node_modules var .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

requirements: .venv/dev.stamp
	cd requirements && for name in base dev; do ../$(BIN)/pip-compile -q --upgrade \
	  --generate-hashes --strip-extras --allow-unsafe --no-emit-find-links --no-emit-index-url \
	  --no-emit-trusted-host --no-header -o $$name.txt $$name.in; done

check-python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "ibportal needs Python 3.11 or newer; '$(PYTHON)' is not. Install it, or name it: make run PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "This Python cannot make virtual environments. On Debian and Ubuntu: sudo apt install python3-venv"; exit 1; }

.venv/made.stamp: | check-python
	@echo "Making the virtual environment …"
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/base.stamp: requirements/base.txt .venv/made.stamp
	@echo "Installing the packages (once) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/base.txt
	@touch $@

.venv/dev.stamp: requirements/dev.txt .venv/made.stamp
	@echo "Installing the packages for tests (once) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@ .venv/base.stamp

# Without npm or its registry the portal starts all the same: pages say that the chart is missing.
node_modules/made.stamp: package.json package-lock.json
	@echo "Installing the pages' scripts (once) …"
	@npm=$$(command -v npm || echo $(BIN)/npm); \
	if "$$npm" ci --silent --ignore-scripts --fetch-retries=1 --fetch-timeout=20000; then touch $@; \
	else echo "npm cannot install the chart library now; the portal starts without charts, and the next start tries again."; fi
