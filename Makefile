# The commands of the house. `make` alone lists them.
#
# Everything lives in .venv, made from the locks in requirements/ on first use;
# files in it (.made to .check) remember what is installed, so that a
# second run is quick. Another Python: make PYTHON=/path/to/python3.12 VENV=.venv-3.12 ...

VENV ?= .venv
PYTHON ?=
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq install --no-build-isolation
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	--no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

.DELETE_ON_ERROR:
.PHONY: help demo serve test check format coverage bench rules mutate-rules agree fuzz docs lock image clean

help:  ## list these commands
	@echo "Myoflag: FHIR laboratory results and diagnoses in, explained Flags out. Try: make demo"
	@sed -n 's/^\([a-z-]*\):.*## /  make \1@/p' $(MAKEFILE_LIST) | column -t -s @ 2>/dev/null \
		|| sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' $(MAKEFILE_LIST)

demo: $(VENV)/.rules  ## evaluate the sample bundles and show their flags as a table
	@$(BIN)/myoflag evaluate --now latest fhir_samples

serve: $(VENV)/.rules  ## start the HTTP service on 127.0.0.1:8080
	@$(BIN)/myoflag serve

test: $(VENV)/.test  ## run all tests
	@$(BIN)/python -m pytest -q

check: $(VENV)/.check  ## format, lint, types, room contracts, rules, Dockerfile
	@$(BIN)/ruff format --check --diff .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/myoflag rules lint
	@$(BIN)/hadolint Dockerfile

format: $(VENV)/.check  ## rewrite the code as `make check` wants it
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

coverage: $(VENV)/.test  ## run all tests and show the lines that none of them reached
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest -q
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

bench: $(VENV)/.test  ## measure what evaluations cost on this machine, as docs/performance.md tells
	@$(BIN)/python -m tests.benchmarks $(BENCH)

rules: $(VENV)/.runtime  ## lint the rules and run the tests beside them
	@$(BIN)/myoflag rules lint
	@$(BIN)/myoflag rules test

mutate-rules: $(VENV)/.test  ## break each rule in small ways: a test beside the rules must notice each
	@$(BIN)/python -m tests.mutation

agree: $(VENV)/.test  ## hold the engine against the plain evaluator on 100,000 random records
	@$(BIN)/python -m pytest -q tests/engine/test_oracle_agreement.py --cases 100000

fuzz: $(VENV)/.test  ## answer spoiled requests for an hour, or as FUZZ says: FUZZ="--seconds 60 --seed 2"
	@$(BIN)/python -m tests.fuzz $(FUZZ)

docs: $(VENV)/.test  ## write the transcripts and the tables of forms in the documents anew
	@$(BIN)/python -m tests.transcripts
	@$(BIN)/python -m tests.conformance

lock: $(VENV)/.check  ## compute the locks anew from pyproject.toml and requirements/*.in
	@$(LOCK) $(UPGRADE) requirements/build.in -o requirements/build.txt
	@$(LOCK) $(UPGRADE) pyproject.toml -c requirements/build.txt -o requirements/runtime.txt
	@$(LOCK) $(UPGRADE) pyproject.toml requirements/test.in \
		-c requirements/build.txt -c requirements/runtime.txt -o requirements/test.txt
	@$(LOCK) $(UPGRADE) pyproject.toml requirements/test.in requirements/check.in \
		-c requirements/build.txt -c requirements/test.txt -o requirements/check.txt

image:  ## build the container image (needs a Docker engine)
	docker build --tag myoflag .

clean:  ## remove what make and the tools made
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage*

# The first Python that can install Myoflag, of $(PYTHON) or the usual names.
$(VENV)/.made:
	@for name in $(or $(PYTHON),python3.12 python3.11 python3); do \
		if $$name -c '' 2>/dev/null; then \
			seen=$$name; \
			if $$name requirements/machine.py 2>/dev/null; then found=$$name; break; fi; \
		fi; \
	done; \
	if [ -z "$$seen" ]; then \
		echo "Myoflag needs Python 3.11 or 3.12, and there is none here ($(or $(PYTHON),python3))." >&2; exit 1; \
	fi; \
	if [ -z "$$found" ]; then $$seen requirements/machine.py; exit 1; fi; \
	echo "Making $(VENV) with $$($$found --version)."; \
	$$found -m venv --clear $(VENV)
	@touch $@

$(VENV)/.build: requirements/build.txt $(VENV)/.made
	@$(PIP) --require-hashes -r $<
	@touch $@

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml $(VENV)/.build
	@echo "Installing what Myoflag needs (the first time takes a minute: its rules engine is compiled)."
	@$(PIP) --require-hashes -r $<
	@$(PIP) --no-deps --editable .
	@touch $@

# With these, a start need not read and check the YAML again.
$(VENV)/.rules: $(VENV)/.runtime $(shell find rules service/knowledge service/record.py -name '*.yaml' -o -name '*.py')
	@$(BIN)/myoflag rules compile
	@touch $@

$(VENV)/.test: requirements/test.txt $(VENV)/.runtime
	@echo "Installing what the tests need."
	@$(PIP) --require-hashes -r $<
	@touch $@

$(VENV)/.check: requirements/check.txt $(VENV)/.test
	@echo "Installing what the checks need."
	@$(PIP) --require-hashes -r $<
	@touch $@
