/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "walctl/base64.h"
#include "walctl/import.h"
#include "walctl/message.h"
#include "walctl/object.h"

/* What a line says. */
struct line {
    bool has_data, has_size, batch_last;
    uint64_t type, size;
    const uint8_t *data, *tag;
    size_t data_size, tag_size; /* tag_size 0: none */
};

static int wrong(uint64_t number, const char *what)
{
    message("line %" PRIu64 " of the input: %s", number, what);
    return CODE_FAILED;
}

static bool take_bytes(const struct object_value *v, const uint8_t **ret, size_t *ret_size)
{
    *ret = v->text;
    return v->kind == OBJECT_STRING && base64_read(v->text, v->size, v->text, ret_size);
}

static bool take_number(const struct object_value *v, uint64_t *ret)
{
    *ret = v->number;
    return v->kind == OBJECT_NUMBER && v->is_number;
}

/* Keys that it doesn't know may say what they like. */
static const char *take_member(void *ctx, const char *key, const struct object_value *v)
{
    struct line *l = ctx;

    if (strcmp(key, "data") == 0) {
        if (l->has_data || !take_bytes(v, &l->data, &l->data_size))
            return "\"data\" is no base64, or there twice";
        l->has_data = true;
    } else if (strcmp(key, "tag") == 0) {
        if (l->tag || !take_bytes(v, &l->tag, &l->tag_size) || l->tag_size > 64)
            return "\"tag\" is no base64, above 64 bytes, or there twice";
    } else if (strcmp(key, "type") == 0) {
        if (!take_number(v, &l->type) || l->type > UINT16_MAX)
            return "\"type\" is no number from 0 to 65535";
    } else if (strcmp(key, "size") == 0) {
        l->has_size = take_number(v, &l->size);
        if (!l->has_size)
            return "\"size\" is no number";
    } else if (strcmp(key, "batch_last") == 0) {
        l->batch_last = v->is_true;
        if (v->kind != OBJECT_BOOL)
            return "\"batch_last\" is neither true nor false";
    }
    return NULL;
}

static int take_line(struct import *i, uint64_t number, uint8_t *text, size_t size)
{
    struct line l = {.batch_last = true};
    const char *bad = object_read(text, size, take_member, &l);

    if (!bad && !l.has_data)
        bad = "\"data\" is missing";
    if (!bad && l.has_size && l.size != l.data_size)
        bad = "\"size\" is not that of \"data\"";
    if (bad)
        return wrong(number, bad);
    int e = wal_batch_append(i->batch, (uint32_t)l.type, l.data, l.data_size);
    if (e == 0 && l.tag_size > 0)
        e = wal_batch_set_tag(i->batch, l.tag, l.tag_size);
    if (e < 0) {
        int code = failure();
        wrong(number, "it can't be taken");
        return code;
    }
    return l.batch_last ? import_commit(i) : CODE_FINE;
}

/* Its end in the buffer, from `looked` on; NULL: it isn't there yet. */
static const uint8_t *find_end(const struct input *in, size_t looked)
{
    const uint8_t *data = input_data(in);
    size_t left = input_left(in);
    const uint8_t *end = left > looked ? memchr(data + looked, '\n', left - looked) : NULL;

    return end || !in->end || left == 0 ? end : data + left;
}

/* The next line, without its newline. 1: it is there, 0: that was all, -1: an error, which it has
 * said, or a signal. */
static int next_line(struct import *i, uint64_t number, uint8_t **ret, size_t *ret_size)
{
    const uint8_t *end;
    size_t looked = 0;

    while (!(end = find_end(&i->in, looked)) && !i->in.end) {
        looked = input_left(&i->in);
        if (looked > i->line_bytes_max) {
            wrong(number, "it is longer than a record can be");
            return -1;
        }
        if (input_fill(&i->in) < 0)
            return -1;
    }
    if (!end)
        return 0;
    *ret = i->in.b.data + i->in.at;
    *ret_size = (size_t)(end - *ret);
    i->in.at += *ret_size + (i->in.at + *ret_size < i->in.b.size); /* the last one may lack it */
    return 1;
}

int import_lines(struct import *i)
{
    int code = CODE_FINE, got = 1;
    uint64_t number = 1;
    uint8_t *text;
    size_t size;

    for (; code == CODE_FINE && (got = next_line(i, number, &text, &size)) == 1; number++)
        code = take_line(i, number, text, size);
    if (code == CODE_FINE && got == 0 && wal_batch_count(i->batch) > 0)
        return wrong(number, "the input ends inside of a batch");
    return got < 0 ? CODE_FAILED : code;
}
