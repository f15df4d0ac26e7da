/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for logs that are fuzzed. Large blocks are kept for the next who asks for that size: the
 * address sanitizer maps and unmaps each one, which takes longer than everything else. */
#ifndef WAL_TESTS_FUZZ_POOL_H
#define WAL_TESTS_FUZZ_POOL_H

#include <libwal/wal.h>

void pool_use(wal_options_t *o);

#endif
