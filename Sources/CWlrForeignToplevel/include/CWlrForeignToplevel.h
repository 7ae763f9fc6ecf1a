#pragma once
#include <wayland-client.h>
#include "wlr-foreign-toplevel-client-protocol.h"

/// An interface is an extern struct, which Swift would import as a copy of its value.
static inline const struct wl_interface *kymo_toplevel_manager_interface(void)
{
    return &zwlr_foreign_toplevel_manager_v1_interface;
}
