# Sourced by scripts that install something of npm's for the tests into a folder under .tools/.

# have_npm NAME PURPOSE: whether there is a node and an npm; else a line on standard error that says what for.
have_npm() {
    command -v node >/dev/null && command -v npm >/dev/null && return 0
    echo "$1: no node and npm on PATH; install them so that $2" >&2
    return 1
}

# is_locked LOCK FOLDER: whether FOLDER holds the versions of LOCK/package-lock.json.
is_locked() {
    cmp -s "$1/package-lock.json" "$2/package-lock.json"
}

# fetch_locked LOCK FOLDER [OPTION...]: these versions into FOLDER, made anew, without running anybody's install scripts.
fetch_locked() {
    lock=$1
    into=$2
    shift 2
    rm -rf "$into"
    mkdir -p "$into"
    cp "$lock/package.json" "$lock/package-lock.json" "$into/"
    (cd "$into" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error "$@" >&2)
}

# install_locked LOCK FOLDER [OPTION...]: the same, whole or not at all, and nothing where they are there.
install_locked() {
    is_locked "$1" "$2" && return 0
    whole=$2
    partial=$2.partial
    trap 'rm -rf "$partial"' EXIT
    from=$1
    shift 2
    fetch_locked "$from" "$partial" "$@"
    rm -rf "$whole"
    mv "$partial" "$whole"
}
