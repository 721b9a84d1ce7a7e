#!/bin/sh
# Runs set-passwords.sql as the superuser; PGHOST, PGUSER, PGDATABASE and SECRETS come from the compose file.
set -eu

PGPASSWORD="$(cat "$SECRETS/postgres_password")"
export PGPASSWORD

exec psql --no-psqlrc --quiet --file "$(dirname "$0")/set-passwords.sql"
