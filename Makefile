# Each target does all the set-up that it needs, once: `make serve` on a fresh clone is enough.
# Set-up is stamped under .venv/; a changed lock or pyproject.toml renews what depends on it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

SETUP := scripts/setup_venv.py locks/pip.txt
SERVE := $(VENV)/.serve.stamp
DEV := $(VENV)/.dev.stamp
PROJECT := $(VENV)/.project.stamp
NEOVIM := .tools/neovim.stamp
LUA := .tools/lua.stamp
EMACS := .tools/emacs.stamp
HELIX := .tools/helix.stamp
CHROMIUM := .tools/chromium.stamp
CODE_SERVER := .tools/code-server.stamp
TABBY := .tools/tabby-agent.stamp
TEXTMATE := .tools/textmate.stamp
TOOLCHAINS := .tools/toolchains.stamp
POSTGRESQL := .tools/postgresql.stamp
DEPLOY := .tools/deploy.stamp
VSCODE := editor-extensions/vscode
VSIX := .tools/vsix.stamp
VSCODE_MODULES := .tools/vscode-modules.stamp

# What the extension for VS Code is made of: its own files, and the language server that it brings.
VSIX_SOURCES := $(shell find $(VSCODE) \( -name node_modules -o -path $(VSCODE)/dist -o -path $(VSCODE)/out \
	-o -path $(VSCODE)/server -o -path $(VSCODE)/LICENSE \) -prune -o -type f -print) \
	$(shell find core completion languages lsp -type f -not -name '*.pyc') locks/lsp.txt pyproject.toml

.PHONY: help serve test vsix lint format bench bench-training peers levy reinforcement killed-run killed-recipe paper embedded-base served-model screenshot report-pictures locks clean

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

serve: $(SERVE) $(PROJECT) ## start the completion server with the embedded model (ARGS="--port 8001")
	$(BIN)/vernacular serve $(ARGS)

test: lint $(NEOVIM) $(EMACS) $(HELIX) $(CHROMIUM) $(TABBY) $(TEXTMATE) $(TOOLCHAINS) $(POSTGRESQL) $(DEPLOY) $(VSIX) $(CODE_SERVER) ## lint, then every test, the real engine and the real editors last (ARGS="-k prompt")
	$(BIN)/pytest $(ARGS)

vsix: $(VSIX) ## lint, check, test and package the extension: editor-extensions/vscode/dist/vernacular.vsix
	@test -f $(VSCODE)/dist/vernacular.vsix

lint: $(DEV) $(PROJECT) $(NEOVIM) $(LUA) ## ruff, mypy --strict, import-linter; StyLua and luacheck
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	scripts/lint-lua.sh

format: $(DEV) $(LUA) ## put everything into the house's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	scripts/lint-lua.sh --fix

bench: $(DEV) $(PROJECT) $(NEOVIM) $(CHROMIUM) $(CODE_SERVER) $(VSIX) ## measure speed, side by side in one run; tables, and JSON in benchmarks/results/
	$(BIN)/python -m benchmarks.start
	$(BIN)/python -m benchmarks.key_stroke
	$(BIN)/python -m benchmarks.neovim_typing
	$(BIN)/python -m benchmarks.editor_typing
	$(BIN)/python -m benchmarks.serving
	$(BIN)/python -m benchmarks.engine
	$(BIN)/python -m benchmarks.healing
	$(BIN)/python -m benchmarks.fleet
	$(BIN)/python -m benchmarks.execution
	$(BIN)/python -m benchmarks.verifying
	$(BIN)/python -m benchmarks.evaluation

bench-training: $(DEV) $(PROJECT) ## corpora by stage, and pre-training beside TRL: half an hour (the transfer: docs/transfer.md)
	$(BIN)/python -m benchmarks.corpus
	$(BIN)/python -m benchmarks.packing

peers: $(DEV) $(PROJECT) ## build llama.cpp's server, start it and the bare vLLM, ask each once: half an hour on a busy core (ARGS="--build-only")
	$(BIN)/python -m benchmarks.peers $(ARGS)

levy: $(DEV) $(PROJECT) ## teach the example language to the embedded model: a quarter of an hour on 2 cores (docs/tutorial.md)
	$(BIN)/python examples/levy/generate.py --count 3000
	$(BIN)/vernacular train examples/levy/recipe.yaml $(ARGS)

killed-recipe: $(DEV) $(PROJECT) ## run that recipe in small, killed five times; compare every file, bit for bit
	$(BIN)/python -m benchmarks.killed_recipe $(ARGS)

paper: $(DEV) $(PROJECT) ## all arms of the method on the example language, several seeds: hours (ARGS="--seeds 1 2")
	$(BIN)/vernacular train training/recipes/embedded.yaml --until corpus
	$(BIN)/python -m benchmarks.paper $(ARGS)

reinforcement: $(DEV) $(PROJECT) $(TOOLCHAINS) ## learn from programs that are run, three seeds on made-up tasks: an hour on 2 cores (ARGS="--seeds 2")
	$(BIN)/python -m benchmarks.reinforcement $(ARGS)

killed-run: $(DEV) $(PROJECT) $(TOOLCHAINS) ## evaluate 360 tasks, killed twice on the way; see that nothing is lost
	$(BIN)/python -m benchmarks.killed_run

