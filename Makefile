# The two commands of the README are `make demo` and `make test`.

GO      ?= go
VERSION ?= 0.1.0-dev
LDFLAGS  = -s -w -X main.version=$(VERSION)

.PHONY: help build demo test vet lint deps image bench bench-growth bench-module bench-engine bench-rdf bench-tera bench-lang bench-market bench-attest test-interop test-image clean

help: ## show this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

deps: ## install runc and mmdebstrap from Debian's packages
	@.ci/install-deps

build: bin/sixty ## build bin/sixty

# sixty-init goes into every step's key, so it is built the same everywhere.
cmd/sixty/buildkit/initbin/sixty-init: $(wildcard cmd/sixty-init/*.go internal/initrec/*.go internal/cargo/vendor/*.go internal/download/*.go) go.mod
	CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags '-s -w' -o $@ ./cmd/sixty-init

bin/sixty: cmd/sixty/buildkit/initbin/sixty-init FORCE
	cd cmd/sixty && CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o ../../bin/sixty .

FORCE:

image: deps build ## make the images from Debian's packages
	bin/sixty image build rust
	bin/sixty image build postgres --pipeline examples/postgres/pipeline.hcl

demo: image ## from an idea to a signed verdict
	bin/sixty deploy --template io.sixty.rust.axum-service --name my_service --version 0.1.0 --report out/report.json

test: image vet ## all tests, those that need the engine included
	$(GO) test ./...
	cd attest && $(GO) test ./...
	cd test/workflows && $(GO) test -count 1 ./...
	cd cmd/sixty && $(GO) test ./...

vet: ## formatting and vet
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'not formatted: run gofmt -w .' >&2; exit 1; }
	$(GO) vet ./...
	cd attest && $(GO) vet ./...
	cd test/workflows && $(GO) vet ./...
	cd cmd/sixty && $(GO) vet ./...

# Built from source at this version, once.
LINTER = bin/golangci-lint-v2.15.0

$(LINTER):
	GOBIN=$(CURDIR)/bin GOFLAGS= $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(patsubst bin/golangci-lint-%,%,$@)
	mv bin/golangci-lint $@

lint: $(LINTER) cmd/sixty/buildkit/initbin/sixty-init ## what .golangci.yml asks for, in all modules (CI runs it)
	for dir in . attest cmd/sixty test/workflows test/interop; do \
		(cd $$dir && $(CURDIR)/$(LINTER) run ./...) || exit; \
	done

# The engine of sixty with a frontend for Dockerfiles.
bin/benchd: cmd/sixty/buildkit/initbin/sixty-init FORCE
	cd cmd/sixty && CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags '-s -w' -o ../../bin/benchd ./benchd

bench: deps build bin/benchd ## the gates as bare cargo commands, by hand, through sixty and docker buildx bake (BENCH='-rounds 1 -packs cli')
	bin/sixty image build rust
	$(GO) run ./bench $(BENCH)
	$(MAKE) bench-attest bench-market

bench-growth: deps build ## workspaces of up to 50 members, up to 100 crates in one matrix
	bin/sixty image build rust
	$(GO) run ./bench -parts growth -packs macro-lib -sides sixty $(BENCH)

bench-engine: build ## what a step and an unchanged run cost, warm and cold, disk and memory
	cd cmd/sixty && $(GO) test -run '^$$' -bench 'Step|Unchanged' -benchtime 20x . ./buildkit

bench-module: ## what building the Dagger module takes: CPU seconds and size
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && \
	  GOCACHE=$$dir/cache $(GO) build std && \
	  GOCACHE=$$dir/cache bash -c 'time $(GO) build -ldflags "-s -w" -o "$$0/module" .' $$dir && \
	  echo "packages $$($(GO) list -deps . | wc -l), bytes $$(stat -c %s $$dir/module)"

bench-rdf: ## load and query 1 M triples beside oxigraph on node
	$(GO) run ./internal/sparql/bench

bench-tera: ## render beside the tera crate
	SIXTY_TERA_ORACLE=1 $(GO) test -run '^$$' -bench Render ./internal/tera

bench-lang: build ## pipelines of up to 10,000 steps beside docker buildx bake --print
	$(GO) run ./bench/lang

bench-market: ## search 100,000 packs; generate a crate from each pack that ships with sixty
	cd cmd/sixty && $(GO) test -run '^$$' -bench 'Search|Resolve' ./packindex
	cd cmd/sixty && $(GO) test -run '^$$' -bench Generate -benchtime 50x .

bench-attest: ## sign and verify all statements of a run
	cd attest && $(GO) test -run '^$$' -bench . ./verify

test-interop: ## bundles against cosign, gh, slsa-verifier, Fulcio and Rekor (long)
	cd test/interop && $(GO) test -v -timeout 60m ./...

test-image: deps ## the Rust image made twice, and its toolchain tried (long)
	cd cmd/sixty && SIXTY_TEST_IMAGE=1 $(GO) test -run TestRust -timeout 30m ./image

clean: ## remove what was built here; the cache stays
	rm -rf bin out my_service sixty.lock cmd/sixty/buildkit/initbin/sixty-init
