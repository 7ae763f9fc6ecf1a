#pragma once
#include <wayland-client.h>
#include "xdg-output-client-protocol.h"

/// An interface is an extern struct, which Swift would import as a copy of its value.
static inline const struct wl_interface *kymo_xdg_output_manager_interface(void)
{
    return &zxdg_output_manager_v1_interface;
}
