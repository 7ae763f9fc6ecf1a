#pragma once
#include <wayland-client.h>
#include "plasma-window-management-client-protocol.h"

/// An interface is an extern struct, which Swift would import as a copy of its value.
static inline const struct wl_interface *kymo_plasma_window_management_interface(void)
{
    return &org_kde_plasma_window_management_interface;
}
