/*
 * Keyboards, mice and touchpads of the kernel's own making, driven by lines on stdin, one line of JSON in answer to each:
 *
 *   create keyboard|mouse|touchpad VENDOR NAME…                  {"device":0,"sysname":"event5"}   VENDOR is hexadecimal
 *   type DEVICE KEYSTROKES MIN_GAP MAX_GAP MIN_HOLD MAX_HOLD     {"sent":…,"first_us":…,"last_us":…}      all µs
 *   keys DEVICE MIN_GAP MAX_GAP MIN_HOLD MAX_HOLD CODE…          {"sent":…,"first_us":…,"last_us":…}      these keys
 *   move DEVICE RATE SECONDS                {"sent":…,"first_us":…,"last_us":…}       RATE 0: as fast as can be
 *   report DEVICE TYPE CODE VALUE …         {"sent":1,"first_us":…,"last_us":…}       one report of these events
 *   destroy DEVICE                          {}
 *
 * Keys are logged to the file named on the command line, with the time that the kernel itself stamped on them: the
 * feeder reads each one back from its own event node (CLOCK_MONOTONIC), so that the figures compare exactly.
 *   {"sysname":"event5","code":30,"press":"pressed","time_us":…}
 * A move's report number n has dx = 1 + n % 127 and dy = 1 + n / 127 % 127, so that a missing report shows.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/input.h>
#include <linux/uinput.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { MAX_DEVICES = 16, MAX_KEYSTROKES = 4096, MAX_EVENTS = 16 };
/* The touchpad's: 100 by 60 mm. */
enum { PAD_WIDTH = 4000, PAD_HEIGHT = 2400, PAD_UNITS_PER_MM = 40 };

struct device {
    int uinput;
    int node;
    char sysname[32];
};

static struct device devices[MAX_DEVICES];
static int device_count;
static FILE *key_log;

static void die(const char *what) {
    fprintf(stderr, "uinput-feeder: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void wait_until(uint64_t time_us) {
    struct timespec until = {.tv_sec = (time_t)(time_us / 1000000), .tv_nsec = (long)(time_us % 1000000) * 1000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) continue;
}

/* ---- devices ---- */

static void allow(int uinput, unsigned long request, int value) {
    if (ioctl(uinput, request, value) < 0) die("setting a capability");
}

/* The event node of a new uinput device appears some time after the device itself. */
static void find_node(struct device *device) {
    char path[300], name[64];
    if (ioctl(device->uinput, UI_GET_SYSNAME(sizeof name), name) < 0) die("the device's name");
    snprintf(path, sizeof path, "/sys/devices/virtual/input/%s", name);
    DIR *directory = opendir(path);
    if (!directory) die(path);
    struct dirent *entry;
    while ((entry = readdir(directory)) && strncmp(entry->d_name, "event", 5) != 0) continue;
    if (!entry) die("no event node");
    snprintf(device->sysname, sizeof device->sysname, "%.31s", entry->d_name);
    closedir(directory);
    snprintf(path, sizeof path, "/dev/input/%s", device->sysname);
    uint64_t deadline = now_us() + 5000000;
    while ((device->node = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)) < 0) {
        if (now_us() > deadline) die(path);
        wait_until(now_us() + 1000);
    }
    int clock = CLOCK_MONOTONIC;
    if (ioctl(device->node, EVIOCSCLOCKID, &clock) < 0) die("the node's clock");
}

static void allow_axis(int uinput, uint16_t code, int32_t maximum, int32_t resolution) {
    struct uinput_abs_setup axis = {.code = code, .absinfo = {.maximum = maximum, .resolution = resolution}};
    if (ioctl(uinput, UI_ABS_SETUP, &axis) < 0) die("setting an axis");
}

static void make_keyboard(int uinput) {
    for (int code = KEY_ESC; code <= KEY_F12; code++) allow(uinput, UI_SET_KEYBIT, code);
}

static void make_mouse(int uinput) {
    static const int axes[] = {REL_X, REL_Y, REL_WHEEL, REL_WHEEL_HI_RES};
    allow(uinput, UI_SET_EVBIT, EV_REL);
    for (size_t i = 0; i < sizeof axes / sizeof *axes; i++) allow(uinput, UI_SET_RELBIT, axes[i]);
    allow(uinput, UI_SET_KEYBIT, BTN_LEFT);
    allow(uinput, UI_SET_KEYBIT, BTN_RIGHT);
}

