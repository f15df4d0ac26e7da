/* SPDX-License-Identifier: Apache-2.0 */
/* Small tests of one promise each, for bugs that need a damaged file, real files, threads or forks
 * to show. True: the promise is broken. */
#ifndef WAL_TESTS_DIRECT_H
#define WAL_TESTS_DIRECT_H

#include <stdbool.h>

/* damage.c: on the simulated disk */
bool hostile_length_asks_for_memory(void);
bool zeroed_end_passes_for_the_end(void);
bool one_bit_cuts_the_rest(void);
bool missing_segment_goes_unnoticed(void);
bool damage_looks_like_the_end(void);
bool repair_loses_segments(void);
bool full_disk_keeps_a_thread_busy(void);

/* process.c: on real files, with other processes and threads */
bool a_removed_file_is_taken_for_the_lock(void);
bool closing_another_descriptor_unlocks(void);
bool child_inherits_the_lock(void);
bool checksum_is_of_other_bytes(void);
bool close_leaves_a_caller_inside(void);
bool some_append_hangs(void);

/* encryption.c: on real files, with the tests' cipher */
bool a_nonce_is_used_twice(void);
bool clear_text_is_written(void);

#endif
