// SPDX-License-Identifier: MIT
//
// cell.h - text of a bounded width on a terminal.
//
// Clean text is UTF-8 that moves nothing but the cursor, forwards: no control characters, nothing that turns the
// writing direction. So it cannot break a diagram, whatever a user's names and messages are.

#ifndef ACTI_SIM_CELL_H
#define ACTI_SIM_CELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// acti_cell_next gives the bytes of the first character of text, at least 1, and its width of 0, 1 or 2 columns.
// Text that is not clean there: width 1 and *clean false. text must not be at its end.
size_t
acti_cell_next(const char *text, uint32_t *width, bool *clean);

// acti_cell_clean copies a text of any bytes: what is not clean becomes '?', line breaks and tabs a space. More than
// `columns`, or than fits, is cut and ends in "...". columns must be at least 3, size at least 4. Gives the width.
uint32_t
acti_cell_clean(const char *text, uint32_t columns, char *to, size_t size);

// acti_cell_width is the width of clean text.
uint32_t
acti_cell_width(const char *text);

// acti_cell_break gives how many bytes at the front of clean text go on a line of `columns`, at least 2: up to a space
// if there is one, and never 0 unless the text is empty.
size_t
acti_cell_break(const char *text, uint32_t columns);

#endif
