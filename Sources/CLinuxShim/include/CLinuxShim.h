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

/// SO_PEERCRED of a connected AF_UNIX socket. 0, or -1 with errno.
int kymo_peer_credentials(int socket, uid_t *uid, pid_t *pid);
/// A bound, listening, non-blocking SOCK_SEQPACKET or SOCK_STREAM AF_UNIX socket. The descriptor, or -1 with errno.
int kymo_unix_listen(const char *path, int seqpacket, int backlog);
/// A connected, non-blocking AF_UNIX socket. The descriptor, or -1 with errno.
int kymo_unix_connect(const char *path, int seqpacket);

/// EVIOCGKEY: which keys are down now; bit n of the buffer is key n. Bytes written, or -1 with errno.
int kymo_evdev_keys_down(int descriptor, uint8_t *bits, size_t length);
