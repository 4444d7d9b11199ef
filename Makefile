# Every command sets up what it needs; `make help` lists them.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh
# Tests start many processes; without the bytecode that is kept, each compiles all that it imports.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
SYNCED := .venv/.synced
UV_VERSION := 0.13.9
# Half of the time is waiting for servers; still more workers would only make them slow.
WORKERS ?= 3
TESTS ?=
PROTOC = $(BIN)/python -m grpc_tools.protoc -Iscaler/pb=protos scaler/pb/externalscaler.proto \
	--plugin=protoc-gen-mypy=$(BIN)/protoc-gen-mypy --plugin=protoc-gen-mypy_grpc=$(BIN)/protoc-gen-mypy_grpc
PROTOC_OUT = --python_out=$(1) --mypy_out=quiet:$(1) --grpc_python_out=$(1) --mypy_grpc_out=quiet:$(1)

.PHONY: help
help: ## list the commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(SYNCED) ## the real service, a simulated fleet and a KEDA-like client; ARGS='--for 1m'
	@$(BIN)/forescale demo $(ARGS)

.PHONY: test
test: tools ## every test; TESTS=tests/unit for a part
	$(BIN)/python -m pytest -n $(WORKERS) $(TESTS)

.PHONY: check
check: lint types contracts protos-check test ## all that CI runs

.PHONY: lint
lint: $(SYNCED) ## formatting, lint and spelling
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/codespell

.PHONY: types
types: $(SYNCED) ## mypy, strict
	$(BIN)/mypy

.PHONY: contracts
contracts: $(SYNCED) ## imports point one way, and the core stays pure
	$(BIN)/lint-imports

.PHONY: bench
bench: $(SYNCED) ## figures of decide, tick, calls, load, restart and reads, as ratios in one run
	$(BIN)/python -m tests.bench

.PHONY: bench-forecast
bench-forecast: $(SYNCED) ## accuracy and cost of forecasts over a folder of traces; TRACES=DIR
	@test -n "$(TRACES)" || { echo "name a folder of traces: make bench-forecast TRACES=DIR" >&2; exit 2; }
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.bench.forecast $(TRACES)

.PHONY: dashboards
dashboards: $(SYNCED) ## regenerate the dashboards and the operator's rules from their code
	$(BIN)/python -W ignore::DeprecationWarning -m dashboards

.PHONY: dashboards-check
dashboards-check: ## the dashboards against Grafana's own types; needs npm, and 26 MB
	npm ci --silent --ignore-scripts --no-audit --no-fund --prefix tests/tools/grafana
	node tests/tools/grafana/check.mjs dashboards/*.json

.PHONY: protos
protos: $(SYNCED) ## regenerate scaler/pb from protos/
	$(PROTOC) $(call PROTOC_OUT,.)

.PHONY: protos-check
protos-check: $(SYNCED) ## scaler/pb is what protos/ generates
	@fresh=$$(mktemp -d) && trap 'rm -rf "$$fresh"' EXIT && \
	$(PROTOC) $(call PROTOC_OUT,"$$fresh") && \
	diff -r -x __init__.py -x __pycache__ "$$fresh/scaler/pb" scaler/pb || \
	{ echo "scaler/pb differs from protos/: run 'make protos' and commit" >&2; exit 1; }

.PHONY: tools
tools: $(SYNCED) ## find or build the real servers that tests need
	@$(BIN)/python -m tests.tools.servers

.PHONY: e2e-tools
e2e-tools: $(SYNCED) ## build what `make e2e` needs once: 20 minutes on 2 cores, 14 GB while it builds
	@$(BIN)/python -m tests.tools.servers prometheus etcd kwok kubernetes keda

.PHONY: e2e
e2e: e2e-tools ## end to end on a real control plane and a real KEDA; TESTS=tests/e2e/test_follow.py
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(or $(TESTS),tests/e2e)

.PHONY: setup
setup: $(SYNCED) ## .venv with the locked dependencies

$(SYNCED): uv.lock pyproject.toml
	@python=$$(for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	    $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; \
	done); \
	test -n "$$python" || { echo "Forescale needs Python 3.11 or newer with venv (Debian: apt install python3-venv)" >&2; exit 1; }; \
	$(BIN)/python -m pip --version >/dev/null 2>&1 || { rm -rf .venv && $$python -m venv .venv; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=.venv $(BIN)/uv sync --frozen --quiet
	@touch $@

.PHONY: clean
clean: ## remove what was made here; built servers stay in the cache
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage htmlcov dist
	find scaler forecasting tests -name __pycache__ -type d -prune -exec rm -rf {} +
