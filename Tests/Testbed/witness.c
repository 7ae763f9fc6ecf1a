// Says when a processor stood still: a thread on each, above everybody in priority, that looks at the clock four times a
// millisecond. On a machine with other guests whole milliseconds are missing at times, and no program on it can read a
// device then. Half a millisecond counts: reports gather for up to one, and the kernel's buffer lasts 2.7 at 8 kHz.
//
// One line per stall, "PROCESSOR START END" (CLOCK_MONOTONIC, µs), until the standard input ends.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { PERIOD_NS = 250000, STALL_US = 500, PRIORITY = 30 };

static int64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static void *watch(void *context) {
    int processor = (int)(intptr_t)context;
    cpu_set_t own;
    CPU_ZERO(&own);
    CPU_SET(processor, &own);
    struct sched_param priority = {.sched_priority = PRIORITY};
    if (pthread_setaffinity_np(pthread_self(), sizeof own, &own) != 0
        || pthread_setschedparam(pthread_self(), SCHED_FIFO, &priority) != 0) {
        fprintf(stderr, "witness: no real-time priority on processor %d\n", processor);
        exit(1);
    }
    for (int64_t before = now_us();;) {
        nanosleep(&(struct timespec){.tv_nsec = PERIOD_NS}, NULL);
        int64_t now = now_us();
        if (now - before > STALL_US) printf("%d %lld %lld\n", processor, (long long)before, (long long)now);
        before = now;
    }
    return NULL;
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    cpu_set_t usable;
    if (sched_getaffinity(0, sizeof usable, &usable) != 0) return 1;
    for (int processor = 0; processor < CPU_SETSIZE; processor++) {
        pthread_t thread;
        if (CPU_ISSET(processor, &usable) && pthread_create(&thread, NULL, watch, (void *)(intptr_t)processor) != 0) return 1;
    }
    puts("watching");
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) continue;
    return 0;
}
