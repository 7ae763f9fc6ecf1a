#pragma once
#include <libinput.h>

/// Receives one finished line of libinput's log, without the trailing newline.
typedef void (*kymo_libinput_log)(enum libinput_log_priority priority, const char *line, void *context);

/// libinput's log handler takes a va_list, which Swift cannot receive: the line is formatted here.
/// libinput keeps one user_data per context, so the callback's context travels in a slot of its own; one
/// libinput context per process.
void kymo_libinput_set_log(struct libinput *libinput, kymo_libinput_log callback, void *context);

/// The version of the library that is loaded now: the soname's file tells it, libinput has no call for it. "" if not.
const char *kymo_libinput_version(void);
