#!/bin/sh
# The demo of docker-compose.yml: registers the sample devices with the running service, once, and lets them speak.
# Their secrets are shown only at their registration, so they are kept in SECRETS.
set -eu

here="$(cd "$(dirname "$0")/.." && pwd)"
: "${TOWNPULSE_TOWN:=$here/seeds/lailong}" "${SECRETS:=/data/simulator-secrets.json}" "${BROKER:=mqtt://townpulse:1883}"

node "$here/dist/src/cli/main.js" devices import "$TOWNPULSE_TOWN/devices.csv" --secrets "$SECRETS"
exec node "$here/dist/src/cli/main.js" simulate --url "$BROKER" --secrets "$SECRETS"
