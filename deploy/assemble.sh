#!/usr/bin/env bash
# Makes of a clean checkout the tree that runs: built, and without what only building and testing need. The Dockerfile and
# the tests call it. It installs into the checkout's own node_modules.
# usage: deploy/assemble.sh FOLDER     (new, or empty)
set -euo pipefail

to="${1:?usage: deploy/assemble.sh FOLDER}"
if [ -e "$to" ] && [ -n "$(ls -A "$to")" ]; then
  echo "assemble: $to is not empty" >&2
  exit 2
fi
mkdir -p "$to"
to="$(cd "$to" && pwd)"
cd "$(dirname "$0")/.."

npm ci --no-audit --no-fund
npm prune --omit=dev --ignore-scripts --no-audit --no-fund

# What runs is what package.json would publish, with what it needs.
mapfile -t files < <(node -p 'require("./package.json").files.join("\n")')
cp -R --parents package.json LICENSE node_modules "${files[@]}" "$to"
chmod +x "$to/dist/src/cli/main.js"
