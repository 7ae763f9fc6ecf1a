// The testbed's controller: plugs mock input devices, and feeds them, on command.
//
// Runs under umockdev-wrapper. Reads one command a line from stdin, answers each with one line of JSON on stdout; ends,
// and takes everything away, when stdin ends or its parent dies. Commands:
//   add KIND N [vendor=HEX] [UDEV_PROPERTY=VALUE…]   plug in /dev/input/eventN
//   remove N                                         unplug it
//   emit N [at=US] TYPE CODE VALUE [TYPE CODE VALUE…]  one packet; SYN_REPORT and the time (now) are added
//   run N RATE_HZ SECONDS                            motion reports from a real-time thread
//   type N RATE_HZ SECONDS CODE…                     key presses and releases from a real-time thread
//   play N FILE                                      motion as recorded in a file (struct report), from such a thread
//   patience N MILLISECONDS                          wait so long for room before a report is dropped (0 at first)
//   feeding N                                        how far run, type or play is
//   halt N                                           end run, type or play
//   stats N                                          what was sent, and what became of it
//   sent N FILE                                      the same, report by report (struct sent)
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "device.h"
#include "feeder.h"

#define DEVICE_LIMIT 192  // minor numbers 64…255
#define WORD_LIMIT 512

static UMockdevTestbed *testbed;
static struct device *devices[DEVICE_LIMIT];
static struct feeder *feeders[DEVICE_LIMIT];
static int watch = -1;

static void refuse(const char *reason) { printf("{\"ok\":false,\"error\":\"%s\"}\n", reason); }
static void done(void) { puts("{\"ok\":true}"); }

static void add(char **words, int count) {
    int index = count > 2 ? atoi(words[2]) : -1, vendor = 0;
    const struct kind *kind = count > 1 ? kind_named(words[1]) : NULL;
    char *properties[WORD_LIMIT];
    const char *reason = NULL;
    int length = 0;
    if (!kind) return refuse("unknown kind");
    if (index < 0 || index >= DEVICE_LIMIT || devices[index]) return refuse("index is taken, or not in 0…191");
    for (int i = 3; i < count; i++)
        if (sscanf(words[i], "vendor=%x", (unsigned *)&vendor) != 1) properties[length++] = words[i];
    properties[length] = NULL;
    devices[index] = device_add(testbed, kind, index, vendor, properties, &reason);
    if (!devices[index]) return refuse(reason);
    if (watch < 0) {
        char *root = umockdev_testbed_get_root_dir(testbed), path[512];
        snprintf(path, sizeof path, "%s/dev/input", root);
        watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        inotify_add_watch(watch, path, IN_CLOSE_NOWRITE);
        free(root);
    }
    printf("{\"ok\":true,\"node\":\"%s\",\"buffer\":%u}\n", devices[index]->node, devices[index]->capacity);
}

static void halt(int index) {
    if (feeders[index]) feeder_stop(feeders[index]);
    feeders[index] = NULL;
}

static void emit(struct device *device, char **words, int count) {
    struct input_event events[WORD_LIMIT / 3];
    unsigned long at_us = 0;
    int length = 0;
    if (count > 0 && sscanf(words[0], "at=%lu", &at_us) == 1) words++, count--;
    for (int i = 0; i + 2 < count; i += 3)
        events[length++] = (struct input_event){
            .type = atoi(words[i]), .code = atoi(words[i + 1]), .value = atoi(words[i + 2])};
    if (length == 0) return refuse("TYPE CODE VALUE expected");
    device_send_at(device, at_us, events, length);
    uint64_t last = device->counts.packets - 1;
    printf("{\"ok\":true,\"time_us\":%lu}\n", last < device->sent_capacity ? device->sent[last].time_us : 0);
}

static void type(int index, char **words, int count) {
    int codes[WORD_LIMIT], length = 0;
    for (int i = 4; i < count; i++) codes[length++] = atoi(words[i]);
    if (length == 0) return refuse("CODE expected");
    halt(index);
    feeders[index] = feeder_type(devices[index], atof(words[2]), atof(words[3]), codes, length);
    done();
}

static void feeding(struct feeder *feeder) {
    if (!feeder) return refuse("nothing was started");
    struct feeder_report report = feeder_report(feeder);
    printf("{\"ok\":true,\"running\":%s,\"real_time\":%s,\"sent\":%lu,\"skipped\":%lu,\"seconds\":%f}\n",
           report.is_running ? "true" : "false", report.is_real_time ? "true" : "false", report.sent, report.skipped,
           report.seconds);
}

