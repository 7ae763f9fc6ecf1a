// Preloaded, in front of umockdev's own library, into the programs under test.
//
// umockdev 0.17 (Debian 12) lacks four things that libinput's udev backend needs; later versions have some of them:
// - fstat() of an open node must report the mock device's number, or libinput refuses the node as another device;
// - libudev reads /run/udev/data, which is not redirected, so every device looks as if udevd had not been there yet;
// - read() of a node asks the testbed over a socket, ~100 µs each: nodes here carry real bytes, the kernel has them;
// - nobody can be denied a node: the tests run as root, who ignores modes.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

// KYMO_TESTBED_SYNC_MS: how long every fdatasync() takes, as on a disk that is busy with something else.
#define SYNC_VARIABLE "KYMO_TESTBED_SYNC_MS"
// KYMO_TESTBED_SYNC_LOG: a file to which each fdatasync() adds a line: CLOCK_MONOTONIC at its end and how long it took, µs,
// how many bytes of the file it covered, and the inode of that.
#define SYNC_LOG_VARIABLE "KYMO_TESTBED_SYNC_LOG"
// KYMO_TESTBED_DENY: comma-separated node names (event5) that may not be opened.
#define DENY_VARIABLE "KYMO_TESTBED_DENY"

#define NEXT(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

static int is_mocked(void) { return getenv("UMOCKDEV_DIR") != NULL; }

// -- devices ---------------------------------------------------------------------------------------------------------

// The node's FIFO has no device number of its own; its name tells it, as on every Linux: 13:(64 + N).
static void number_node(int fd, struct stat *status) {
    char link[64], path[4096];
    unsigned index;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = syscall(SYS_readlink, link, path, sizeof path - 1);
    if (length <= 0) return;
    path[length] = 0;
    const char *name = strstr(path, "/dev/input/event");
    if (name && sscanf(name, "/dev/input/event%u", &index) == 1) status->st_rdev = makedev(13, 64 + index);
}

int fstat(int fd, struct stat *status) {
    long result = syscall(SYS_fstat, fd, status);
    if (result == 0 && is_mocked() && S_ISFIFO(status->st_mode)) number_node(fd, status);
    return (int)result;
}

int fstat64(int fd, struct stat64 *status) { return fstat(fd, (struct stat *)status); }

ssize_t read(int fd, void *buffer, size_t count) { return syscall(SYS_read, fd, buffer, count); }

struct udev_device;
int udev_device_get_is_initialized(struct udev_device *device);
int udev_device_get_is_initialized(struct udev_device *device) {
    return is_mocked() ? 1 : NEXT(udev_device_get_is_initialized)(device);
}

static int is_denied(const char *path) {
    const char *denied = getenv(DENY_VARIABLE);
    const char *name = strncmp(path, "/dev/input/", 11) == 0 ? path + 11 : NULL;
    if (!denied || !name) return 0;
    size_t length = strlen(name);
    for (const char *at = denied; (at = strstr(at, name)); at += length)
        if ((at == denied || at[-1] == ',') && (at[length] == ',' || !at[length])) return 1;
    return 0;
}

static int open_next(const char *symbol, const char *path, int flags, mode_t mode) {
    if (is_denied(path)) {
        errno = EACCES;
        return -1;
    }
    int (*next)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, symbol);
    return next(path, flags, mode);
}

static mode_t mode_of(int flags, va_list arguments) {
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

int open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_next("open", path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_next("open64", path, flags, mode);
}

// -- the disk --------------------------------------------------------------------------------------------------------

static uint64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int fdatasync(int fd) {
    const char *milliseconds = getenv(SYNC_VARIABLE), *path = getenv(SYNC_LOG_VARIABLE);
    struct stat status = {0};
    uint64_t began = now_us();
    if (milliseconds) usleep(atoi(milliseconds) * 1000);
    syscall(SYS_fstat, fd, &status);
    int result = (int)syscall(SYS_fdatasync, fd);
    FILE *log = path ? fopen(path, "ae") : NULL;
    if (log) {
        uint64_t ended = now_us();
        fprintf(log, "%lu %lu %ld %lu\n", ended, ended - began, (long)status.st_size, (unsigned long)status.st_ino);
        fclose(log);
    }
    return result;
}
