#!/bin/sh
# Creates the two namespaces with their retention, and the search attributes in each; safe to repeat.
# TEMPORAL_ADDRESS comes from the compose file; names and kinds are those of workflows/names.py.
set -eu

KEYWORDS="CroupierState CroupierStep CroupierReason CroupierOperator CroupierPlayer CroupierAsset CroupierChain"
BOOLS="CroupierNeedsHuman"
DATETIMES="CroupierSince"

# A server knows a new namespace only after it has looked again, which it does every few seconds.
list_attributes() {
    tries=30
    until temporal operator search-attribute list --namespace "$1" --output json 2>/dev/null; do
        tries=$((tries - 1))
        if [ "$tries" -eq 0 ]; then
            echo "namespace $1 does not show up" >&2
            return 1
        fi
        sleep 1
    done
}

create_attributes() {
    namespace="$1"
    kind="$2"
    shift 2
    present="$(list_attributes "$namespace")"
    for name in "$@"; do
        case "$present" in
            *"\"$name\""*) ;;
            *) temporal operator search-attribute create --namespace "$namespace" --name "$name" --type "$kind" ;;
        esac
    done
}

create_namespace() {
    namespace="$1"
    retention="$2"
    if temporal operator namespace describe --namespace "$namespace" >/dev/null 2>&1; then
        temporal operator namespace update --namespace "$namespace" --retention "$retention"
    else
        temporal operator namespace create --namespace "$namespace" --retention "$retention"
    fi
    # The list is word by word on purpose.
    # shellcheck disable=SC2086
    {
        create_attributes "$namespace" Keyword $KEYWORDS
        create_attributes "$namespace" Bool $BOOLS
        create_attributes "$namespace" Datetime $DATETIMES
    }
}

create_namespace croupier-bets 3d
create_namespace croupier-money 90d
