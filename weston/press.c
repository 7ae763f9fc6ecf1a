/* Where the pointer was when a button was pressed. */
#include <linux/input-event-codes.h>
#include <wayland-server-core.h>

#include "kymograph-weston-server-protocol.h"
#include "kymograph.h"

/* All that a mouse can have; what is above them is of tablets and the like. */
enum { FIRST_BUTTON = BTN_MOUSE, LAST_BUTTON = BTN_JOYSTICK - 1 };
enum { EVERY_MODIFIER = MODIFIER_CTRL | MODIFIER_ALT | MODIFIER_SUPER | MODIFIER_SHIFT };

/* The last one, and only that. `window` 0: it met none that is told of. */
static struct {
    uint32_t window;
    uint64_t microseconds;
    wl_fixed_t x, y;
} last;

/* When that was at the earliest. A stamp counts milliseconds in 32 bits at the least: nothing else of it is the same everywhere. */
static uint64_t earliest(const struct timespec *stamp, uint64_t now) {
    uint32_t at = (uint32_t)((uint64_t)stamp->tv_sec * 1000 + (uint64_t)stamp->tv_nsec / 1000000);
    uint64_t ago = ((uint64_t)((uint32_t)(now / 1000) - at) + 1) * 1000;
    return ago < now ? now - ago : 0;
}

/*
 * libweston runs every binding that fits, and hands the press on to whatever it is for. Those of the shell come first, and may
 * have given the keyboard to the window that was pressed on: when it was pressed, the keyboard was elsewhere.
 */
static void pressed(struct weston_pointer *pointer, const struct timespec *stamp, uint32_t button, void *data) {
    (void)button;
    (void)data;
    struct owner owner = focus_owner();
    last.microseconds = now_microseconds();
    bool is_its = owner.window && owner.since_microseconds <= earliest(stamp, last.microseconds)
        && pointer_in(owner.surface, pointer, &last.x, &last.y);
    last.window = is_its ? owner.window : 0;
}

void press_tell(struct wl_resource *resource) {
    if (last.window)
        kymograph_weston_v1_send_press(
            resource, last.window, (uint32_t)(last.microseconds >> 32), (uint32_t)last.microseconds, last.x, last.y);
    else
        kymograph_weston_v1_send_press(resource, 0, 0, 0, 0, 0);
}

/* There is no binding for any button: one for each, and each set of modifiers. They end with the compositor. */
bool press_start(struct weston_compositor *compositor) {
    for (uint32_t button = FIRST_BUTTON; button <= LAST_BUTTON; button++)
        for (uint32_t modifiers = 0; modifiers <= EVERY_MODIFIER; modifiers++)
            if (!weston_compositor_add_button_binding(
                    compositor, button, (enum weston_keyboard_modifier)modifiers, pressed, NULL))
                return false;
    return true;
}
