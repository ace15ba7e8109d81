# Each target prepares what it needs; a clone on Debian 12 with Python 3.11, make and git is enough. `make help`.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
ARGS ?=
HOTLINE = .venv/bin/hotline
SET_UP = @$(PYTHON) tools/set_up.py

.PHONY: help demo run test check bench screenshots clean
.DEFAULT_GOAL := help

help: ## show this
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 14

demo: ## the whole product with simulated callers and agents; ARGS="--calls 30" ends by itself
	$(SET_UP) runtime asterisk pages
	@exec $(HOTLINE) demo $(ARGS)

run: ## answer calls: the service with its Asterisk, set up by hotline.toml (written when missing)
	$(SET_UP) runtime asterisk pages
	@test -e hotline.toml || $(HOTLINE) init
	@exec $(HOTLINE) run $(ARGS)

check: ## format, lint, types, floors, tests without sockets
	$(SET_UP) develop
	@exec .venv/bin/python tools/check.py $(ARGS)

test: ## everything: check, then all tests with real databases, calls and a browser
	$(SET_UP) develop sipp programs pages
	@exec .venv/bin/python tools/check.py --all $(ARGS)

bench: ## measure, and write benchmarks/results.md
	$(SET_UP) develop sipp programs pages
	@exec .venv/bin/python -m benchmarks $(ARGS)

screenshots: ## pictures of every page, Thai and English, in .state/screenshots; ARGS="--docs" those of the documents too
	$(SET_UP) develop programs pages
	@exec .venv/bin/python tools/screenshots.py $(ARGS)

clean: ## remove what make made (.venv, .state with its recordings, caches); ends nothing that runs
	@$(PYTHON) tools/clean.py $(ARGS)
