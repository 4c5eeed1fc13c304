#!/bin/sh
# Installs what checks the Lua of the Neovim plugin into .tools/lua: StyLua from npm, in the version of its lock, and
# luacheck from this machine's Debian, unpacked, so that nothing of the system changes and root is not needed.
#
# Exit status: 0, also where npm or apt is missing, with a line on standard error then; theirs where they fail.
set -eu

ROOT=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
LOCK=$ROOT/editor-extensions/neovim/tools
TOOLS=$ROOT/.tools/lua

. "$ROOT/scripts/from-npm.sh"
if have_npm install-lua-tools "the format of Lua files is checked"; then
    install_locked "$LOCK" "$TOOLS/stylua"
fi

if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
    echo "install-lua-tools: no apt here; luacheck is left out" >&2
elif [ ! -d "$TOOLS/luacheck" ]; then
    work=$TOOLS/luacheck.partial
    rm -rf "$work"
    mkdir -p "$work"
    (cd "$work" && apt-get -qq -o APT::Sandbox::User="$(id -un)" download lua-check lua-argparse lua-filesystem >&2)
    for package in "$work"/*.deb; do
        dpkg-deb --extract "$package" "$work"
    done
    rm -rf "$work"/*.deb "$work/usr/share/doc"
    mv "$work" "$TOOLS/luacheck"
fi
