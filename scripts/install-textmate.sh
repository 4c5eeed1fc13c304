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

. "$ROOT/scripts/from-npm.sh"
have_npm install-textmate "TextMate grammars can be tested" || exit 0
install_locked "$LOCK" "$TOOL"
echo "$TOOL/node_modules"
