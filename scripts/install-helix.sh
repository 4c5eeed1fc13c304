#!/bin/sh
# Prints the path of a Helix that is new enough for the tests of completion items.
#
# An `hx` on PATH is used where it is new enough. Else Debian sid's is unpacked into .tools/helix, a private root of
# about 30 MB, and started through its own loader (scripts/from-sid.sh). A second run finds what the first one left and
# returns at once.
#
# Exit status: 0 with one path on standard output; 1 with one line on standard error that says what to install.
set -eu

NAME=install-helix
MINIMUM=24
HERE=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
TOOLS=${HERE%/*}/.tools/helix

fail() {
    echo "$NAME: $1; install Helix $MINIMUM or newer (https://helix-editor.com) so that hx is on PATH" >&2
    exit 1
}

is_new_enough() {
    version=$("$1" --version 2>/dev/null | sed -n '1s/^helix \([0-9]*\).*/\1/p') && [ "${version:-0}" -ge "$MINIMUM" ]
}

for candidate in "$(command -v hx || true)" "$TOOLS/hx"; do
    if [ -n "$candidate" ] && is_new_enough "$candidate"; then
        echo "$candidate"
        exit 0
    fi
done

. "$HERE/from-sid.sh"
unpack_from_sid hx '^gcc-'

cat >"$work/hx" <<END
#!/bin/sh
# Helix from Debian sid in a private root, run with its own C library through its own loader.
here=\$(CDPATH='' cd -- "\$(dirname -- "\$0")" && pwd)
export HELIX_RUNTIME="\$here/root/usr/lib/hx/runtime"
exec "\$here/$loader" --argv0 hx --library-path "\$here/$(dirname "$loader")" "\$here/root/usr/lib/hx/hx" "\$@"
END
chmod +x "$work/hx"
is_new_enough "$work/hx" || fail "Debian sid's Helix does not start here, or is older than $MINIMUM"
keep_unpacked
echo "$TOOLS/hx"