static void make_touchpad(int uinput) {
    static const int keys[] = {BTN_LEFT, BTN_TOUCH, BTN_TOOL_FINGER};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) allow(uinput, UI_SET_KEYBIT, keys[i]);
    allow(uinput, UI_SET_PROPBIT, INPUT_PROP_POINTER);
    allow(uinput, UI_SET_PROPBIT, INPUT_PROP_BUTTONPAD);
    allow(uinput, UI_SET_EVBIT, EV_ABS);
    allow_axis(uinput, ABS_X, PAD_WIDTH, PAD_UNITS_PER_MM);
    allow_axis(uinput, ABS_Y, PAD_HEIGHT, PAD_UNITS_PER_MM);
    allow_axis(uinput, ABS_MT_POSITION_X, PAD_WIDTH, PAD_UNITS_PER_MM);
    allow_axis(uinput, ABS_MT_POSITION_Y, PAD_HEIGHT, PAD_UNITS_PER_MM);
    allow_axis(uinput, ABS_MT_SLOT, 1, 0);
    allow_axis(uinput, ABS_MT_TRACKING_ID, UINT16_MAX, 0);
}

static void create(const char *kind, unsigned vendor, const char *name) {
    if (device_count == MAX_DEVICES) die("too many devices");
    struct device *device = &devices[device_count];
    struct uinput_setup setup = {.id = {.bustype = BUS_USB, .vendor = (uint16_t)vendor, .product = 1, .version = 1}};
    snprintf(setup.name, sizeof setup.name, "%s", name);
    device->uinput = open("/dev/uinput", O_WRONLY | O_CLOEXEC);
    if (device->uinput < 0) die("/dev/uinput");
    allow(device->uinput, UI_SET_EVBIT, EV_KEY);
    bool is_keyboard = strcmp(kind, "keyboard") == 0;
    if (is_keyboard) make_keyboard(device->uinput);
    else if (strcmp(kind, "mouse") == 0) make_mouse(device->uinput);
    else make_touchpad(device->uinput);
    if (ioctl(device->uinput, UI_DEV_SETUP, &setup) < 0 || ioctl(device->uinput, UI_DEV_CREATE) < 0) die("uinput");
    find_node(device);
    if (!is_keyboard) {
        /* Nobody would empty its buffer during a fast move, and a full one costs the kernel time. */
        close(device->node);
        device->node = -1;
    }
    printf("{\"device\":%d,\"sysname\":\"%s\"}\n", device_count++, device->sysname);
}

static void answer(uint64_t sent, uint64_t first_us, uint64_t last_us) {
    printf("{\"sent\":%" PRIu64 ",\"first_us\":%" PRIu64 ",\"last_us\":%" PRIu64 "}\n", sent, first_us, last_us);
}

/* ---- typing ---- */

struct step {
    uint64_t time_us;
    uint16_t code;
    bool is_press;
};

static int by_time(const void *a, const void *b) {
    const struct step *first = a, *second = b;
    return (first->time_us > second->time_us) - (first->time_us < second->time_us);
}

static uint64_t between(uint64_t low, uint64_t high) { return low + (uint64_t)random() % (high - low + 1); }

/* Sends a key and returns the kernel's stamp. */
static uint64_t send_key(struct device *device, uint16_t code, bool is_press) {
    struct input_event frame[2] = {
        {.type = EV_KEY, .code = code, .value = is_press}, {.type = EV_SYN, .code = SYN_REPORT}};
    if (write(device->uinput, frame, sizeof frame) != sizeof frame) die("sending a key");
    struct input_event back;
    struct pollfd readable = {.fd = device->node, .events = POLLIN};
    for (;;) {
        if (read(device->node, &back, sizeof back) != sizeof back) {
            if (errno != EAGAIN || poll(&readable, 1, 1000) != 1) die("reading a key back");
        } else if (back.type == EV_KEY && back.code == code && back.value == is_press) {
            return (uint64_t)back.input_event_sec * 1000000 + (uint64_t)back.input_event_usec;
        }
    }
}

static void type(struct device *device, const uint16_t *codes, int count, const uint64_t limits[4]) {
    static struct step steps[2 * MAX_KEYSTROKES];
    uint64_t time = now_us() + 1000, first = 0, last = 0;
    for (int i = 0; i < count; i++) {
        steps[2 * i] = (struct step){time, codes[i], true};
        steps[2 * i + 1] = (struct step){time + between(limits[2], limits[3]), codes[i], false};
        time += between(limits[0], limits[1]);
    }
    qsort(steps, (size_t)(2 * count), sizeof steps[0], by_time);
    for (int i = 0; i < 2 * count; i++) {
        wait_until(steps[i].time_us);
        last = send_key(device, steps[i].code, steps[i].is_press);
        if (first == 0) first = last;
        fprintf(key_log, "{\"sysname\":\"%s\",\"code\":%u,\"press\":\"%s\",\"time_us\":%" PRIu64 "}\n", device->sysname,
                steps[i].code, steps[i].is_press ? "pressed" : "released", last);
    }
    fflush(key_log);
    answer((uint64_t)(2 * count), first, last);
}

