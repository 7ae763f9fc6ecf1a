// What the kernel answers to ioctls on an evdev node.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "device.h"

static void set_bit(uint8_t *bits, int bit) { bits[bit / 8] |= 1 << bit % 8; }

// Which codes of a type the device has; the number of bytes that the kernel would answer.
int device_capability_bits(const struct kind *kind, int type, uint8_t *bits) {
    switch (type) {
    case EV_SYN:
        set_bit(bits, EV_SYN);
        if (kind->keys[0].first >= 0) set_bit(bits, EV_KEY);
        if (kind->relative[0] >= 0) set_bit(bits, EV_REL);
        if (kind->absolute[0].code >= 0) set_bit(bits, EV_ABS);
        if (kind->switches[0] >= 0) set_bit(bits, EV_SW);
        if (kind->has_scan_codes) set_bit(bits, EV_MSC);
        if (kind->has_leds) set_bit(bits, EV_LED), set_bit(bits, EV_REP);
        return 8;
    case EV_KEY:
        for (const struct range *keys = kind->keys; keys->first >= 0; keys++)
            for (int code = keys->first; code <= keys->last; code++) set_bit(bits, code);
        return KEY_CNT / 8;
    case EV_REL:
        for (const int *code = kind->relative; *code >= 0; code++) set_bit(bits, *code);
        return 8;
    case EV_ABS:
        for (const struct axis *axis = kind->absolute; axis->code >= 0; axis++) set_bit(bits, axis->code);
        return 8;
    case EV_SW:
        for (const int *code = kind->switches; *code >= 0; code++) set_bit(bits, *code);
        return 8;
    case EV_MSC:
        if (kind->has_scan_codes) set_bit(bits, MSC_SCAN);
        return 8;
    case EV_LED:
        if (kind->has_leds) set_bit(bits, LED_NUML), set_bit(bits, LED_CAPSL), set_bit(bits, LED_SCROLLL);
        return 8;
    default: return 8;
    }
}

static int absolute_info(struct device *device, int code, uint8_t *answer) {
    for (const struct axis *axis = device->kind->absolute; axis->code >= 0; axis++) {
        if (axis->code != code) continue;
        struct input_absinfo info = {.value = device->axes[code], .minimum = axis->minimum, .maximum = axis->maximum,
                                     .resolution = axis->resolution};
        memcpy(answer, &info, sizeof info);
        return 0;
    }
    return -EINVAL;
}

// The answer to a reading ioctl: its bytes, and the result or -errno. `answer` comes zeroed but for GMTSLOTS's code.
static int answer_ioctl(struct device *device, int number, int size, uint8_t *answer) {
    const struct kind *kind = device->kind;
    uint8_t bits[128] = {0};
    int length = 0;
    if (number >= 0x40 && number < 0x40 + ABS_CNT) return absolute_info(device, number - 0x40, answer);
    if (number >= 0x20 && number < 0x40) {
        length = device_capability_bits(kind, number - 0x20, bits);
    } else if (number == _IOC_NR(EVIOCGKEY(0))) {
        memcpy(bits, device->keys, length = sizeof device->keys);
    } else if (number == _IOC_NR(EVIOCGSW(0))) {
        memcpy(bits, device->switches, length = sizeof device->switches);
    } else if (number == _IOC_NR(EVIOCGLED(0)) || number == _IOC_NR(EVIOCGSND(0))) {
        length = 8;
    } else if (number == _IOC_NR(EVIOCGPROP(0))) {
        for (const int *property = kind->properties; *property >= 0; property++) set_bit(bits, *property);
        length = 8;
    } else if (number == _IOC_NR(EVIOCGNAME(0))) {
        length = snprintf((char *)bits, sizeof bits, "%s", kind->title) + 1;
    } else if (number == _IOC_NR(EVIOCGPHYS(0))) {
        length = snprintf((char *)bits, sizeof bits, "testbed/input%d", device->index) + 1;
    } else if (number == _IOC_NR(EVIOCGUNIQ(0))) {
        length = 1;
    } else if (number == _IOC_NR(EVIOCGID)) {
        struct input_id id = {kind->bus, device->vendor, kind->product, 0x111};
        memcpy(answer, &id, sizeof id);
        return 0;
    } else if (number == _IOC_NR(EVIOCGVERSION)) {
        memcpy(answer, &(int){EV_VERSION}, sizeof(int));
        return 0;
    } else if (number == _IOC_NR(EVIOCGEFFECTS)) {
        return 0;  // none: python-evdev insists on an answer
    } else if (number == _IOC_NR(EVIOCGREP) && kind->has_leds) {
        memcpy(answer, &(unsigned[2]){250, 33}, sizeof(unsigned[2]));
        return 0;
    } else if (number == _IOC_NR(EVIOCGMTSLOTS(0)) && kind->slots) {
        uint32_t code;
        memcpy(&code, answer, sizeof code);
        for (int slot = 0; code < ABS_CNT && slot < kind->slots && (slot + 2) * 4 <= size; slot++)
            memcpy(answer + (slot + 1) * 4, &device->touches[slot][code], 4);
        return 0;
    } else {
        return -EINVAL;
    }
    if (length > size) length = size;
    memcpy(answer, bits, length);
    return length;
}

gboolean device_handle_ioctl(UMockdevIoctlBase *base, UMockdevIoctlClient *client, struct device *device) {
    unsigned long request = umockdev_ioctl_client_get_request(client);
    int number = _IOC_NR(request), size = _IOC_SIZE(request), result = 0;
    (void)base;
    if (_IOC_TYPE(request) != 'E') {
        umockdev_ioctl_client_complete(client, -1, ENOTTY);
        return TRUE;
    }
    // What only sets something (the clock, a grab) is granted; the clock is CLOCK_MONOTONIC from the start.
    if (_IOC_DIR(request) & _IOC_READ) {
        uint8_t answer[1 << _IOC_SIZEBITS] = {0};
        UMockdevIoctlData *data =
            umockdev_ioctl_data_resolve(umockdev_ioctl_client_get_arg(client), 0, size, NULL);
        if (number == _IOC_NR(EVIOCGMTSLOTS(0)) && data) memcpy(answer, data->data, 4);
        pthread_mutex_lock(&device->lock);
        result = answer_ioctl(device, number, size, answer);
        pthread_mutex_unlock(&device->lock);
        if (result >= 0 && data) umockdev_ioctl_data_update(data, 0, answer, size);
        if (data) g_object_unref(data);
    }
    umockdev_ioctl_client_complete(client, result < 0 ? -1 : result, result < 0 ? -result : 0);
    return TRUE;
}
