/* SPDX-License-Identifier: Apache-2.0 */
/* Compiler attributes, in one place so that another compiler needs one file changed. */
#ifndef WAL_BASE_ATTR_H
#define WAL_BASE_ATTR_H

#define MUST_USE                      __attribute__((warn_unused_result))
#define PRINTF(fmt, va)               __attribute__((format(printf, fmt, va)))
#define ALWAYS_INLINE                 static inline __attribute__((always_inline))
#define LIKELY(x)                     __builtin_expect(!!(x), 1)
#define UNLIKELY(x)                   __builtin_expect(!!(x), 0)
#define COUNT_OF(a)                   (sizeof(a) / sizeof((a)[0]))
#define CONTAINER_OF(p, type, member) ((type *)(void *)((char *)(p)-offsetof(type, member)))

#endif
