#!/usr/bin/env bash
# Builds Telegraf, with what the bench needs of it, from the Go module proxy into the cache that the bench looks in: about a
# minute. Only `npm run bench -- influx` wants it; ends well where it cannot be built, and the bench then says so.
set -euo pipefail
cache="${XDG_CACHE_HOME:-$HOME/.cache}/townpulse/servers"
version=1.37.2
folder="$cache/telegraf-$version"
# The whole of it cannot be built: one of its dependencies lacks a checksum.
parts=custom,inputs.mqtt_consumer,outputs.influxdb,outputs.influxdb_v2,parsers.json_v2,serializers.influx

if [ -x "$folder/telegraf" ]; then
  echo "servers: Telegraf $version is in the cache"
  exit 0
fi
if ! command -v go >/dev/null 2>&1; then
  echo "servers: Telegraf cannot be built: Go (1.25 or newer) is not installed"
  exit 0
fi
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
echo "servers: building Telegraf $version"
if GOBIN="$work/new" go install -tags "$parts" "github.com/influxdata/telegraf/cmd/telegraf@v$version" >"$work/log" 2>&1 </dev/null; then
  mkdir -p "$cache"
  rm -rf "$folder"
  mv "$work/new" "$folder"
  echo "servers: Telegraf done"
else
  tail -n 20 "$work/log" >&2
  echo "servers: Telegraf could not be built"
fi
