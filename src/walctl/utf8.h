/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8: what is valid, and what may be sent to a terminal as it is. */
#ifndef WALCTL_UTF8_H
#define WALCTL_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the valid sequence at the start of `size` bytes, 1 to 4, and its code point; 0: there is
 * none. Overlong forms and surrogates are not valid. */
size_t utf8_decode(const uint8_t *at, size_t size, uint32_t *ret);
/* Writes a code point, 1 to 4 bytes, and returns how many. */
size_t utf8_encode(uint32_t c, uint8_t *to);
bool utf8_valid(const void *data, size_t size);
/* Whether a terminal shows it and does nothing else: no control characters (C0, DEL, C1), line and
 * paragraph separators, marks that change the direction of writing, byte order marks, or code
 * points that are no characters. */
bool utf8_printable(uint32_t c);

#endif
