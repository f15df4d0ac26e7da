/* SPDX-License-Identifier: Apache-2.0 */
/* A program that uses all of the interface of version 1.0, as a user's program of that time: it is
 * compiled against that version's headers, and runs with every later library. What it expects is
 * what those headers promise. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <libwal/wal.h>

/* What must hold, and a call that must succeed; else the program ends with 1 and says where. */
#define CHECK(condition) check((condition), #condition, __FILE__, __LINE__)
#define OK(call)         check((call) >= 0, #call, __FILE__, __LINE__)
void check(int holds, const char *what, const char *file, int line);

/* Valid until the next call. */
const char *path_of(const char *name);
/* A new log of that name, with four records: "one" .. "four". */
wal_t *four_records(const char *name);
void expect_record(wal_t *w, uint64_t lsn, uint32_t type, const char *text);
void expect_range(wal_t *w, uint64_t first, uint64_t last);
/* Closes and removes it. */
void done_with(wal_t *w, const char *name);

void use_options(void);
void use_allocator(void);
void use_presets(void);
void use_ciphers(void);
void use_locks_and_errors(void);
void use_life(void);
void use_appends(void);
void use_durability(void);
void use_batches(void);
void use_tagged_batches(void);
void use_readers(void);
void use_many_records(void);
void use_interrupted_readers(void);
void use_replay(void);
void use_portable_form(void);
void use_truncation(void);
void use_segments(void);
void use_statistics(void);
void use_metadata(void);
void use_info(void);
void use_checkpoints(void);
void use_machine(void);
void use_drain(void);
void use_durable_calls(void);
void use_event_calls(void);
void use_subscriptions(void);
void use_offline(void);

#endif
