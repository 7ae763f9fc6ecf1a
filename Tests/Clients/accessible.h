/* One field on the accessibility bus, as a toolkit would have it. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* Connects to the session's accessibility bus. `role` is AT-SPI's (40 password text, 61 text…), `toolkit` what the app says
 * that it is built with. */
void accessible_open(uint32_t role, const char *toolkit);
/* To be polled for reading; -1: there is none. */
int accessible_descriptor(void);
void accessible_process(void);
/* The field gets or loses the focus, or becomes another one. */
void accessible_focus(bool has_focus);
void accessible_become(uint32_t role);
/* The same, told only now that the window may have lost the focus: then the field has lost it, too. */
void accessible_become_late(uint32_t role);
/* Its label is so long from now on, in bytes. */
void accessible_label(uint32_t length);
