#!/bin/sh
# Prints the path of Tabby's own client, npm's tabby-agent, for the tests that have it ask this server.
#
# It is installed into .tools/tabby-agent with npm, in the versions of tests/server/tabby_agent/package-lock.json,
# without running anybody's install scripts. A second run finds what the first one left and returns at once.
#
# Exit status: 0, also where there is no node or npm, with a line on standard error then; npm's where npm fails.
set -eu

ROOT=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
LOCK=$ROOT/tests/server/tabby_agent
TOOL=$ROOT/.tools/tabby-agent

. "$ROOT/scripts/from-npm.sh"
have_npm install-tabby-agent "Tabby's client can be tested" || exit 0
install_locked "$LOCK" "$TOOL" --omit=optional
echo "$TOOL/node_modules/tabby-agent/dist/cli.js"
