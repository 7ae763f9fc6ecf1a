#pragma once
#include <wayland-client.h>
#include "wlr-layer-shell-client-protocol.h"

/// An interface is an extern struct, which Swift would import as a copy of its value.
static inline const struct wl_interface *kymo_layer_shell_interface(void) { return &zwlr_layer_shell_v1_interface; }
