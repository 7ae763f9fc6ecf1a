/* Where a window is, and where the pointer is in it. */
#include <math.h>
#include <wayland-server-core.h>

#include "kymograph.h"

/* libweston 10 and 14 have different words for the same. Both need a view whose transform is not dirty. */
#if WESTON_VERSION_MAJOR == 10
static void to_plane(struct weston_view *view, int x, int y, double *plane_x, double *plane_y) {
    float at_x, at_y;
    weston_view_to_global_float(view, (float)x, (float)y, &at_x, &at_y);
    *plane_x = at_x;
    *plane_y = at_y;
}

static void to_surface(struct weston_view *view, const struct weston_pointer *pointer, wl_fixed_t *x, wl_fixed_t *y) {
    weston_view_from_global_fixed(view, pointer->x, pointer->y, x, y);
}
#else
static void to_plane(struct weston_view *view, int x, int y, double *plane_x, double *plane_y) {
    struct weston_coord_global at = weston_coord_surface_to_global(view, weston_coord_surface(x, y, view->surface));
    *plane_x = at.c.x;
    *plane_y = at.c.y;
}

static void to_surface(struct weston_view *view, const struct weston_pointer *pointer, wl_fixed_t *x, wl_fixed_t *y) {
    struct weston_coord_surface at = weston_coord_global_to_surface(view, pointer->pos);
    *x = wl_fixed_from_double(at.c.x);
    *y = wl_fixed_from_double(at.c.y);
}
#endif

/* What shows it; NULL: nothing does. */
static struct weston_view *shown(struct weston_surface *surface) {
    struct weston_view *view;
    wl_list_for_each(view, &surface->views, surface_link) if (weston_view_is_mapped(view)) return view;
    return NULL;
}

bool place_of(struct weston_surface *surface, struct place *place) {
    struct weston_desktop_surface *desktop = weston_surface_get_desktop_surface(surface);
    struct weston_view *view = desktop ? shown(surface) : NULL;
    *place = (struct place){0};
    if (!view) return true;
    if (view->transform.dirty) return false;
    struct weston_geometry box = weston_desktop_surface_get_geometry(desktop);
    double left = INFINITY, top = INFINITY, right = -INFINITY, bottom = -INFINITY;
    for (int corner = 0; corner < 4; corner++) {
        double x, y;
        to_plane(view, box.x + (corner & 1 ? box.width : 0), box.y + (corner & 2 ? box.height : 0), &x, &y);
        left = fmin(left, x);
        top = fmin(top, y);
        right = fmax(right, x);
        bottom = fmax(bottom, y);
    }
    place->x = (int32_t)lround(left);
    place->y = (int32_t)lround(top);
    place->width = (uint32_t)(lround(right) - place->x);
    place->height = (uint32_t)(lround(bottom) - place->y);
    return true;
}

bool pointer_in(struct weston_surface *surface, const struct weston_pointer *pointer, wl_fixed_t *x, wl_fixed_t *y) {
    struct weston_view *view = pointer->focus;
    /* Subsurfaces and menus hang on the view of what they are parts of. */
    while (view && view->surface != surface) view = view->geometry.parent;
    if (!view) return false;
    weston_view_update_transform(view);
    to_surface(view, pointer, x, y);
    return true;
}
