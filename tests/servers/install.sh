#!/usr/bin/env bash
# Installs the real servers and tools that tests, the crash test and the bench run against. Does nothing where everything
# is there; names what it cannot install, and then those tests name themselves as skipped or say what is missing.
set -euo pipefail

bash "$(dirname "$0")/influxdb.sh"
bash "$(dirname "$0")/container-check.sh"
bash "$(dirname "$0")/telegraf.sh"

# program (or file) : Debian package
wanted=(
  "mosquitto:mosquitto"
  "mosquitto_pub:mosquitto-clients"
  "strace:strace"
  "chromium:chromium"
  "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc:fonts-noto-cjk"
)

PATH="$PATH:/usr/sbin:/usr/local/sbin"

present() {
  case "$1" in
    /*) [ -e "$1" ] ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
  esac
}

missing=()
for entry in "${wanted[@]}"; do
  present "${entry%%:*}" || missing+=("${entry##*:}")
done

if [ "${#missing[@]}" -eq 0 ]; then
  echo "servers: everything is installed"
  exit 0
fi

if ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" -ne 0 ]; then
  echo "servers: not installed: ${missing[*]} (this script installs on Debian as root; elsewhere install them by hand)"
  exit 0
fi

log="$(mktemp)"
policy=/usr/sbin/policy-rc.d
trap 'rm -f "$log" ${placed:-}' EXIT
export DEBIAN_FRONTEND=noninteractive

# Debian's mosquitto would start a broker on 1883, the port that Townpulse itself takes.
if [ ! -e "$policy" ]; then
  placed="$policy"
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
fi

quietly() {
  "$@" >"$log" 2>&1 </dev/null || {
    tail -n 20 "$log" >&2
    return 1
  }
}

echo "servers: installing ${missing[*]}"
quietly apt-get update -qq || echo "servers: the package lists could not be renewed; going on with those there are"

# One by one, so that one that cannot be had keeps none of the others away.
failed=()
for package in "${missing[@]}"; do
  quietly apt-get install -y -qq --no-install-recommends "$package" || failed+=("$package")
done
if [ "${#failed[@]}" -gt 0 ]; then
  echo "servers: could not be installed: ${failed[*]}"
else
  echo "servers: done"
fi
