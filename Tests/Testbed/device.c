#define _GNU_SOURCE
#include "device.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

// -- the kernel's buffer ---------------------------------------------------------------------------------------------
// As drivers/input/evdev.c keeps it for each open file: when an event fills the last entry, everything unread is
// dropped but for that event, with a SYN_DROPPED in front of it.

// drivers/input/input.c, input_estimate_events_per_packet(), times EVDEV_BUF_PACKETS, at least EVDEV_MIN_BUFFER_SIZE.
static unsigned buffer_entries(const struct kind *kind) {
    unsigned events = kind->slots + 1 + 7, entries = 64;
    for (const struct axis *axis = kind->absolute; axis->code >= 0; axis++)
        events += axis->code >= ABS_MT_SLOT ? kind->slots : 1;
    for (const int *code = kind->relative; *code >= 0; code++) events++;
    while (entries < events * 8) entries *= 2;
    return entries;
}

static int has_reader(struct device *device) {
    struct pollfd ask = {.fd = device->writer};
    return poll(&ask, 1, 0) == 0 || !(ask.revents & POLLERR);
}

static unsigned unread_entries(struct device *device) {
    int bytes = 0;
    if (ioctl(device->writer, FIONREAD, &bytes) < 0) return 0;
    return bytes / sizeof(struct input_event);
}

static uint64_t event_time(const struct input_event *event) {
    return (uint64_t)event->input_event_sec * 1000000 + event->input_event_usec;
}

static void count_dropped(struct device *device, uint64_t time, enum fate fate) {
    struct counts *counts = &device->counts;
    uint64_t kept = counts->packets < device->sent_capacity ? counts->packets : device->sent_capacity;
    for (uint64_t i = kept; i > 0 && device->sent[i - 1].time_us >= time; i--) {
        if (device->sent[i - 1].time_us != time || device->sent[i - 1].fate != FATE_QUEUED) continue;
        device->sent[i - 1].fate = fate;
        counts->queued--;
        if (fate == FATE_UNREAD) {
            counts->unread++;
            return;
        }
        counts->dropped++;
        if (!counts->first_dropped_us) counts->first_dropped_us = time;
        counts->last_dropped_us = time;
        return;
    }
}

// Takes out what the reader has not read: one read() of a pipe is atomic, so each packet is either the reader's or ours.
static void take_unread(struct device *device, enum fate fate) {
    struct input_event taken[1024];
    int reader = open(device->node, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (reader < 0) return;
    ssize_t bytes = read(reader, taken, sizeof taken);
    close(reader);
    for (ssize_t i = 0; i < bytes / (ssize_t)sizeof *taken; i++)
        if (taken[i].type == EV_SYN && taken[i].code == SYN_REPORT) count_dropped(device, event_time(&taken[i]), fate);
}

static void pass_packet(struct device *device, const struct input_event *events, int count) {
    struct input_event pending[140];
    int length = 0;
    unsigned unread = unread_entries(device);
    for (int i = 0; i < count; i++) {
        pending[length++] = events[i];
        if (unread + length < device->capacity) continue;
        take_unread(device, FATE_DROPPED);
        // A packet without its first events is no packet to the reader.
        count_dropped(device, event_time(&events[i]), FATE_DROPPED);
        device->counts.overflows++;
        pending[1] = events[i];
        pending[0] = events[i];
        pending[0].type = EV_SYN;
        pending[0].code = SYN_DROPPED;
        pending[0].value = 0;
        length = 2;
        unread = 0;
    }
    // At most 4096 bytes: never split, never interleaved.
    if (write(device->writer, pending, length * sizeof *pending) < 0)
        count_dropped(device, event_time(&events[0]), FATE_UNREAD);
}

static void follow_state(struct device *device, const struct input_event *event) {
    uint8_t *bits = event->type == EV_KEY ? device->keys : event->type == EV_SW ? device->switches : NULL;
    int limit = event->type == EV_KEY ? KEY_CNT : SW_CNT;
    if (bits && event->code < limit) {
        bits[event->code / 8] &= ~(1 << event->code % 8);
        if (event->value) bits[event->code / 8] |= 1 << event->code % 8;
    } else if (event->type == EV_ABS && event->code < ABS_CNT) {
        if (event->code == ABS_MT_SLOT) device->slot = event->value & 15;
        device->axes[event->code] = event->value;
        if (event->code > ABS_MT_SLOT) device->touches[device->slot][event->code] = event->value;
    }
}

static uint64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * UINT64_C(1000000) + now.tv_nsec / 1000;
}

