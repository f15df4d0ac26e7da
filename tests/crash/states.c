/* SPDX-License-Identifier: Apache-2.0 */
#include "crash/states.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/options.h"
#include "format/control.h"
#include "format/header.h"
#include "format/name.h"
#include "log/open.h"

enum { FILES_MAX = 32, PATH_BYTES = NAME_BYTES + 8, PIECE = 4096 };

#define CONTROL_PATH "/log/" NAME_CONTROL

/* What lies in the directory. */
struct files {
    uint64_t numbers[FILES_MAX];
    uint32_t n, temps;
    bool control;
    bool right[2];
    struct control slot[2];
    const struct control *taken; /* by a writer; NULL: neither */
};

static int take_name(void *arg, const char *name)
{
    struct files *f = arg;
    uint64_t number;
    if (name_is_segment(name, &number) && f->n < FILES_MAX)
        f->numbers[f->n++] = number;
    f->temps += name_is_temp(name);
    f->control |= strcmp(name, NAME_CONTROL) == 0;
    return 0;
}

static void look(const struct simdisk *d, struct files *f)
{
    static const uint64_t place[2] = {CONTROL_SLOT_A, CONTROL_SLOT_B};

    *f = (struct files){0};
    (void)simdisk_list(d, "/log", take_name, f);
    for (int k = 0; k < 2; k++) {
        uint8_t bytes[CONTROL_SLOT_BYTES] = {0};
        (void)simdisk_read(d, CONTROL_PATH, place[k], bytes, sizeof bytes);
        f->right[k] = control_decode(&f->slot[k], bytes) == DECODED_RIGHT;
        if (f->right[k] && (!f->taken || f->slot[k].sequence > f->taken->sequence))
            f->taken = &f->slot[k];
    }
}

uint64_t state_sequence(const struct simdisk *d)
{
    struct files f;
    look(d, &f);
    return f.taken ? f.taken->sequence : 0;
}

static const char *control_word(const struct files *f, uint64_t before)
{
    bool both = f->right[0] && f->right[1] && f->slot[0].sequence == f->slot[1].sequence;

    if (!f->control)
        return "no file";
    if (!f->taken)
        return "no slot";
    if (f->taken->newest == 0)
        return both ? "begun" : "one begun";
    if (f->taken->sequence == before)
        return "old";
    return both ? "new" : "one new";
}

static const char *path_of(uint64_t number)
{
    static char path[PATH_BYTES];
    char name[NAME_BYTES];
    name_segment(name, number);
    snprintf(path, sizeof path, "/log/%s", name);
    return path;
}

static bool header_of(const struct simdisk *d, uint64_t number, struct segment_header *ret)
{
    uint8_t block[SEGMENT_HEADER_BLOCK] = {0};
    unsigned repairs;
    (void)simdisk_read(d, path_of(number), 0, block, sizeof block);
    return segment_header_decode_block(ret, block, &repairs) == DECODED_RIGHT;
}

static bool in_chain(const struct simdisk *d, const struct control *c, uint64_t number)
{
    struct segment_header h;
    uint64_t at = c->newest;
    while (at > number && at > c->oldest && header_of(d, at, &h))
        at = h.follow.number;
    return at == number && number >= c->oldest;
}

/* The files that are no part of the log. */
static const char *files_word(const struct simdisk *d, const struct files *f)
{
    static char word[64];
    struct segment_header h;
    bool orphan = false, wreck = false, dead = false;

    for (uint32_t k = 0; k < f->n; k++) {
        bool above = !f->taken || f->numbers[k] > f->taken->newest;
        bool right = header_of(d, f->numbers[k], &h);
        orphan |= above && right;
        wreck |= above && !right;
        dead |= !above && !in_chain(d, f->taken, f->numbers[k]);
    }
    snprintf(word, sizeof word, "%s%s%s%s", f->temps ? ", temporary" : "", orphan ? ", orphan" : "",
             wreck ? ", wreck" : "", dead ? ", dead" : "");
    return *word ? word + 2 : "-";
}

static int open_with(struct simdisk *d, uint32_t option, wal_error_t *ret_error)
{
    wal_options_t *o;
    wal_t *w = NULL;

    if (wal_options_new(&o) < 0 || wal_options_set(o, WAL_OPT_CREATE, 0) < 0 ||
        wal_options_set(o, option, 1) < 0 || wal_options_set(o, WAL_OPT_BACKGROUND, 0) < 0)
        abort();
    options_set_os(o, simdisk_os(d));
    int e = wal_open("/log", o, &w);
    *ret_error = (wal_error_t){.size = sizeof *ret_error};
    if (e < 0 && wal_last_error(ret_error, sizeof *ret_error) < 0)
        abort();
    wal_close(w);
    wal_options_free(o);
    return e;
}

/* How the newest segment ends: a strict open refuses what is torn and names the verdict's case. */
static enum tried end_word(struct session *s, char ret[64])
{
    struct simdisk *d = simdisk_kill_image(s->disk);
    uint64_t version = simdisk_version(d);
    wal_error_t error;

