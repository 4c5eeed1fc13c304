#!/bin/sh
# Prints the folder of VS Code's own tokeniser, npm's vscode-textmate and vscode-oniguruma, for the tests of grammars.
#
# They are installed into .tools/textmate with npm, in the versions of tests/editor_support/textmate/package-lock.json.
# A second run finds what the first one left and returns at once.
#
# Exit status: 0, also where there is no node or npm, with a line on standard error then; npm's where npm fails.
set -eu

ROOT=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
LOCK=$ROOT/tests/editor_support/textmate
TOOL=$ROOT/.tools/textmate

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    echo "install-textmate: no node and npm on PATH; install them so that TextMate grammars can be tested" >&2
    exit 0
fi

if ! cmp -s "$LOCK/package-lock.json" "$TOOL/package-lock.json"; then
    work=$TOOL.partial
    rm -rf "$work"
    mkdir -p "$work"
    trap 'rm -rf "$work"' EXIT
    cp "$LOCK/package.json" "$LOCK/package-lock.json" "$work/"
    (cd "$work" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2)
    rm -rf "$TOOL"
    mv "$work" "$TOOL"
fi
echo "$TOOL/node_modules"