// Without the lock: what the reader asks of the device meanwhile must be answered. Only one thread sends at a time.
static void await_room(struct device *device, int entries) {
    uint64_t began = now_us(), waited = 0;
    while (has_reader(device) && unread_entries(device) + entries >= device->capacity) {
        waited = now_us() - began;
        if (waited >= device->patience_ms * UINT64_C(1000)) break;
        nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    }
    pthread_mutex_lock(&device->lock);
    if (waited > device->counts.longest_wait_us) device->counts.longest_wait_us = waited;
    pthread_mutex_unlock(&device->lock);
}

void device_send(struct device *device, struct input_event *events, int count) {
    device_send_at(device, 0, events, count);
}

void device_send_at(struct device *device, uint64_t time_us, struct input_event *events, int count) {
    struct input_event packet[128];
    if (count > 127) count = 127;
    if (device->patience_ms) await_room(device, count + 1);
    pthread_mutex_lock(&device->lock);
    if (!time_us) time_us = now_us();
    memcpy(packet, events, count * sizeof *packet);
    packet[count] = (struct input_event){.type = EV_SYN, .code = SYN_REPORT};
    for (int i = 0; i <= count; i++) {
        packet[i].input_event_sec = time_us / 1000000;
        packet[i].input_event_usec = time_us % 1000000;
        follow_state(device, &packet[i]);
    }
    int is_read = has_reader(device);
    if (device->counts.packets < device->sent_capacity)
        device->sent[device->counts.packets] = (struct sent){
            .time_us = event_time(packet), .type = packet[0].type, .code = packet[0].code, .value = packet[0].value,
            .second = count > 1 ? packet[1].value : 0, .fate = FATE_QUEUED,
        };
    device->counts.packets++;
    device->counts.queued++;
    if (is_read) pass_packet(device, packet, count + 1);
    else count_dropped(device, event_time(packet), FATE_UNREAD);
    pthread_mutex_unlock(&device->lock);
}

void device_expect(struct device *device, uint64_t packets) {
    pthread_mutex_lock(&device->lock);
    uint64_t first = device->counts.packets;
    if (first > device->sent_capacity) first = device->sent_capacity;
    if (packets > device->sent_capacity - first) packets = device->sent_capacity - first;
    memset(device->sent + first, 0, packets * sizeof *device->sent);
    pthread_mutex_unlock(&device->lock);
}

void device_reader_closed(struct device *device) {
    pthread_mutex_lock(&device->lock);
    if (!has_reader(device) && unread_entries(device) > 0) take_unread(device, FATE_UNREAD);
    pthread_mutex_unlock(&device->lock);
}

int device_has_reader(struct device *device) {
    pthread_mutex_lock(&device->lock);
    int result = has_reader(device);
    pthread_mutex_unlock(&device->lock);
    return result;
}

// -- plugging --------------------------------------------------------------------------------------------------------

static void describe_bits(GString *text, const char *name, const uint8_t *bits, int bytes) {
    g_string_append_printf(text, "E: %s=", name);
    int word = bytes / 8 - 1;
    const char *format = "%lx";
    while (word > 0 && ((const uint64_t *)bits)[word] == 0) word--;
    for (; word >= 0; word--, format = " %lx") g_string_append_printf(text, format, ((const uint64_t *)bits)[word]);
    g_string_append_c(text, '\n');
}

