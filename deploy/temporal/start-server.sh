#!/bin/sh
# Starts the Temporal server with its database password read from a file: the server itself takes it only from the
# environment, and a compose file must not hold it.
set -eu

POSTGRES_PWD="$(cat "$POSTGRES_PASSWORD_FILE")"
export POSTGRES_PWD

exec /etc/temporal/entrypoint.sh
