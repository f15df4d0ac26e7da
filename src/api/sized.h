/* SPDX-License-Identifier: Apache-2.0 */
/* The size rules of public structs: each begins with `uint32_t size`, and programs built against an
 * older or a newer header hand in theirs. Sets no fault. */
#ifndef WAL_API_SIZED_H
#define WAL_API_SIZED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* How large a struct was when its last member so far was `member`. */
#define SIZE_UP_TO(type, member) (offsetof(type, member) + sizeof(((type *)0)->member))

/* Fills the caller's struct of `size` bytes with our `from` of from_size bytes: what the caller
 * knows of it, zeros where the caller knows more; its size member says `size`. False, and nothing
 * is written, when ret is NULL or size is below `least`, that of version 1.0. */
MUST_USE bool sized_fill(void *ret, uint32_t size, const void *from, size_t from_size,
                         size_t least);

/* Whether a struct that was handed in is one: not NULL, and its size at least that of version 1.0.
 */
MUST_USE bool sized_right(const void *given, size_t least);

#endif
