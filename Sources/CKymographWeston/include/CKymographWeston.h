#pragma once
#include <wayland-client.h>
#include "kymograph-weston-client-protocol.h"

/// An interface is an extern struct, which Swift would import as a copy of its value.
static inline const struct wl_interface *kymo_weston_interface(void) { return &kymograph_weston_v1_interface; }
