/*
 * A module for Weston that does what shells and devices do, as a test wants it. Listens on $XDG_RUNTIME_DIR/hand.sock for one
 * connection at a time; a line in is answered with a line out: "done", or what is wrong.
 *   focus APP-ID           gives that window the keyboard of every seat
 *   move APP-ID X Y        puts it there
 *   keyboard LAYOUTS       plugs a keyboard into the first seat; Caps Lock switches between the layouts
 *   key CODE               presses and releases an evdev key code on it; `down CODE` and `up CODE` do one of both
 *   seat LAYOUTS           a seat more, with such a keyboard
 */
#define _GNU_SOURCE
#include <libweston/libweston.h>
#include <libweston/version.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <wayland-server-core.h>
#include <xkbcommon/xkbcommon.h>

#if WESTON_VERSION_MAJOR == 10
#include <libweston-desktop/libweston-desktop.h>
#else
#include <libweston/desktop.h>
#endif

/* libweston exports what its backends call, and declares it to them alone. */
void notify_key(
    struct weston_seat *seat, const struct timespec *time, uint32_t key, enum wl_keyboard_key_state state,
    enum weston_key_state_update update);
int weston_seat_init_keyboard(struct weston_seat *seat, struct xkb_keymap *keymap);
void weston_seat_init(struct weston_seat *seat, struct weston_compositor *compositor, const char *name);

static struct weston_compositor *compositor;

/* Also of a window below another one, which no list of what is drawn has. */
static struct weston_view *view_of(const char *app_id) {
    struct weston_layer *layer;
    struct weston_view *view;
    wl_list_for_each(layer, &compositor->layer_list, link) {
        wl_list_for_each(view, &layer->view_list.link, layer_link.link) {
            struct weston_desktop_surface *desktop = weston_surface_get_desktop_surface(view->surface);
            const char *name = desktop ? weston_desktop_surface_get_app_id(desktop) : NULL;
            if (name && strcmp(name, app_id) == 0) return view;
        }
    }
    return NULL;
}

static void focus(struct weston_view *view) {
    struct weston_seat *seat;
    wl_list_for_each(seat, &compositor->seat_list, link) weston_view_activate_input(view, seat, WESTON_ACTIVATE_FLAG_NONE);
}

static void move(struct weston_view *view, int x, int y) {
#if WESTON_VERSION_MAJOR == 10
    weston_view_set_position(view, (float)x, (float)y);
#else
    weston_view_set_position(view, (struct weston_coord_global){.c = weston_coord(x, y)});
#endif
    weston_view_geometry_dirty(view);
    weston_compositor_schedule_repaint(compositor);
}

static struct weston_seat *first_seat(void) {
    struct weston_seat *seat;
    wl_list_for_each(seat, &compositor->seat_list, link) return seat;
    abort();
}

/* As a backend of real devices does when one comes. */
static const char *plug_in(struct weston_seat *seat, const char *layouts) {
    struct xkb_context *context = xkb_context_new(XKB_CONTEXT_NO_FLAGS);
    struct xkb_rule_names names = {.layout = layouts, .options = "grp:caps_toggle"};
    struct xkb_keymap *keymap = xkb_keymap_new_from_names(context, &names, XKB_KEYMAP_COMPILE_NO_FLAGS);
    bool failed = !keymap || weston_seat_init_keyboard(seat, keymap) < 0;
    xkb_keymap_unref(keymap);
    xkb_context_unref(context);
    return failed ? "no such keyboard\n" : "done\n";
}

static void key(uint32_t code, enum wl_keyboard_key_state state) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    notify_key(first_seat(), &now, code, state, STATE_UPDATE_AUTOMATIC);
}

/* False: that is no such order. */
static bool type(const char *line) {
    char word[8];
    unsigned code;
    if (sscanf(line, "%7s %u", word, &code) != 2) return false;
    bool taps = strcmp(word, "key") == 0, presses = strcmp(word, "down") == 0, releases = strcmp(word, "up") == 0;
    if (taps || presses) key(code, WL_KEYBOARD_KEY_STATE_PRESSED);
    if (taps || releases) key(code, WL_KEYBOARD_KEY_STATE_RELEASED);
    return taps || presses || releases;
}

static const char *add_seat(const char *layouts) {
    /* Until the end. */
    struct weston_seat *seat = calloc(1, sizeof *seat);
    if (!seat) abort();
    weston_seat_init(seat, compositor, "second");
    return plug_in(seat, layouts);
}

static const char *obey(const char *line) {
    char word[256];
    int x, y;
    if (type(line)) return "done\n";
    if (sscanf(line, "keyboard %255s", word) == 1) return plug_in(first_seat(), word);
    if (sscanf(line, "seat %255s", word) == 1) return add_seat(word);
    int words = sscanf(line, "move %255s %d %d", word, &x, &y);
    if (words != 3 && sscanf(line, "focus %255s", word) != 1) return "no such order\n";
    struct weston_view *view = view_of(word);
    if (!view) return "no such window\n";
    if (words == 3)
        move(view, x, y);
    else
        focus(view);
    return "done\n";
}

static int read_order(int descriptor, uint32_t mask, void *data) {
    (void)mask;
    char line[300];
    ssize_t length = read(descriptor, line, sizeof line - 1);
    if (length > 0) {
        line[length] = '\0';
        const char *answer = obey(line);
        if (write(descriptor, answer, strlen(answer)) > 0) return 0;
    }
    wl_event_source_remove(*(struct wl_event_source **)data);
    free(data);
    close(descriptor);
    return 0;
}

static int take(int listener, uint32_t mask, void *data) {
    (void)mask;
    int descriptor = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    struct wl_event_source **source = malloc(sizeof *source);
    if (descriptor < 0 || !source) abort();
    *source = wl_event_loop_add_fd(data, descriptor, WL_EVENT_READABLE, read_order, source);
    return 0;
}

WL_EXPORT int wet_module_init(struct weston_compositor *of, int *argc, char *argv[]);

WL_EXPORT int wet_module_init(struct weston_compositor *of, int *argc, char *argv[]) {
    (void)argc;
    (void)argv;
    compositor = of;
    struct wl_event_loop *loop = wl_display_get_event_loop(of->wl_display);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/hand.sock", getenv("XDG_RUNTIME_DIR"));
    unlink(address.sun_path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 4) < 0) return -1;
    wl_event_loop_add_fd(loop, listener, WL_EVENT_READABLE, take, loop);
    return 0;
}
