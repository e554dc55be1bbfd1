# Every target only starts a program that has its own tests.
.DEFAULT_GOAL := help
SHELL := /bin/sh

PYTHON ?= python3
VENV := .edge/venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready-$(shell cat requirements/dev.txt pyproject.toml | cksum | cut -d' ' -f1)
GENERATED := crds charts/edge-stack/crds

.PHONY: help setup demo up down status test test-quick lint format bench bench-devices bench-pods bench-path bench-forward bench-crash mutate e2e images push bundle generate run-local lock clean

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

setup: $(READY) ## create the Python environment in .edge/venv, pinned by hashes

demo: setup ## run the complete demo: a cluster, the operator, a site and its devices; it keeps running
	@$(BIN)/python -m e2e.demo

up: setup ## start the local cluster (CLUSTER=kind|node|controlplane); kubeconfig in .edge/kubeconfig
	@$(BIN)/python -m e2e.cluster up

down: setup ## stop the local cluster and everything that runs on it
	@$(BIN)/python -m e2e.cluster down

status: setup ## show the state of the local cluster
	@$(BIN)/python -m e2e.cluster status

test: setup ## run all tests, in parallel lanes, with the builds they need (ARGS="--lane node" for one lane)
	@$(BIN)/python -m e2e.testrun $(ARGS)

test-quick: setup ## run the tests that start no process (within a minute)
	@$(BIN)/python -m e2e.testrun --quick $(ARGS)

lint: setup ## check with ruff, mypy and import-linter; check generated files, shell scripts and the chart
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m edge_operator.api.crd --check $(GENERATED)
	@$(BIN)/python -m e2e.tools.values_table --check
	@$(BIN)/python -m e2e.reference --check
	@$(BIN)/shellcheck .ci/run workloads/image/*.sh e2e/bundle/edge-stack-bundle
	@helm=$$($(BIN)/python -m e2e.tools helm) && $$helm lint --strict --quiet charts/edge-stack

format: setup ## format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: setup ## measure 200 sites and 100,000 devices: time, writes, CPU, memory; prints tables (about 12 minutes)
	@$(BIN)/python -m benchmarks.sites
	@$(BIN)/python -m benchmarks.liveness
	@$(BIN)/python -m benchmarks.login_check

bench-devices: setup ## measure 10,000 devices in 20 sites, storms, failover, a broker of 10,000, a session of 100,000 (about 90 minutes)
	@$(BIN)/python -m benchmarks.devices --storms
	@$(BIN)/python -m benchmarks.failover
	@$(BIN)/python -m benchmarks.broker
	@$(BIN)/python -m benchmarks.session

bench-pods: setup ## measure a site in pods: memory, CPU, 1,000 readings a second (about 10 minutes; root)
	@$(BIN)/python -m benchmarks.pods

bench-path: setup ## measure the data path: CPU, rate, delays, bytes, queries, against a null processor (about 15 minutes)
	@$(BIN)/python -m benchmarks.path $(ARGS)

bench-forward: setup ## measure forwarding to the cloud and to Kafka: drain, delays, CPU, bytes, memory (about 10 minutes)
	@$(BIN)/python -m benchmarks.forward $(ARGS)

bench-crash: setup ## kill, end and stop processor, store, broker, sinks and link under load; power cuts (about 30 minutes)
	@$(BIN)/python -m benchmarks.crash $(ARGS)
	@test "$$(id -u)" -ne 0 || $(BIN)/python -m benchmarks.crash --sinks cloud,kafka --rounds 8 --rate 2000
	@$(BIN)/python -m benchmarks.power_cut

mutate: setup ## run mutation tests of the code without I/O: print the mutations that no quick test detects
	@$(BIN)/python -m e2e.tools.mutate

e2e: setup ## run the long scenarios, on their own real node
	@$(BIN)/pytest --durations=10 e2e/scenarios

images: setup ## build every image of this checkout, as archives in the cache
	@$(BIN)/python -m e2e.images build

push: setup ## build every image and push it to your registry (make push REGISTRY=registry.example.com/edge)
	@$(BIN)/python -m e2e.images push "$(REGISTRY)"

bundle: setup ## write one archive with images, chart, CRDs and docs, for sites without internet (.edge/bundle)
	@$(BIN)/python -m e2e.bundle

generate: setup ## generate crds/, the chart's copy, docs/api-reference.md, and the table of the chart's values
	@$(BIN)/python -m edge_operator.api.crd $(GENERATED)
	@$(BIN)/python -m e2e.tools.values_table
	@$(BIN)/python -m e2e.reference

run-local: setup ## run the operator on this machine, against the cluster of $$KUBECONFIG
	@EDGE_PROBE_HOST=$${EDGE_PROBE_HOST:-127.0.0.1} $(BIN)/edge-operator

LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-emit-package edge-stack

lock: setup ## pin the dependencies again
	@$(LOCK) --python-version 3.11 --extra dev -o requirements/dev.txt pyproject.toml
	@$(LOCK) --python-version 3.13 --extra operator -c requirements/dev.txt -o requirements/operator.txt pyproject.toml
	@$(LOCK) --python-version 3.13 --extra workloads -c requirements/dev.txt -o requirements/workloads.txt pyproject.toml
	@$(LOCK) --python-version 3.13 --extra processor -c requirements/dev.txt -o requirements/processor.txt pyproject.toml

clean: down ## stop the local cluster and remove .edge
	@rm -rf .edge