embedded-base: $(DEV) $(PROJECT) ## train the shipped base anew: hours on 2 cores; interrupted, it goes on where it was
	$(BIN)/vernacular train training/recipes/embedded.yaml --output examples/models/embedded-base $(ARGS)

served-model: $(DEV) $(PROJECT) ## make the served model of it and its instruct sibling: half an hour
	$(BIN)/vernacular train training/recipes/embedded.yaml --until corpus
	$(BIN)/vernacular train training/recipes/served.yaml $(ARGS)

screenshot: $(DEV) $(PROJECT) $(NEOVIM) $(CHROMIUM) $(CODE_SERVER) $(VSIX) ## draw the editors' pictures in docs/images/: the real Neovim, the real VS Code, the real server
	$(BIN)/python scripts/screenshot_neovim.py $(ARGS)
	$(BIN)/python -m scripts.animate_neovim
	$(BIN)/python -m scripts.screenshot_vscode

report-pictures: $(DEV) $(PROJECT) $(CHROMIUM) ## draw docs/images/report-*.png: a report on made-up runs in the real Chromium
	$(BIN)/python -m tests.evaluation.report.draw_pictures

locks: $(DEV) ## write locks/ anew from pyproject.toml (UPGRADE=1 takes the newest that fit)
	$(BIN)/python scripts/lock.py $(if $(UPGRADE),--upgrade)

clean: ## remove environment, tools and caches
	rm -rf $(VENV) .tools $(VSCODE)/node_modules $(VSCODE)/dist $(VSCODE)/out .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist *.egg-info

$(SERVE): $(SETUP) locks/torch.txt locks/serve.txt locks/serve-gpu.txt
	$(PYTHON) scripts/setup_venv.py --venv $(VENV) serve
	@touch $@

$(DEV): $(SERVE) locks/dev.txt
	$(PYTHON) scripts/setup_venv.py --venv $(VENV) dev
	@touch $@

# A new top-level folder is a new import package: the editable install lists them.
$(PROJECT): $(SERVE) pyproject.toml $(wildcard */__init__.py)
	$(BIN)/pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(NEOVIM): scripts/install-neovim.sh scripts/from-sid.sh
	scripts/install-neovim.sh
	@mkdir -p $(@D) && touch $@

$(EMACS): scripts/install-emacs.sh scripts/from-sid.sh
	scripts/install-emacs.sh
	@mkdir -p $(@D) && touch $@

$(HELIX): scripts/install-helix.sh scripts/from-sid.sh
	scripts/install-helix.sh
	@mkdir -p $(@D) && touch $@

$(LUA): scripts/install-lua-tools.sh scripts/from-npm.sh editor-extensions/neovim/tools/package-lock.json
	scripts/install-lua-tools.sh
	@mkdir -p $(@D) && touch $@

$(CHROMIUM): scripts/install-chromium.sh
	scripts/install-chromium.sh
	@mkdir -p $(@D) && touch $@

$(CODE_SERVER): scripts/install-code-server.sh scripts/from-npm.sh tests/vscode/code_server/package-lock.json
	scripts/install-code-server.sh
	@mkdir -p $(@D) && touch $@

$(TABBY): scripts/install-tabby-agent.sh scripts/from-npm.sh tests/server/tabby_agent/package-lock.json
	scripts/install-tabby-agent.sh
	@mkdir -p $(@D) && touch $@

$(TEXTMATE): scripts/install-textmate.sh scripts/from-npm.sh tests/editor_support/textmate/package-lock.json
	scripts/install-textmate.sh
	@mkdir -p $(@D) && touch $@

$(POSTGRESQL): scripts/install-postgresql.sh
	scripts/install-postgresql.sh
	@mkdir -p $(@D) && touch $@

$(VSCODE_MODULES): $(VSCODE)/package-lock.json $(VSCODE)/.npmrc
	@mkdir -p $(@D)
	if command -v npm >/dev/null; then cd $(VSCODE) && npm ci --no-audit --no-fund --loglevel=error && touch $(CURDIR)/$@; fi

# Without npm nothing is stamped: it is made once there is one. It needs none of the server's packages: scripts/package.mjs
# finds a Python with pip.
$(VSIX): $(VSCODE_MODULES) $(VSIX_SOURCES)
	if command -v npm >/dev/null; then \
		cd $(VSCODE) && npm run --silent lint && npm run --silent check && npm run --silent test && npm run --silent package \
		&& touch $(CURDIR)/$@; \
	else echo "vsix: no npm on PATH; install Node 20 or newer to build the extension for VS Code" >&2; fi

$(DEPLOY): scripts/deploy_tools.py $(DEV)
	$(BIN)/python scripts/deploy_tools.py
	@touch $@

# Tool chains of the languages, by their files' own install commands; who is not root gets tests skipped with a reason.
# Haskell's is left out for its size (half a gigabyte), Julia's and Gleam's because Debian has none.
TESTED := python lua prolog commonlisp racket ocaml r fortran javascript moonbit
$(TOOLCHAINS): languages/*.yaml $(DEV) $(PROJECT)
	@mkdir -p $(@D)
	if [ "$$(id -u)" = 0 ] && command -v apt-get; then apt-get update -qq && $(BIN)/vernacular languages install $(TESTED); fi
	@touch $@
