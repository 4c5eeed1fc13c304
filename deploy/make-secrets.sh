#!/bin/sh
# Makes up the passwords that compose.yaml reads, in secrets/ beside this file. What is there already stays.
#
# Containers read these files as users of their own, so they are readable inside the folder, which is not: only its
# owner can enter it.
set -eu
cd "$(dirname "$0")"
mkdir -p secrets
chmod 700 secrets

made_up() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
once() { [ -e "secrets/$1" ] || (umask 022 && printf %s "$2" >"secrets/$1"); }

once postgres_password "$(made_up)"
once grafana_password "$(made_up)"
once database_url "postgresql://vernacular:$(cat secrets/postgres_password)@postgres/vernacular"
once metrics_key ""
echo "make-secrets: secrets/ is complete; put a key of the scope metrics into secrets/metrics_key"
