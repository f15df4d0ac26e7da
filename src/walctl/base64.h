/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 4648, with padding, on one line. */
#ifndef WALCTL_BASE64_H
#define WALCTL_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Errors of writing stay in the FILE. */
void base64_write(FILE *to, const void *data, size_t size);
/* Into `to`, which may be where the text is: at most size / 4 * 3 bytes. False: it isn't exactly
 * what base64_write makes of some bytes. */
bool base64_read(const uint8_t *text, size_t size, uint8_t *to, size_t *ret_size);

#endif
