/*
 * Ground truth for attribution: a window that writes down every key it was given.
 *
 * usage: keylog-client APP-ID TITLE LOG [ROLE [TOOLKIT]]
 *
 * With a ROLE it is on the accessibility bus, with one field of that role (AT-SPI's number: 61 text, 40 password text),
 * as an app of that toolkit (GTK). Orders on standard input, a line each: `NUMBER`, another field, of that role, has the focus
 * from now on; `tNUMBER`, from the next Tab on; `lNUMBER`, after a Tab it speaks and answers for so many ms as before, as
 * apps do whose fields are another process's; `nNUMBER`, its label has so many bytes; `hNUMBER`, another field of that role has
 * the focus, and the app hangs once it has said so. What there is to do on the bus is done before keys: the worst order.
 *
 * LOG gets a line of JSON per event, written at once, so that a killed client leaves all it knew:
 *   {"what":"ready","precision":"us"|"ms","receipt_us":…}            the window is mapped
 *   {"what":"enter","receipt_us":…}  {"what":"leave","receipt_us":…}
 *   {"what":"key","time_us":…,"code":30,"press":"pressed"|"released","receipt_us":…}
 * time_us is the kernel's stamp on CLOCK_MONOTONIC. Where the compositor offers zwp_input_timestamps_manager_v1 it is
 * exact ("us"), else it is wl_keyboard's own time, cut to milliseconds ("ms"), its upper bits restored.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <wayland-client.h>

#include "accessible.h"
#include "input-timestamps-unstable-v1-client-protocol.h"
#include "xdg-shell-client-protocol.h"

enum { TAB = 15 };

struct window {
    struct wl_compositor *compositor;
    struct wl_shm *shm;
    struct wl_seat *seat;
    struct wl_keyboard *keyboard;
    struct xdg_wm_base *shell;
    struct zwp_input_timestamps_manager_v1 *timestamps;
    struct zwp_input_timestamps_v1 *keyboard_timestamps;
    struct wl_surface *surface;
    struct wl_buffer *buffer;
    int32_t width, height;
    int32_t next_width, next_height;
    /* Of the key event that follows; 0: none came. */
    uint64_t exact_us;
    bool is_ready, is_closed, has_orders;
    /* Of the field to which Tab goes; 0: it goes nowhere. And how long after it that is told. */
    uint32_t next_role, lag_ms;
    /* When it is told; 0: there is nothing to tell. */
    uint64_t told_us;
    int log;
};

static uint64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void die(const char *what) {
    fprintf(stderr, "keylog-client: %s: %s\n", what, errno ? strerror(errno) : "not offered by the compositor");
    exit(1);
}

__attribute__((format(printf, 2, 3))) static void note(struct window *window, const char *format, ...) {
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (write(window->log, line, (size_t)length) != length) die("the log");
}

/* ---- keyboard ---- */

static void timestamp(void *data, struct zwp_input_timestamps_v1 *source, uint32_t hi, uint32_t lo, uint32_t ns) {
    (void)source;
    struct window *window = data;
    window->exact_us = ((uint64_t)hi << 32 | lo) * 1000000 + ns / 1000;
}

static const struct zwp_input_timestamps_v1_listener timestamp_listener = {.timestamp = timestamp};

static void keymap(void *data, struct wl_keyboard *keyboard, uint32_t format, int32_t fd, uint32_t size) {
    (void)data, (void)keyboard, (void)format, (void)size;
    close(fd);
}

static void note_role(struct window *window, uint32_t role) {
    note(window, "{\"what\":\"role\",\"role\":%u,\"receipt_us\":%" PRIu64 "}\n", role, now_us());
}

static void tell_if_due(struct window *window) {
    if (!window->told_us || now_us() < window->told_us) return;
    window->told_us = 0;
    note_role(window, window->next_role);
    accessible_become_late(window->next_role);
    window->next_role = 0;
}

static void enter(
    void *data, struct wl_keyboard *keyboard, uint32_t serial, struct wl_surface *surface, struct wl_array *keys) {
    (void)keyboard, (void)serial, (void)surface, (void)keys;
    note(data, "{\"what\":\"enter\",\"receipt_us\":%" PRIu64 "}\n", now_us());
    accessible_focus(true);
}

static void leave(void *data, struct wl_keyboard *keyboard, uint32_t serial, struct wl_surface *surface) {
    (void)keyboard, (void)serial, (void)surface;
    note(data, "{\"what\":\"leave\",\"receipt_us\":%" PRIu64 "}\n", now_us());
    accessible_focus(false);
}

