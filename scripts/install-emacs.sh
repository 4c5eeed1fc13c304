#!/bin/sh
# Prints the path of an Emacs that is new enough for the tests of completion items: 29, which has eglot built in.
#
# An `emacs` on PATH is used where it is new enough. Else Debian sid's, without a graphical interface, is unpacked into
# .tools/emacs, a private root of about 190 MB, and started through its own loader (scripts/from-sid.sh). A second run
# finds what the first one left and returns at once.
#
# Exit status: 0 with one path on standard output; 1 with one line on standard error that says what to install.
set -eu

NAME=install-emacs
MINIMUM=29
HERE=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
TOOLS=${HERE%/*}/.tools/emacs

fail() {
    echo "$NAME: $1; install Emacs $MINIMUM or newer (https://www.gnu.org/software/emacs/) so that it is on PATH" >&2
    exit 1
}

is_new_enough() {
    version=$("$1" --batch --eval '(princ emacs-major-version)' 2>/dev/null) && [ "${version:-0}" -ge "$MINIMUM" ]
}

for candidate in "$(command -v emacs || true)" "$TOOLS/emacs"; do
    if [ -n "$candidate" ] && is_new_enough "$candidate"; then
        echo "$candidate"
        exit 0
    fi
done

. "$HERE/from-sid.sh"
# Left out is what native compilation takes, and Lisp sources.
unpack_from_sid emacs-nox '^(emacs-el|binutils|libbinutils|lib[a-z]+san[0-9]|gcc-|linux-libc|libgprofng|libctf)|-dev_'

share=$(find "$work/root/usr/share/emacs" -maxdepth 2 -path '*/[0-9]*/lisp' -printf '%h\n' | head -n 1)
[ -n "$share" ] || fail "Debian sid's Emacs has no Lisp where it is expected"
share=${share#"$work"/}
cat >"$work/emacs" <<END
#!/bin/sh
# Emacs from Debian sid in a private root, run with its own C library through its own loader. So started it does not
# find its dump, and loads its Lisp anew: a second or two.
here=\$(CDPATH='' cd -- "\$(dirname -- "\$0")" && pwd)
export EMACSDATA="\$here/$share/etc" EMACSDOC="\$here/$share/etc" EMACSPATH="\$here/root/usr/bin"
EMACSLOADPATH=\$(find "\$here/$share/lisp" -type d | tr '\n' ':')
export EMACSLOADPATH
exec "\$here/$loader" --argv0 emacs --library-path "\$here/$(dirname "$loader")" "\$here/root/usr/bin/emacs-nox" "\$@"
END
chmod +x "$work/emacs"
is_new_enough "$work/emacs" || fail "Debian sid's Emacs does not start here, or is older than $MINIMUM"
keep_unpacked lib/emacs
echo "$TOOLS/emacs"
