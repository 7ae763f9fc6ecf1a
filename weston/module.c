/* What Weston loads: the global, and who may see it. */
#include <wayland-server-core.h>

#include "kymograph-weston-server-protocol.h"
#include "kymograph.h"

/* Of kymograph_weston_v1. */
enum { VERSION = 2 };

static struct wl_global *global;
static struct wl_list bound;
static struct wl_listener compositor_destroyed;

static void destroy(struct wl_client *client, struct wl_resource *resource) {
    (void)client;
    wl_resource_destroy(resource);
}

static void refresh(struct wl_client *client, struct wl_resource *resource) {
    (void)client;
    (void)resource;
    focus_refresh();
}

static void ask_press(struct wl_client *client, struct wl_resource *resource) {
    (void)client;
    press_tell(resource);
}

static const struct kymograph_weston_v1_interface requests = {
    .destroy = destroy, .refresh = refresh, .get_badge = badge_create, .ask_press = ask_press};

static void forget(struct wl_resource *resource) {
    wl_list_remove(wl_resource_get_link(resource));
}

static void bind_global(struct wl_client *client, void *data, uint32_t version, uint32_t id) {
    (void)data;
    /* The filter below hides the global from others; another module could have put a filter in its place. */
    if (!is_agent(client)) {
        wl_client_post_implementation_error(client, "only Kymograph's agent may bind kymograph_weston_v1");
        return;
    }
    struct wl_resource *resource = wl_resource_create(client, &kymograph_weston_v1_interface, (int)version, id);
    if (!resource) {
        wl_client_post_no_memory(client);
        return;
    }
    wl_resource_set_implementation(resource, &requests, NULL, forget);
    wl_list_insert(&bound, wl_resource_get_link(resource));
    focus_greet(resource);
}

/* Asked for each global of each client; nothing is looked up but for ours. */
static bool is_visible(const struct wl_client *client, const struct wl_global *asked, void *data) {
    (void)data;
    return wl_global_get_interface(asked) != &kymograph_weston_v1_interface || is_agent(client);
}

static void stop(struct wl_listener *listener, void *data) {
    (void)data;
    wl_list_remove(&listener->link);
    focus_stop();
    badges_stop();
    wl_global_destroy(global);
    global = NULL;
}

WL_EXPORT int wet_module_init(struct weston_compositor *compositor, int *argc, char *argv[]);

WL_EXPORT int wet_module_init(struct weston_compositor *compositor, int *argc, char *argv[]) {
    (void)argc;
    (void)argv;
    if (global) {
        weston_log("kymograph: named twice in modules=, loaded once\n");
        return 0;
    }
    wl_list_init(&bound);
    /* libwayland has one filter for all, and Weston 10 and 14 set none. Before the global: nobody sees it unfiltered. */
    wl_display_set_global_filter(compositor->wl_display, is_visible, NULL);
    global = wl_global_create(compositor->wl_display, &kymograph_weston_v1_interface, VERSION, NULL, bind_global);
    if (!global || !press_start(compositor)) {
        weston_log("kymograph: no memory\n");
        return -1;
    }
    badges_start(compositor);
    focus_start(compositor, &bound);
    compositor_destroyed.notify = stop;
    wl_signal_add(&compositor->destroy_signal, &compositor_destroyed);
    weston_log("kymograph: tells " KYMO_AGENT " which window has the keyboard, and where\n");
    return 0;
}
