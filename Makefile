# Needs Python 3.11 or newer and make. Everything else is set up once, into .venv.
#
#   make run          the demo on http://127.0.0.1:8000
#   make test         all tests, against real peers (PEERS=none leaves those out and says so), in
#                     two processes (WORKERS=2)
#   make test-sites   Ghost 5 and 6, Hugo and WordPress behind the gateway (installs them; takes a while)
#   make bench        CPU per request beside nginx, Caddy and oauth2-proxy (ARGS=--quick)
#   make lint         ruff and mypy
#   make docs         the README against the files and settings it names
#   make lock         requirements.lock anew from pyproject.toml
#   make schema       the schema of a new SQLite file, anew from the migrations

PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$each && break; done)
VENV := .venv
BIN := $(VENV)/bin
STAMPS := .stamps
PEERS ?= all
ARGS ?=
WORKERS ?= 2
TESTS ?=
export PEERS

.DEFAULT_GOAL := help
.PHONY: help run setup test test-sites bench lint docs lock schema wheel peers

help:
	@sed -n 's/^#   //p' Makefile

setup: $(STAMPS)/installed

# --require-hashes: nothing but what the lock names is installed, the project's own builder too. The
# project comes last, editable, so that the checkout is what runs; compiled, or the first start would do
# that, and each one where Python may write no bytecode.
$(STAMPS)/installed: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and none was found"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
		echo "$(PYTHON) has no venv with pip (Debian: apt-get install python3-venv)"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		-r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
		--no-build-isolation --editable .
	$(BIN)/python -m compileall -q gateway
	@mkdir -p $(STAMPS) && touch $@

run: setup
	$(BIN)/lychgate demo $(ARGS)

peers:
	@sh tests/peers.sh test

# Chromium comes with the peers; the browser tests' packages are what their lock file names.
$(STAMPS)/browser: tests/browser/package-lock.json
	cd tests/browser && npm ci --silent --no-audit --no-fund
	@mkdir -p $(STAMPS) && touch $@

# All of them run side by side, a file in one process; a few chosen ones (TESTS=…) one after the other.
SIDE_BY_SIDE := $(if $(TESTS),,-n $(WORKERS) --dist loadfile)

ifeq ($(PEERS),none)
test: setup peers
	$(BIN)/pytest $(SIDE_BY_SIDE) -m "not browser" -rs $(ARGS) $(TESTS)
else
test: setup peers
	@$(MAKE) --no-print-directory $(STAMPS)/browser
	$(BIN)/pytest $(SIDE_BY_SIDE) $(ARGS) $(TESTS)
endif

test-sites: setup
	@sh tests/peers.sh sites || true
	SITES=all $(BIN)/pytest tests/sites $(ARGS)

bench: setup
	@sh tests/peers.sh bench || true
	$(BIN)/lychgate bench $(ARGS)

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy --explicit-package-bases

# The README is the manual for now: nothing is built, but what it names must be there.
docs: setup
	$(BIN)/pytest tests/test_manual.py

wheel: setup
	$(BIN)/uv build --quiet --wheel

schema: setup
	$(BIN)/python -m tests.newest_schema > gateway/stores/newest.sql.made
	mv gateway/stores/newest.sql.made gateway/stores/newest.sql

lock: setup
	$(BIN)/uv pip compile pyproject.toml --all-extras --group dev --universal --no-header \
		--no-annotate --quiet --generate-hashes --no-emit-index-url -o requirements.lock
