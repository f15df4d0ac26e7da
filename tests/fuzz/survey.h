/* SPDX-License-Identifier: Apache-2.0 */
/* A log of whatever bytes on a simulated disk, asked for all that can be asked of a log: nothing
 * may break, and the answers have to go together. */
#ifndef WAL_TESTS_FUZZ_SURVEY_H
#define WAL_TESTS_FUZZ_SURVEY_H

#include "support/simdisk.h"

#define SURVEY_DIR "/log"

/* An empty one with the directory. The caller frees it. */
struct simdisk *survey_disk(void);
void survey(struct simdisk *d);

#endif
