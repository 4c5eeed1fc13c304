#!/bin/sh
# Prints the path of a Neovim that is new enough for the tests and the picture in the README.
#
# An `nvim` on PATH is used where it is new enough. Else Debian sid's packages are unpacked into .tools/neovim,
# a private root of about 60 MB, and started through their own loader, so that nothing of the system changes: apt
# runs on folders of its own, with the mirror and the proxies that this machine's apt is configured with. Root is
# not needed. A second run finds what the first one left and returns at once.
#
# Exit status: 0 with one path on standard output; 1 with one line on standard error that says what to install.
set -eu

MINIMUM=0.12
TOOLS=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)/.tools/neovim
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

fail() {
    echo "install-neovim: $1; install Neovim $MINIMUM or newer (https://neovim.io) so that nvim is on PATH" >&2
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
    if private_apt apt-get -qq update >"$work/log" 2>&1 && private_apt apt-cache show neovim >/dev/null 2>&1; then
        found=yes
        break
    fi
done
[ -n "$found" ] || fail "none of the mirrors that apt is configured with offers Debian sid"

echo "install-neovim: fetching Neovim and its libraries from Debian sid (about 20 MB)" >&2
private_apt apt-get -qq --yes --download-only install neovim >"$work/log" 2>&1 ||
    fail "apt could not fetch Neovim: $(tail -n 1 "$work/log")"
for package in "$work"/archives/*.deb; do
    dpkg-deb --extract "$package" "$work/root"
done

loader=$(find "$work/root" -name 'ld-linux*.so*' -print | head -n 1)
[ -n "$loader" ] || fail "Debian sid's C library has no loader where it is expected"
loader=${loader#"$work"/}
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

rm -rf "$work/lists" "$work/archives" "$work"/*.bin "$work/sources.list" "$work/status" "$work/log" \
    "$work/root/usr/share/doc" "$work/root/usr/share/locale"
rm -rf "$TOOLS"
mv "$work" "$TOOLS"
echo "$TOOLS/nvim"
