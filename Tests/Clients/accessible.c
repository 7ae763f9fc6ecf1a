#include "accessible.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#define INTERFACE "org.a11y.atspi.Accessible"
#define EVENTS "org.a11y.atspi.Event.Object"

static sd_bus *bus;
static uint32_t current_role;
/* Of each field that there was, by the last digits of its number: who asks late asks for what has lost the focus. */
static uint32_t roles[4096];
static unsigned generation;
static bool is_focused;
static const char *toolkit_name;
static char *label;

static void check(int result, const char *what) {
    if (result >= 0) return;
    fprintf(stderr, "keylog-client: accessibility: %s: %s\n", what, strerror(-result));
    exit(1);
}

static const char *path(void) {
    static char text[64];
    snprintf(text, sizeof text, "/org/a11y/atspi/accessible/field%u", generation);
    return text;
}

static int get_role(sd_bus_message *call, void *data, sd_bus_error *error) {
    (void)data, (void)error;
    unsigned number = 0;
    sscanf(sd_bus_message_get_path(call), "/org/a11y/atspi/accessible/field%u", &number);
    return sd_bus_reply_method_return(call, "u", roles[number % 4096]);
}

static int get_state(sd_bus_message *call, void *data, sd_bus_error *error) {
    (void)data, (void)error;
    bool is_current = strcmp(sd_bus_message_get_path(call), path()) == 0;
    return sd_bus_reply_method_return(call, "au", 2, is_current && is_focused ? 1u << 12 : 0u, 0u);
}

/* The app itself stands below the same path. */
static int get_name(sd_bus *from, const char *at, const char *interface, const char *property, sd_bus_message *reply,
                    void *data, sd_bus_error *error) {
    (void)from, (void)interface, (void)property, (void)data, (void)error;
    bool is_app = strcmp(at, "/org/a11y/atspi/accessible/root") == 0;
    return sd_bus_message_append(reply, "s", is_app ? "keylog" : label ? label : "Field");
}

static int get_extents(sd_bus_message *call, void *data, sd_bus_error *error) {
    (void)data, (void)error;
    uint32_t coordinates = 0;
    int result = sd_bus_message_read(call, "u", &coordinates);
    /* Only in the window. */
    if (result >= 0 && coordinates != 1) return sd_bus_reply_method_errnof(call, EINVAL, "coordinates");
    return result < 0 ? result : sd_bus_reply_method_return(call, "(iiii)", 5, 6, 70, 80);
}

static const sd_bus_vtable component[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("GetExtents", "u", "(iiii)", get_extents, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

static const sd_bus_vtable methods[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("Name", "s", get_name, 0, 0),
    SD_BUS_METHOD("GetRole", "", "u", get_role, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("GetState", "", "au", get_state, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

/* Everything that there is: who was not there to hear of the focus asks for it. */
static int get_items(sd_bus_message *call, void *data, sd_bus_error *error) {
    (void)data, (void)error;
    const char *name = NULL;
    sd_bus_message *reply = NULL;
    int result = sd_bus_get_unique_name(bus, &name);
    if (result >= 0) result = sd_bus_message_new_method_return(call, &reply);
    if (result >= 0)
        result = sd_bus_message_append(
            reply, "a((so)(so)(so)iiassusau)", 1, name, path(), name, "/root", name, "/root", 0, 0, 0, "field",
            current_role, "", 2, is_focused ? 1u << 12 : 0u, 0u);
    if (result >= 0) result = sd_bus_send(NULL, reply, NULL);
    sd_bus_message_unref(reply);
    return result;
}

static const sd_bus_vtable cache[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("GetItems", "", "a((so)(so)(so)iiassusau)", get_items, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

static int get_toolkit(sd_bus *from, const char *at, const char *interface, const char *property, sd_bus_message *reply,
                       void *data, sd_bus_error *error) {
    (void)from, (void)at, (void)interface, (void)property, (void)data, (void)error;
    return sd_bus_message_append(reply, "s", toolkit_name);
}

static const sd_bus_vtable application[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("ToolkitName", "s", get_toolkit, 0, 0),
    SD_BUS_VTABLE_END,
};

static int find(sd_bus *from, const char *at, const char *interface, void *data, void **found, sd_bus_error *error) {
    (void)from, (void)at, (void)interface, (void)error;
    *found = data ? data : (void *)methods;
    return 1;
}

void accessible_open(uint32_t role, const char *toolkit) {
    sd_bus *session = NULL;
    sd_bus_message *reply = NULL;
    const char *address = NULL;
    check(sd_bus_open_user(&session), "the session's bus");
    check(sd_bus_call_method(session, "org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress", NULL, &reply, ""),
          "GetAddress");
    check(sd_bus_message_read(reply, "s", &address), "the address");
    check(sd_bus_new(&bus), "a bus");
    check(sd_bus_set_address(bus, address), "the address");
    check(sd_bus_set_bus_client(bus, 1), "a bus");
    check(sd_bus_start(bus), "the accessibility bus");
    check(sd_bus_add_fallback_vtable(bus, NULL, "/org/a11y/atspi/accessible", INTERFACE, methods, find, NULL), "methods");
    check(sd_bus_add_fallback_vtable(
              bus, NULL, "/org/a11y/atspi/accessible", "org.a11y.atspi.Component", component, find, NULL),
          "component");
    check(sd_bus_add_object_vtable(bus, NULL, "/org/a11y/atspi/cache", "org.a11y.atspi.Cache", cache, NULL), "cache");
    toolkit_name = toolkit;
    check(sd_bus_add_object_vtable(
              bus, NULL, "/org/a11y/atspi/accessible/root", "org.a11y.atspi.Application", application, NULL),
          "application");
    sd_bus_message_unref(reply);
    sd_bus_flush_close_unref(session);
    current_role = roles[generation % 4096] = role;
    accessible_process();
}

int accessible_descriptor(void) { return bus ? sd_bus_get_fd(bus) : -1; }

void accessible_process(void) {
    if (!bus) return;
    int result;
    do result = sd_bus_process(bus, NULL);
    while (result > 0);
    if (result >= 0) result = sd_bus_flush(bus);
    /* As toolkits do: an app goes on without it. */
    if (result < 0) bus = sd_bus_close_unref(bus);
}

static void tell(bool has_focus) {
    check(sd_bus_emit_signal(bus, path(), EVENTS, "StateChanged", "siiva{sv}", "focused", has_focus ? 1 : 0, 0, "i", 0, 0),
          "StateChanged");
}

void accessible_focus(bool has_focus) {
    if (!bus) return;
    is_focused = has_focus;
    tell(has_focus);
    accessible_process();
}

void accessible_become(uint32_t role) {
    if (!bus) return;
    if (is_focused) tell(false);
    generation++;
    current_role = roles[generation % 4096] = role;
    if (is_focused) tell(true);
    accessible_process();
}

void accessible_become_late(uint32_t role) {
    if (!bus) return;
    if (is_focused) return accessible_become(role);
    uint32_t here = current_role;
    generation++;
    roles[generation % 4096] = role;
    tell(true);
    tell(false);
    generation++;
    roles[generation % 4096] = here;
    accessible_process();
}

void accessible_label(uint32_t length) {
    label = realloc(label, (size_t)length + 1);
    check(label ? 0 : -ENOMEM, "a label");
    memset(label, 'x', length);
    label[length] = 0;
}
