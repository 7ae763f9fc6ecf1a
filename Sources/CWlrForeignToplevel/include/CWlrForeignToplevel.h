#pragma once
#include <stdbool.h>
#include <wayland-client.h>
#include "wlr-foreign-toplevel-client-protocol.h"

/// An interface is an extern struct, which Swift would import as a copy of its value.
static inline const struct wl_interface *kymo_toplevel_manager_interface(void)
{
    return &zwlr_foreign_toplevel_manager_v1_interface;
}

/// Whether an array of 32-bit values holds that one: wl_array_for_each is a macro.
static inline bool kymo_array_holds(const struct wl_array *array, uint32_t value)
{
    for (size_t i = 0; i < array->size / sizeof value; i++)
        if (((const uint32_t *)array->data)[i] == value) return true;
    return false;
}
