#!/bin/sh
# The protocol code in the tree is what wayland-scanner makes of our description today. With --write: make it so.
# Versions of wayland-scanner differ in the comment on the first line alone, which is left out of the comparison.
set -eu
cd "$(dirname "$0")/../Sources/CWlrForeignToplevel"
xml=wlr-foreign-toplevel-management-unstable-v1.xml
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
wayland-scanner client-header "$xml" "$made/header"
wayland-scanner private-code "$xml" "$made/code"
if [ "${1:-}" = --write ]; then
    cp "$made/header" include/wlr-foreign-toplevel-client-protocol.h
    cp "$made/code" wlr-foreign-toplevel-protocol.c
    exit
fi
tail -n +2 "$made/header" >"$made/header.new"
tail -n +2 "$made/code" >"$made/code.new"
tail -n +2 include/wlr-foreign-toplevel-client-protocol.h | diff -u - "$made/header.new"
tail -n +2 wlr-foreign-toplevel-protocol.c | diff -u - "$made/code.new"
echo "generated protocol code is up to date"
