// The kinds of input device that the testbed can plug in.
#pragma once

struct range {
    int first, last;
};

struct axis {
    int code, minimum, maximum, resolution;
};

// Lists end with an entry of -1.
struct kind {
    const char *name;
    const char *title;  // what the device calls itself
    int bus, vendor, product;
    struct range keys[8];
    int relative[9];
    struct axis absolute[10];
    int switches[3];
    int has_scan_codes, has_leds;
    int slots;  // touches at once; 0: no multitouch
    int properties[3];
    const char *udev[4];  // what udevd's rules would have found out; NULL at the end
};

const struct kind *kind_named(const char *name);
