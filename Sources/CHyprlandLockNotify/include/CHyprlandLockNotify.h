#pragma once
#include <wayland-client.h>
#include "hyprland-lock-notify-client-protocol.h"

/// An interface is an extern struct, which Swift would import as a copy of its value.
static inline const struct wl_interface *kymo_lock_notifier_interface(void) { return &hyprland_lock_notifier_v1_interface; }
