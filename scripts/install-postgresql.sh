#!/bin/sh
# Prints the folder of PostgreSQL's programs, for the tests that start a cluster of their own.
#
# Those on PATH are used, or those where Debian puts them; else root gets Debian's package with apt-get. Who is not root
# gets a line on standard error that says what to install, and those tests are skipped with that reason.
#
# Exit status: 0, also where there is none that could be had; 1 where apt-get fails.
set -eu

find_postgresql() {
    if found="$(command -v initdb)"; then
        dirname "$found"
        return 0
    fi
    for program in /usr/lib/postgresql/*/bin/initdb; do
        [ -x "$program" ] && dirname "$program" && return 0
    done
    return 1
}

find_postgresql && exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "install-postgresql: no PostgreSQL here; as root, run: apt-get install --no-install-recommends postgresql" >&2
    exit 0
fi

echo "install-postgresql: fetching PostgreSQL (about 50 MB)" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends postgresql >/dev/null
find_postgresql
