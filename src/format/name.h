/* SPDX-License-Identifier: Apache-2.0 */
/* Names in a log's directory. */
#ifndef WAL_FORMAT_NAME_H
#define WAL_FORMAT_NAME_H

#include <stdbool.h>
#include <stdint.h>

#define NAME_CONTROL    "control"
#define NAME_RESERVE    "reserve"
#define NAME_QUARANTINE "quarantine"
enum { NAME_BYTES = 32 }; /* room for every name and its 0 */

/* "00000000000000000042.wal"; "tmp-00000000000000000042" */
void name_segment(char out[NAME_BYTES], uint64_t number);
void name_temp(char out[NAME_BYTES], uint64_t number);
/* True and the number for exactly ^[0-9]{20}\.wal$ with a number from 1 to 2^64 - 1. */
bool name_is_segment(const char *name, uint64_t *ret_number);
/* Exactly ^tmp-[0-9]{20}$, what name_temp makes: other people's files are left alone, and a name
 * that is one fits into NAME_BYTES. */
bool name_is_temp(const char *name);

#endif
