/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that were made so on purpose: every checksum is right, what it covers is not. */
#ifndef WAL_TESTS_FORGE_H
#define WAL_TESTS_FORGE_H

#include "layout.h"
#include "log_made.h"

/* Both slots and the witness say this. */
void forge_control(struct image *i, const struct control *c);
/* Another header block for a segment; all its groups are linked to it, and sealed with its salt and
 * epoch. */
void forge_segment(struct image_file *f, struct segment_header *h);
/* Checksums and links of groups that lie as the layout says, after a change of their bodies. */
void forge_links(struct image_file *f, const struct layout *l);
/* A group behind the last one of the newest segment. The header is put right but for what `spoil`
 * then changes; the body's CRC is right. Returns its offset. */
struct forged {
    uint8_t type, flags;
    uint32_t records;
    const void *body;
    size_t size;
    size_t raw;   /* of a compressed one; 0: as many as `size` */
    bool seal;    /* encrypt it, before `spoil` */
    bool vouched; /* the witness says that it is durable */
    void (*spoil)(struct group_header *h);
};
uint64_t forge_group(struct image *i, const struct forged *g);
/* The body of the last group of an older segment, its seal, becomes another one; whatever states
 * that group's checksum follows. */
void forge_seal(struct image *i, uint64_t number, const void *body, size_t size);

/* Opens the log with a counting allocator, both ways, and reads everything there is; asks
 * wal_verify first, too. */
struct verdict_on_forged {
    int open, read; /* codes; read: of the first failing call */
    uint64_t last;  /* LSN of the last record that could be read */
    size_t largest; /* block of memory asked for */
    unsigned wrong; /* records up to the honest log's last that are not what was put in; 1 more
                       where wal_verify finds no damage and opening or reading does */
    int verified;   /* wal_verify's code */
};
void forge_try(const char *path, const struct history *h, bool read_only,
               struct verdict_on_forged *ret);

#endif
