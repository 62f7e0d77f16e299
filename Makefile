# GNU make 4.3. `make` lists what there is to do.

PREFIX   ?= /usr/local
FUZZTIME ?= 60s
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)

GO_BUILD = CGO_ENABLED=0 go build -trimpath \
	-ldflags '-s -w -X github.com/nbseal/nbseal/internal/cli.Version=$(VERSION)'

.DEFAULT_GOAL := help
.PHONY: help build test lint fmt cross fuzz demo bench install clean runner

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 12

build: ## bin/nbseal, static
	@$(GO_BUILD) -o bin/nbseal ./cmd/nbseal

test: runner ## every check there is; installs missing Debian packages first
	@build/tools/test

lint: runner ## formatting, vet, staticcheck, scripts, Python
	@build/tools/test -only gofmt,shellcheck,python-lint,vet,staticcheck

fmt: ## formats Go and Python in place
	@gofmt -s -w cmd internal tools
	@cd python && black --quiet src tests

cross: runner ## builds for Linux, macOS and Windows
	@build/tools/test -only cross

fuzz: runner ## runs each fuzz target for FUZZTIME, 60s unless told
	@build/tools/test -only fuzz -fuzztime $(FUZZTIME)

demo: build ## the demonstration of the README, or NB=path/to/your.ipynb
	@tools/debian-packages
	@examples/demo/run $(if $(NB),"$(NB)")

bench: ## Go benchmarks; compare two runs with benchstat
	@go test -run '^$$' -bench . -benchmem ./...

install: build ## bin/nbseal to PREFIX/bin, /usr/local unless told
	@install -D -m 755 bin/nbseal $(DESTDIR)$(PREFIX)/bin/nbseal

clean: ## removes what was built
	@rm -rf bin build dist

# Not `go run`: it would add a line of its own after the count.
runner:
	@go build -o build/tools/test ./tools/test