    int e = open_with(d, WAL_OPT_STRICT, &error);
    bool wrote = simdisk_version(d) != version;
    simdisk_free(d);
    snprintf(ret, 64, "%s", e == 0 ? "clean" : e == WAL_E_NOTFOUND ? "-" : wal_error_name(e));
    if (e == WAL_E_TORN) {
        const char *p = strstr(error.message, ", LSN ");
        p = p ? strstr(p, ": ") : NULL;
        snprintf(ret, 64, "%.*s", p ? (int)strcspn(p + 2, ":") : 0, p ? p + 2 : "");
    }
    return e < 0 && wrote ? session_wrong(s, "a strict open refuses it, but has written")
                          : TRIED_OK;
}

static enum tried read_only(struct session *s, int *ret_code)
{
    struct simdisk *d = simdisk_kill_image(s->disk);
    uint64_t version = simdisk_version(d);
    wal_error_t error;

    *ret_code = open_with(d, WAL_OPT_READ_ONLY, &error);
    bool wrote = simdisk_version(d) != version;
    simdisk_free(d);
    return wrote ? session_wrong(s, "a read-only open has written") : TRIED_OK;
}

static bool same_bytes(const struct simdisk *a, const struct simdisk *b, const char *path)
{
    uint8_t x[PIECE], y[PIECE];
    if (simdisk_size(a, path) != simdisk_size(b, path))
        return false;
    for (uint64_t at = 0; at < (uint64_t)simdisk_size(a, path); at += PIECE) {
        int64_t n = simdisk_read(a, path, at, x, PIECE), m = simdisk_read(b, path, at, y, PIECE);
        if (n != m || n < 0 || memcmp(x, y, (size_t)n) != 0)
            return false;
    }
    return true;
}

/* What an open promises to leave: segments as they were, or gone; both slots alike; and nothing
 * beside the log, unless it found a clean close and has written nothing. */
static enum tried check_left(struct session *s, const struct simdisk *image,
                             const struct files *before)
{
    struct files now;
    look(s->disk, &now);
    for (uint32_t k = 0; k < before->n; k++) {
        const char *path = path_of(before->numbers[k]);
        if (before->taken && before->numbers[k] <= before->taken->newest &&
            simdisk_size(s->disk, path) >= 0 && !same_bytes(image, s->disk, path))
            return session_wrong(s, "open has changed %s", path);
    }
    bool wrote = !before->taken || now.taken->sequence != before->taken->sequence;
    if (strcmp(control_word(&now, 0), "new") != 0)
        return session_wrong(s, "the slots differ after open: %s", control_word(&now, 0));
    if (wrote && strcmp(files_word(s->disk, &now), "-") != 0)
        return session_wrong(s, "open has left %s", files_word(s->disk, &now));
    return TRIED_OK;
}

static uint64_t last_id(const struct oracle *o)
{
    uint64_t id = 0;
    (void)oracle_id(o, 0, oracle_next(o) - 1, &id);
    return id;
}

static bool same(const struct oracle *a, const struct oracle *b)
{
    return oracle_first(a) == oracle_first(b) && oracle_next(a) == oracle_next(b) &&
           last_id(a) == last_id(b) && a->meta[0] == b->meta[0] &&
           mark_same(marks_newest(&a->alts[0].marks), marks_newest(&b->alts[0].marks));
}

static const char *operation_word(const struct frame *f, const struct oracle *now)
{
    if (same(&f->before, &f->after))
        return "-";
    return same(now, &f->after) ? "done" : same(now, &f->before) ? "not" : "in part";
}

/* Opens the log for writing: what is there? */
static enum tried open_it(struct session *s, const struct frame *f, const struct files *before,
                          const char **ret_word)
{
    struct simdisk *image = simdisk_clone(s->disk);
    enum tried t = session_open(s);
    if (t == TRIED_OK)
        t = check_left(s, image, before);
    *ret_word = operation_word(f, s->oracle);
    session_drop(s);
    simdisk_free(image);
    return t;
}

/* Takes away what is left of a log that was to be destroyed. */
static enum tried destroy_it(struct session *s, int code, const char **ret_word)
{
    int e = log_destroy(simdisk_os(s->disk), "/log");
    if (e < 0 && e != WAL_E_NOTFOUND)
        return session_wrong(s, "destroy, tried again: %s", wal_error_name(e));
    *ret_word = code == 0 ? "not" : code == WAL_E_NOTFOUND ? "done" : "refused";
    return TRIED_OK;
}

enum tried state_row(struct session *s, const struct frame *f, char ret[ROW_TEXT])
{
    struct files files;
    char names[64], end[64];
    const char *word = "";
    int code;

    look(s->disk, &files);
    snprintf(names, sizeof names, "%s", files_word(s->disk, &files));
    enum tried t = read_only(s, &code);
    if (t == TRIED_OK)
        t = end_word(s, end);
    if (t == TRIED_OK)
        t = f->destroys ? destroy_it(s, code, &word) : open_it(s, f, &files, &word);
    snprintf(ret, ROW_TEXT, "| %s | %s | %s | %s |", control_word(&files, f->sequence), names, end,
             word);
    return t;
}
