# `make run` starts the assistant, `make test` proves it. Both install what they need into .venv.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

export RASA_TELEMETRY_ENABLED := false
export SQLALCHEMY_SILENCE_UBER_WARNING := 1
PYTHON ?= python3.11
BIN := .venv/bin
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --ignore-requires-python

.PHONY: help run test check bench nlu-report train lock clean browser

help: ## this list
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

run: .venv/runtime ## start the assistant: http://localhost:8080 (PORT)
	@exec $(BIN)/python -m bot run

train: .venv/runtime ## train the model, if its data changed
	@$(BIN)/python -m bot train

test: .venv/develop browser train ## all tests
	$(BIN)/python -m pytest

check: .venv/develop ## lint, types, data; under a minute
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -p no:cacheprovider tests/test_language_data.py tests/test_architecture.py

bench: .venv/develop train ## measure against stock Rasa and write docs/benchmarks.md
	$(BIN)/python -m bench

nlu-report: .venv/develop ## understanding: docs/nlu_report.html
	$(BIN)/python -m bench.nlu

lock: ## (maintainers) pin what pyproject.toml asks for; needs uv
	uv pip compile --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --quiet pyproject.toml -o requirements.lock
	uv pip compile --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --quiet --group dev -c requirements.lock -o requirements-dev.lock
	uv pip compile --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --quiet --no-deps --group peers -o requirements-peers.lock

clean: ## remove what can be made again (not var/, which holds the data)
	rm -rf .venv .cache .rasa models .mypy_cache .pytest_cache .ruff_cache

.venv/made:
	@command -v $(PYTHON) >/dev/null || { echo "ventanilla: Python 3.11 is needed ($(PYTHON) was not found; set PYTHON=/path/to/python3.11)" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "ventanilla: $(PYTHON) is not Python 3.11" >&2; exit 2; }
	@test -w . || { echo "ventanilla: this folder is read-only; copy the project to one you may write" >&2; exit 2; }
	@$(PYTHON) -m venv .venv || { echo "ventanilla: $(PYTHON) cannot make a virtual environment (on Debian: apt-get install python3.11-venv)" >&2; exit 2; }
	@touch $@

# Rasa's keys file holds the addresses that it would report to; without it telemetry and error reports are off for good.
.venv/runtime: .venv/made requirements.lock
	@echo "Installing (the first time this takes a few minutes) …"
	@$(INSTALL) -r requirements.lock
	@rm -f .venv/lib/python3.11/site-packages/rasa/keys
	@touch $@

.venv/develop: .venv/runtime requirements-dev.lock
	@$(INSTALL) -r requirements-dev.lock
	@touch $@

browser: .cache/browser-tools .cache/identity-provider .cache/contract-checks .cache/peers
.cache/browser-tools: tests/browser/package.json tests/browser/package-lock.json
	@command -v npm >/dev/null || { echo "npm is not here: the accessibility tests will be skipped"; exit 0; }; \
	mkdir -p .cache/npm && cp tests/browser/package.json tests/browser/package-lock.json .cache/npm/ && \
	cd .cache/npm && PUPPETEER_SKIP_DOWNLOAD=1 PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --silent --no-audit --no-fund
	@mkdir -p .cache && touch $@

.cache/identity-provider: tests/identity/provider/package.json tests/identity/provider/package-lock.json
	@command -v npm >/dev/null || { echo "npm is not here: the identity provider's tests will be skipped"; exit 0; }; \
	mkdir -p .cache/provider && cp tests/identity/provider/package.json tests/identity/provider/package-lock.json .cache/provider/ && \
	cd .cache/provider && npm ci --silent --no-audit --no-fund
	@mkdir -p .cache && touch $@

.cache/contract-checks: tests/contracts/package.json tests/contracts/package-lock.json
	@command -v npm >/dev/null || { echo "npm is not here: tests against other people's contracts will be skipped"; exit 0; }; \
	mkdir -p .cache/contracts && cp tests/contracts/package.json tests/contracts/package-lock.json .cache/contracts/ && \
	cd .cache/contracts && npm ci --silent --no-audit --no-fund
	@mkdir -p .cache && touch $@

.cache/peers: requirements-peers.lock .venv/made
	@mkdir -p .cache && rm -rf $@ && $(INSTALL) --target $@ -r requirements-peers.lock && touch $@