static char *description(const struct device *device, char *const *extra) {
    const struct kind *kind = device->kind;
    GString *text = g_string_new(NULL);
    // No "N:" line: the node is ours, and there before the "add" event that this description sends.
    g_string_append_printf(text, "P: /devices/testbed/input/input%d/event%d\n", device->index, device->index);
    g_string_append_printf(text, "E: DEVNAME=/dev/input/event%d\nE: MAJOR=13\nE: MINOR=%d\n", device->index,
                           64 + device->index);
    g_string_append(text, "E: SUBSYSTEM=input\nE: ID_INPUT=1\n");
    for (const char *const *property = kind->udev; *property; property++)
        g_string_append_printf(text, "E: %s\n", *property);
    for (; *extra; extra++) g_string_append_printf(text, "E: %s\n", *extra);
    g_string_append_printf(text, "A: dev=13:%d\\n\nL: device=../../input%d\n\n", 64 + device->index, device->index);
    g_string_append_printf(text, "P: /devices/testbed/input/input%d\nE: SUBSYSTEM=input\nE: ID_INPUT=1\n",
                           device->index);
    g_string_append_printf(text, "E: NAME=\"%s\"\nE: PRODUCT=%x/%x/%x/111\n", kind->title, kind->bus, device->vendor,
                           kind->product);
    struct {
        const char *name;
        int type;
    } types[] = {{"EV", EV_SYN}, {"KEY", EV_KEY}, {"REL", EV_REL}, {"ABS", EV_ABS}};
    for (unsigned i = 0; i < sizeof types / sizeof *types; i++) {
        uint64_t bits[16] = {0};
        int bytes = device_capability_bits(kind, types[i].type, (uint8_t *)bits);
        describe_bits(text, types[i].name, (uint8_t *)bits, bytes);
    }
    g_string_append_printf(text, "A: name=%s\nA: id/bustype=%04x\nA: id/vendor=%04x\nA: id/product=%04x\n",
                           kind->title, kind->bus, device->vendor, kind->product);
    g_string_append(text, "A: id/version=0111\n");
    return g_string_free(text, FALSE);
}

static const char *make_node(struct device *device) {
    if (mkfifo(device->node, 0660) < 0) return "cannot make the node";
    // A FIFO opens for writing alone only when somebody reads: for a moment that is us.
    int both = open(device->node, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    device->writer = open(device->node, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (both >= 0) close(both);
    return device->writer < 0 ? "cannot open the node" : NULL;
}

struct device *device_add(UMockdevTestbed *testbed, const struct kind *kind, int index, int vendor,
                          char *const *extra, const char **reason) {
    struct device *device = calloc(1, sizeof *device);
    char path[64];
    device->kind = kind;
    device->index = index;
    device->vendor = vendor ? vendor : kind->vendor;
    device->capacity = buffer_entries(kind);
    device->sent_capacity = 1 << 20;
    device->sent = calloc(device->sent_capacity, sizeof *device->sent);
    for (int slot = 0; slot < 16; slot++) device->touches[slot][ABS_MT_TRACKING_ID] = -1;
    pthread_mutex_init(&device->lock, NULL);

    char *root = umockdev_testbed_get_root_dir(testbed);
    snprintf(device->node, sizeof device->node, "%s/dev/input", root);
    g_mkdir_with_parents(device->node, 0755);
    snprintf(device->node, sizeof device->node, "%s/dev/input/event%d", root, index);
    free(root);
    snprintf(device->syspath, sizeof device->syspath, "/sys/devices/testbed/input/input%d/event%d", index, index);
    if ((*reason = make_node(device))) return NULL;

    snprintf(path, sizeof path, "/dev/input/event%d", index);
    device->ioctls = umockdev_ioctl_base_new();
    g_signal_connect(device->ioctls, "handle-ioctl", G_CALLBACK(device_handle_ioctl), device);
    GError *error = NULL;
    char *text = description(device, extra);
    int is_there = umockdev_testbed_attach_ioctl(testbed, path, device->ioctls, &error)
        && umockdev_testbed_add_from_string(testbed, text, &error);
    free(text);
    if (!is_there) *reason = error ? error->message : "umockdev refused";
    return is_there ? device : NULL;
}

void device_remove(UMockdevTestbed *testbed, struct device *device) {
    char path[64], parent[256];
    snprintf(path, sizeof path, "/dev/input/event%d", device->index);
    snprintf(parent, sizeof parent, "/sys/devices/testbed/input/input%d", device->index);
    umockdev_testbed_uevent(testbed, device->syspath, "remove");
    umockdev_testbed_remove_device(testbed, device->syspath);
    umockdev_testbed_remove_device(testbed, parent);
    umockdev_testbed_detach_ioctl(testbed, path, NULL);
    unlink(device->node);
    close(device->writer);
    g_object_unref(device->ioctls);
    free(device->sent);
    // The struct itself stays: an ioctl of a slow reader may still be on its way to it.
}