static void type_letters(struct device *device, int count, const uint64_t limits[4]) {
    static const uint16_t letters[] = {
        KEY_Q, KEY_W, KEY_E, KEY_R, KEY_T, KEY_Y, KEY_U, KEY_I, KEY_O, KEY_P, KEY_A, KEY_S, KEY_D,
        KEY_F, KEY_G, KEY_H, KEY_J, KEY_K, KEY_L, KEY_Z, KEY_X, KEY_C, KEY_V, KEY_B, KEY_N, KEY_M};
    static uint16_t codes[MAX_KEYSTROKES];
    if (count > MAX_KEYSTROKES) die("too many keystrokes");
    /* In turn, so that a key is up again long before it is pressed anew, however keys overlap. */
    for (int i = 0; i < count; i++) codes[i] = letters[i % 26];
    type(device, codes, count, limits);
}

static void type_codes(struct device *device, const char *list, const uint64_t limits[4]) {
    static uint16_t codes[MAX_KEYSTROKES];
    int count = 0, length;
    unsigned code;
    for (; count < MAX_KEYSTROKES && sscanf(list, "%u%n", &code, &length) == 1; list += length) {
        codes[count++] = (uint16_t)code;
    }
    type(device, codes, count, limits);
}

/* ---- pointing ---- */

/* One report of events as they are written in the line: type, code and value of each. */
static void report(struct device *device, const char *list) {
    struct input_event events[MAX_EVENTS + 1] = {0};
    int count = 0, length, value;
    unsigned type, code;
    for (; count < MAX_EVENTS && sscanf(list, "%u %u %d%n", &type, &code, &value, &length) == 3; list += length) {
        events[count++] = (struct input_event){.type = (uint16_t)type, .code = (uint16_t)code, .value = value};
    }
    events[count++] = (struct input_event){.type = EV_SYN, .code = SYN_REPORT};
    uint64_t start = now_us();
    ssize_t size = (ssize_t)((size_t)count * sizeof *events);
    if (write(device->uinput, events, (size_t)size) != size) die("sending a report");
    answer(1, start, now_us());
}

static void move(struct device *device, uint64_t rate, double seconds) {
    uint64_t start = now_us(), end = start + (uint64_t)(seconds * 1e6), sent = 0;
    while (now_us() < end) {
        if (rate > 0) wait_until(start + sent * 1000000 / rate);
        struct input_event frame[3] = {
            {.type = EV_REL, .code = REL_X, .value = 1 + (int)(sent % 127)},
            {.type = EV_REL, .code = REL_Y, .value = 1 + (int)(sent / 127 % 127)},
            {.type = EV_SYN, .code = SYN_REPORT}};
        if (write(device->uinput, frame, sizeof frame) != sizeof frame) die("sending motion");
        sent++;
    }
    answer(sent, start, now_us());
}

/* ---- commands ---- */

static struct device *device_at(int index) {
    if (index < 0 || index >= device_count || devices[index].uinput < 0) {
        errno = ENODEV;
        die("no such device");
    }
    return &devices[index];
}

static void obey(const char *line) {
    char kind[16], name[80];
    unsigned vendor;
    int index, count, codes = 0, events = 0;
    uint64_t limits[4], rate;
    double seconds;
    if (sscanf(line, "create %15s %x %79[^\n]", kind, &vendor, name) == 3) {
        create(kind, vendor, name);
    } else if (sscanf(line, "type %d %d %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, &index, &count, &limits[0],
                      &limits[1], &limits[2], &limits[3]) == 6) {
        type_letters(device_at(index), count, limits);
    } else if (sscanf(line, "keys %d %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %n", &index, &limits[0], &limits[1],
                      &limits[2], &limits[3], &codes) == 5 && codes > 0) {
        type_codes(device_at(index), line + codes, limits);
    } else if (sscanf(line, "move %d %" SCNu64 " %lf", &index, &rate, &seconds) == 3) {
        move(device_at(index), rate, seconds);
    } else if (sscanf(line, "report %d %n", &index, &events) == 1 && events > 0) {
        report(device_at(index), line + events);
    } else if (sscanf(line, "destroy %d", &index) == 1) {
        struct device *device = device_at(index);
        if (device->node >= 0) close(device->node);
        close(device->uinput);
        device->uinput = -1;
        puts("{}");
    } else {
        errno = EINVAL;
        die(line);
    }
    fflush(stdout);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: uinput-feeder KEY-LOG\n");
        return 2;
    }
    key_log = fopen(argv[1], "ae");
    if (!key_log) die(argv[1]);
    char line[256];
    while (fgets(line, sizeof line, stdin)) obey(line);
    return 0;
}
