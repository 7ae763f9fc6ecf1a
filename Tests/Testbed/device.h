// One mock input device: its node, its state, and the buffer that the kernel would keep for the recorder.
#pragma once

#include <linux/input.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <umockdev.h>

#include "kinds.h"

enum fate { FATE_QUEUED = 0, FATE_DROPPED = 1, FATE_UNREAD = 2 };

// What was sent, for the test to compare with what was recorded. Read by bed.py: keep the layout.
struct sent {
    uint64_t time_us;
    uint16_t type, code;
    int32_t value, second;  // of the packet's first event, and its second event's value
    uint32_t fate;
};

struct counts {
    uint64_t packets, queued, dropped, unread, overflows;
    uint64_t first_dropped_us, last_dropped_us;
    uint64_t longest_wait_us;  // for room, by a patient device
};

struct device {
    const struct kind *kind;
    int index;
    int vendor;
    pthread_mutex_t lock;
    int writer;         // the only descriptor we keep: without a reader it reports POLLERR
    char node[512];     // in the testbed's root
    char syspath[256];  // of the event device
    unsigned capacity;
    UMockdevIoctlBase *ioctls;

    uint8_t keys[KEY_CNT / 8], switches[SW_CNT / 8 + 1];
    int32_t axes[ABS_CNT];
    int32_t touches[16][ABS_CNT];
    int slot;

    struct sent *sent;
    uint64_t sent_capacity;
    struct counts counts;
    atomic_uint patience_ms;
};

// Plugs it in: node, ioctls, sysfs, "add" event. `extra`: udev properties, NULL at the end. NULL with a reason on
// failure.
struct device *device_add(UMockdevTestbed *testbed, const struct kind *kind, int index, int vendor,
                          char *const *extra, const char **reason);
void device_remove(UMockdevTestbed *testbed, struct device *device);

// One packet: the events get one time (now, CLOCK_MONOTONIC) and a SYN_REPORT, as a driver would.
//
// What does not fit into the kernel's buffer is dropped, as it would be. A patient device waits for so long for room
// first, as no hardware does: a machine that stands still for some milliseconds then makes no test fail that is about
// the reader, while a reader that stands still for longer than the patience does.
void device_send(struct device *device, struct input_event *events, int count);

// The same, stamped earlier (CLOCK_MONOTONIC): when a compositor was given it that reads another device.
void device_send_at(struct device *device, uint64_t time_us, struct input_event *events, int count);

// So many packets will come: has the memory for what is told of them at hand.
void device_expect(struct device *device, uint64_t packets);

// A reader closed the node: what it had not read goes with its buffer.
void device_reader_closed(struct device *device);
int device_has_reader(struct device *device);

// Which codes of a type a kind of device has, as the kernel's bit field; the number of bytes that it answers.
int device_capability_bits(const struct kind *kind, int type, uint8_t *bits);
// A signal handler of umockdev's, on its thread.
gboolean device_handle_ioctl(UMockdevIoctlBase *base, UMockdevIoctlClient *client, struct device *device);
