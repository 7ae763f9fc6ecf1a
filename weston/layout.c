/* By which group of their keymap the keyboards type. */
#include <stdint.h>
#include <wayland-server-core.h>

#include "kymograph-weston-server-protocol.h"
#include "kymograph.h"

/* As it was told to everybody who is bound. */
static int32_t told = -1;

/*
 * All keyboards of a seat are one to libweston, with one keymap and one group. The agent knows the keymap of one seat: where
 * another has a keymap of its own, or another group, nobody can say which a key was typed by.
 */
static int32_t group_in_force(const struct weston_compositor *compositor) {
    const struct weston_keyboard *first = NULL;
    struct weston_seat *seat;
    wl_list_for_each(seat, &compositor->seat_list, link) {
        const struct weston_keyboard *keyboard = weston_seat_get_keyboard(seat);
        if (!keyboard) continue;
        if (!first) first = keyboard;
        if (keyboard->xkb_info->keymap != first->xkb_info->keymap || keyboard->modifiers.group != first->modifiers.group)
            return -1;
    }
    return first ? (int32_t)first->modifiers.group : -1;
}

void layout_refresh(const struct weston_compositor *compositor, struct wl_list *bound) {
    int32_t group = group_in_force(compositor);
    if (group == told) return;
    told = group;
    struct wl_resource *resource;
    wl_resource_for_each(resource, bound) layout_greet(resource);
}

void layout_greet(struct wl_resource *resource) {
    if (wl_resource_get_version(resource) >= KYMOGRAPH_WESTON_V1_GROUP_SINCE_VERSION)
        kymograph_weston_v1_send_group(resource, told);
}
