#!/usr/bin/env bash
# Builds InfluxDB 1.8 and 2.7 from the Go module proxy into the cache that the tests look in, once for each version. Names
# what it cannot build, and ends well all the same: the tests of that server then name themselves as skipped.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/townpulse/servers"
v1=1.8.10
v2=2.7.12

if [ -x "$cache/influxdb-$v1/influxd" ] && [ -x "$cache/influxdb-$v2/influxd" ]; then
  echo "servers: InfluxDB $v1 and $v2 are in the cache"
  exit 0
fi
if ! command -v go >/dev/null 2>&1; then
  echo "servers: InfluxDB cannot be built: Go (1.24 or newer) is not installed"
  exit 0
fi

work="$(mktemp -d)"
# Go makes its module cache read-only.
trap 'chmod -R u+w "$work" && rm -rf "$work"' EXIT

build_1() {
  GOBIN="$1" go install -ldflags "-s -w -X main.version=$v1" "github.com/influxdata/influxdb/cmd/influxd@v$v1"
}

# Flux, which 2.x links, is Rust: its own pkg-config builds it when Go asks for the library.
build_2() {
  command -v cargo >/dev/null 2>&1 || { echo "Rust is not installed" >&2; return 1; }
  GOBIN="$work/bin" go install github.com/influxdata/pkg-config@v0.2.14 || return 1
  # Newer Rust refuses what Flux's own lints forbid.
  printf '#!/bin/sh\nexec "$@" --cap-lints warn\n' >"$work/rustc"
  chmod +x "$work/rustc"
  # Its 3 GB of intermediate results go with the working directory.
  (cd "$here/influxdb2" &&
    GOCACHE="$work/go-build" PKG_CONFIG="$work/bin/pkg-config" RUSTC_WORKSPACE_WRAPPER="$work/rustc" \
      RUSTUP_TOOLCHAIN="$(rustup show active-toolchain 2>/dev/null | cut -d' ' -f1)" \
      go build -ldflags "-s -w -X main.version=v$v2" -tags sqlite_foreign_keys,sqlite_json -o "$1/influxd" \
      github.com/influxdata/influxdb/v2/cmd/influxd)
}

for version in "$v1" "$v2"; do
  folder="$cache/influxdb-$version"
  [ -x "$folder/influxd" ] && continue
  echo "servers: building InfluxDB $version"
  mkdir -p "$work/$version" "$cache"
  if "build_${version%%.*}" "$work/$version" >"$work/log" 2>&1 </dev/null; then
    # In one step: a program in the cache is a whole one.
    rm -rf "$folder"
    mv "$work/$version" "$folder"
  else
    tail -n 20 "$work/log" >&2
    echo "servers: InfluxDB $version could not be built"
  fi
done
echo "servers: InfluxDB done"
