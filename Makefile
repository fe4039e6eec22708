# One command for everything that can be checked. `make help` lists them.

GO      ?= go
BIN     := $(CURDIR)/bin
# What `clientele version` prints, and the log and the metrics report.
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
LINTER  := $(BIN)/golangci-lint
WIRE    := $(BIN)/mongowire
STRIPE  := $(BIN)/stripe-mock
MUTATOR := $(BIN)/gremlins
# The packages that decide, and the percentage of changes to each that its tests must notice.
MUTATE  ?= internal/domain=95

.DEFAULT_GOAL := help

.PHONY: help
help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## serve on 127.0.0.1:8080 with the embedded engine in ./data, the example catalogue and a key for this machine only
	@GO="$(GO)" BIN="$(BIN)" ./tools/run.sh

.PHONY: run-simulator
run-simulator: ## the same with the billing simulator, and documents that are removed when the server stops
	@GO="$(GO)" BIN="$(BIN)" ./tools/run.sh --simulator

.PHONY: dev
dev: ## the same as run, built again and restarted whenever a source file changes
	@CLIENTELE_API_KEY="$${CLIENTELE_API_KEY:-server-for-this-machine-only}" $(GO) run -trimpath ./tools/dev

.PHONY: check
check: lint ## lint and the short tests: what to run before a commit
	$(GO) test -short ./...

.PHONY: ci
ci: ## everything that must hold before a change lands (.ci/run; half an hour on two cores)
	@.ci/run

.PHONY: build
build: ## build bin/clientele
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-X clientele/internal/app.version=$(VERSION)' -o $(BIN)/clientele .

.PHONY: image
image: ## build the image clientele with Docker
	docker build --tag clientele --build-arg VERSION=$(VERSION) .

.PHONY: test
test: ## run every test, with TESTFLAGS; MongoDB tests run if a server can be had, and the last lines say so
	@./tests/run.sh $(TESTFLAGS)

.PHONY: test-mongo
test-mongo: ## run the tests on MongoDB, and fail if there is none: CLIENTELE_TEST_MONGODB_URI, else a container
	@CLIENTELE_TEST_MONGODB_REQUIRED=1 ./tests/run.sh -count=1 $(TESTFLAGS) ./persistence/mongo/... ./tests

.PHONY: test-wire
test-wire: $(WIRE) ## the same on a MongoDB-wire server started for the occasion
	@./tests/with-wire-server.sh $(WIRE) $(MAKE) --no-print-directory test-mongo

.PHONY: test-stripe
test-stripe: $(STRIPE) ## send every request of the Stripe adapter to stripe-mock, and say how many kinds there are
	@./tests/stripe-mock.sh $(STRIPE)

.PHONY: bench
bench: ## measure the embedded engine and the whole server with 100,000 customers, and a catalogue of 2,000 items
	$(GO) test -run '^$$' -bench . -benchtime 2s ./persistence/bolt ./internal/catalog ./tests

.PHONY: fuzz
fuzz: ## run each fuzz target for FUZZTIME (default 30s), FUZZ_JOBS (default 2) at a time
	@./tests/fuzz.sh

.PHONY: mutate
mutate: $(MUTATOR) ## change the code of the packages that decide in small ways, and fail unless their tests notice (MUTATE)
	@nice ./tests/mutate.sh $(MUTATOR) $(MUTATE)

.PHONY: clients
clients: build ## generate the example clients from a running server's schema, compile and run them; needs Node 20
	@./tests/clients.sh $(BIN)/clientele

.PHONY: audit
audit: build tests/audit/node_modules ## hold the server against the audits of the GraphQL over HTTP working group (node 20)
	@node tests/audit/audit.mjs $(BIN)/clientele

tests/audit/node_modules: tests/audit/package-lock.json
	npm ci --prefix tests/audit --silent
	@touch $@

.PHONY: attack
attack: build ## attack the server in every way of tests/attack/vectors, and fail unless each is refused at little cost (Linux)
	@$(GO) run ./tests/attack $(BIN)/clientele tests/attack/vectors

.PHONY: sample
sample: ## print comments, error messages and descriptions chosen by SEED, to be read with fresh eyes
	@$(GO) run ./tools/sample $${SEED:-1}

.PHONY: proof
proof: build ## show on this machine that the bounds hold that the documentation names (Linux; minutes)
	@$(GO) run ./tests/proof/reads -scale $${PROOF_SCALE:-1} $(BIN)/clientele examples/catalog.yaml
	@$(GO) run ./tests/proof/memory -scale $${PROOF_SCALE:-1} $(BIN)/clientele
	@$(GO) run ./tests/proof/scans -scale $${PROOF_SCALE:-1} $(BIN)/clientele

.PHONY: generate
generate: ## generate the GraphQL server from the schema
	$(GO) generate ./...

.PHONY: check-generated
check-generated: ## fail if the generated code is not what the schema generates
	@./tests/check-generated.sh

.PHONY: release-schema
release-schema: ## write this version's schema down as released; from then on clients rely on it
	$(GO) test -count=1 ./graph/server -run '^TestTheReleasedSchemaIsKept$$' -release

.PHONY: lint
lint: $(LINTER) ## check formatting, linters and the dependency rules
	$(LINTER) run ./...

# The linter, the mutation tester, the wire server and stripe-mock have modules of their own, so that what they need is not in ours.
$(LINTER): tools/golangci-lint/go.mod tools/golangci-lint/go.sum
	$(GO) build -C tools/golangci-lint -o $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

$(MUTATOR): tools/gremlins/go.mod tools/gremlins/go.sum
	$(GO) build -C tools/gremlins -o $@ github.com/go-gremlins/gremlins/cmd/gremlins

$(WIRE): $(wildcard tools/mongowire/*.go) tools/mongowire/go.mod tools/mongowire/go.sum
	CGO_ENABLED=0 $(GO) build -C tools/mongowire -tags ferretdb_no_postgresql -o $@ .

$(STRIPE): tools/stripe-mock/go.mod tools/stripe-mock/go.sum
	CGO_ENABLED=0 $(GO) build -C tools/stripe-mock -o $@ github.com/stripe/stripe-mock

.PHONY: clean
clean: ## remove what was built, but not the data
	rm -rf $(BIN)
