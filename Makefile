# The commands of this project. Each does its own set-up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help

# With compiled modules a process starts in a third of the time, and the tests start hundreds.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: $(shell grep -oE "^[a-z-]+:" $(MAKEFILE_LIST) | tr -d ":")
help:  ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/ready-local: requirements/local.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3"; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV) || { echo "python3-venv is missing: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(VENV)/ready-dev: requirements/dev.txt $(VENV)/ready-local
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(VENV)/ready-bench: requirements/bench.txt $(VENV)/ready-local
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

run: $(VENV)/ready-local  ## start the whole system on this machine; ARGS="--workers 3" for options
	@exec $(BIN)/python -m apps.local $(ARGS)

PYTEST := $(BIN)/python -m gevent.monkey --module pytest

test: $(VENV)/ready-dev  ## all tests, on real servers that they start themselves; ARGS="PATH -k NAME" for some
ifdef ARGS
	@$(PYTEST) $(ARGS)
else
	@tests/all.sh $(BIN)/python
endif

unit: $(VENV)/ready-dev  ## the tests that need no server, in seconds
	@$(PYTEST) tests/unit $(ARGS)

lint: $(VENV)/ready-dev  ## ruff, mypy and the rules of who may import whom
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

lock: $(VENV)/ready-dev  ## lock requirements/*.in into hashed requirements/*.txt
	@for kind in dev bench local auth chatlog config mail gate edge worker migrate; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-emit-find-links --custom-compile-command "make lock" -o requirements/$$kind.txt requirements/$$kind.in \
	    $$(test $$kind = dev || echo -c requirements/dev.txt) || exit 1; done

bench: $(VENV)/ready-bench  ## measure speed against floors of the same run; writes docs/speed.md; ARGS="--quick" for a first look
	@$(BIN)/python -m tests.load.bench $(ARGS)

faults: $(VENV)/ready-dev  ## kill, freeze and cut everything under load, then count; writes docs/faults.md
	@$(BIN)/python -m tests.faults $(ARGS)

docs: $(VENV)/ready-local  ## write docs/options.md from the code
	@$(BIN)/python docs/generate_options.py

manifests: $(VENV)/ready-dev  ## all checks of Dockerfiles and manifests, the failover of Redis included
	@ALL_MANIFESTS=1 $(BIN)/python -m gevent.monkey --module pytest tests/manifests $(ARGS)

REGISTRY ?= registry.cn-hangzhou.aliyuncs.com/lukseun
TAG ?= 0.1.0
ENGINE ?= docker
PUSH ?= yes
images:  ## build and push all images; REGISTRY=... TAG=... ENGINE=podman PUSH=no
	@set -e; for file in Dockerfiles/*.Dockerfile; do \
	  image=$(REGISTRY)/$$(basename $$file .Dockerfile):$(TAG); \
	  $(ENGINE) build --file $$file --tag $$image --build-arg VERSION=$(TAG) \
	    --build-arg REVISION=$$(git rev-parse HEAD 2>/dev/null || echo unknown) $(BUILD_ARGS) .; \
	  test $(PUSH) = no || $(ENGINE) push $$image; done

MIRRORED := $(shell grep -ohE 'image: (mariadb|nats|redis):[^ ]+' -r kustomize/components | cut -d' ' -f2 | sort -u) \
  $(shell grep -ohE 'PYTHON_IMAGE=[^ ]+' Dockerfiles/gate.Dockerfile | cut -d= -f2)
mirror:  ## copy the images of the backends, and the one ours begin with, to REGISTRY
	@set -e; for image in $(MIRRORED); do \
	  $(ENGINE) pull $$image; $(ENGINE) tag $$image $(REGISTRY)/$$image; $(ENGINE) push $(REGISTRY)/$$image; done

images-check: $(VENV)/ready-dev  ## build all images with buildah, look into them and start them; as root
	@$(BIN)/python -m tests.manifests.images_check $(ARGS)

clean:  ## remove the data of the local system and what tests and tools left
	rm -rf .run .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
