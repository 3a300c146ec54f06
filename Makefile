# Sets up .venv by itself, once per content of the requirements files; works offline afterwards.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.DELETE_ON_ERROR:
# Each process of a stack would compile everything again.
unexport PYTHONDONTWRITEBYTECODE

PY := .venv/bin/python
WORKERS ?= 4
SHARED := --dist loadgroup --no-loadscope-reorder
ARGS ?=
QUICK := tests/domain tests/store tests/flow \
	tests/terminal/test_publish.py::test_publish_and_watch_in_one_shows_all_to_the_end

RUN_STAMP := .venv/.run-$(shell cat requirements.lock | cksum | cut -d ' ' -f 1)
DEV_STAMP := .venv/.dev-$(shell cat requirements.lock requirements-dev.lock | cksum | cut -d ' ' -f 1)

.PHONY: help demo run test quick check proof crash world bench fuzz screenshots pins audit sbom clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' Makefile

demo: $(RUN_STAMP) ## publish a story of 5 clips through the whole stack against the sandbox, under 60 s
	@exec $(PY) -m storyclip demo $(ARGS)

run: $(RUN_STAMP) ## run the service on http://127.0.0.1:8000 (or PORT) until Ctrl-C
	@exec $(PY) -m storyclip run $(ARGS)

test: $(DEV_STAMP) ## run the whole test suite (ARGS="-k word", WORKERS=4 processes)
	@if [ -n "$$CI" ]; then sh tests/postgres/ensure.sh && sh tests/browser/ensure.sh && sh tests/proxies/ensure.sh; fi
	@exec $(PY) -m pytest -n $(WORKERS) $(SHARED) --timeout 120 $(ARGS)

quick: $(DEV_STAMP) ## domain, store, flow (without hosts' clocks), one batch through the whole stack, for while one works
	@exec $(PY) -m pytest -n 4 $(SHARED) --quiet -k "not postgres and not truth and not clocks and not wrong_clock" $(QUICK)

check: $(DEV_STAMP) ## lint, types, import rules, house rules: fast, no services
	@.venv/bin/ruff check --quiet
	@.venv/bin/ruff format --check --quiet || { echo "Not formatted. Run: .venv/bin/ruff format"; exit 1; }
	@$(PY) -m mypy
	@.venv/bin/lint-imports --no-logo
	@$(PY) -m pytest --quiet tests/test_house_rules.py

crash: $(DEV_STAMP) ## kill the real processes 600 times and judge by the sandbox's ledger
	@exec $(PY) -m tests.crash --kills 600 $(ARGS)

world: $(DEV_STAMP) ## run the simulated world until Ctrl-C (SECONDS=60: for a minute)
	@exec $(PY) -m tests.world $(if $(SECONDS),--seconds $(SECONDS)) $(ARGS)

proof: $(DEV_STAMP) ## try to break the promise in every way, and write the figures into docs/proof.md
	@exec $(PY) -m tests.proof $(ARGS)

bench: $(DEV_STAMP) ## measure throughput and latency on this machine (ARGS=--quick, or --help)
	@exec $(PY) -m tests.bench $(ARGS)

fuzz: $(DEV_STAMP) ## ask 20,000 made-up requests, check each answer; 2,000 raw ones at the port
	@exec $(PY) -m tests.fuzz $(ARGS)

screenshots: $(DEV_STAMP) ## picture the page's views, into docs/screenshots
	@exec $(PY) -m tests.page.screenshots $(ARGS)

pins: $(DEV_STAMP) ## pin the newest versions that requirements*.in allow (needs the package index)
	@$(PY) -m pip install --quiet --disable-pip-version-check uv
	@$(PINS) requirements.in -o requirements.txt
	@$(PINS) requirements.in -o requirements.lock -c requirements.txt --generate-hashes
	@$(PINS) requirements-dev.in -o requirements-dev.txt
	@$(PINS) requirements-dev.in -o requirements-dev.lock -c requirements-dev.txt --generate-hashes
	@$(PINS) requirements-audit.in -o requirements-audit.lock --generate-hashes

audit: $(RUN_STAMP) ## ask which packages of requirements.lock have known holes (needs the network)
	@exec sh config/audit.sh audit

sbom: $(RUN_STAMP) ## write the bill of materials of requirements.lock, CycloneDX, into sbom.cdx.json
	@exec sh config/audit.sh sbom

clean: ## remove .venv and caches; data/ stays
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

PINS := .venv/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
	--no-emit-index-url --custom-compile-command 'make pins'

$(RUN_STAMP):
	@sh config/venv.sh requirements.lock
	@rm -f .venv/.run-*; touch $@

$(DEV_STAMP):
	@sh config/venv.sh requirements.lock requirements-dev.lock
	@rm -f .venv/.run-* .venv/.dev-*; touch $(RUN_STAMP) $@
