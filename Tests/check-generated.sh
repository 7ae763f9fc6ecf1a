#!/bin/sh
# The protocol code in the tree is what wayland-scanner makes of our descriptions today. With --write: make it so.
# Versions of wayland-scanner differ in the comment on the first line alone, which is left out of the comparison.
set -eu
sources=$(cd "$(dirname "$0")/../Sources" && pwd)
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT

# Module, description, what the files are called.
check() {
    cd "$sources/$1"
    wayland-scanner client-header "$2" "$made/header"
    wayland-scanner private-code "$2" "$made/code"
    if [ "$mode" = --write ]; then
        cp "$made/header" "include/$3-client-protocol.h"
        cp "$made/code" "$3-protocol.c"
        return
    fi
    tail -n +2 "$made/header" >"$made/header.new"
    tail -n +2 "$made/code" >"$made/code.new"
    tail -n +2 "include/$3-client-protocol.h" | diff -u - "$made/header.new"
    tail -n +2 "$3-protocol.c" | diff -u - "$made/code.new"
    echo "$1: generated protocol code is up to date"
}

mode=${1:-}
check CWlrForeignToplevel wlr-foreign-toplevel-management-unstable-v1.xml wlr-foreign-toplevel
check CWlrLayerShell wlr-layer-shell-unstable-v1.xml wlr-layer-shell
check CPlasmaWindowManagement plasma-window-management.xml plasma-window-management
check CKymographWeston kymograph-weston-v1.xml kymograph-weston
check CCosmicToplevel cosmic-toplevel.xml cosmic-toplevel
check CXdgOutput xdg-output-unstable-v1.xml xdg-output
check CHyprlandLockNotify hyprland-lock-notify-v1.xml hyprland-lock-notify
