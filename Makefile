# Every target is a thin door to a program with tests of its own.
.DEFAULT_GOAL := help
SHELL := /bin/sh

PYTHON ?= python3
VENV := .edge/venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready-$(shell cat requirements/dev.txt pyproject.toml | cksum | cut -d' ' -f1)
GENERATED := crds charts/edge-stack/crds

.PHONY: help setup demo up down status test test-quick lint format bench bench-devices bench-pods mutate e2e images generate run-local lock clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed: set PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' || { echo "Python has no venv: apt-get install python3-venv"; exit 1; }
	@echo "setting up $(VENV) (about half a minute)"
	@rm -f $(VENV)/.ready-*
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

setup: $(READY) ## the Python environment in .edge/venv, pinned by hashes

demo: setup ## a cluster, the operator, a site and its devices: the whole story, left running
	@$(BIN)/python -m e2e.demo

up: setup ## the local cluster (CLUSTER=kind|node|controlplane); kubeconfig in .edge/kubeconfig
	@$(BIN)/python -m e2e.cluster up

down: setup ## end the local cluster and what runs on it
	@$(BIN)/python -m e2e.cluster down

status: setup ## what of the local cluster runs
	@$(BIN)/python -m e2e.cluster status

test: setup ## all tests, in lanes side by side, with the builds they need (ARGS="--lane node" for one lane)
	@$(BIN)/python -m e2e.testrun $(ARGS)

test-quick: setup ## the tests that start no process (within a minute)
	@$(BIN)/python -m e2e.testrun --quick $(ARGS)

lint: setup ## ruff, mypy, import-linter, generated files, shell scripts, the chart
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m edge_operator.api.crd --check $(GENERATED)
	@$(BIN)/python -m e2e.tools.values_table --check
	@$(BIN)/shellcheck .ci/run workloads/image/*.sh
	@helm=$$($(BIN)/python -m e2e.tools helm) && $$helm lint --strict --quiet charts/edge-stack

format: setup ## put the code into shape
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: setup ## 200 sites and 100,000 devices: time, writes, CPU, memory; prints tables (about 12 minutes)
	@$(BIN)/python -m benchmarks.sites
	@$(BIN)/python -m benchmarks.liveness

bench-devices: setup ## 10,000 devices of 20 sites, storms, failover, a broker of 10,000, a session of 100,000 (about 90 minutes)
	@$(BIN)/python -m benchmarks.devices --storms
	@$(BIN)/python -m benchmarks.failover
	@$(BIN)/python -m benchmarks.broker
	@$(BIN)/python -m benchmarks.session

bench-pods: setup ## a site in pods: memory, CPU, 1,000 readings a second (about 10 minutes; root)
	@$(BIN)/python -m benchmarks.pods

mutate: setup ## change one thing at a time in what does no I/O, and name what no quick test notices
	@$(BIN)/python -m e2e.tools.mutate

e2e: setup ## the long scenarios, on a real node of their own
	@$(BIN)/pytest --durations=10 e2e/scenarios

images: setup ## every image of this checkout, as archives in the cache
	@$(BIN)/python -m e2e.images build

generate: setup ## crds/ and the chart's copy from the types; the table of the chart's values
	@$(BIN)/python -m edge_operator.api.crd $(GENERATED)
	@$(BIN)/python -m e2e.tools.values_table

run-local: setup ## the operator here, against the cluster of $$KUBECONFIG
	@EDGE_PROBE_HOST=$${EDGE_PROBE_HOST:-127.0.0.1} $(BIN)/edge-operator

LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-emit-package edge-stack

lock: setup ## pin the dependencies anew
	@$(LOCK) --python-version 3.11 --extra dev -o requirements/dev.txt pyproject.toml
	@$(LOCK) --python-version 3.13 --extra operator -c requirements/dev.txt -o requirements/operator.txt pyproject.toml
	@$(LOCK) --python-version 3.13 --extra workloads -c requirements/dev.txt -o requirements/workloads.txt pyproject.toml

clean: down ## remove .edge as well
	@rm -rf .edge
