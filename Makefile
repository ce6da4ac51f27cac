# The menu. `make` lists it. Each line of it is one short script or one tool's own command.
#
# Built things lie in `target/` (or CARGO_TARGET_DIR), `web/dist/`, `node_modules/` and `var/`; none is in git.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# The server's `--data`: what `make run` and `make dev` keep.
DATA ?= var/data
PORT ?= 8080

WEB_SOURCES := $(shell find web -type f -not -path 'web/node_modules/*' -not -path 'web/dist/*' 2>/dev/null)

.PHONY: help
help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: web/dist/index.html ## The whole system with demonstration accounts at http://127.0.0.1:8080
	@scripts/say "Building the server. The first time takes some minutes (5 on 2 cores); later ones seconds."
	cargo build -p sokuho
	@exec "$$(scripts/binary)" serve --demo --data $(DATA) --port $(PORT)

.PHONY: dev
dev: web/node_modules/.package-lock.json web/dist/index.html ## The server, and the pages from source with reload at http://127.0.0.1:5173
	cargo build -p sokuho
	@trap 'kill 0' EXIT; "$$(scripts/binary)" serve --demo --data $(DATA) --port 8080 & cd web && npm run dev

.PHONY: build
build: web/dist/index.html ## What `make run` starts, without starting it
	cargo build -p sokuho

.PHONY: release
release: web/dist/index.html ## The binary to ship (slower to build, faster to run)
	cargo build --profile dist -p sokuho

.PHONY: test
test: ## Everything that must hold: lint, unit tests, the binary over the wire, browser journeys
	@scripts/test

.PHONY: lint
lint: web/node_modules/.package-lock.json ## Format and lints of both languages, without tests
	cargo fmt --all --check
	cd web && npm run --silent lint
	cd tests/browser && ../../web/node_modules/.bin/biome check --error-on-warnings .
	cargo clippy --workspace --all-targets -- -D warnings

.PHONY: format
format: web/node_modules/.package-lock.json ## Mend the format of both languages
	cargo fmt --all
	cd web && npm run --silent format
	cd tests/browser && ../../web/node_modules/.bin/biome check --write .

.PHONY: generate
generate: web/node_modules/.package-lock.json ## Write anew what is made from code: docs/openapi.json, the web's wire types
	@mkdir -p var
	cargo run --quiet -p sokuho -- openapi > var/openapi.json
	mv var/openapi.json docs/openapi.json
	cd web && npm run --silent generate

.PHONY: bench
bench: web/dist/index.html tests/browser/node_modules/.package-lock.json ## Measure the release binary beside nchan, NATS and PostgreSQL (BENCH="--quick" tries it)
	@scripts/setup-bench
	@scripts/say "Building the release binary: some 10 minutes the first time. The bench then runs about half an hour."
	cargo build --release -p sokuho -p sokuho-tests --bin sokuho --bin bench
	"$$(scripts/binary release bench)" $(BENCH)

.PHONY: soak
soak: web/dist/index.html ## Kill a node under load, 200 times on each edition (some 20 minutes; SOAK="--rounds 20 --seed 1")
	@scripts/setup-test
	cargo build -p sokuho -p sokuho-tests --bin sokuho --bin soak
	scripts/with-postgres "$$(scripts/binary debug soak)" $(SOAK)

.PHONY: demo
demo: web/dist/index.html ## A drill: ten minutes of a night of heavy rain, played in one
	cargo build -p sokuho -p sokuho-tests --bin sokuho --bin demo
	"$$(scripts/binary debug demo)" $(DEMO)

.PHONY: screenshots
screenshots: web/dist/index.html tests/browser/node_modules/.package-lock.json ## The four screens, into var/screenshots/
	cargo build -p sokuho -p sokuho-tests --bin sokuho --bin demo --bin photo
	cd tests/browser && SOKUHO_BIN="$$(../../scripts/binary)" node --test --test-timeout=240000 screens.test.mjs

.PHONY: clean
clean: ## Throw away what was built, and keep the data
	cargo clean
	rm -rf web/dist web/node_modules tests/browser/node_modules

web/node_modules/.package-lock.json: web/package-lock.json
	@scripts/say "Fetching the web's libraries (about a minute)."
	@scripts/libraries web

tests/browser/node_modules/.package-lock.json: tests/browser/package-lock.json
	@scripts/say "Fetching the browser tests' libraries."
	@scripts/libraries tests/browser

web/dist/index.html: web/node_modules/.package-lock.json $(WEB_SOURCES)
	@scripts/say "Building the pages (about half a minute)."
	cd web && npm run --silent build
	@touch $@
