# SPDX-License-Identifier: GPL-2.0
# For people: `make help`. Kbuild reads the file Kbuild instead of this one.

# V=1 shows commands; ARGS= goes to the test runner.
export V CLIPPY

help: ## this list
	@echo 'raid1_rs: the Linux md RAID-1 personality in Rust'
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|'
	@echo
	@echo 'What is prepared is kept in $${XDG_CACHE_HOME:-~/.cache}/raid1_rs and reused; when none of these runs, it can be deleted (sudo rm -r).'

demo: module ## watch a Rust RAID-1 carry a file system, lose a leg, and rebuild it
	@scripts/demo

test: module ## all tests: checks, model checker, host tests, VM scenarios
	@scripts/test

test-vm: module ## only the VM scenarios; ARGS=NAME filters, ARGS=--list lists
	@scripts/vm-tests $(ARGS)

test-debug: ## the VM scenarios on a kernel with KASAN, lockdep, kmemleak ... (built once)
	@scripts/test-debug $(ARGS)

test-debug-teeth: ## only the proof that the debug lane catches planted bugs
	@scripts/debug-teeth

check: module ## only the checks of tests/check
	@scripts/checks

module: ## build build/raid1_rs.ko for the kernel of the tests (FLAVOUR=amd64, or cloud-amd64), for RELEASE=..., or for KDIR=...
	@RAID1_RS_FLAVOUR='$(FLAVOUR)' RAID1_RS_RELEASE='$(RELEASE)' scripts/module $(KDIR)

shell: module ## an interactive guest with the module at hand and four disks
	@scripts/shell

lint: ## rustfmt, clippy for module and host, shellcheck; warnings are errors
	@scripts/lint

clippy: ## clippy for the module only
	@CLIPPY=1 scripts/module

fmt: ## format all Rust code
	@scripts/format

fmt-check: ## say which Rust code is not formatted; part of lint
	@scripts/format --check

setup: ## prepare toolchain, kernel and guest image (the others do it when needed)
	@scripts/setup

bench: module ## raid1.ko and raid1_rs.ko side by side; writes Documentation/bench.md
	@scripts/bench

rust-analyzer: module ## what rust-project.json points to, for an editor
	@scripts/rust-analyzer

clean: ## remove build/ (the cache folder stays)
	rm -rf build 2>/dev/null || sudo rm -rf build

.PHONY: help demo test test-vm test-debug test-debug-teeth check module shell lint clippy fmt fmt-check setup bench rust-analyzer clean
