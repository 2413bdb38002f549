# Every command one types. `make` alone lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
# The newest interpreter from 3.11 to 3.13 that this user can run; Debian 12's own 3.11 is enough.
PYTHON ?= $(shell for each in python3.13 python3.12 python3.11 python3; do \
	if $$each -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then echo $$each; break; fi; done)
UV_VERSION := 0.13.9
# Set-up compiles the route search; with COMPILE=true the first worker does.
COMPILE ?= $(PY) -m service.routing.solver
# Tests often wait for processes of their own: one worker more than there are cores keeps the cores busy.
TESTERS ?= $(shell nproc 2>/dev/null | awk '{ print ($$1 < 4 ? $$1 + 1 : 4) }' || echo 2)
# What is compiled once need not be compiled by each of the processes that a command or a test starts.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo serve worker test test-processes test-fast test-long mutants lint types house migration openapi bench bench-api bench-billing bench-routing bench-growth bench-insert bench-live trace check lock clean

help:  ## list these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 28

setup: $(STAMP)  ## make .venv with everything, from the hashes in requirements.lock

$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "需要 Python 3.11–3.13（Debian：apt-get install python3 python3-venv）。"; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "这个 Python 不能建立虚拟环境，请先 apt-get install python3-venv。"; exit 1; }
	@$(PY) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(VENV)/bin/uv pip install --quiet --python $(PY) --require-hashes -r requirements.lock
	@$(VENV)/bin/uv pip install --quiet --python $(PY) --no-deps --no-build-isolation -e . 2>/dev/null \
		|| $(VENV)/bin/uv pip install --quiet --python $(PY) --no-deps -e .
	@if [ "$(COMPILE)" = true ]; then \
		echo "不编译路径搜索：第一个 worker 或演示会编译 / not compiling the route search: the first worker or demo does"; \
	else echo "编译路径搜索，一到两分钟 / compiling the route search, one to two minutes …"; fi
	@$(COMPILE) & compiling=$$!; \
		$(PY) -m compileall -q $(VENV)/lib >/dev/null 2>&1 || true; \
		wait $$compiling
	@touch $@

demo: setup  ## play a district's day through the real API; leaves the server running
	$(PY) -m service.routing.solver  # compiles what has changed since the set-up: the day is not to wait for it
	$(VENV)/bin/xunzhen demo

serve: setup  ## serve the API (embedded PostgreSQL unless XUNZHEN_DATABASE_URL is set)
	$(VENV)/bin/xunzhen serve

worker: setup  ## run the jobs of the queue
	$(VENV)/bin/xunzhen worker

test: setup  ## the suite but for test-processes and test-long
	$(PY) -m pytest -q -m "not long and not processes" -n $(TESTERS) --dist loadfile --no-loadscope-reorder

test-processes: setup  ## most of what starts the service's own processes: demo, first day, backup, keys, upgrades, kill -9; CI runs it too
	$(PY) -m pytest -q -m "processes and not long" -n $(TESTERS) --dist loadfile --no-loadscope-reorder

test-fast: setup  ## what needs no database: rules, solver, referee, kernel
	$(PY) -m pytest -q -m "not long and not database" --ignore tests/demo --ignore tests/house

test-long: setup  ## the full storms; one part alone: make test-long PART=name
	$(PY) -m pytest -q -m long $(if $(PART),-k $(PART))

mutants: setup  ## plant bugs one by one and see that the suite catches each; some: make mutants ONLY="name name"
	$(PY) scripts/mutants.py $(ONLY)

lint: setup  ## ruff
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: setup  ## mypy, strict
	$(VENV)/bin/mypy

house: setup  ## import contracts, dependencies, sizes
	$(VENV)/bin/lint-imports --no-cache
	$(VENV)/bin/deptry service
	$(PY) scripts/sizes.py

migration: setup  ## a new migration: make migration NAME=what_changes
	$(PY) scripts/new_migration.py "$(NAME)"

openapi: setup  ## write openapi/openapi.json
	$(VENV)/bin/xunzhen openapi

bench: setup  ## ratios against the obvious alternatives, in one run
	$(PY) bench/travel.py

bench-api: setup  ## the API against hand-written asyncpg and the common ORM style, in turns
	$(PY) -m bench.api.load

bench-billing: setup  ## bills a second, settling against hand-written asyncpg, the month-end statement
	$(PY) -m bench.billing.load

bench-routing: setup  ## the first plan; district days against open solvers; Solomon files too: FILES="…" ARGS="…" DAYS="--visits 50 --seconds 5"
	$(PY) -m bench.routing.first
	$(VENV)/bin/uv pip install --quiet --python $(PY) --require-hashes -r requirements-bench.lock
	$(PY) -m bench.routing.district $(DAYS)
ifneq ($(FILES),)
	$(PY) -m bench.routing.vrptw $(FILES) $(ARGS)
endif

bench-growth: setup  ## how the solver grows with the day: ARGS="--visits 250,500 --seconds 60"
	$(PY) -m bench.routing.growth $(ARGS)

bench-insert: setup  ## how long putting one more visit into a full day takes
	$(PY) -m bench.routing.insert

bench-live: setup  ## planning, one more visit and repairs of 100, 300 and 600 visits through the real service
	$(PY) -m bench.routing.live $(ARGS)

trace: setup  ## which core requirements have a test
	$(PY) scripts/trace.py

check: lint types house  ## lint, types, contracts, sizes, freshness of the contract
	$(VENV)/bin/xunzhen openapi --check

lock:  ## renew requirements.lock, requirements-bench.lock and requirements-roads.lock (needs the registry)
	$(VENV)/bin/uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
		--quiet pyproject.toml --group dev -o requirements.lock
	$(VENV)/bin/uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
		--quiet --group bench --constraint requirements.lock -o requirements-bench.lock
	$(VENV)/bin/uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.12 --no-deps \
		--quiet --group roads --constraint requirements.lock -o requirements-roads.lock

clean:  ## remove what was made
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info
