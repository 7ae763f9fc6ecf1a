/* Who is told. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <wayland-server-core.h>

#include "kymograph.h"

/*
 * By the kernel: user and process of the peer when it connected, and the program that this process runs now. Other
 * programs of the same user could still become it, or look into its memory; what this keeps out is whoever merely
 * connects, and what a sandbox hands through.
 */
bool is_agent(const struct wl_client *client) {
    pid_t pid;
    uid_t uid;
    char link[64], program[sizeof KYMO_AGENT + 1];
    wl_client_get_credentials((struct wl_client *)client, &pid, &uid, NULL);
    if (uid != geteuid()) return false;
    snprintf(link, sizeof link, "/proc/%d/exe", (int)pid);
    /* One byte of room more than the name takes: a longer one is seen to be another. */
    ssize_t length = readlink(link, program, sizeof program);
    return length == (ssize_t)strlen(KYMO_AGENT) && memcmp(program, KYMO_AGENT, (size_t)length) == 0;
}
