/* SPDX-License-Identifier: Apache-2.0 */
/* How much a test of one thread does that would do the same thing for minutes. Sanitizers make it
 * up to twenty times as slow, and what they look for shows in a part of it. Whoever does less says
 * so in a note. */
#ifndef WAL_TESTS_PACE_H
#define WAL_TESTS_PACE_H

/* One of so many. */
#if defined(__SANITIZE_THREAD__)
enum { PACE = 8 };
#elif defined(__SANITIZE_ADDRESS__)
enum { PACE = 4 };
#else
enum { PACE = 1 };
#endif

#endif
