#pragma once
#include <stdbool.h>
#include <wayland-client.h>
#include "cosmic-toplevel-client-protocol.h"

/// An interface is an extern struct, which Swift would import as a copy of its value.
static inline const struct wl_interface *kymo_toplevel_list_interface(void)
{
    return &ext_foreign_toplevel_list_v1_interface;
}

static inline const struct wl_interface *kymo_cosmic_info_interface(void) { return &zcosmic_toplevel_info_v1_interface; }

/// Whether an array of 32-bit states has that the toplevel is activated: wl_array_for_each is a macro.
static inline bool kymo_cosmic_activated(const struct wl_array *states)
{
    for (size_t i = 0; i < states->size / sizeof(uint32_t); i++)
        if (((const uint32_t *)states->data)[i] == ZCOSMIC_TOPLEVEL_HANDLE_V1_STATE_ACTIVATED) return true;
    return false;
}
