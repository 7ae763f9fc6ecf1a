#define _GNU_SOURCE
#include "CLinuxShim.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/input.h>
#include <signal.h>
#include <string.h>
#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
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

struct kymo_clock_pair kymo_read_clocks(void)
{
    struct kymo_clock_pair closest = {0, 0};
    uint64_t least = UINT64_MAX;
    for (int tries = 0; tries < 16 && least > 2; tries++) {
        struct kymo_clock_pair pair = {.monotonic = kymo_monotonic_microseconds(), .realtime = kymo_realtime_microseconds()};
        uint64_t took = kymo_monotonic_microseconds() - pair.monotonic;
        if (took >= least)
            continue;
        least = took;
        closest = pair;
    }
    return closest;
}

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

static int has_bit(const uint8_t *bits, unsigned bit) { return bits[bit / 8] >> bit % 8 & 1; }

int kymo_evdev_axes(int descriptor, uint8_t *absolute, uint8_t *relative, uint32_t *touches)
{
    if (ioctl(descriptor, EVIOCGBIT(EV_ABS, KYMO_ABSOLUTE_AXES / 8), absolute) < 0
        || ioctl(descriptor, EVIOCGBIT(EV_REL, KYMO_RELATIVE_AXES / 8), relative) < 0)
        return -1;
    struct input_absinfo info;
    unsigned axis = has_bit(absolute, ABS_MT_SLOT) ? ABS_MT_SLOT : ABS_MT_TRACKING_ID;
    if (has_bit(absolute, axis) && ioctl(descriptor, EVIOCGABS(axis), &info) >= 0 && info.maximum >= info.minimum)
        *touches = (uint32_t)info.maximum - (uint32_t)info.minimum + 1;
    else
        *touches = 0;
    return 0;
}

uint64_t kymo_boottime_microseconds(void) { return microseconds(CLOCK_BOOTTIME); }

int kymo_clock_step_rearm(int descriptor)
{
    // As far away as the kernel takes: it must be armed to be cancelled.
    struct itimerspec never = {.it_value = {.tv_sec = INT64_C(1) << 40}};
    return timerfd_settime(descriptor, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL);
}

int kymo_clock_step_descriptor(void)
{
    int descriptor = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (descriptor >= 0 && kymo_clock_step_rearm(descriptor) < 0)
        return close_keeping_errno(descriptor);
    return descriptor;
}

int kymo_signal_descriptor(const int *signals, int count)
{
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < count; i++)
        sigaddset(&set, signals[i]);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -1;
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int kymo_next_signal(int descriptor)
{
    struct signalfd_siginfo info;
    return read(descriptor, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

int kymo_realtime_thread(int priority)
{
    if (sched_getscheduler(0) == (SCHED_RR | SCHED_RESET_ON_FORK))
        return 0;
    struct sched_param parameters = {.sched_priority = priority};
    // 0: the calling thread, not the process (sched_setscheduler(2)).
    return sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &parameters);
}

int kymo_forbid_dumps(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

int kymo_refuse_huge_pages(void) { return prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); }

int kymo_epoll(void) { return epoll_create1(EPOLL_CLOEXEC); }

int kymo_epoll_add(int epoll, int descriptor)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
}

int kymo_epoll_writing(int epoll, int descriptor, int writing)
{
    struct epoll_event event = {.events = EPOLLIN | (writing ? EPOLLOUT : 0), .data.fd = descriptor};
    return epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event);
}

int kymo_epoll_remove(int epoll, int descriptor) { return epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, NULL); }

int kymo_epoll_wait(int epoll, int *ready, int capacity, int64_t microseconds)
{
    struct epoll_event events[16];
    struct timespec limit = {.tv_sec = microseconds / 1000000, .tv_nsec = microseconds % 1000000 * 1000};
    if (capacity > 16)
        capacity = 16;
    int count = epoll_pwait2(epoll, events, capacity, microseconds < 0 ? NULL : &limit, NULL);
    if (count < 0 && errno == ENOSYS)
        count = epoll_wait(epoll, events, capacity, microseconds < 0 ? -1 : (int)((microseconds + 999) / 1000));
    for (int i = 0; i < count; i++)
        ready[i] = events[i].data.fd;
    return count;
}

