/* Who has the keyboard, and where that window is. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wayland-server-core.h>

#include "kymograph-weston-server-protocol.h"
#include "kymograph.h"

/* With both texts an event stays below the 4096 bytes that libwayland takes: more would cost the agent its connection. */
enum { APP_ID_LIMIT = 512, TITLE_LIMIT = 2048 };

/* A window that has, or had, the keyboard. */
struct window {
    struct weston_surface *surface;
    uint32_t id;
    /* As they were told to everybody who is bound. */
    pid_t pid;
    char app_id[APP_ID_LIMIT + 1], title[TITLE_LIMIT + 1];
    struct place place;
    bool is_told;
    struct wl_listener destroyed, committed;
    struct wl_list link;
};

/*
 * Never freed: libweston frees a seat's keyboard, with the signal in which the listener hangs, before it says that the
 * seat goes, so that there is no moment at which the listener could be taken out. A seat is a rare thing.
 */
struct seat {
    struct weston_seat *seat;
    bool listens;
    struct wl_listener focus_changed, capabilities_changed, destroyed;
};

static struct weston_compositor *compositor;
static struct wl_list *bound;
static struct wl_list windows;
static uint32_t last_id;
/* As it was told; NULL: none. */
static struct window *owner;
static uint64_t owned_since;
static struct wl_listener seat_created, view_moved;

/* ---- texts ---- */

/* Whether a character goes on with that byte (UTF-8). */
static bool continues(char byte) { return ((unsigned char)byte & 0xC0) == 0x80; }

/* What fits, cut between characters; of what is no UTF-8, anywhere in the last four bytes. True: it was another. */
static bool keep(char *kept, size_t limit, const char *text) {
    if (!text) text = "";
    size_t length = strnlen(text, limit + 1);
    if (length > limit)
        for (length = limit; length > limit - 4 && continues(text[length]);) length--;
    if (strlen(kept) == length && memcmp(kept, text, length) == 0) return false;
    memcpy(kept, text, length);
    kept[length] = '\0';
    return true;
}

/* ---- telling ---- */

static void send_window(struct wl_resource *resource, const struct window *window) {
    kymograph_weston_v1_send_window(resource, window->id, window->pid, window->app_id, window->title);
}

static void send_place(struct wl_resource *resource, const struct window *window) {
    const struct place *place = &window->place;
    if (wl_resource_get_version(resource) < KYMOGRAPH_WESTON_V1_PLACE_SINCE_VERSION) return;
    kymograph_weston_v1_send_place(resource, window->id, place->x, place->y, place->width, place->height);
}

/* Looks at where the window is, and tells if that is new. */
static void locate(struct window *window) {
    struct place place;
    struct wl_resource *resource;
    if (!place_of(window->surface, &place) || memcmp(&place, &window->place, sizeof place) == 0) return;
    window->place = place;
    wl_resource_for_each(resource, bound) send_place(resource, window);
}

/* Looks at what the window is called, and tells if that is new. */
static void name(struct window *window) {
    struct weston_desktop_surface *desktop = weston_surface_get_desktop_surface(window->surface);
    if (!desktop) return;
    pid_t pid = weston_desktop_surface_get_pid(desktop);
    if (pid < 0) pid = 0;
    bool is_new = !window->is_told || pid != window->pid;
    window->pid = pid;
    is_new |= keep(window->app_id, APP_ID_LIMIT, weston_desktop_surface_get_app_id(desktop));
    is_new |= keep(window->title, TITLE_LIMIT, weston_desktop_surface_get_title(desktop));
    window->is_told = true;
    if (!is_new) return;
    struct wl_resource *resource;
    wl_resource_for_each(resource, bound) send_window(resource, window);
}

static void describe(struct window *window) {
    name(window);
    locate(window);
}

static void tell_owner(void) {
    struct wl_resource *resource;
    wl_resource_for_each(resource, bound) kymograph_weston_v1_send_keyboard(resource, owner ? owner->id : 0);
}

/* ---- windows ---- */

static void window_committed(struct wl_listener *listener, void *data) {
    (void)data;
    struct window *window = wl_container_of(listener, window, committed);
    if (window == owner) describe(window);
}

static void window_destroyed(struct wl_listener *listener, void *data) {
    (void)data;
    struct window *window = wl_container_of(listener, window, destroyed);
    struct wl_resource *resource;
    if (owner == window) owner = NULL;
    wl_resource_for_each(resource, bound) kymograph_weston_v1_send_closed(resource, window->id);
    wl_list_remove(&window->destroyed.link);
    wl_list_remove(&window->committed.link);
    wl_list_remove(&window->link);
    free(window);
}

