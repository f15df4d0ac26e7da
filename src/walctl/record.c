/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "walctl/color.h"
#include "walctl/decoder.h"
#include "walctl/escape.h"
#include "walctl/format.h"
#include "walctl/frame.h"
#include "walctl/json.h"
#include "walctl/message.h"

enum { HEX_BYTES = 16 };

int record_check(void)
{
    if (frame_chosen() != FRAME_NONE && format_chosen() != FORMAT_RAW)
        return usage_error("--lines, --null and --length-prefixed go with --output raw only");
    return CODE_FINE;
}

/* A decoder's lines go below each other; those after the first begin with two tabs, so that none
 * can be taken for a record. A newline at the very end is left out. */
static void print_lines(const char *at, size_t size)
{
    const char *end;

    if (size > 0 && at[size - 1] == '\n')
        size--;
    while ((end = memchr(at, '\n', size))) {
        escape_text(stdout, at, (size_t)(end - at));
        fputs("\n\t\t", stdout);
        size -= (size_t)(end - at) + 1;
        at = end + 1;
    }
    escape_text(stdout, at, size);
}

static void print_text(const wal_record_t *r, const struct bytes *decoded)
{
    printf("%s%" PRIu64 "%s\t%s%" PRIu32 "%s\t", color(COLOR_LSN), r->lsn, color(COLOR_OFF),
           color(COLOR_TYPE), r->type, color(COLOR_OFF));
    if (decoded)
        print_lines((const char *)decoded->data, decoded->size);
    else
        escape_text(stdout, r->data, r->data_size);
    putchar('\n');
}

static void print_json(const wal_record_t *r, const struct bytes *decoded)
{
    json_begin();
    json_u64("lsn", r->lsn);
    json_u64("type", r->type);
    json_u64("size", r->data_size);
    json_bool("durable", r->flags & WAL_RECORD_DURABLE);
    json_bool("batch_last", r->flags & WAL_RECORD_BATCH_LAST);
    if (r->tag)
        json_bytes("tag", "tag_text", r->tag, r->tag_size);
    json_bytes("data", "text", r->data, r->data_size);
    if (decoded)
        json_bytes("decoded_data", "decoded_text", decoded->data, decoded->size);
    json_end();
}

static void print_hex_line(const uint8_t *at, size_t n, uint64_t offset)
{
    printf("%08" PRIx64 " ", offset);
    for (size_t k = 0; k < HEX_BYTES; k++) {
        if (k < n)
            printf(k == HEX_BYTES / 2 ? "  %02x" : " %02x", at[k]);
        else
            fputs(k == HEX_BYTES / 2 ? "    " : "   ", stdout);
    }
    fputs("  |", stdout);
    for (size_t k = 0; k < n; k++)
        putchar(at[k] >= 0x20 && at[k] < 0x7f ? at[k] : '.');
    fputs("|\n", stdout);
}

static void print_hex(const wal_record_t *r, const uint8_t *data, size_t size)
{
    printf("LSN %s%" PRIu64 "%s, type %s%" PRIu32 "%s, %zu byte%s\n", color(COLOR_LSN), r->lsn,
           color(COLOR_OFF), color(COLOR_TYPE), r->type, color(COLOR_OFF), size, plural(size));
    for (size_t k = 0; k < size; k += HEX_BYTES)
        print_hex_line(data + k, size - k < HEX_BYTES ? size - k : HEX_BYTES, k);
}

void record_print(const wal_record_t *record)
{
    const struct bytes *decoded = decoder_given() ? decoder_run(record) : NULL;
    const void *data = decoded ? decoded->data : record->data;
    size_t size = decoded ? decoded->size : record->data_size;

    switch (format_chosen()) {
    case FORMAT_TEXT:
        print_text(record, decoded);
        break;
    case FORMAT_JSON:
        print_json(record, decoded);
        break;
    case FORMAT_RAW:
        frame_print(data, size);
        break;
    case FORMAT_HEX:
        print_hex(record, data, size);
        break;
    }
}

int record_result(int code)
{
    return code == CODE_FINE && decoder_failures() > 0 ? CODE_FAILED : code;
}
