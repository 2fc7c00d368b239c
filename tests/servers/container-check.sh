#!/usr/bin/env bash
# Builds container-check from the Go module proxy into the cache that the tests look in: about 20 s. Ends well where it cannot
# be built: the tests that want it then name themselves as skipped.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)/container-check"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/townpulse/servers"
# One more with every change of the program or of what it is built from.
folder="$cache/container-check-1"

if [ -x "$folder/container-check" ]; then
  echo "servers: container-check is in the cache"
  exit 0
fi
if ! command -v go >/dev/null 2>&1; then
  echo "servers: container-check cannot be built: Go (1.26 or newer) is not installed"
  exit 0
fi
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
echo "servers: building container-check"
if (cd "$here" && go build -o "$work/new/container-check" .) >"$work/log" 2>&1 </dev/null; then
  mkdir -p "$cache"
  rm -rf "$folder"
  mv "$work/new" "$folder"
  echo "servers: container-check done"
else
  tail -n 20 "$work/log" >&2
  echo "servers: container-check could not be built"
fi
