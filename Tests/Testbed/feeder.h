// Feeds one device from a real-time thread of its own: keeps its rate, whatever the reader does.
#pragma once

#include "device.h"

struct feeder;

// Motion reports, each different from its neighbours.
struct feeder *feeder_move(struct device *device, double rate_hz, double seconds);
// Presses and releases the codes in turn, `rate_hz` presses a second.
struct feeder *feeder_type(struct device *device, double rate_hz, double seconds, const int *codes, int count);

// One report of a mouse, as files of them have it.
struct report {
    uint64_t time_us;
    int32_t dx, dy;
};
// Moves as the reports in a file do, at their times. NULL: there is no such file, or it holds no whole reports.
struct feeder *feeder_play(struct device *device, const char *path);

struct feeder_report {
    int is_running;
    int is_real_time;
    uint64_t sent;
    uint64_t skipped;  // reports that the machine did not let the feeder send in time
    double seconds;
};
struct feeder_report feeder_report(struct feeder *feeder);
// Waits for its end, or ends it.
void feeder_stop(struct feeder *feeder);