static void stats(struct device *device) {
    pthread_mutex_lock(&device->lock);
    struct counts counts = device->counts;
    pthread_mutex_unlock(&device->lock);
    printf("{\"ok\":true,\"packets\":%lu,\"queued\":%lu,\"dropped\":%lu,\"unread\":%lu,\"overflows\":%lu,"
           "\"first_dropped_us\":%lu,\"last_dropped_us\":%lu,\"longest_wait_us\":%lu,\"has_reader\":%s}\n",
           counts.packets, counts.queued, counts.dropped, counts.unread, counts.overflows, counts.first_dropped_us,
           counts.last_dropped_us, counts.longest_wait_us, device_has_reader(device) ? "true" : "false");
}

static void save_sent(struct device *device, const char *path) {
    FILE *file = fopen(path, "wb");
    if (!file) return refuse(strerror(errno));
    pthread_mutex_lock(&device->lock);
    uint64_t packets = device->counts.packets;
    uint64_t kept = packets < device->sent_capacity ? packets : device->sent_capacity;
    size_t written = fwrite(device->sent, sizeof *device->sent, kept, file);
    pthread_mutex_unlock(&device->lock);
    if (fclose(file) != 0 || written != packets) return refuse("not all that was sent could be told");
    done();
}

static void obey(char **words, int count) {
    const char *command = words[0];
    if (strcmp(command, "add") == 0) return add(words, count);
    int index = count > 1 ? atoi(words[1]) : -1;
    struct device *device = index >= 0 && index < DEVICE_LIMIT ? devices[index] : NULL;
    if (!device) return refuse("no such device");
    if (strcmp(command, "remove") == 0) {
        halt(index);
        devices[index] = NULL;
        device_remove(testbed, device);
        done();
    } else if (strcmp(command, "emit") == 0) {
        emit(device, words + 2, count - 2);
    } else if (strcmp(command, "run") == 0 && count == 4) {
        halt(index);
        feeders[index] = feeder_move(device, atof(words[2]), atof(words[3]));
        done();
    } else if (strcmp(command, "type") == 0 && count > 4) {
        type(index, words, count);
    } else if (strcmp(command, "play") == 0 && count == 3) {
        halt(index);
        feeders[index] = feeder_play(device, words[2]);
        if (feeders[index]) done();
        else refuse("no reports in that file");
    } else if (strcmp(command, "patience") == 0 && count == 3) {
        device->patience_ms = atoi(words[2]);
        done();
    } else if (strcmp(command, "feeding") == 0) {
        feeding(feeders[index]);
    } else if (strcmp(command, "halt") == 0) {
        halt(index);
        done();
    } else if (strcmp(command, "stats") == 0) {
        stats(device);
    } else if (strcmp(command, "sent") == 0 && count == 3) {
        save_sent(device, words[2]);
    } else {
        refuse("unknown command, or words missing");
    }
}

static void nodes_closed(void) {
    char bytes[4096] __attribute__((aligned(8)));
    ssize_t length;
    while ((length = read(watch, bytes, sizeof bytes)) > 0)
        for (char *at = bytes; at < bytes + length;) {
            struct inotify_event *event = (struct inotify_event *)at;
            int index;
            if (event->len && sscanf(event->name, "event%d", &index) == 1 && index >= 0 && index < DEVICE_LIMIT
                && devices[index])
                device_reader_closed(devices[index]);
            at += sizeof *event + event->len;
        }
}

// The next line of stdin in `line`, without its end; 0 at the end of all.
static int next_line(char *line, size_t size) {
    static char buffered[1 << 16];
    static size_t length;
    for (;;) {
        char *end = memchr(buffered, '\n', length);
        if (end) {
            size_t taken = end - buffered + 1;
            *end = 0;
            snprintf(line, size, "%s", buffered);
            memmove(buffered, buffered + taken, length -= taken);
            return 1;
        }
        struct pollfd ready[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = watch, .events = POLLIN}};
        if (poll(ready, 2, -1) < 0 && errno != EINTR) return 0;
        if (ready[1].revents) nodes_closed();
        if (!ready[0].revents) continue;
        ssize_t count = read(STDIN_FILENO, buffered + length, sizeof buffered - length);
        if (count <= 0) return 0;
        length += count;
    }
}

int main(void) {
    static char line[1 << 16];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    // A feeder that waits for a page keeps no rate. Without the right to lock memory it is merely less precise.
    mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
    setvbuf(stdout, NULL, _IOLBF, 0);
    testbed = umockdev_testbed_new();
    char *root = umockdev_testbed_get_root_dir(testbed);
    printf("{\"ok\":true,\"root\":\"%s\"}\n", root);
    free(root);
    while (next_line(line, sizeof line)) {
        char *words[WORD_LIMIT], *rest = line;
        int count = 0;
        for (char *word; count < WORD_LIMIT && (word = strtok_r(rest, " ", &rest)); ) words[count++] = word;
        if (count > 0) obey(words, count);
    }
    for (int i = 0; i < DEVICE_LIMIT; i++) {
        if (!devices[i]) continue;
        halt(i);
        device_remove(testbed, devices[i]);
    }
    g_object_unref(testbed);
    return 0;
}
