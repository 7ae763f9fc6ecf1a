// The least that reading a seat through libinput can cost: motion is added up, everything else thrown away.
//
//   libinput-reader [GATHER_US]
//
// Without GATHER_US it is woken by every report; with it, it sleeps so long after each dispatch, so that they gather.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libinput.h>
#include <libudev.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int open_node(const char *path, int flags, void *context)
{
    (void)flags, (void)context;
    int node = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    return node < 0 ? -errno : node;
}

static void close_node(int node, void *context)
{
    (void)context;
    close(node);
}

int main(int count, char **arguments)
{
    int gather = count > 1 ? atoi(arguments[1]) : 0;
    const struct libinput_interface interface = {open_node, close_node};
    struct libinput *libinput = libinput_udev_create_context(&interface, NULL, udev_new());
    if (!libinput || libinput_udev_assign_seat(libinput, "seat0") < 0)
        return 1;
    struct pollfd ready = {.fd = libinput_get_fd(libinput), .events = POLLIN};
    unsigned long reports = 0;
    double sum = 0;
    puts("ready");
    fflush(stdout);
    do {
        libinput_dispatch(libinput);
        struct libinput_event *event;
        while ((event = libinput_get_event(libinput))) {
            if (libinput_event_get_type(event) == LIBINPUT_EVENT_POINTER_MOTION) {
                struct libinput_event_pointer *pointer = libinput_event_get_pointer_event(event);
                sum += libinput_event_pointer_get_dx_unaccelerated(pointer)
                    + libinput_event_pointer_get_dy_unaccelerated(pointer)
                    + libinput_event_pointer_get_time_usec(pointer) % 7;
                reports++;
            }
            libinput_event_destroy(event);
        }
        if (gather)
            usleep(gather);
    } while (poll(&ready, 1, -1) >= 0 || errno == EINTR);
    fprintf(stderr, "%lu reports, %f\n", reports, sum);
    return 0;
}
