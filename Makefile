# Everything is one Go program; `make help` lists what can be done.
# A fresh Debian needs git and make. What else a target needs it installs, from Debian's packages; a Go of
# 1.21 or newer gets the version that go.mod names by itself.

VERSION ?= $(shell git describe --tags --dirty 2>/dev/null || echo 0.1.0-dev+$$(git rev-parse --short HEAD 2>/dev/null || echo unknown))
LDFLAGS := -s -w -X github.com/nuxeo-frameio/nuxeo-frameio/internal/app.Version=$(VERSION)
TOOL    := go tool -modfile=tools/go.mod
# Paths are trimmed in all that is compiled, so that programs, tests and checks share it, in every clone.
export GOFLAGS := $(strip $(filter-out -trimpath -buildvcs=false,$(GOFLAGS)) -buildvcs=false -trimpath)
export CGO_ENABLED := 0

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

# need installs packages, or says in a sentence what is missing where it cannot.
need = command -v apt-get >/dev/null || { echo "$(1) is missing, and there is no apt-get to install it: install it, then try again." >&2; exit 1; }; \
	$(SUDO) apt-get update -q && $(SUDO) apt-get install -qy --no-install-recommends $(2)
SUDO = $$([ $$(id -u) = 0 ] || echo sudo)

.PHONY: go
go: ## Install Go, where there is none
	@command -v go >/dev/null || { $(call need,Go,golang-go ca-certificates); }
	@(cd / && go version) | grep -qE 'go1\.(2[1-9]|[3-9][0-9])' || { echo "$$(cd / && go version) is too old: install Go 1.21 or newer from https://go.dev/dl/; it gets the right version by itself." >&2; exit 1; }
	@go list -m >/dev/null || { echo "Go $$(sed -n 's/^go //p' go.mod) is needed, and $$(cd / && go version) could not get it: unset GOTOOLCHAIN, look at GOPROXY, or install that version." >&2; exit 1; }

.PHONY: ui
ui: go node_modules/.package-lock.json ## Build what runs in a browser
	@node ui/build.mjs

node_modules/.package-lock.json: package-lock.json package.json
	@command -v npm >/dev/null || { $(call need,Node,nodejs npm); }
	npm ci --no-progress --ignore-scripts
	@touch $@

.PHONY: build
build: ui ## Build the static program into bin/
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/nuxeo-frameio ./cmd/nuxeo-frameio

.PHONY: demo
demo: build ## Show everything on this machine, without any account
	@bin/nuxeo-frameio demo $(ARGS)

.PHONY: test
test: ui postgres chromium ## Run every check and every test, in about twelve minutes on two cores
	@go run ./test/suite $(ARGS)

.PHONY: test-quick
test-quick: ui ## Run what one wants between two edits: no PostgreSQL, no browser, under ninety seconds
	@go run ./test/suite -mode quick $(ARGS)

.PHONY: test-all
test-all: ui postgres chromium ## Run every test with nothing thinned out, on both databases (half an hour and more)
	@go run ./test/suite -mode all $(ARGS)

.PHONY: postgres
postgres: ## Install a PostgreSQL server for the tests, where there is none
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || \
		{ $(call need,PostgreSQL,postgresql); }

.PHONY: chromium
chromium: ## Install a browser for the tests, where there is none
	@command -v chromium >/dev/null || { $(call need,Chromium,chromium); }

.PHONY: pictures
pictures: ui chromium ## Take the pictures of the manual anew, from the story in the browser
	TEST_PICTURES=1 go test -count=1 ./test/browser -run 'TestBrowser/(story|push|sync)$$'
	@mkdir -p doc/pictures
	cp test-output/browser/nuxeo-bind.jpg doc/pictures/bind.jpg
	cp test-output/browser/frameio-success.jpg doc/pictures/publish.jpg
	cp test-output/browser/nuxeo-document-tab.jpg doc/pictures/document.jpg
	cp test-output/browser/push-dialog.jpg doc/pictures/push.jpg
	cp test-output/browser/sync-dialog.jpg doc/pictures/sync.jpg
	cp test-output/browser/sync-running.jpg doc/pictures/sync-running.jpg
	cp test-output/browser/sync-conflict.jpg doc/pictures/sync-conflict.jpg

.PHONY: race
race: export CGO_ENABLED := 1
race: ## Run the tests of what is concurrent under the race detector
	go test -race -timeout 30m ./internal/transfer ./internal/ratelimit ./internal/work ./internal/store ./internal/identity \
		./internal/binding ./internal/foldersync ./internal/publish ./internal/push ./internal/repair ./internal/web ./test/...

