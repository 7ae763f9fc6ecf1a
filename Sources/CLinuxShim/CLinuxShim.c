#define _GNU_SOURCE
#include "CLinuxShim.h"

#include <errno.h>
#include <linux/input.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static uint64_t microseconds(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000u + (uint64_t)time.tv_nsec / 1000u;
}

uint64_t kymo_monotonic_microseconds(void) { return microseconds(CLOCK_MONOTONIC); }
uint64_t kymo_realtime_microseconds(void) { return microseconds(CLOCK_REALTIME); }

int kymo_peer_credentials(int socket, uid_t *uid, pid_t *pid)
{
    struct ucred credentials;
    socklen_t length = sizeof credentials;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) < 0)
        return -1;
    *uid = credentials.uid;
    *pid = credentials.pid;
    return 0;
}

static int unix_socket(const char *path, int seqpacket, struct sockaddr_un *address)
{
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (strlen(path) >= sizeof address->sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address->sun_path, path);
    return socket(AF_UNIX, (seqpacket ? SOCK_SEQPACKET : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static int close_keeping_errno(int descriptor)
{
    int saved = errno;
    close(descriptor);
    errno = saved;
    return -1;
}

int kymo_unix_listen(const char *path, int seqpacket, int backlog)
{
    struct sockaddr_un address;
    int descriptor = unix_socket(path, seqpacket, &address);
    if (descriptor < 0)
        return -1;
    if (bind(descriptor, (struct sockaddr *)&address, sizeof address) < 0 || listen(descriptor, backlog) < 0)
        return close_keeping_errno(descriptor);
    return descriptor;
}

int kymo_unix_connect(const char *path, int seqpacket)
{
    struct sockaddr_un address;
    int descriptor = unix_socket(path, seqpacket, &address);
    if (descriptor < 0)
        return -1;
    if (connect(descriptor, (struct sockaddr *)&address, sizeof address) < 0)
        return close_keeping_errno(descriptor);
    return descriptor;
}

int kymo_evdev_keys_down(int descriptor, uint8_t *bits, size_t length)
{
    return ioctl(descriptor, EVIOCGKEY(length), bits);
}
