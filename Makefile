# Each target builds what it needs in .venv, from nothing but Python and make.
# Another interpreter than python3: make demo PYTHON=python3.12
# To keep the database and the sandbox of the demo until Ctrl-C: make demo KEEP=1
.POSIX:
.NOTPARALLEL:
.PHONY: help demo test test-all lint audit dist test-wheel tag chaos reach bench mutants clean

# Images of Python often set it; every command that is started would compile its modules anew.
PYTHONDONTWRITEBYTECODE =
PYTHON ?= python3
BIN = .venv/bin
PYTEST = $(BIN)/python -m pytest -q -n auto --dist worksteal
PACKAGE = --editable ".[sandbox]"
# uv takes seconds for what takes pip minutes. Where it cannot be had, or cannot reach the index, pip installs.
WITH = install() { python=$$1; shift; \
	$(BIN)/python -m uv pip install --quiet --python $$python --compile-bytecode "$$@" 2>/dev/null || \
	$(BIN)/python -m pip --python $$python install -qq "$$@"; }; install
INSTALL = $(WITH) $(BIN)/python $(PACKAGE)
FAILED = { echo "The environment could not be built; the reason is above. It needs a package index pip can reach," \
	"and for the demo and the tests Linux with glibc 2.28 or newer, or macOS." >&2; exit 1; }

help:
	@echo "make demo      load made-up GoToWebinar data into a PostgreSQL on this machine and draw two pages of charts"
	@echo "               KEEP=1 keeps the database and the sandbox running until you press Ctrl-C"
	@echo "make test      run the quick tests: 4 minutes on two cores; they need no network"
	@echo "make test-all  run all tests and measure coverage: 25 minutes"
	@echo "make lint      check style, types and layers"
	@echo "make audit     look for known vulnerabilities in dependencies and workflows"
	@echo "make dist      build the wheel and the source archive; make test-wheel then tests the wheel"
	@echo "make chaos     kill runs, inject faults, try any input, and check the results: hours"
	@echo "make reach     run twenty connections in Airflow while one of two machines dies: an hour"
	@echo "make bench     compare this tap with a plain SDK tap: half an hour"
	@echo "make mutants MODULES=rate_limiter   find changes to a module that no test notices"
	@echo "make clean     remove everything that these commands built"

demo: .venv/demo
	@$(BIN)/python -m demo

test: .venv/test
	$(PYTEST) -m "not slow"

test-all: .venv/test .venv-airflow/installed
	$(PYTEST) --cov --cov-report=term

lint: .venv/lint
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

audit: .venv/audit
	$(BIN)/zizmor --offline --persona=pedantic .github
	$(BIN)/pip-audit --progress-spinner=off .

dist: .venv/package
	rm -rf dist
	$(BIN)/python -m build --outdir dist
	$(BIN)/twine check --strict dist/*

# The tests against the wheel in dist/, in a copy of this repository without the sources of what the wheel holds.
test-wheel:
	rm -rf build/without-sources
	mkdir -p build/without-sources
	git ls-files | grep -vE '^(gotowebinar_sandbox|schemas|tap_gotowebinar|target_gotowebinar)/' | tar -cf - -T - | tar -xf - -C build/without-sources
	set -- $(CURDIR)/dist/*.whl && $(MAKE) -C build/without-sources .venv/test PACKAGE="'$$1[sandbox]'"
	cd build/without-sources && $(PYTEST) --cov --cov-report=term

# Before a release: TAG names the version that is built, and the changelog tells what is in it.
tag:
	grep -qx 'version = "$(TAG:v%=%)"' pyproject.toml
	grep -q '^## \[$(TAG:v%=%)\]' CHANGELOG.md

# Hours; the tests run the first campaigns, and few examples.
chaos: .venv/test
	$(BIN)/python -m tests.chaos --seeds 200
	FUZZ=600 $(BIN)/python -m pytest -q --timeout 3600 tests/fuzz

# Airflow and Meltano want different versions of the same libraries: it has an environment of its own.
reach: .venv/test .venv-airflow/installed
	ROUNDS=20 $(BIN)/python -m pytest -q -m slow tests/orchestration
	$(BIN)/python -m tests.orchestration

bench: .venv/test
	$(BIN)/python -m benchmarks.bench

# One or several modules of those that pyproject.toml names; all of them take an hour or two.
mutants: .venv/mutants
	$(BIN)/mutmut run $(MODULES:%="*.%.*")
	$(BIN)/mutmut results

clean:
	rm -rf .venv .venv-airflow mutants .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist *.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} +

.venv/demo: .venv/answers/demo pyproject.toml
	@echo "Installing what the demo needs in .venv: about a minute, once"
	@$(INSTALL) --group demo || $(FAILED)
	@touch $@

.venv/test: .venv/answers/test pyproject.toml
	@echo "Installing what the tests need in .venv: about a minute, once"
	@$(INSTALL) --group test || $(FAILED)
	@touch $@

# The type checker reads the tests too, and so needs what they import.
.venv/lint: .venv/created pyproject.toml
	@echo "Installing what the linters need in .venv: about a minute, once"
	@$(INSTALL) --group test --group lint || $(FAILED)
	@touch $@

.venv/mutants: .venv/created pyproject.toml
	@echo "Installing what the mutation tests need in .venv: about a minute, once"
	@$(INSTALL) --group mutants || $(FAILED)
	@touch $@

# dbt and dbt Charts, apart from everything else.
.venv/answers/demo: .venv/created pyproject.toml
	@$(BIN)/python -m venv --without-pip .venv/answers
	@$(WITH) .venv/answers/bin/python --group answers || $(FAILED)
	@touch $@

.venv/answers/test: .venv/answers/demo
	@$(WITH) .venv/answers/bin/python --group answers-test || $(FAILED)
	@touch $@

.venv/audit: .venv/created pyproject.toml
	@echo "Installing what the audit needs in .venv: about a minute, once"
	@$(BIN)/python -m pip install -qq --group audit || $(FAILED)
	@touch $@

.venv/package: .venv/created pyproject.toml
	@echo "Installing what the packaging needs in .venv: about a minute, once"
	@$(BIN)/python -m pip install -qq --group package || $(FAILED)
	@touch $@

.venv-airflow/installed: .venv/created orchestration/airflow/requirements.txt
	@echo "Installing Airflow in .venv-airflow: about a minute, once"
	@$(PYTHON) -m venv .venv-airflow
	@.venv-airflow/bin/python -m pip install -qq -r orchestration/airflow/requirements.txt || $(FAILED)
	@touch $@

.venv/created:
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || { \
		echo "Python 3.11 or newer is needed. Install it, or name it: make demo PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c "import ensurepip, venv" || { \
		echo "Python's venv module is missing. Install it: apt install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -qq --upgrade "pip>=25.1" || $(FAILED)
	@$(BIN)/python -m pip install -qq uv 2>/dev/null || true
	@touch $@
