/*
 * A module for Weston that gives the focus to windows, as a test wants it. Listens on $XDG_RUNTIME_DIR/hand.sock for one
 * connection at a time; a line in (`focus APP-ID`) is answered with a line out: "done", or what is wrong.
 */
#define _GNU_SOURCE
#include <libweston/libweston.h>
#include <libweston/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <wayland-server-core.h>

#if WESTON_VERSION_MAJOR == 10
#include <libweston-desktop/libweston-desktop.h>
#else
#include <libweston/desktop.h>
#endif

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

static const char *obey(const char *line) {
    char app_id[256];
    struct weston_seat *seat;
    if (sscanf(line, "focus %255s", app_id) != 1) return "no such order\n";
    struct weston_view *view = view_of(app_id);
    if (!view) return "no such window\n";
    wl_list_for_each(seat, &compositor->seat_list, link) weston_view_activate_input(view, seat, WESTON_ACTIVATE_FLAG_NONE);
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
