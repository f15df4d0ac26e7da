/* SPDX-License-Identifier: Apache-2.0 */
/* A segment that control doesn't name: was it ever written to beyond what it was born with? */
#ifndef WAL_SEGMENT_ORPHAN_H
#define WAL_SEGMENT_ORPHAN_H

#include "segment/groups.h"

/* *ret: whether a right group header without BIRTH lies anywhere in it. */
MUST_USE int orphan_lived(const struct segment *s, const struct alloc *a, int *ret);

#endif
