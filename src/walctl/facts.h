/* SPDX-License-Identifier: Apache-2.0 */
/* What a log is and how it stands, as far as a look without reading its records tells. */
#ifndef WALCTL_FACTS_H
#define WALCTL_FACTS_H

#include <libwal/wal.h>

#include <stdbool.h>

#include "walctl/verdict.h"

enum { FACTS_UUID_TEXT = 37 };

struct facts {
    const char *path;
    wal_info_t info;
    wal_recovery_t recovery;
    uint64_t first, last, next, durable;
    uint64_t segments, disk_bytes, metadata_keys;
    bool in_use;
    uint32_t writer_pid; /* 0: unknown */
    enum verdict verdict;
};

/* Opens the log read-only, and looks. CODE_FINE, or the exit code after a message. */
int facts_open(const char *path, struct facts *ret, wal_t **ret_log);
uint64_t facts_records(const struct facts *f);
/* How the newest segment is compressed; encrypted. */
const char *facts_codec(const struct facts *f);
void facts_print_cipher(const struct facts *f);
/* Prints who has the log open for writing. */
void facts_print_writer(const struct facts *f);
void facts_uuid(const struct facts *f, char text[FACTS_UUID_TEXT]);

#endif
