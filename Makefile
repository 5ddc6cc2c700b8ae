# Every target makes the environment it needs. `make help` lists them.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
STAMP := $(VENV)/.installed
PEERS := $(RUN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-peers.lock
export MLFLOW_DISABLE_TELEMETRY := true
export BENTOML_DO_NOT_TRACK := True
export PYTHONWARNINGS := ignore
# threads of the trees wait asleep: spinning, they took twenty times as long beside another busy process
export OMP_WAIT_POLICY ?= passive

# Numba looks at the file of a compiled kernel, not at those of the kernels it calls: when any of them changes, all are compiled again.
KERNELS := $(VENV)/.kernels

.DEFAULT_GOAL := help
.PHONY: help install demo test test-slow test-spark check docs prior bench bench-detection bench-generalisation bench-night bench-reliability bench-speed clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /|/' | awk -F'|' '{printf "  make %-16s %s\n", $$1, $$2}'

# uv installs several times faster; plain pip does the same where it cannot be had.
$(STAMP): requirements.lock pyproject.toml
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	@$(RUN)/python -m pip install --quiet --disable-pip-version-check uv \
	  && $(RUN)/uv pip install --quiet --python $(RUN)/python --require-hashes --compile-bytecode -r requirements.lock \
	  || $(RUN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(RUN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(KERNELS): $(shell find features -name '*.py') $(STAMP)
	@find features -name '*.nb[ic]' -delete
	@touch $@

install: $(STAMP) ## Make the environment in .venv

demo: $(STAMP) $(KERNELS) ## Simulate a platform, train, score two nights, serve and ask, write the report
	@$(RUN)/python -m benchmarks.demo demo

test: $(STAMP) $(KERNELS) ## Run the tests
	@$(RUN)/python -m pytest -n 2

test-slow: $(STAMP) $(KERNELS) ## Run the tests that take minutes
	@$(RUN)/python -m pytest -m slow

test-spark: $(STAMP) $(KERNELS) ## Install pyspark and run the same specs on Spark (needs Java 17 or newer)
	@$(RUN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-spark.lock
	@$(RUN)/python -m pytest -m spark -s

check: $(STAMP) ## Style, types, import floors, stale pages
	@$(RUN)/ruff check .
	@$(RUN)/ruff format --check .
	@$(RUN)/mypy
	@$(RUN)/lint-imports
	@$(RUN)/python -m serving.cli.reference_pages --check
	@$(RUN)/python -m benchmarks.simulation_realism docs/simulation-calibration.md --check
	@$(RUN)/python -m benchmarks.harness.figures_page --check

docs: $(STAMP) ## Write the generated pages and notebooks again
	@$(RUN)/python -m serving.cli.reference_pages
	@$(RUN)/python -m benchmarks.simulation_realism docs/simulation-calibration.md
	@$(RUN)/python -m benchmarks.harness.figures_page
	@$(RUN)/python -m tests.docs.python_api
	@$(RUN)/python -m tests.docs.decision_index
	@$(RUN)/python -m tests.docs.worked_examples
	@$(RUN)/jupytext --quiet --to ipynb --update-metadata '{"jupytext": null}' notebooks/*.py

bench: $(STAMP) $(KERNELS) ## Train on a wide world, measure scores and decisions on unseen ones and on real sets; writes docs/benchmarks
	@$(PEERS)
	@$(RUN)/python -m benchmarks.end_to_end
	@$(RUN)/python -m benchmarks.decisions

bench-detection: $(STAMP) $(KERNELS) ## Measure what the detectors find, compared with peer libraries (after bench)
	@$(PEERS)
	@$(RUN)/python -m benchmarks.detection
	@$(RUN)/python -m benchmarks.transfer.second_platform

prior: $(STAMP) $(KERNELS) ## Learn the prior that is shipped on all families of simulated platforms (an hour)
	@$(RUN)/python -m benchmarks.generalisation.worlds
	@$(RUN)/python -m benchmarks.generalisation.learn_prior

bench-generalisation: $(STAMP) $(KERNELS) ## Judge families of platforms left out, and real sets (half an hour, after its worlds are written)
	@$(PEERS)
	@$(RUN)/python -m benchmarks.generalisation.worlds
	@$(RUN)/python -m benchmarks.generalisation

bench-night: $(STAMP) $(KERNELS) ## Measure a night of a hundred million views (after bench; an hour, 60 GB of disk)
	@$(RUN)/python -m benchmarks.speed.hundred_million_views

bench-reliability: $(STAMP) $(KERNELS) ## Attack the product: kills, faults, mutations, load; writes docs/benchmarks (an hour)
	@$(RUN)/python -m benchmarks.reliability

bench-speed: $(STAMP) $(KERNELS) ## Measure how fast they are, compared with peer libraries (after bench)
	@$(PEERS)
	@$(RUN)/python -m benchmarks.speed

clean: ## Remove what the demo and the tests wrote
	@rm -rf demo out .pytest_cache .mypy_cache .ruff_cache .hypothesis
