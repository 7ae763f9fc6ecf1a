#include "kinds.h"

#include <linux/input.h>
#include <string.h>

#define END -1
#define NO_RANGE {END, END}
#define NO_AXIS {END, 0, 0, 0}
// ABS_MT_TRACKING_ID, then where the touch is.
#define TOUCHES(slots, width, height, resolution) \
    {ABS_X, 0, width, resolution}, {ABS_Y, 0, height, resolution}, {ABS_MT_SLOT, 0, (slots) - 1, 0}, \
    {ABS_MT_POSITION_X, 0, width, resolution}, {ABS_MT_POSITION_Y, 0, height, resolution}, \
    {ABS_MT_TOOL_TYPE, 0, 2, 0}, {ABS_MT_TRACKING_ID, 0, 65535, 0}, NO_AXIS

static const struct kind kinds[] = {
    {
        .name = "keyboard", .title = "Testbed Keyboard", .bus = BUS_USB, .vendor = 0x1d6b, .product = 0x0101,
        .keys = {{KEY_ESC, KEY_F10}, {KEY_F11, KEY_F12}, {KEY_KPENTER, KEY_COMPOSE}, NO_RANGE},
        .relative = {END}, .absolute = {NO_AXIS}, .switches = {END}, .properties = {END},
        .has_scan_codes = 1, .has_leds = 1, .udev = {"ID_INPUT_KEY=1", "ID_INPUT_KEYBOARD=1"},
    },
    {
        .name = "mouse", .title = "Testbed Mouse", .bus = BUS_USB, .vendor = 0x1d6b, .product = 0x0102,
        .keys = {{BTN_LEFT, BTN_TASK}, NO_RANGE},
        .relative = {REL_X, REL_Y, REL_HWHEEL, REL_WHEEL, REL_WHEEL_HI_RES, REL_HWHEEL_HI_RES, END},
        .absolute = {NO_AXIS}, .switches = {END}, .properties = {END},
        .has_scan_codes = 1, .udev = {"ID_INPUT_MOUSE=1", "MOUSE_DPI=1000@1000"},
    },
    {
        // What virtual machines offer: a mouse that knows where it is.
        .name = "pointer", .title = "Testbed Absolute Pointer", .bus = BUS_VIRTUAL, .vendor = 0x1d6b, .product = 0x0103,
        .keys = {{BTN_LEFT, BTN_MIDDLE}, NO_RANGE}, .relative = {REL_WHEEL, END},
        .absolute = {{ABS_X, 0, 32767, 0}, {ABS_Y, 0, 32767, 0}, NO_AXIS}, .switches = {END}, .properties = {END},
        .udev = {"ID_INPUT_MOUSE=1"},
    },
    {
        .name = "touchpad", .title = "Testbed Touchpad", .bus = BUS_I2C, .vendor = 0x1d6b, .product = 0x0104,
        .keys = {{BTN_LEFT, BTN_LEFT}, {BTN_TOOL_FINGER, BTN_TOOL_FINGER}, {BTN_TOUCH, BTN_TOUCH},
                 {BTN_TOOL_DOUBLETAP, BTN_TOOL_QUADTAP}, NO_RANGE},
        .relative = {END}, .absolute = {TOUCHES(5, 3000, 2000, 30)}, .switches = {END},
        .slots = 5, .properties = {INPUT_PROP_POINTER, INPUT_PROP_BUTTONPAD, END},
        .udev = {"ID_INPUT_TOUCHPAD=1", "ID_INPUT_TOUCHPAD_INTEGRATION=internal"},
    },
    {
        .name = "touchscreen", .title = "Testbed Touchscreen", .bus = BUS_I2C, .vendor = 0x1d6b, .product = 0x0105,
        .keys = {{BTN_TOUCH, BTN_TOUCH}, NO_RANGE}, .relative = {END},
        .absolute = {TOUCHES(10, 4000, 2500, 15)}, .switches = {END},
        .slots = 10, .properties = {INPUT_PROP_DIRECT, END}, .udev = {"ID_INPUT_TOUCHSCREEN=1"},
    },
    {
        .name = "tablet", .title = "Testbed Pen Tablet", .bus = BUS_USB, .vendor = 0x1d6b, .product = 0x0106,
        .keys = {{BTN_TOOL_PEN, BTN_TOOL_PEN}, {BTN_TOUCH, BTN_STYLUS2}, NO_RANGE}, .relative = {END},
        .absolute = {{ABS_X, 0, 20000, 100}, {ABS_Y, 0, 15000, 100}, {ABS_PRESSURE, 0, 2047, 0},
                     {ABS_DISTANCE, 0, 63, 0}, {ABS_TILT_X, -64, 63, 57}, {ABS_TILT_Y, -64, 63, 57}, NO_AXIS},
        .switches = {END}, .properties = {INPUT_PROP_POINTER, END}, .udev = {"ID_INPUT_TABLET=1"},
    },
    {
        .name = "pad", .title = "Testbed Tablet Pad", .bus = BUS_USB, .vendor = 0x1d6b, .product = 0x0107,
        .keys = {{BTN_0, BTN_3}, {BTN_STYLUS, BTN_STYLUS}, NO_RANGE}, .relative = {END},
        .absolute = {{ABS_X, 0, 1, 0}, {ABS_Y, 0, 1, 0}, {ABS_WHEEL, 0, 71, 0}, {ABS_MISC, 0, 255, 0}, NO_AXIS},
        .switches = {END}, .properties = {END}, .udev = {"ID_INPUT_TABLET=1", "ID_INPUT_TABLET_PAD=1"},
    },
    {
        .name = "switch", .title = "Testbed Lid", .bus = BUS_HOST, .vendor = 0, .product = 5,
        .keys = {NO_RANGE}, .relative = {END}, .absolute = {NO_AXIS},
        .switches = {SW_LID, SW_TABLET_MODE, END}, .properties = {END}, .udev = {"ID_INPUT_SWITCH=1"},
    },
};

const struct kind *kind_named(const char *name) {
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, name) == 0) return &kinds[i];
    return NULL;
}