/* NULL also where there is no memory: who has the keyboard is not known then. */
static struct window *window_of(struct weston_surface *surface) {
    struct window *window;
    wl_list_for_each(window, &windows, link) if (window->surface == surface) return window;
    window = calloc(1, sizeof *window);
    if (!window) return NULL;
    window->surface = surface;
    window->id = ++last_id;
    window->destroyed.notify = window_destroyed;
    wl_signal_add(&surface->destroy_signal, &window->destroyed);
    window->committed.notify = window_committed;
    wl_signal_add(&surface->commit_signal, &window->committed);
    wl_list_insert(&windows, &window->link);
    return window;
}

/* ---- seats ---- */

/*
 * The window that the keyboards' keys go to; NULL: none, or not the same for all, and then nobody can say whose a key is.
 * A surface that is no window (the lock screen, a panel, the badge) is none.
 */
static struct weston_surface *focused_surface(void) {
    struct weston_surface *found = NULL;
    struct weston_seat *seat;
    bool is_first = true;
    wl_list_for_each(seat, &compositor->seat_list, link) {
        struct weston_keyboard *keyboard = weston_seat_get_keyboard(seat);
        if (!keyboard) continue;
        struct weston_surface *surface = keyboard->focus ? weston_surface_get_main_surface(keyboard->focus) : NULL;
        if (!is_first && surface != found) return NULL;
        found = surface;
        is_first = false;
    }
    return found && weston_surface_is_desktop_surface(found) ? found : NULL;
}

void focus_refresh(void) {
    if (!compositor) return;
    struct weston_surface *surface = focused_surface();
    struct window *now = surface ? window_of(surface) : NULL;
    /* Named before it has the keyboard: the agent never has a moment in which it does not know whose that is. */
    if (now) describe(now);
    layout_refresh(compositor, bound);
    if (now == owner) return;
    owner = now;
    owned_since = now_microseconds();
    tell_owner();
}

static void focus_changed(struct wl_listener *listener, void *data) {
    (void)listener;
    (void)data;
    focus_refresh();
}

static void capabilities_changed(struct wl_listener *listener, void *data) {
    (void)data;
    struct seat *seat = wl_container_of(listener, seat, capabilities_changed);
    struct weston_keyboard *keyboard = weston_seat_get_keyboard(seat->seat);
    /* It stays the same one while the seat lives, also when no keyboard is left. */
    if (keyboard && !seat->listens) {
        seat->listens = true;
        seat->focus_changed.notify = focus_changed;
        wl_signal_add(&keyboard->focus_signal, &seat->focus_changed);
    }
    focus_refresh();
}

static void seat_destroyed(struct wl_listener *listener, void *data) {
    (void)listener;
    (void)data;
    focus_refresh();
}

static void add_seat(struct weston_seat *weston_seat) {
    struct seat *seat = calloc(1, sizeof *seat);
    if (!seat) {
        weston_log("kymograph: no memory for a seat; its changes of focus are noticed late\n");
        return;
    }
    seat->seat = weston_seat;
    seat->capabilities_changed.notify = capabilities_changed;
    wl_signal_add(&weston_seat->updated_caps_signal, &seat->capabilities_changed);
    seat->destroyed.notify = seat_destroyed;
    wl_signal_add(&weston_seat->destroy_signal, &seat->destroyed);
    capabilities_changed(&seat->capabilities_changed, NULL);
}

static void seat_came(struct wl_listener *listener, void *data) {
    (void)listener;
    add_seat(data);
}

static void moved(struct wl_listener *listener, void *data) {
    (void)listener;
    if (owner && owner->surface == data) locate(owner);
}

/* ---- */

struct owner focus_owner(void) {
    if (!compositor || !owner) return (struct owner){0};
    return (struct owner){.window = owner->id, .surface = owner->surface, .since_microseconds = owned_since};
}

void focus_greet(struct wl_resource *resource) {
    struct window *window;
    focus_refresh();
    /* It has not heard of the others, and they are named when they get the keyboard. */
    wl_list_for_each(window, &windows, link) {
        window->is_told = window == owner;
        if (window != owner) window->place = (struct place){0};
    }
    if (owner) {
        send_window(resource, owner);
        send_place(resource, owner);
    }
    kymograph_weston_v1_send_keyboard(resource, owner ? owner->id : 0);
    layout_greet(resource);
}

void focus_start(struct weston_compositor *of, struct wl_list *to) {
    struct weston_seat *seat;
    compositor = of;
    bound = to;
    wl_list_init(&windows);
    seat_created.notify = seat_came;
    wl_signal_add(&of->seat_created_signal, &seat_created);
    view_moved.notify = moved;
    wl_signal_add(&of->transform_signal, &view_moved);
    wl_list_for_each(seat, &of->seat_list, link) add_seat(seat);
}

/* The compositor takes itself apart from here on, in an order that is its own: nothing of it is looked at any more. */
void focus_stop(void) {
    compositor = NULL;
    wl_list_remove(&seat_created.link);
    wl_list_remove(&view_moved.link);
}
