// The least that reading a mouse can cost: one node, no library. Every report is looked at and added up.
//
//   evdev-reader NODE [GATHER_US]
//
// Without GATHER_US it is woken by every report; with it, it sleeps so long after each read, so that reports gather.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int count, char **arguments)
{
    if (count < 2)
        return 64;
    int gather = count > 2 ? atoi(arguments[2]) : 0;
    int node = open(arguments[1], O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (node < 0) {
        perror(arguments[1]);
        return 1;
    }
    struct input_event events[256];
    struct pollfd ready = {.fd = node, .events = POLLIN};
    unsigned long reports = 0;
    long sum = 0;
    puts("ready");
    fflush(stdout);
    while (poll(&ready, 1, -1) >= 0 || errno == EINTR) {
        ssize_t bytes = read(node, events, sizeof events);
        if (bytes < 0 && errno == EAGAIN)
            continue;
        if (bytes <= 0)
            break;
        for (ssize_t i = 0; i < bytes / (ssize_t)sizeof *events; i++) {
            sum += events[i].value;
            reports += events[i].type == EV_SYN && events[i].code == SYN_REPORT;
        }
        if (gather)
            usleep(gather);
    }
    fprintf(stderr, "%lu reports, %ld\n", reports, sum);
    return 0;
}