static void key(
    void *data, struct wl_keyboard *keyboard, uint32_t serial, uint32_t time_ms, uint32_t code, uint32_t state) {
    (void)keyboard, (void)serial;
    struct window *window = data;
    uint64_t receipt = now_us();
    uint64_t time = window->exact_us;
    /* wl_keyboard's time wraps after 49 days; receipt is never half a wrap away. */
    if (time == 0) time = (receipt / 1000 - (uint32_t)((uint32_t)(receipt / 1000) - time_ms)) * 1000;
    window->exact_us = 0;
    note(window, "{\"what\":\"key\",\"time_us\":%" PRIu64 ",\"code\":%u,\"press\":\"%s\",\"receipt_us\":%" PRIu64 "}\n",
         time, code, state == WL_KEYBOARD_KEY_STATE_PRESSED ? "pressed" : "released", receipt);
    if (code == TAB && state == WL_KEYBOARD_KEY_STATE_PRESSED && window->next_role) {
        window->told_us = receipt + window->lag_ms * 1000ull;
        tell_if_due(window);
    }
}

static void modifiers(void *data, struct wl_keyboard *keyboard, uint32_t serial, uint32_t depressed, uint32_t latched,
                      uint32_t locked, uint32_t group) {
    (void)data, (void)keyboard, (void)serial, (void)depressed, (void)latched, (void)locked, (void)group;
}

static void repeat_info(void *data, struct wl_keyboard *keyboard, int32_t rate, int32_t delay) {
    (void)data, (void)keyboard, (void)rate, (void)delay;
}

static const struct wl_keyboard_listener keyboard_listener = {
    .keymap = keymap,
    .enter = enter,
    .leave = leave,
    .key = key,
    .modifiers = modifiers,
    .repeat_info = repeat_info,
};

static void seat_capabilities(void *data, struct wl_seat *seat, uint32_t capabilities) {
    struct window *window = data;
    bool has_keyboard = capabilities & WL_SEAT_CAPABILITY_KEYBOARD;
    if (has_keyboard && !window->keyboard) {
        window->keyboard = wl_seat_get_keyboard(seat);
        wl_keyboard_add_listener(window->keyboard, &keyboard_listener, window);
        if (window->timestamps) {
            window->keyboard_timestamps =
                zwp_input_timestamps_manager_v1_get_keyboard_timestamps(window->timestamps, window->keyboard);
            zwp_input_timestamps_v1_add_listener(window->keyboard_timestamps, &timestamp_listener, window);
        }
    } else if (!has_keyboard && window->keyboard) {
        if (window->keyboard_timestamps) zwp_input_timestamps_v1_destroy(window->keyboard_timestamps);
        window->keyboard_timestamps = NULL;
        wl_keyboard_release(window->keyboard);
        window->keyboard = NULL;
    }
}

static void seat_name(void *data, struct wl_seat *seat, const char *name) { (void)data, (void)seat, (void)name; }

static const struct wl_seat_listener seat_listener = {.capabilities = seat_capabilities, .name = seat_name};

/* ---- window ---- */

static void draw(struct window *window) {
    if (window->buffer && window->width == window->next_width && window->height == window->next_height) return;
    window->width = window->next_width;
    window->height = window->next_height;
    int32_t stride = window->width * 4;
    int32_t size = stride * window->height;
    int memory = memfd_create("keylog-client", MFD_CLOEXEC);
    if (memory < 0 || ftruncate(memory, size) < 0) die("the window's memory");
    struct wl_shm_pool *pool = wl_shm_create_pool(window->shm, memory, size);
    struct wl_buffer *old = window->buffer;
    window->buffer =
        wl_shm_pool_create_buffer(pool, 0, window->width, window->height, stride, WL_SHM_FORMAT_XRGB8888);
    wl_shm_pool_destroy(pool);
    close(memory);
    wl_surface_attach(window->surface, window->buffer, 0, 0);
    wl_surface_damage(window->surface, 0, 0, INT32_MAX, INT32_MAX);
    wl_surface_commit(window->surface);
    if (old) wl_buffer_destroy(old);
}

static void surface_configure(void *data, struct xdg_surface *surface, uint32_t serial) {
    struct window *window = data;
    xdg_surface_ack_configure(surface, serial);
    draw(window);
    if (window->is_ready) return;
    window->is_ready = true;
    note(window, "{\"what\":\"ready\",\"precision\":\"%s\",\"receipt_us\":%" PRIu64 "}\n",
         window->timestamps ? "us" : "ms", now_us());
}

static const struct xdg_surface_listener surface_listener = {.configure = surface_configure};

static void toplevel_configure(
    void *data, struct xdg_toplevel *toplevel, int32_t width, int32_t height, struct wl_array *states) {
    (void)toplevel, (void)states;
    struct window *window = data;
    if (width > 0) window->next_width = width;
    if (height > 0) window->next_height = height;
}

static void toplevel_close(void *data, struct xdg_toplevel *toplevel) {
    (void)toplevel;
    ((struct window *)data)->is_closed = true;
}

static const struct xdg_toplevel_listener toplevel_listener = {
    .configure = toplevel_configure, .close = toplevel_close};

static void ping(void *data, struct xdg_wm_base *shell, uint32_t serial) {
    (void)data;
    xdg_wm_base_pong(shell, serial);
}

static const struct xdg_wm_base_listener shell_listener = {.ping = ping};

/* ---- registry ---- */

