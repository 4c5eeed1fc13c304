#!/bin/sh
# Prints the path of an Emacs that is new enough for the tests of completion items: 29, which has eglot built in.
#
# An `emacs` on PATH is used where it is new enough. Else Debian sid's packages (without a graphical interface) are
# unpacked into .tools/emacs, a private root, and started through their own loader, so that nothing of the system
# changes: apt runs on folders of its own, with the mirror and the proxies that this machine's apt is configured with.
# Root is not needed. A second run finds what the first one left and returns at once.
#
# Exit status: 0 with one path on standard output; 1 with one line on standard error that says what to install.
set -eu

MINIMUM=29
TOOLS=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)/.tools/emacs
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

fail() {
    echo "install-emacs: $1; install Emacs $MINIMUM or newer (https://www.gnu.org/software/emacs/) so that it is on PATH" >&2
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

command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || fail "there is no apt here"
[ -r "$KEYRING" ] || fail "$KEYRING is not there, so sid's packages cannot be verified"

work=$TOOLS.partial
rm -rf "$work"
mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/root"
trap 'rm -rf "$work"' EXIT
: >"$work/status"

private_apt() {
    command=$1
    shift
    "$command" -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=- \
        -o Dir::State="$work" -o Dir::State::Lists="$work/lists" -o Dir::State::Status="$work/status" \
        -o Dir::Cache="$work" -o Dir::Cache::Archives="$work/archives" \
        -o APT::Sandbox::User="$(id -un)" -o APT::Install-Recommends=0 -o Acquire::Languages=none \
        -o pkgCacheGen::Essential=none -o pkgCacheGen::ForceEssential=, "$@"
}

# A mirror is one of those that this machine's apt knows; the security archive has no sid.
found=
for mirror in $(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | sort -u); do
    echo "deb [signed-by=$KEYRING] $mirror sid main" >"$work/sources.list"
    if private_apt apt-get -qq update >"$work/log" 2>&1 && private_apt apt-cache show emacs-nox >/dev/null 2>&1; then
        found=yes
        break
    fi
done
[ -n "$found" ] || fail "none of the mirrors that apt is configured with offers Debian sid"

echo "install-emacs: fetching Emacs and its libraries from Debian sid (about 60 MB)" >&2
private_apt apt-get -qq --yes --download-only install emacs-nox >"$work/log" 2>&1 ||
    fail "apt could not fetch Emacs: $(tail -n 1 "$work/log")"
for package in "$work"/archives/*.deb; do
    case ${package##*/} in # what native compilation takes, and Lisp sources
    *-dev_* | emacs-el_* | binutils* | libbinutils* | lib*san[0-9]* | gcc-* | linux-libc* | libgprofng* | libctf*) ;;
    *) dpkg-deb --extract "$package" "$work/root" ;;
    esac
done

loader=$(find "$work/root" -name 'ld-linux*.so*' -type f | head -n 1)
[ -n "$loader" ] || fail "Debian sid's C library has no loader where it is expected"
loader=${loader#"$work"/}
share=$(find "$work/root/usr/share/emacs" -maxdepth 2 -path '*/[0-9]*/lisp' -printf '%h\n' | head -n 1)
[ -n "$share" ] || fail "Debian sid's Emacs has no Lisp where it is expected"
share=${share#"$work"/}
cat >"$work/emacs" <<EOF
#!/bin/sh
# Emacs from Debian sid in a private root, run with its own C library through its own loader. So started it does not
# find its dump, and loads its Lisp anew: a second or two.
here=\$(CDPATH='' cd -- "\$(dirname -- "\$0")" && pwd)
export EMACSDATA="\$here/$share/etc" EMACSDOC="\$here/$share/etc" EMACSPATH="\$here/root/usr/bin"
EMACSLOADPATH=\$(find "\$here/$share/lisp" -type d | tr '\n' ':')
export EMACSLOADPATH
exec "\$here/$loader" --argv0 emacs --library-path "\$here/$(dirname "$loader")" "\$here/root/usr/bin/emacs-nox" "\$@"
EOF
chmod +x "$work/emacs"
is_new_enough "$work/emacs" || fail "Debian sid's Emacs does not start here, or is older than $MINIMUM"

rm -rf "$work/lists" "$work/archives" "$work"/*.bin "$work/sources.list" "$work/status" "$work/log" "$work"/lock* \
    "$work/root/usr/lib/emacs" "$work/root/usr/share/doc" "$work/root/usr/share/locale" "$work/root/usr/share/icons" \
    "$work/root/usr/share/info" "$work/root/usr/share/man"
rm -rf "$TOOLS"
mv "$work" "$TOOLS"
echo "$TOOLS/emacs"
