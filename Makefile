.PHONY: demo test crash check fmt fuzz fuzz-api bench bench-public bench-beside bounce-corpus peers docs screenshots clean
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
WORKERS ?= 3
BIN := $(VENV)/bin
PROPERTIES := $(wildcard tests/*/test_properties_*.py tests/*/test_*_properties.py) tests/test_header.py tests/queue/test_store_model.py

$(BIN)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: $(BIN)/.ready   ## run the main job: daemon, test MX, 1,000 letters, a mailing to 2,000 contacts
	$(BIN)/python -m postduif demo $(if $(ONCE),--once)

test: $(BIN)/.ready   ## all tests, WORKERS=3 at a time
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal $(ARGS)

crash: $(BIN)/.ready  ## what is promised, proved by kill -9, power cuts, bad disks and clocks (root, half an hour)
	$(BIN)/python -m tests.crash $(ARGS)

fuzz: $(BIN)/.ready   ## hostile input against each parser for SECONDS=60, then the property tests with more examples
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[fuzz]'
	set -e; for check in tests/fuzz/fuzz_*.py; do name=$$(basename $$check .py); \
	  echo "== $$name"; $(BIN)/python -m tests.fuzz $${name#fuzz_} -max_total_time=$(or $(SECONDS),60); done
	HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest -q $(PROPERTIES) $(ARGS)

fuzz-api: $(BIN)/.ready   ## the REST API asked EXAMPLES=200 times for each call, otherwise each time
	API_EXAMPLES=$(or $(EXAMPLES),200) $(BIN)/python -m pytest -q tests/campaign/web/test_api_contract.py $(ARGS)

check: $(BIN)/.ready  ## format, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

fmt: $(BIN)/.ready    ## put the code in shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(BIN)/.ready  ## numbers against real peers on this machine
	$(BIN)/python -m bench $(ARGS)

bench-bounded: $(BIN)/.ready  ## a queue of a million against one of ten thousand, sick hosts beside well ones
	$(BIN)/python -m bench.bounded $(ARGS)

bench-mailing: $(BIN)/.ready  ## preparing and sending mailings, the usual way beside it, pauses
	$(BIN)/python -m bench.mailing $(ARGS)

bench-public: $(BIN)/.ready  ## clicks on links in mail, on one core
	$(BIN)/python -m bench.public $(ARGS)

bench-beside: $(BIN)/.ready  ## sending a mailing, with and without 2,000 clicks a second beside it
	$(BIN)/python -m bench.beside $(ARGS)

screenshots: $(BIN)/.ready  ## the pictures of the pages in docs/screenshots, anew (needs chromium)
	$(BIN)/python -m tests.browser.screenshots

docs: $(BIN)/.ready   ## write the generated pages anew
	$(BIN)/python -m postduif.config.manual > docs/configuration.md
	$(BIN)/python -m tests.faults.page > docs/receiver-faults.md
	$(BIN)/python -m postduif.campaign.web.api.manual > docs/api.md

bounce-corpus: $(BIN)/.ready  ## make tests/data/bounces anew, with Debian's mail servers in namespaces of their own (root)
	$(BIN)/python -m tests.corpus $(ARGS)

peers:                ## what the tests need from Debian (root)
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	  postfix opendkim opendkim-tools swaks openssl systemd strace eatmydata e2fsprogs xfsprogs rspamd spamd curl chromium

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