static void global(void *data, struct wl_registry *registry, uint32_t name, const char *interface, uint32_t version) {
    struct window *window = data;
    if (strcmp(interface, wl_compositor_interface.name) == 0)
        window->compositor = wl_registry_bind(registry, name, &wl_compositor_interface, 1);
    else if (strcmp(interface, wl_shm_interface.name) == 0)
        window->shm = wl_registry_bind(registry, name, &wl_shm_interface, 1);
    else if (strcmp(interface, wl_seat_interface.name) == 0 && !window->seat)
        window->seat = wl_registry_bind(registry, name, &wl_seat_interface, version < 5 ? version : 5);
    else if (strcmp(interface, xdg_wm_base_interface.name) == 0)
        window->shell = wl_registry_bind(registry, name, &xdg_wm_base_interface, 1);
    else if (strcmp(interface, zwp_input_timestamps_manager_v1_interface.name) == 0)
        window->timestamps = wl_registry_bind(registry, name, &zwp_input_timestamps_manager_v1_interface, 1);
}

static void global_remove(void *data, struct wl_registry *registry, uint32_t name) {
    (void)data, (void)registry, (void)name;
}

static const struct wl_registry_listener registry_listener = {.global = global, .global_remove = global_remove};

/* ---- accessibility ---- */

static void take_order(struct window *window) {
    static uint32_t number;
    static char order;
    char text[512];
    ssize_t length = read(STDIN_FILENO, text, sizeof text);
    if (length <= 0) window->has_orders = false;
    for (ssize_t at = 0; at < length; at++) {
        if (strchr("tlnh", text[at])) {
            order = text[at];
        } else if (text[at] != '\n') {
            number = number * 10 + (uint32_t)(text[at] - '0');
        } else {
            if (order == 't') window->next_role = number;
            else if (order == 'l') window->lag_ms = number;
            else if (order == 'n') accessible_label(number);
            else {
                note_role(window, number);
                accessible_become(number);
            }
            /* It says that there is another field, and nothing after that. */
            if (order == 'h') raise(SIGSTOP);
            number = 0;
            order = 0;
        }
    }
}

/* Until something is to be read from the compositor, the bus or standard input. */
static bool turn(struct window *window, struct wl_display *display) {
    while (wl_display_prepare_read(display) != 0)
        if (wl_display_dispatch_pending(display) < 0) return false;
    wl_display_flush(display);
    struct pollfd sources[] = {
        {.fd = wl_display_get_fd(display), .events = POLLIN},
        {.fd = accessible_descriptor(), .events = POLLIN},
        {.fd = window->has_orders ? STDIN_FILENO : -1, .events = POLLIN},
    };
    int wait_ms = window->told_us ? 5 : -1;
    if (poll(sources, 3, wait_ms) < 0 || !sources[0].revents) wl_display_cancel_read(display);
    else if (wl_display_read_events(display) < 0) return false;
    if (sources[1].revents) accessible_process();
    if (wl_display_dispatch_pending(display) < 0) return false;
    tell_if_due(window);
    if (sources[2].revents) take_order(window);
    return true;
}

int main(int argc, char **argv) {
    if (argc < 4 || argc > 6) {
        fprintf(stderr, "usage: keylog-client APP-ID TITLE LOG [ROLE [TOOLKIT]]\n");
        return 2;
    }
    /* Before there is a window: whoever looks for its process finds it on the bus. */
    if (argc >= 5) accessible_open((uint32_t)strtoul(argv[4], NULL, 10), argc == 6 ? argv[5] : "GTK");
    struct window window = {.next_width = 320, .next_height = 200};
    window.log = open(argv[3], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (window.log < 0) die(argv[3]);
    struct wl_display *display = wl_display_connect(NULL);
    if (!display) die("the compositor");
    struct wl_registry *registry = wl_display_get_registry(display);
    wl_registry_add_listener(registry, &registry_listener, &window);
    wl_display_roundtrip(display);
    errno = 0;
    if (!window.compositor || !window.shm || !window.seat || !window.shell) die("wl_compositor, shm, seat or xdg shell");
    /* Only now: the capabilities need to know whether there are timestamps. */
    wl_seat_add_listener(window.seat, &seat_listener, &window);
    xdg_wm_base_add_listener(window.shell, &shell_listener, &window);
    window.surface = wl_compositor_create_surface(window.compositor);
    struct xdg_surface *role = xdg_wm_base_get_xdg_surface(window.shell, window.surface);
    xdg_surface_add_listener(role, &surface_listener, &window);
    struct xdg_toplevel *toplevel = xdg_surface_get_toplevel(role);
    xdg_toplevel_add_listener(toplevel, &toplevel_listener, &window);
    xdg_toplevel_set_app_id(toplevel, argv[1]);
    xdg_toplevel_set_title(toplevel, argv[2]);
    wl_surface_commit(window.surface);
    window.has_orders = argc >= 5;
    while (!window.is_closed && turn(&window, display)) continue;
    return window.is_closed ? 0 : 1;
}