static int shed_object(struct dl_phdr_info *object, size_t size, void *unused)
{
    (void)size, (void)unused;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int index = 0; index < object->dlpi_phnum; index++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[index];
        // What was relocated or set lives in writable segments alone, and would be lost. (A breakpoint that a debugger has
        // set before would be too.)
        if (segment->p_type != PT_LOAD || segment->p_flags & PF_W)
            continue;
        uintptr_t first = (object->dlpi_addr + segment->p_vaddr) & ~(page - 1);
        uintptr_t end = (object->dlpi_addr + segment->p_vaddr + segment->p_memsz + page - 1) & ~(page - 1);
        // The kernel's own page of clock functions refuses, and so does memory that is locked: no harm.
        (void)madvise((void *)first, end - first, MADV_DONTNEED);
    }
    return 0;
}

void kymo_shed_start(void) { dl_iterate_phdr(shed_object, NULL); }

int kymo_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int kymo_wait_readable(int descriptor, int64_t microseconds)
{
    struct pollfd poll = {.fd = descriptor, .events = POLLIN};
    struct timespec limit = {.tv_sec = microseconds / 1000000, .tv_nsec = microseconds % 1000000 * 1000};
    return ppoll(&poll, 1, microseconds < 0 ? NULL : &limit, NULL) > 0;
}

int kymo_watch_directory(const char *path)
{
    int descriptor = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (descriptor < 0)
        return -1;
    if (inotify_add_watch(descriptor, path, IN_CREATE | IN_MODIFY | IN_MOVED_TO | IN_DELETE | IN_ONLYDIR) < 0)
        return close_keeping_errno(descriptor);
    return descriptor;
}

int kymo_unix_set_nonblocking(int socket)
{
    int flags = fcntl(socket, F_GETFL);
    return flags < 0 ? -1 : fcntl(socket, F_SETFL, flags | O_NONBLOCK);
}

int kymo_unix_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK); }

int kymo_send_descriptors(int socket, const void *bytes, size_t count, const int *descriptors, int number)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int) * 2)];
    } control;
    struct iovec data = {.iov_base = (void *)bytes, .iov_len = count};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
    if (number != 2)
        return errno = EINVAL, -1;
    memset(&control, 0, sizeof control);
    message.msg_control = &control;
    message.msg_controllen = sizeof control.space;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * 2);
    memcpy(CMSG_DATA(header), descriptors, sizeof(int) * 2);
    return sendmsg(socket, &message, MSG_NOSIGNAL) == (ssize_t)count ? 0 : -1;
}

ssize_t kymo_receive_descriptors(int socket, void *bytes, size_t capacity, int *descriptors, int number)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int) * 2)];
    } control;
    struct iovec data = {.iov_base = bytes, .iov_len = capacity};
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control.space};
    if (number != 2)
        return errno = EINVAL, -1;
    ssize_t count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (count < 0)
        return -1;
    // Of what does not fit the kernel makes no descriptors.
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
        memcpy(descriptors, CMSG_DATA(header),
               header->cmsg_len < CMSG_LEN(sizeof(int) * 2) ? header->cmsg_len - CMSG_LEN(0) : sizeof(int) * 2);
    if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
        return errno = EMSGSIZE, -1;
    return count;
}

int kymo_process_descriptor(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int kymo_process_signal(int descriptor, int signal)
{
    return (int)syscall(SYS_pidfd_send_signal, descriptor, signal, NULL, 0);
}

int kymo_shared_memory(const char *name, size_t length)
{
    int descriptor = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (descriptor < 0)
        return -1;
    if (ftruncate(descriptor, (off_t)length) == 0
        && fcntl(descriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
        return descriptor;
    return close_keeping_errno(descriptor);
}
