#define _GNU_SOURCE
#include "feeder.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND 1000000000ll

struct feeder {
    struct device *device;
    pthread_t thread;
    int64_t period_ns, total;
    int *codes;  // NULL: motion
    int code_count;
    struct report *reports;  // to be played; NULL: none
    int is_real_time;
    atomic_int must_stop, is_done;
    atomic_ullong sent, skipped;
    int64_t started_ns;
    _Atomic int64_t ended_ns;
};

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * SECOND + now.tv_nsec;
}

// Every report differs from its neighbours, so that one that is doubled, lost or moved shows.
static void send_motion(struct device *device, uint64_t number) {
    struct input_event events[2] = {
        {.type = EV_REL, .code = REL_X, .value = 1 + number % 127},
        {.type = EV_REL, .code = REL_Y, .value = (int)(number / 127 % 127) - 63},
    };
    // A driver reports no axis that did not move.
    device_send(device, events, events[1].value ? 2 : 1);
}

static void send_key(struct feeder *feeder, uint64_t number) {
    int code = feeder->codes[number / 2 % feeder->code_count];
    struct input_event events[2] = {
        {.type = EV_MSC, .code = MSC_SCAN, .value = 0x70000 + code},
        {.type = EV_KEY, .code = code, .value = number % 2 == 0},
    };
    device_send(feeder->device, events, 2);
}

static void *feed(void *context) {
    struct feeder *feeder = context;
    int64_t due = feeder->started_ns;
    for (int64_t i = 0; i < feeder->total && !feeder->must_stop; i++) {
        int64_t late = now_ns() - due;
        // Hardware does not catch up in a burst; neither does this, for a burst would overrun any reader.
        if (late > 1000000 && late > feeder->period_ns) {
            int64_t missed = late / feeder->period_ns;
            if (!feeder->codes) {
                feeder->skipped += missed;
                i += missed;
                if (i >= feeder->total) break;
            }
            due += missed * feeder->period_ns;
        }
        if (feeder->codes) send_key(feeder, i);
        else send_motion(feeder->device, i);
        feeder->sent++;
        due += feeder->period_ns;
        struct timespec until = {due / SECOND, due % SECOND};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    }
    feeder->ended_ns = now_ns();
    feeder->is_done = 1;
    return NULL;
}

static void *play(void *context) {
    struct feeder *feeder = context;
    for (int64_t i = 0; i < feeder->total && !feeder->must_stop; i++) {
        const struct report *report = &feeder->reports[i];
        int64_t due = feeder->started_ns + (int64_t)(report->time_us - feeder->reports[0].time_us) * 1000;
        struct timespec until = {due / SECOND, due % SECOND};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
        if (now_ns() - due > 1000000) {
            feeder->skipped++;
            continue;
        }
        struct input_event events[2] = {{.type = EV_REL, .code = REL_X, .value = report->dx},
                                        {.type = EV_REL, .code = REL_Y, .value = report->dy}};
        // A driver reports no axis that did not move.
        if (!report->dx) events[0] = events[1];
        device_send(feeder->device, events, report->dx && report->dy ? 2 : 1);
        feeder->sent++;
    }
    feeder->ended_ns = now_ns();
    feeder->is_done = 1;
    return NULL;
}

static struct feeder *start(struct feeder *feeder) {
    struct sched_param priority = {.sched_priority = 20};
    device_expect(feeder->device, feeder->total);
    feeder->started_ns = now_ns();
    if (pthread_create(&feeder->thread, NULL, feeder->reports ? play : feed, feeder) != 0) {
        free(feeder);
        return NULL;
    }
    feeder->is_real_time = pthread_setschedparam(feeder->thread, SCHED_FIFO, &priority) == 0;
    return feeder;
}

struct feeder *feeder_move(struct device *device, double rate_hz, double seconds) {
    struct feeder *feeder = calloc(1, sizeof *feeder);
    feeder->device = device;
    feeder->period_ns = SECOND / rate_hz;
    feeder->total = rate_hz * seconds;
    return start(feeder);
}

struct feeder *feeder_type(struct device *device, double rate_hz, double seconds, const int *codes, int count) {
    struct feeder *feeder = calloc(1, sizeof *feeder);
    feeder->device = device;
    feeder->period_ns = SECOND / (rate_hz * 2);
    feeder->total = (int64_t)(rate_hz * seconds) * 2;
    feeder->codes = malloc(count * sizeof *codes);
    memcpy(feeder->codes, codes, count * sizeof *codes);
    feeder->code_count = count;
    return start(feeder);
}

struct feeder *feeder_play(struct device *device, const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    struct feeder *feeder = calloc(1, sizeof *feeder);
    feeder->device = device;
    fseek(file, 0, SEEK_END);
    feeder->total = ftell(file) / (long)sizeof *feeder->reports;
    rewind(file);
    feeder->reports = malloc(feeder->total * sizeof *feeder->reports);
    int is_whole = fread(feeder->reports, sizeof *feeder->reports, feeder->total, file) == (size_t)feeder->total;
    fclose(file);
    if (feeder->total > 0 && is_whole) return start(feeder);
    free(feeder->reports);
    free(feeder);
    return NULL;
}

struct feeder_report feeder_report(struct feeder *feeder) {
    int64_t end = feeder->is_done ? feeder->ended_ns : now_ns();
    return (struct feeder_report){
        .is_running = !feeder->is_done, .is_real_time = feeder->is_real_time, .sent = feeder->sent,
        .skipped = feeder->skipped, .seconds = (double)(end - feeder->started_ns) / SECOND,
    };
}

void feeder_stop(struct feeder *feeder) {
    feeder->must_stop = 1;
    pthread_join(feeder->thread, NULL);
    free(feeder->codes);
    free(feeder->reports);
    free(feeder);
}
