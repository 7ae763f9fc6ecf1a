#pragma once
// Linux calls and constants that Swift imports unevenly (enums as different types, macros, variadics).
// A function belongs here only when Glibc's overlay cannot express it.
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// CLOCK_MONOTONIC, microseconds.
uint64_t kymo_monotonic_microseconds(void);
/// CLOCK_REALTIME, microseconds since 1970.
uint64_t kymo_realtime_microseconds(void);
/// CLOCK_MONOTONIC, and CLOCK_REALTIME since 1970, microseconds.
struct kymo_clock_pair {
    uint64_t monotonic, realtime;
};
/// Both at one moment: no system call reads two clocks, and a thread may lose its turn between two, so this is the closest of
/// up to 16 tries (usually the first: within 2 µs).
struct kymo_clock_pair kymo_read_clocks(void);

/// SO_PEERCRED of a connected AF_UNIX socket. 0, or -1 with errno.
int kymo_peer_credentials(int socket, uid_t *uid, pid_t *pid);
/// A bound, listening, non-blocking SOCK_SEQPACKET or SOCK_STREAM AF_UNIX socket. The descriptor, or -1 with errno.
int kymo_unix_listen(const char *path, int seqpacket, int backlog);
/// A connected, non-blocking AF_UNIX socket. The descriptor, or -1 with errno.
int kymo_unix_connect(const char *path, int seqpacket);

/// EVIOCGKEY: which keys are down now; bit n of the buffer is key n. Bytes written, or -1 with errno.
int kymo_evdev_keys_down(int descriptor, uint8_t *bits, size_t length);

/// Bits of the two sets below: ABS_CNT and REL_CNT of linux/input-event-codes.h.
#define KYMO_ABSOLUTE_AXES 64
#define KYMO_RELATIVE_AXES 16
/// The axes of an evdev node: bit n of `absolute` and `relative` is axis n. `touches`: how many values ABS_MT_SLOT, or without
/// it ABS_MT_TRACKING_ID, can have; 0: it has neither. 0, or -1 with errno.
int kymo_evdev_axes(int descriptor, uint8_t *absolute, uint8_t *relative, uint32_t *touches);

/// A timer on CLOCK_REALTIME that never expires but becomes readable (read fails with ECANCELED) when that clock is
/// stepped, or the machine resumes. The descriptor, or -1 with errno.
int kymo_clock_step_descriptor(void);
/// Arms it again after a step. 0, or -1 with errno.
int kymo_clock_step_rearm(int descriptor);
/// CLOCK_BOOTTIME, microseconds: goes on during suspend, as CLOCK_MONOTONIC does not.
uint64_t kymo_boottime_microseconds(void);

/// Blocks the signals and returns a non-blocking descriptor that reports them. -1 with errno.
int kymo_signal_descriptor(const int *signals, int count);
/// The next pending signal of that descriptor, or 0.
int kymo_next_signal(int descriptor);

/// Puts the calling thread, and no thread or process that it makes, under SCHED_RR, unless it is already. 0, or -1 with
/// errno.
int kymo_realtime_thread(int priority);

/// From now on no core of this process is written or piped to anybody, and no other process may read its memory or trace it
/// but one with CAP_SYS_PTRACE. 0, or -1 with errno.
int kymo_forbid_dumps(void);

/// From now on the kernel gives this process pages of the ordinary size alone (PR_SET_THP_DISABLE, prctl(2)). Where it is
/// set to `always`, as Debian ships it, the first byte written to a thread's stack or to the ring takes 2 MiB of memory.
/// Nothing is lost where the kernel has none of it: -1 with errno, and all pages are ordinary anyway.
int kymo_refuse_huge_pages(void);

/// An epoll descriptor. -1 with errno.
int kymo_epoll(void);
int kymo_epoll_add(int epoll, int descriptor);
int kymo_epoll_remove(int epoll, int descriptor);
/// Whether a watched descriptor is also reported when it can be written. 0, or -1 with errno.
int kymo_epoll_writing(int epoll, int descriptor, int writing);
/// Waits at most `microseconds` (-1: for ever) and fills `ready` with readable (or broken) descriptors. The count, or
/// -1 with errno. Rounds up to whole milliseconds where the kernel lacks epoll_pwait2.
int kymo_epoll_wait(int epoll, int *ready, int capacity, int64_t microseconds);

/// Takes the code and constants of this program and its libraries out of the process's memory. What is used afterwards comes
/// back from the page cache, a dozen pages for each fault; what only the start needed (relocations, parsers, the runtime's
/// tables) does not. Pages that can be written are left alone.
void kymo_shed_start(void);

/// An event counter that another thread can make readable. The descriptor, or -1 with errno.
int kymo_eventfd(void);
/// Memory of that many bytes, zeroed, as a file in no directory that another process may map; its
/// size is sealed. The descriptor, or -1 with errno.
int kymo_shared_memory(const char *name, size_t length);
/// Sleeps until the descriptor is readable or so many microseconds have passed (-1: for ever). 1 if readable.
int kymo_wait_readable(int descriptor, int64_t microseconds);
/// A non-blocking inotify descriptor that reports files written, made, renamed and deleted in a directory. -1: errno.
int kymo_watch_directory(const char *path);

/// 0, or -1 with errno.
int kymo_unix_set_nonblocking(int socket);
/// A packet, and two descriptors with it (SCM_RIGHTS). 0, or -1 with errno.
int kymo_send_descriptors(int socket, const void *bytes, size_t count, const int *descriptors, int number);
/// A packet, and the two descriptors that came with it, closed on exec; those that did not come are left as they were.
/// Bytes, or -1 with errno: EMSGSIZE for a packet that is larger than the capacity.
ssize_t kymo_receive_descriptors(int socket, void *bytes, size_t capacity, int *descriptors, int number);
/// The next waiting connection, non-blocking. The descriptor, or -1 with errno.
int kymo_unix_accept(int listener);

/// A descriptor of a process (pidfd_open(2)): it stays that process's, even when its number is given to another. -1: errno.
int kymo_process_descriptor(pid_t pid);
/// Sends a signal to it. 0, or -1 with errno.
int kymo_process_signal(int descriptor, int signal);