.PHONY: check
check: check-here ## Format, vet and static analysis, for every system that a release is for
	@for os in windows darwin; do echo "GOOS=$$os go vet ./cmd/..."; GOOS=$$os go vet ./cmd/... || exit 1; done

.PHONY: check-here
check-here: ui ## The same for this system alone, as in `make test`, which checks types for the others
	@npx tsc --noEmit -p ui/tsconfig.json
	@test -z "$$($(TOOL) gofumpt -l $$(git ls-files '*.go' | grep -v '\.gen\.go$$'))" || { $(TOOL) gofumpt -d $$(git ls-files '*.go' | grep -v '\.gen\.go$$'); exit 1; }
	@cd internal/web/api && sed 's/^output: .*/output: generated.tmp/' config.yaml > config.tmp && go tool -modfile=../../../tools/go.mod oapi-codegen -config config.tmp openapi.yaml && cmp generated.tmp api.gen.go; status=$$?; rm -f config.tmp generated.tmp; [ $$status = 0 ] || { echo "run make generate"; exit 1; }
	go vet ./...
	$(TOOL) staticcheck ./...

.PHONY: format
format: ## Format the code
	$(TOOL) gofumpt -w $$(git ls-files '*.go' | grep -v '\.gen\.go$$')

.PHONY: generate
generate: ## Generate the REST interface from its description
	go generate ./...

.PHONY: bench
bench: ## Measure speed and memory against baselines in the same run
	go run ./test/bench $(if $(NUXEO_URL),-nuxeo "$(NUXEO_URL)") $(ARGS)

.PHONY: bench-sync
bench-sync: ## Measure how trees are mirrored: calls, time, speed and memory (part of bench)
	go run ./test/bench -only sync- $(ARGS)

.PHONY: bench-peers
bench-peers: ## Measure a publish beside curl, rclone and a bare copier
	@command -v curl >/dev/null || { $(call need,curl,curl); }
	@command -v rclone >/dev/null || { $(call need,rclone,rclone); }
	go run ./test/bench -peers $(ARGS)

.PHONY: bench-ui
bench-ui: ui chromium ## Measure what people feel of the pages in a browser
	go run ./test/bench-ui

.PHONY: endurance
endurance: postgres ## Kill, cut off, fill up and disturb the connector for TIME (60m reaches every number)
	go run ./test/endurance -time $(or $(TIME),10m) $(ARGS)

.PHONY: conformance
conformance: ## Try whether the server at NUXEO_URL behaves as the connector assumes, in a folder of its own
	go run ./test/conformance/run -nuxeo "$(NUXEO_URL)" $(ARGS)

.PHONY: fuzz
fuzz: ## Fuzz every parser of outside input for FUZZTIME each
	./test/fuzz.sh $(or $(FUZZTIME),60s)

.PHONY: package
package: build ## Write the Nuxeo package into dist/
	mkdir -p dist && bin/nuxeo-frameio package -o dist

.PHONY: release-check
release-check: build ## Try what only a release needs: other systems, the unit as systemd reads it, the chart as Helm does
	cd release && go vet ./...
	cd release && go tool -modfile=../tools/go.mod staticcheck ./...
	cd release/chart && go vet ./... && go run . -program ../../bin/nuxeo-frameio
	@command -v systemd-analyze >/dev/null || { echo "there is no systemd-analyze to look at the unit"; exit 1; }
	systemd-analyze security --offline=yes --threshold=20 --no-pager release/files/nuxeo-frameio.service | tail -1

PREFIX  ?= /usr/local
PROGRAM ?= bin/nuxeo-frameio

bin/nuxeo-frameio:
	@$(MAKE) --no-print-directory build

.PHONY: install
install: $(PROGRAM) ## Put the built program, its pages, completion and unit below PREFIX (in DESTDIR)
	@release/install.sh install "$(PROGRAM)" "$(DESTDIR)" "$(PREFIX)"

.PHONY: uninstall
uninstall: ## Take away what install put there; settings and data stay
	@release/install.sh uninstall "$(PROGRAM)" "$(DESTDIR)" "$(PREFIX)"

.PHONY: release
release: ui ## Make all that a version is handed out as, into dist/, from the tag or VERSION=
	rm -rf dist && cd release && go run . -version '$(VERSION)' -out ../dist $(ARGS)

.PHONY: changelog
changelog: ## Move what is in changes/ into CHANGELOG.md, as that of VERSION=
	cd release && go run . -version '$(VERSION)' -changelog

.PHONY: clean
clean: ## Remove what was built
	rm -rf bin dist test-output node_modules ui/dist/* internal/simulator/*/face/dist/* internal/demo/guide/dist/*
