/* SPDX-License-Identifier: Apache-2.0 */
/* The dumps in docs/format.md: blocks that begin with "```hex NAME SIZE", lines of an offset and
 * bytes, a remark behind a bar, and zeros where nothing is shown. */
#ifndef WAL_TESTS_DOCUMENT_H
#define WAL_TESTS_DOCUMENT_H

#include <stddef.h>
#include <stdint.h>

/* What the document shows under this name and size. Fails the test when there is no such block. */
void document_read(const char *name, uint8_t *out, size_t size);
/* Fails the test when the document shows other bytes, and prints what it has to show. */
void document_expect(const char *name, const uint8_t *bytes, size_t size);

#endif
