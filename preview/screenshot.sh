#!/bin/sh
# Take docs/images/tags-history.png: a page of the committed content, built by Hugo, in Chromium.
# Needs `hugo` on the PATH (it is in .venv/bin) and Debian's `chromium`.
# Usage: preview/screenshot.sh [PICTURE [WIDTH HEIGHT]]     (in CSS pixels)
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
picture=${1:-$root/docs/images/tags-history.png}
size=${2:-1200},${3:-1140}
page=chainguard/chainguard-images/reference/calico-apiserver/tags_history/index.html

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Relative links, so that the page finds its style sheet without a server.
HUGO_RELATIVEURLS=true hugo build --source "$root/preview" --contentDir "$root/content" \
    --destination "$scratch/site" --noBuildLock --panicOnWarning

chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
    --disable-background-networking --disable-component-update --disable-sync \
    --user-data-dir="$scratch/profile" --hide-scrollbars --window-size="$size" \
    --screenshot="$scratch/picture.png" "file://$scratch/site/$page"

mkdir -p "$(dirname "$picture")"
mv "$scratch/picture.png" "$picture"
