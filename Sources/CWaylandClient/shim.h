#pragma once
#include <wayland-client.h>

/// An interface is an extern struct, which Swift would import as a copy of its value.
static inline const struct wl_interface *kymo_compositor_interface(void) { return &wl_compositor_interface; }
static inline const struct wl_interface *kymo_output_interface(void) { return &wl_output_interface; }
static inline const struct wl_interface *kymo_seat_interface(void) { return &wl_seat_interface; }
static inline const struct wl_interface *kymo_shm_interface(void) { return &wl_shm_interface; }
