# `make run` and `make test` are all that a new user needs; `make help` lists the rest.
#
# One profile (release) and one target directory outside the checkout serve running, testing, benchmarks
# and CI, so that the dependencies, half an hour of work on two cores, are compiled once per machine.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/kalamdb
export CARGO_TARGET_DIR ?= $(CACHE)/target
export KALAM_PYTHON ?= $(CACHE)/venv/bin/python

# Arguments of `make run`, as in: make run ARGS="--listen 127.0.0.1:5433"
ARGS ?=
# Arguments of every build. `--examples` builds no example (there are none); it makes cargo choose the features
# of dependencies as `cargo test` does, so that `make test` after `make run` compiles no dependency again.
SAME := --release --examples

# Filter of `make test`, as in: make test T=clients::
T ?=

.PHONY: help run build install setup test unit integration sqllogictest resolution differential fmt clippy doc check catalog compatibility bench crash

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

setup: ## Install what is missing (system packages, rustfmt, clippy, a Python venv for the tests).
	@scripts/setup build test

run: ## Build and start a server on 127.0.0.1:5432 with ./data as its data directory.
	@scripts/setup build
	cargo build $(SAME) --bin kalam
	@exec "$$CARGO_TARGET_DIR/release/kalam" dev --data-dir data $(ARGS)

build: ## Build the `kalam` command.
	@scripts/setup build
	cargo build $(SAME) --bin kalam

install: build ## Put the `kalam` command where cargo puts commands.
	install -D -m 755 "$$CARGO_TARGET_DIR/release/kalam" "$(or $(CARGO_HOME),$(HOME)/.cargo)/bin/kalam"

test: ## Build and pass every test.
	@scripts/setup build test
	cargo test --release -- $(T)

unit: ## Only the tests that sit beside their modules.
	cargo test --release --lib -- $(T)

integration: ## Only tests/: real clients, security, crashes, the main job.
	cargo test --release --test integration -- $(T)

sqllogictest: ## Only the SQL scripts, against PostgreSQL 15 and KalamDB; T=name runs one file.
	cargo test --release --test sqllogictest -- $(T)

resolution: ## All pairs of types under all operators, against PostgreSQL 15; CI asks a sample. Takes long.
	KALAM_RESOLUTION_ALL=1 cargo test --release --test integration -- resolution:: --nocapture

differential: ## Random queries against PostgreSQL 15 and themselves: make differential SECONDS=600 SEED=7 FROM=1289
	KALAM_DIFFERENTIAL_SECONDS=$(or $(SECONDS),120) KALAM_DIFFERENTIAL_SEED=$(or $(SEED),1) KALAM_DIFFERENTIAL_FROM=$(or $(FROM),0) \
		cargo test --release --test integration -- differential:: --nocapture

fmt: ## Fail when the code is not formatted.
	cargo fmt --check

clippy: ## Fail on any lint.
	cargo clippy --release --all-targets -- -D warnings

doc: ## Build the documentation; a broken link is an error.
	RUSTDOCFLAGS="-D warnings" cargo doc $(SAME) --no-deps --lib

check: ## What CI runs: setup, fmt, clippy, doc, every test.
	@scripts/setup build test
	$(MAKE) --no-print-directory fmt clippy doc
	$(MAKE) --no-print-directory test

# Rows to add to or drop from the catalog's files, as in: make catalog ROWS="function:to_hex operator:<<"
ROWS ?=

catalog: ## Write catalog/pg_catalog/*.csv and its test cases from the PostgreSQL 15 that psql finds; ROWS="function:NAME" adds.
	python3 scripts/catalog/generate.py $(ROWS)
	"$$KALAM_PYTHON" scripts/catalog/cases.py

compatibility: ## Write the table of functions in docs/compatibility.md from the catalog.
	python3 scripts/catalog/families.py
	KALAM_WRITE=1 cargo test --release --test integration -- catalog::the_table

bench: build ## Compare with PostgreSQL 15 side by side and print a Markdown table.
	benches/compare/run

crash: ## Many more rounds of kill -9 under load than a test run has: make crash ROUNDS=5000
	KALAM_CRASH_ROUNDS=$(or $(ROUNDS),2000) cargo test --release --test integration -- crash:: --nocapture
