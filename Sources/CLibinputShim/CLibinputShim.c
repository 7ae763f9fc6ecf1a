#include "CLibinputShim.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static kymo_libinput_log current_callback;
static void *current_context;

__attribute__((format(printf, 3, 0))) static void
format_line(struct libinput *libinput, enum libinput_log_priority priority, const char *format, va_list arguments)
{
    (void)libinput;
    char line[1024];
    vsnprintf(line, sizeof line, format, arguments);
    line[strcspn(line, "\n")] = 0;
    if (current_callback)
        current_callback(priority, line, current_context);
}

void kymo_libinput_set_log(struct libinput *libinput, kymo_libinput_log callback, void *context)
{
    current_callback = callback;
    current_context = context;
    libinput_log_set_handler(libinput, format_line);
    libinput_log_set_priority(libinput, LIBINPUT_LOG_PRIORITY_INFO);
}

const char *kymo_libinput_version(void)
{
    // libinput installs as libinput.so.10.13.0; the package's version is nowhere in it, the soname's tail is the
    // nearest fact that there is at run time.
    static char version[64];
    if (version[0])
        return version;
    FILE *maps = fopen("/proc/self/maps", "re");
    if (!maps)
        return version;
    char line[512];
    while (fgets(line, sizeof line, maps)) {
        char *name = strstr(line, "/libinput.so.");
        if (name) {
            snprintf(version, sizeof version, "%.*s", (int)strcspn(name + 1, "\n"), name + 1);
            break;
        }
    }
    fclose(maps);
    return version;
}
