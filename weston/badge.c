/* Badges: what the agent draws, in a corner above all windows. */
#include <stdlib.h>
#include <wayland-server-core.h>

#include "kymograph-weston-server-protocol.h"
#include "kymograph.h"

/* Distance from the corner, in logical pixels; as on desktops with a layer-shell. */
enum { MARGIN = 8 };
/* Above the on-screen keyboard, which covers windows in full screen; below the lock screen. */
#define POSITION ((enum weston_layer_position)(WESTON_LAYER_POSITION_TOP_UI + 1))
static const char role[] = "kymograph_weston_badge_v1";

struct badge {
    struct wl_resource *resource;
    /* NULL once it is closed. */
    struct weston_surface *surface;
    struct weston_output *output;
    /* NULL until there is a picture. */
    struct weston_view *view;
    struct wl_listener surface_destroyed, output_destroyed;
    struct wl_list link;
};

static struct weston_compositor *compositor;
static struct weston_layer layer;
static struct wl_list badges;
static struct wl_listener output_resized, output_moved;

/* ---- place ---- */

static void place(struct badge *badge) {
    const struct weston_output *output = badge->output;
    int x = output->width - MARGIN - badge->surface->width, y = output->height - MARGIN - badge->surface->height;
#if WESTON_VERSION_MAJOR == 10
    weston_view_set_position(badge->view, (float)(output->x + x), (float)(output->y + y));
#else
    struct weston_coord_global at = output->pos;
    at.c.x += x;
    at.c.y += y;
    weston_view_set_position(badge->view, at);
#endif
}

static void map(struct badge *badge) {
    badge->view = weston_view_create(badge->surface);
    if (!badge->view) {
        weston_log("kymograph: no memory for the badge\n");
        return;
    }
    place(badge);
#if WESTON_VERSION_MAJOR == 10
    weston_layer_entry_insert(&layer.view_list, &badge->view->layer_link);
    badge->surface->is_mapped = true;
    badge->view->is_mapped = true;
#else
    weston_surface_map(badge->surface);
    weston_view_move_to_layer(badge->view, &layer.view_list);
#endif
    weston_view_update_transform(badge->view);
    weston_surface_damage(badge->surface);
    weston_compositor_schedule_repaint(compositor);
}

static void commit(struct badge *badge) {
    if (!badge || badge->surface->width == 0) return;
    if (badge->view)
        place(badge);
    else
        map(badge);
}

#if WESTON_VERSION_MAJOR == 10
static void committed(struct weston_surface *surface, int32_t x, int32_t y) {
    (void)x;
    (void)y;
#else
static void committed(struct weston_surface *surface, struct weston_coord_surface origin) {
    (void)origin;
#endif
    commit(surface->committed_private);
}

/* ---- end ---- */

/* Lets go of surface and output; the resource stays, and means nothing any more. */
static void release(struct badge *badge, bool is_surface_alive) {
    if (!badge->surface) return;
    wl_list_remove(&badge->surface_destroyed.link);
    wl_list_remove(&badge->output_destroyed.link);
    wl_list_remove(&badge->link);
    if (is_surface_alive) {
        badge->surface->committed = NULL;
        badge->surface->committed_private = NULL;
        if (badge->view) {
            weston_surface_unmap(badge->surface);
            weston_view_destroy(badge->view);
        }
    }
    /* A surface that goes takes its views with it. */
    badge->surface = NULL;
    badge->view = NULL;
}

static void surface_destroyed(struct wl_listener *listener, void *data) {
    (void)data;
    struct badge *badge = wl_container_of(listener, badge, surface_destroyed);
    release(badge, false);
}

static void output_destroyed(struct wl_listener *listener, void *data) {
    (void)data;
    struct badge *badge = wl_container_of(listener, badge, output_destroyed);
    release(badge, true);
    kymograph_weston_badge_v1_send_closed(badge->resource);
}

static void resource_destroyed(struct wl_resource *resource) {
    struct badge *badge = wl_resource_get_user_data(resource);
    if (!badge) return;
    release(badge, true);
    free(badge);
}

static void destroy(struct wl_client *client, struct wl_resource *resource) {
    (void)client;
    wl_resource_destroy(resource);
}

static const struct kymograph_weston_badge_v1_interface requests = {.destroy = destroy};

/* ---- beginning ---- */

static void configure(const struct badge *badge) {
    int width = badge->output->width - 2 * MARGIN, height = badge->output->height - 2 * MARGIN;
    kymograph_weston_badge_v1_send_configure(
        badge->resource, (uint32_t)(width > 1 ? width : 1), (uint32_t)(height > 1 ? height : 1));
}

static void output_changed(struct wl_listener *listener, void *data) {
    struct badge *badge;
    wl_list_for_each(badge, &badges, link) {
        if (badge->output != data) continue;
        if (listener == &output_resized) configure(badge);
        if (badge->view) place(badge);
    }
}

/* The output that is shown there; NULL: it has gone away meanwhile. */
static struct weston_output *output_of(struct wl_resource *resource) {
    struct weston_head *head = weston_head_from_resource(resource);
    struct weston_output *output = head ? weston_head_get_output(head) : NULL;
    return output && output->enabled ? output : NULL;
}

void badge_create(
    struct wl_client *client, struct wl_resource *parent, uint32_t id, struct wl_resource *surface_resource,
    struct wl_resource *output_resource) {
    struct weston_surface *surface = wl_resource_get_user_data(surface_resource);
    if (surface->committed || weston_surface_set_role(surface, role, parent, KYMOGRAPH_WESTON_V1_ERROR_ROLE) < 0) {
        if (surface->committed)
            wl_resource_post_error(parent, KYMOGRAPH_WESTON_V1_ERROR_ROLE, "the surface has a role already");
        return;
    }
    struct badge *badge = calloc(1, sizeof *badge);
    struct wl_resource *resource = badge ? wl_resource_create(client, &kymograph_weston_badge_v1_interface, 1, id) : NULL;
    if (!resource) {
        free(badge);
        wl_client_post_no_memory(client);
        return;
    }
    badge->resource = resource;
    wl_resource_set_implementation(resource, &requests, badge, resource_destroyed);
    struct weston_output *output = compositor ? output_of(output_resource) : NULL;
    if (!output) {
        kymograph_weston_badge_v1_send_closed(resource);
        return;
    }
    badge->surface = surface;
    badge->output = output;
    surface->committed = committed;
    surface->committed_private = badge;
    badge->surface_destroyed.notify = surface_destroyed;
    wl_signal_add(&surface->destroy_signal, &badge->surface_destroyed);
    badge->output_destroyed.notify = output_destroyed;
    wl_signal_add(&output->destroy_signal, &badge->output_destroyed);
    wl_list_insert(&badges, &badge->link);
    configure(badge);
}

void badges_start(struct weston_compositor *of) {
    compositor = of;
    wl_list_init(&badges);
    weston_layer_init(&layer, of);
    weston_layer_set_position(&layer, POSITION);
    output_resized.notify = output_moved.notify = output_changed;
    wl_signal_add(&of->output_resized_signal, &output_resized);
    wl_signal_add(&of->output_moved_signal, &output_moved);
}

void badges_stop(void) {
    struct badge *badge, *next;
    wl_list_for_each_safe(badge, next, &badges, link) release(badge, true);
    wl_list_remove(&output_resized.link);
    wl_list_remove(&output_moved.link);
    weston_layer_fini(&layer);
    compositor = NULL;
}
