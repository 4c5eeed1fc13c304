#!/bin/sh
# Prints the path of a Neovim that is new enough for the tests and the picture in the README.
#
# An `nvim` on PATH is used where it is new enough. Else Debian sid's is unpacked into .tools/neovim, a private root of
# about 60 MB, and started through its own loader (scripts/from-sid.sh). A second run finds what the first one left and
# returns at once.
#
# Exit status: 0 with one path on standard output; 1 with one line on standard error that says what to install.
set -eu

NAME=install-neovim
MINIMUM=0.12
HERE=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
TOOLS=${HERE%/*}/.tools/neovim

fail() {
    echo "$NAME: $1; install Neovim $MINIMUM or newer (https://neovim.io) so that nvim is on PATH" >&2
    exit 1
}

is_new_enough() {
    version=$("$1" --version 2>/dev/null | sed -n '1s/^NVIM v\([0-9.]*\).*/\1/p') && [ -n "$version" ] &&
        [ "$(printf '%s\n%s\n' "$MINIMUM" "$version" | sort -V | head -n 1)" = "$MINIMUM" ]
}

for candidate in "$(command -v nvim || true)" "$TOOLS/nvim"; do
    if [ -n "$candidate" ] && is_new_enough "$candidate"; then
        echo "$candidate"
        exit 0
    fi
done

. "$HERE/from-sid.sh"
unpack_from_sid neovim '^$'

# Neovim looks for its parsers beside the program that was started, which is the loader.
[ -e "$work/root/usr/lib/lib" ] || ln -s . "$work/root/usr/lib/lib"
cat >"$work/nvim" <<EOF
#!/bin/sh
# Neovim from Debian sid in a private root, run with its own C library through its own loader.
here=\$(CDPATH='' cd -- "\$(dirname -- "\$0")" && pwd)
export VIMRUNTIME="\$here/root/usr/share/nvim/runtime"
exec "\$here/$loader" --argv0 nvim --library-path "\$here/$(dirname "$loader")" "\$here/root/usr/bin/nvim" "\$@"
EOF
chmod +x "$work/nvim"
is_new_enough "$work/nvim" || fail "Debian sid's Neovim does not start here, or is older than $MINIMUM"

keep_unpacked
echo "$TOOLS/nvim"
