.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
ORACLES ?= ../shared/oracles
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1

# A folder made by `make offline` has its wheels beside the code: then no index is asked
ifneq ($(wildcard ../wheels/*.whl),)
export PIP_NO_INDEX := 1
export PIP_FIND_LINKS := $(abspath ../wheels)
endif

.PHONY: help reports test lab docs offline validation attack mutations check labcheck benchmarks lock sbom audit clean

help:  ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# modules are compiled when they are first imported: most never are
.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --no-compile --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	$(BIN)/python -m ipykernel install --sys-prefix --name python3 --display-name "Python 3" >/dev/null
	touch $@

# JupyterLab chooses its own way to show figures, so this is not exported to all targets
reports test validation mutations benchmarks: export MPLBACKEND := agg

reports: .venv/ready  ## simulate a register if none is there, run every notebook, publish reports/
	$(BIN)/evaluation run

.venv/test: requirements-test.lock | .venv/ready
	$(BIN)/python -m pip install --quiet --no-compile --require-hashes -r requirements-test.lock
	touch $@

test: .venv/test  ## run the tests
	$(BIN)/python -m pytest -n 2 --dist worksteal

lock:  ## solve the dependencies again (needs uv)
	uv pip compile pyproject.toml --extra build --generate-hashes --no-emit-index-url \
		--universal --python-version 3.11 --no-header -q -o requirements.lock
	for extra in test lab docs; do uv pip compile pyproject.toml --extra $$extra --constraint requirements.lock \
		--generate-hashes --no-emit-index-url --universal --python-version 3.11 --no-header -q \
		-o requirements-$$extra.lock || exit 1; done

lab: .venv/lab  ## open JupyterLab in the same environment
	$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root)

.venv/lab: requirements-lab.lock | .venv/ready
	$(BIN)/python -m pip install --quiet --no-compile --require-hashes -r requirements-lab.lock
	touch $@

EXECUTE ?= force
docs: .venv/docs data/demo/processed/episodes.parquet  ## build the documentation in site/
	rm -rf site
	$(BIN)/sphinx-build -q -W --keep-going -c docs -d .venv/doctrees -D nb_execution_mode=$(EXECUTE) . site/html
	@echo Documentation: site/html/docs/index.html

.venv/docs: requirements-docs.lock | .venv/ready
	$(BIN)/python -m pip install --quiet --no-compile --require-hashes -r requirements-docs.lock
	touch $@

data/demo/processed/episodes.parquet: | .venv/ready
	$(BIN)/evaluation demo

offline: docs  ## make offline/: wheels for Linux and Windows, locks, code, documentation, hashes
	$(BIN)/python -m validation.offline offline

validation: .venv/test  ## run the long known-truth simulations (about 20 minutes)
	$(BIN)/python -m validation.study --registers 16 --seed 2000
	$(BIN)/python -m validation.published $(ORACLES)
	$(BIN)/python -m validation.cost_shift --worlds 20
	$(BIN)/python -m pytest -n 2 --dist worksteal -m slow

attack: .venv/test  ## attack the published pages and files, kill runs, inject payloads, plant canaries
	$(BIN)/python -m validation.attack reports
	$(BIN)/python -m validation.attack_pages reports
	$(BIN)/python -m validation.kills --kills 200 --pairs 50
	$(BIN)/python -m validation.kills_whole --kills 8
	$(BIN)/python -m validation.injection data/processed/cleared.parquet
	$(BIN)/python -m validation.canaries --whole

mutations: .venv/test  ## read 100,000 mutated deliveries, seeded (an hour and more on a busy machine)
	$(BIN)/python -m validation.mutations --inputs 100000 --seed 1

check: .venv/test  ## check the published pages in headless Chromium
	$(BIN)/evaluation check

labcheck: .venv/lab .venv/test  ## run notebooks in JupyterLab in headless Chromium, screenshots to reports/lab/
	$(BIN)/python -m validation.lab

sbom: .venv/ready  ## write the software bill of materials to sbom.json
	$(BIN)/python -m validation.supply sbom > sbom.json

audit: .venv/ready  ## look up known vulnerabilities of the locked packages (status 3: no database was asked)
	$(BIN)/python -m validation.supply audit

benchmarks: .venv/ready  ## print speed ratios to named peers
	for file in benchmarks/*.py; do $(BIN)/python $$file || exit 1; done

clean:  ## forget processed data and reports, keep raw data
	rm -rf data/processed/* reports/*
