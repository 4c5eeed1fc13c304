# Sourced by scripts that install an editor for the tests: Debian sid's packages in a private root under .tools/.
#
# Nothing of the system changes: apt runs on folders of its own, with the mirror and the proxies that this machine's apt
# is configured with. Root is not needed. The caller has set `NAME` (what the script is called), `TOOLS` (the folder to
# make) and `fail` (one line on standard error, and exit 1).

KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

private_apt() {
    command=$1
    shift
    "$command" -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=- \
        -o Dir::State="$work" -o Dir::State::Lists="$work/lists" -o Dir::State::Status="$work/status" \
        -o Dir::Cache="$work" -o Dir::Cache::Archives="$work/archives" \
        -o APT::Sandbox::User="$(id -un)" -o APT::Install-Recommends=0 -o Acquire::Languages=none \
        -o pkgCacheGen::Essential=none -o pkgCacheGen::ForceEssential=, "$@"
}

# unpack_from_sid PACKAGE PATTERN: the package and what it depends on into $work/root, without archives whose names match
# the pattern; sets `work`, a folder that is removed at the end unless it was moved, and `loader`, relative to it.
unpack_from_sid() {
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || fail "there is no apt here"
    [ -r "$KEYRING" ] || fail "$KEYRING is not there, so sid's packages cannot be verified"
    work=$TOOLS.partial
    rm -rf "$work"
    mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/root"
    trap 'rm -rf "$work"' EXIT
    : >"$work/status"

    # A mirror is one of those that this machine's apt knows; the security archive has no sid.
    found=
    for mirror in $(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | sort -u); do
        echo "deb [signed-by=$KEYRING] $mirror sid main" >"$work/sources.list"
        if private_apt apt-get -qq update >"$work/log" 2>&1 && private_apt apt-cache show "$1" >/dev/null 2>&1; then
            found=yes
            break
        fi
    done
    [ -n "$found" ] || fail "none of the mirrors that apt is configured with offers Debian sid"

    echo "$NAME: fetching $1 and its libraries from Debian sid" >&2
    private_apt apt-get -qq --yes --download-only install "$1" >"$work/log" 2>&1 ||
        fail "apt could not fetch $1: $(tail -n 1 "$work/log")"
    for package in "$work"/archives/*.deb; do
        echo "${package##*/}" | grep -qE "$2" || dpkg-deb --extract "$package" "$work/root"
    done
    loader=$(find "$work/root" -name 'ld-linux*.so*' -type f | head -n 1)
    [ -n "$loader" ] || fail "Debian sid's C library has no loader where it is expected"
    loader=${loader#"$work"/}
}

# keep_unpacked PATH...: the folder in its place, without what was needed to make it and these paths under root/usr.
keep_unpacked() {
    rm -rf "$work/lists" "$work/archives" "$work"/*.bin "$work/sources.list" "$work/status" "$work/log" "$work"/lock*
    for path in share/doc share/locale share/icons share/info share/man "$@"; do
        rm -rf "$work/root/usr/$path"
    done
    rm -rf "$TOOLS"
    mv "$work" "$TOOLS"
}
