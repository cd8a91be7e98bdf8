# Everything that a person or CI does with this tree. `make help` lists it.

GO         ?= go
# The race detector watches this tree, the standard library and the drivers, but
# not the engines below them: SQLite, translated from C, and the compiler of
# WebAssembly that reads PDFs. They hold no memory that this tree touches, and
# watching them takes ten times as long as all else. `make test RACE=` watches
# nothing.
UNWATCHED   = modernc.org/libc/... modernc.org/memory/... modernc.org/sqlite/lib/... github.com/tetratelabs/wazero/...
RACE       ?= -race $(UNWATCHED:%=-gcflags=%=-race=false)
# First those that take longest, so that no processor is idle at the end.
PKGS       ?= ./internal/store/... ./...
GOTESTARGS ?=
export GO RACE PKGS GOTESTARGS
GOLANGCI    = $(GO) tool -modfile=tools/go.mod golangci-lint
SERVE_NEO4J = $(GO) run ./internal/store/neo4j/neo4jtest/serve
NPM_CI      = npm ci --no-audit --no-fund

.DEFAULT_GOAL := help

.PHONY: help
help: ## List these targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build the static binary bin/vinculo
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/vinculo ./cmd/vinculo

.PHONY: test
test: ## Run every check and test, as CI does
	@$(GO) run ./internal/ci/summary build lint tidy vuln generated test-web suite-go

.PHONY: test-go
test-go: ## Run the Go tests alone, those of PKGS, with one real Neo4j for all
	@$(GO) run ./internal/ci/summary suite-go

.PHONY: suite-go
suite-go: # Prints events for internal/ci/summary to read.
	@$(SERVE_NEO4J) -- $(GO) test $(RACE) -json -timeout 40m $(GOTESTARGS) $(PKGS)

.PHONY: test-web
test-web: ## Check web/, and that rebuilding it changes nothing
	@.ci/web

.PHONY: test-judges
test-judges: ## Run alone the suites that others wrote for GraphQL servers (make test runs them too)
	@.ci/judges

.PHONY: check
check: lint tidy vuln ## Lint, and check modules and known vulnerabilities

.PHONY: lint
lint:
	$(GOLANGCI) fmt --diff
	$(GOLANGCI) run

.PHONY: tidy
tidy:
	$(GO) mod tidy -diff

.PHONY: vuln
vuln:
	@.ci/vulncheck

.PHONY: generate
generate: ## Write the generated code and pages again
	$(GO) generate ./...

.PHONY: generated
generated: ## Check that generated code and pages are up to date
	@.ci/unchanged $(GO) generate ./...

.PHONY: web
web: ## Build the pages that the binary embeds (needs Node 20)
	cd web && $(NPM_CI) && npm run build

.PHONY: fmt
fmt: ## Format Go and web sources
	$(GOLANGCI) fmt
	if [ -d web/node_modules ]; then cd web && npm run format; fi

.PHONY: neo4j
neo4j: ## Run an empty test Neo4j until Ctrl-C, and print its address
	@$(SERVE_NEO4J)

.PHONY: bench
bench: ## Compare with what else there is; SCALE=small, medium or full
	@$(GO) build -o build/bench/bench ./bench
	@exec build/bench/bench --scale $(or $(SCALE),small)
