/*
 * Kymograph's module for Weston: tells the session's agent which window has the keyboard, where it is, where in it a button
 * was pressed and by which group of the keymap is typed, and shows its badge.
 *
 * One thread, the compositor's own, and nothing here waits: what it says is in order with what the compositor does.
 * Structs of libweston are read directly, so that a module is of one major version of it.
 */
#pragma once
#include <libweston/libweston.h>
#include <libweston/version.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#if WESTON_VERSION_MAJOR == 10
#include <libweston-desktop/libweston-desktop.h>
#elif WESTON_VERSION_MAJOR == 14
#include <libweston/desktop.h>
#else
#error "written for libweston 10 (Debian 12) and 14 (Debian 13)"
#endif

/* The one program that is told anything. */
#ifndef KYMO_AGENT
#define KYMO_AGENT "/usr/bin/kymograph-agent"
#endif

/* Whether that client is the agent of the compositor's own user. */
bool is_agent(const struct wl_client *client);

/* The keyboard's owner. `bound`: the agent's objects (kymograph_weston_v1), which are told. */
void focus_start(struct weston_compositor *compositor, struct wl_list *bound);
void focus_stop(void);
/* Everything that is known, to one that has just come. */
void focus_greet(struct wl_resource *resource);
/* What no signal tells. */
void focus_refresh(void);
/* The window that has the keyboard. */
struct owner {
    /* Its number; 0: none. */
    uint32_t window;
    struct weston_surface *surface;
    /* CLOCK_MONOTONIC. */
    uint64_t since_microseconds;
};
struct owner focus_owner(void);

/* By which group keyboards type. */
void layout_refresh(const struct weston_compositor *compositor, struct wl_list *bound);
void layout_greet(struct wl_resource *resource);

/* In the plane in which outputs stand, in logical pixels. Without a width: nowhere. */
struct place {
    int32_t x, y;
    uint32_t width, height;
};
/* Where a window is. False: it is about to move, and libweston says so once it has (transform_signal). */
bool place_of(struct weston_surface *surface, struct place *place);
/* Where the pointer is in a window, from the corner of its surface. False: it is not over it, nor over a part of it. */
bool pointer_in(struct weston_surface *surface, const struct weston_pointer *pointer, wl_fixed_t *x, wl_fixed_t *y);

/* CLOCK_MONOTONIC. */
static inline uint64_t now_microseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Where the last press was. */
bool press_start(struct weston_compositor *compositor);
void press_tell(struct wl_resource *resource);

/* Badges: surfaces of the agent's above all windows. */
void badges_start(struct weston_compositor *compositor);
void badges_stop(void);
void badge_create(
    struct wl_client *client, struct wl_resource *parent, uint32_t id, struct wl_resource *surface,
    struct wl_resource *output);
