#!/bin/sh
# Checks the Lua of the Neovim plugin with what scripts/install-lua-tools.sh installed: StyLua and luacheck.
#
#     scripts/lint-lua.sh [--fix]      --fix: write the format instead, and check nothing
#
# luacheck runs in Neovim's own Lua. Exit status: not 0 where one of them finds something; what is not installed is
# said and left out.
set -eu

ROOT=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
PLUGIN=$ROOT/editor-extensions/neovim
TOOLS=$ROOT/.tools/lua
mode=--check
[ "${1:-}" != --fix ] || mode=--write

failed=0
if [ -d "$TOOLS/stylua" ]; then
    # shellcheck disable=SC2046 # no name here has a space
    (cd "$TOOLS/stylua" && node "$PLUGIN/tools/stylua.mjs" "$mode" "$PLUGIN/.stylua.toml" $(
        find "$PLUGIN" -name '*.lua' | sort
    )) || failed=1
else
    echo "lint-lua: StyLua is not installed; the format of Lua files is not checked" >&2
fi
[ "$mode" = --check ] || exit "$failed"

nvim=$("$ROOT/scripts/install-neovim.sh" 2>/dev/null) || nvim=
if [ -n "$nvim" ] && [ -d "$TOOLS/luacheck" ]; then
    "$nvim" -l "$PLUGIN/tools/luacheck.lua" "$TOOLS/luacheck/usr" --quiet --config "$PLUGIN/.luacheckrc" "$PLUGIN" ||
        failed=1
else
    echo "lint-lua: luacheck or Neovim is not installed; Lua files are not linted" >&2
fi
exit "$failed"
