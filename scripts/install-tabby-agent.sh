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

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    echo "install-tabby-agent: no node and npm on PATH; install them so that Tabby's client can be tested" >&2
    exit 0
fi

if ! cmp -s "$LOCK/package-lock.json" "$TOOL/package-lock.json"; then
    work=$TOOL.partial
    rm -rf "$work"
    mkdir -p "$work"
    trap 'rm -rf "$work"' EXIT
    cp "$LOCK/package.json" "$LOCK/package-lock.json" "$work/"
    (cd "$work" && npm ci --ignore-scripts --omit=optional --no-audit --no-fund --loglevel=error >&2)
    rm -rf "$TOOL"
    mv "$work" "$TOOL"
fi
echo "$TOOL/node_modules/tabby-agent/dist/cli.js"
