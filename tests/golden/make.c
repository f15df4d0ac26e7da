/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the golden directories of a format version: golden_make <directory> [SET].
 * Each log is written by the library, and what is put in goes into expected.txt beside them:
 *
 *     log <name> <verdict of open> <first LSN> <last LSN> <next LSN>
 *     record <LSN> <type> <bytes> <1: last of its batch> <CRC-32 of the payload>
 *     tag <LSN> <tag of its batch>
 *     meta <key> <value>
 *     last_tag <tag>
 *     checkpoint <LSN> <bytes> <CRC-32 of the state>
 *
 * The first logs (1.0) have no tags; the set `tags` has those that do (1.0-tags), `checkpoint`
 * those with checkpoints (1.0-checkpoint), `zlib` and `aead` those that are compressed, and
 * encrypted with the keys in keys.h (1.0-zlib, 1.0-aead). Directories that are checked in are never
 * made anew: they show that what an older library has written can still be read. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include <libwal/crypto.h>
#include <libwal/wal.h>

#include "keys.h"

enum { RECORDS_MAX = 128, PAYLOAD_MAX = 6000, BATCH_MAX = 40, TORN_BYTES = 128, ROOM_BYTES = 64 };
enum { TAG_MAX = 64, STATE_MAX = 100000 };

struct put {
    uint32_t type, size, crc;
    bool last;
    char tag[TAG_MAX + 1];
};

/* The log that is being made. */
static struct story {
    char dir[512];
    struct put records[RECORDS_MAX]; /* by LSN */
    uint64_t first, next;
    char meta[8][2][64];
    unsigned n_meta;
    char last_tag[TAG_MAX + 1];
    struct {
        uint64_t lsn;
        uint32_t size, crc;
    } checkpoint; /* lsn 0: none */
} story;

static wal_t *wal;
static FILE *expected;
static bool with_zlib;
static uint32_t with_key; /* id; 0: not encrypted */

static void ok(int code, const char *what)
{
    wal_error_t e;
    if (code >= 0)
        return;
    wal_last_error(&e, sizeof e);
    fprintf(stderr, "%s: %s: %s\n", what, wal_error_name(code), e.message);
    exit(1);
}

static void open_log(void)
{
    wal_options_t *o;
    ok(wal_options_new(&o), "options");
    ok(wal_options_set(o, WAL_OPT_SEGMENT_BYTES, 1 << 20), "segment_bytes");
    ok(wal_options_set(o, WAL_OPT_ZERO_AHEAD_BYTES, 0), "zero_ahead_bytes");
    ok(wal_options_set(o, WAL_OPT_GROUP_BYTES, 64 * 1024), "group_bytes");
    ok(wal_options_set(o, WAL_OPT_MAX_RECORD_BYTES, 8192), "max_record_bytes");
    ok(wal_options_set(o, WAL_OPT_BACKGROUND, 0), "background");
    ok(wal_options_set(o, WAL_OPT_CODEC, with_zlib ? WAL_CODEC_ZLIB : WAL_CODEC_NONE), "codec");
    ok(wal_options_set(o, WAL_OPT_CODEC_MIN_BYTES, 0), "codec_min_bytes");
    for (uint32_t id = with_key ? 1 : 3; id <= 2; id++)
        ok(golden_add_key(o, with_key == 1 ? 3 - id : id), "key");
    ok(wal_open(story.dir, o, &wal), story.dir);
    wal_options_free(o);
}

static const uint8_t *payload_of(uint64_t lsn, uint32_t size, uint32_t seed)
{
    static uint8_t bytes[PAYLOAD_MAX];
    uint32_t x = (uint32_t)lsn * 2654435761u + seed;
    for (uint32_t i = 0; i < size; i++) {
        x = x * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(with_zlib && i % 8 ? 'z' : x >> 24);
    }
    return bytes;
}

/* A batch of n records from `lsn` on; `after`: in the place of what is there from it on. */
static void put_batch(uint64_t lsn, size_t n, const uint32_t *sizes, uint32_t flags, bool after)
{
    static uint8_t room[BATCH_MAX][PAYLOAD_MAX];
    wal_record_t records[BATCH_MAX] = {0};
    uint64_t first;

    for (size_t k = 0; k < n; k++) {
        uint32_t type = (uint32_t)(lsn + k) * 1009 % 65536;
        memcpy(room[k], payload_of(lsn + k, sizes[k], after), sizes[k]);
        records[k] = (wal_record_t){
            .size = sizeof records[k], .type = type, .data = room[k], .data_size = sizes[k]};
        story.records[lsn + k] = (struct put){.type = type,
                                              .size = sizes[k],
                                              .crc = (uint32_t)crc32(0, room[k], sizes[k]),
                                              .last = k + 1 == n};
    }
    ok(after ? wal_replace_after(wal, lsn - 1, records, n, flags, &first)
             : wal_append_many(wal, records, n, flags, &first),
       "append");
    if (first != lsn)
        exit(1);
    story.next = lsn + n;
}

static void put(uint32_t size)
{
    put_batch(story.next, 1, &size, 0, false);
}

static void put_several(size_t n, uint32_t size)
{
    uint32_t sizes[BATCH_MAX];
    for (size_t k = 0; k < n; k++)
        sizes[k] = size + (uint32_t)k;
    put_batch(story.next, n, sizes, 0, false);
}

static void note_meta(const char *key, const char *value)
{
    unsigned k = 0;
    while (k < story.n_meta && strcmp(story.meta[k][0], key) != 0)
        k++;
    story.n_meta += k == story.n_meta;
    snprintf(story.meta[k][0], sizeof story.meta[k][0], "%s", key);
    snprintf(story.meta[k][1], sizeof story.meta[k][1], "%s", value);
}

static void set_meta(const char *key, const char *value)
{
    note_meta(key, value);
    ok(wal_meta_set(wal, key, strlen(key), value, strlen(value)), "meta");
}

static void checkpoint(uint64_t lsn, uint32_t size)
{
    static uint8_t state[STATE_MAX];
    for (uint32_t i = 0; i < size; i++)
        state[i] = (uint8_t)(i * 7 + i / 251 + lsn);
    ok(wal_checkpoint(wal, lsn, state, size), "checkpoint");
    story.checkpoint.lsn = lsn;
    story.checkpoint.size = size;
    story.checkpoint.crc = (uint32_t)crc32(0, state, size);
}

/* What a batch is put in with; NULL, 0: without. */
struct with {
    const char *tag, *key, *value;
    uint64_t in_place_of; /* what is there from this LSN on */
    uint32_t flags;
};

static void note_batch(uint64_t lsn, size_t n, uint32_t size, const char *tag)
{
    for (size_t k = 0; k < n; k++) {
        struct put *p = &story.records[lsn + k];
        *p = (struct put){.type = (uint32_t)(lsn + k) * 1009 % 65536,
                          .size = size,
                          .crc = (uint32_t)crc32(0, payload_of(lsn + k, size, 2), size),
                          .last = k + 1 == n};
        snprintf(p->tag, sizeof p->tag, "%s", tag ? tag : "");
    }
    story.next = lsn + n;
}

/* A batch object of n records. */
static void put_with(size_t n, uint32_t size, struct with with)
{
    uint64_t lsn = with.in_place_of ? with.in_place_of : story.next, first;
    wal_batch_t *b;

    note_batch(lsn, n, size, with.tag);
    ok(wal_batch_new(wal, &b), "batch");
    for (size_t k = 0; k < n; k++)
        ok(wal_batch_append(b, story.records[lsn + k].type, payload_of(lsn + k, size, 2), size),
           "batch_append");
    if (with.tag)
        ok(wal_batch_set_tag(b, with.tag, strlen(with.tag)), "tag");
    if (with.key)
        ok(wal_batch_meta(b, with.key, strlen(with.key), with.value, strlen(with.value)), "meta");
    ok(with.in_place_of ? wal_batch_replace_after(b, lsn - 1, 0, &first, NULL)
                        : wal_batch_commit(b, with.flags, &first, NULL),
       "commit");
    if (first != (n ? lsn : 0))
        exit(1);
    wal_batch_free(b);
    if (with.tag)
        snprintf(story.last_tag, sizeof story.last_tag, "%s", with.tag);
    if (with.key)
        note_meta(with.key, with.value);
}

static void begin(const char *root, const char *name)
{
    memset(&story, 0, sizeof story);
    snprintf(story.dir, sizeof story.dir, "%s/%s", root, name);
    story.first = story.next = 1;
    open_log();
}

static void end(const char *name, const char *verdict)
{
    uint64_t last = story.next > story.first ? story.next - 1 : 0;
    fprintf(expected, "log %s %s %llu %llu %llu\n", name, verdict, (unsigned long long)story.first,
            (unsigned long long)last, (unsigned long long)story.next);
    for (uint64_t lsn = story.first; lsn < story.next; lsn++) {
        const struct put *p = &story.records[lsn];
        fprintf(expected, "record %llu %u %u %d %08x\n", (unsigned long long)lsn, p->type, p->size,
                p->last, p->crc);
        if (p->tag[0])
            fprintf(expected, "tag %llu %s\n", (unsigned long long)lsn, p->tag);
    }
    for (unsigned k = 0; k < story.n_meta; k++)
        fprintf(expected, "meta %s %s\n", story.meta[k][0], story.meta[k][1]);
    if (story.last_tag[0])
        fprintf(expected, "last_tag %s\n", story.last_tag);
    if (story.checkpoint.lsn)
        fprintf(expected, "checkpoint %llu %u %08x\n", (unsigned long long)story.checkpoint.lsn,
                story.checkpoint.size, story.checkpoint.crc);
}

static void close_log(void)
{
    ok(wal_close(wal), "close");
}

/* A copy of the log as it is now takes its place once it is closed: a process that was killed. */
static void kill_log(const char *root)
{
    char command[2048];
    snprintf(command, sizeof command, "cp -a %s %s/killed", story.dir, root);
    if (system(command) != 0)
        exit(1);
    close_log();
    snprintf(command, sizeof command, "rm -r %s && mv %s/killed %s", story.dir, root, story.dir);
    if (system(command) != 0)
        exit(1);
}

/* Closed twice: the second handle begins a segment of its own. */
static void clean(const char *root)
{
    begin(root, "clean");
    put(40);
    put(0);
    put_several(3, 100);
    set_meta("cursor", "first");
    set_meta("vote", "2:7");
    close_log();
    open_log();
    put(1);
    set_meta("cursor", "second");
    put(4000);
    put(7);
    close_log();
    end("clean", "clean");
}

/* Of what was written last to segment 1 a part is not on the disk. */
static void tear(void)
{
    static const uint8_t zeros[TORN_BYTES];
    char path[1024];
    struct stat st;

    snprintf(path, sizeof path, "%s/%020d.wal", story.dir, 1);
    int fd = open(path, O_WRONLY);
    if (fd < 0 || fstat(fd, &st) != 0 ||
        pwrite(fd, zeros, sizeof zeros, st.st_size - ROOM_BYTES - TORN_BYTES) != TORN_BYTES)
        exit(1);
    close(fd);
}

/* Killed, and a part of a batch that was not yet synced is on the disk. */
static void kill_and_tear(const char *root)
{
    uint64_t next = story.next;
    put_batch(next, 2, (const uint32_t[]){300, 200}, WAL_APPEND_ASYNC, false);
    ok(wal_flush(wal), "flush");
    story.next = next;
    kill_log(root);
    tear();
}

static void torn(const char *root)
{
    begin(root, "torn");
    put(10);
    put_several(4, 30);
    set_meta("cursor", "torn");
    put(500);
    kill_and_tear(root);
    end("torn", "ambiguous");
}

/* Two segments, a batch that one group doesn't hold, metadata in both; killed. */
static void two(const char *root)
{
    begin(root, "long");
    put(100);
    set_meta("a", "1");
    put_several(2, 60);
    ok(wal_rotate(wal), "rotate");
    set_meta("b", "2");
    put_several(20, 4000);
    put(0);
    set_meta("a", "3");
    put(64);
    kill_log(root);
    end("long", "clean");
}

/* Cut within a batch, replaced, trimmed at the front; three segments. */
static void cut(const char *root)
{
    begin(root, "cut");
    put_several(5, 20);
    put(70);
    ok(wal_truncate_after(wal, 3), "truncate_after");
    story.next = 4;
    story.records[3].last = false;
    put(33);
    put_several(3, 80);
    put_batch(6, 2, (const uint32_t[]){9, 90}, 0, true);
    ok(wal_truncate_before(wal, 2), "truncate_before");
    story.first = 2;
    set_meta("cut", "yes");
    close_log();
    end("cut", "clean");
}

/* Everything truncated: the next LSN stays. */
static void empty(const char *root)
{
    begin(root, "empty");
    put_several(5, 20);
    put(300);
    ok(wal_truncate_before(wal, story.next), "truncate_before");
    story.first = story.next;
    close_log();
    end("empty", "clean");
}

/* Batches with tags, with metadata, without records; closed twice. */
static void tags(const char *root)
{
    begin(root, "tags");
    put(40);
    put_with(3, 30, (struct with){.tag = "txn-1"});
    put_with(
        1, 0,
        (struct with){.tag = "a-tag-of-sixty-four-bytes-fills-all-that-there-is-room-for-01234"});
    put_with(2, 100, (struct with){.key = "cursor", .value = "1"});
    close_log();
    open_log();
    put_with(2, 9, (struct with){.tag = "txn-2", .key = "cursor", .value = "2"});
    put(500);
    put_with(0, 0, (struct with){.tag = "txn-3", .key = "vote", .value = "7"});
    put(8);
    close_log();
    end("tags", "clean");
}

/* Cut back to an older tag, replaced by a batch with another, and trimmed; killed. */
static void tags_cut(const char *root)
{
    begin(root, "cut");
    put_with(2, 50, (struct with){.tag = "a"});
    put_with(4, 50, (struct with){.tag = "b"});
    ok(wal_rotate(wal), "rotate");
    put_with(3, 50, (struct with){.tag = "c"});
    ok(wal_truncate_after(wal, 5), "truncate_after");
    story.next = 6;
    story.records[5].last = false;
    put(70);
    put_with(2, 60, (struct with){.tag = "d", .key = "term", .value = "4", .in_place_of = 6});
    put(10);
    put_with(1, 10, (struct with){.tag = "e"});
    ok(wal_truncate_after(wal, 8), "truncate_after");
    story.next = 9;
    snprintf(story.last_tag, sizeof story.last_tag, "d");
    ok(wal_truncate_before(wal, 4), "truncate_before");
    story.first = 4;
    kill_log(root);
    end("cut", "clean");
}

/* A long tagged batch with metadata, and another one whose end is not on the disk; killed. */
static void tags_long(const char *root)
{
    begin(root, "long");
    put(100);
    put_with(17, 4000, (struct with){.tag = "long", .key = "a", .value = "1"});
    put(64);
    uint64_t next = story.next;
    put_with(2, 300, (struct with){.tag = "lost", .flags = WAL_APPEND_ASYNC});
    ok(wal_flush(wal), "flush");
    story.next = next;
    snprintf(story.last_tag, sizeof story.last_tag, "long");
    kill_log(root);
    tear();
    end("long", "ambiguous");
}

/* With a state, then without one; the second handle carries it over, and has a newer one. */
static void checkpoints(const char *root)
{
    begin(root, "checkpoint");
    put(40);
    put_several(3, 100);
    checkpoint(2, 300);
    put(0);
    checkpoint(5, 0);
    close_log();
    open_log();
    put(7);
    close_log();
    open_log();
    checkpoint(6, 33);
    put(500);
    close_log();
    end("checkpoint", "clean");
}

/* In parts, and in a segment that goes: written once more; killed. */
static void checkpoint_moved(const char *root)
{
    begin(root, "moved");
    put_several(4, 50);
    checkpoint(4, 70000);
    put(60);
    ok(wal_rotate(wal), "rotate");
    put(70);
    ok(wal_rotate(wal), "rotate");
    put(80);
    ok(wal_truncate_before(wal, 6), "truncate_before");
    story.first = 6;
    put(90);
    kill_log(root);
    end("moved", "clean");
}

/* A cut in front of its groups takes it over; control names it, not the last segment. */
static void checkpoint_cut(const char *root)
{
    begin(root, "cut");
    put_several(6, 50);
    checkpoint(3, 200);
    ok(wal_truncate_after(wal, 5), "truncate_after");
    story.next = 6;
    story.records[5].last = false;
    put(10);
    ok(wal_rotate(wal), "rotate");
    put(20);
    close_log();
    end("cut", "clean");
}

/* The cut is below it: it is gone, and the older one stays gone. */
static void checkpoint_gone(const char *root)
{
    begin(root, "gone");
    put_several(3, 50);
    checkpoint(2, 200);
    put_several(3, 60);
    checkpoint(5, 100);
    ok(wal_truncate_after(wal, 4), "truncate_after");
    story.next = 5;
    story.records[4].last = false;
    story.checkpoint.lsn = 0;
    put(10);
    close_log();
    end("gone", "clean");
}

/* What was written behind it is torn; killed. */
static void checkpoint_torn(const char *root)
{
    begin(root, "torn");
    put_several(3, 50);
    checkpoint(2, 64);
    put(30);
    kill_and_tear(root);
    end("torn", "ambiguous");
}

/* Compressed, then plain, then compressed again; killed. */
static void zlib_mixed(const char *root)
{
    begin(root, "mixed");
    put(4000);
    put_several(8, 300);
    checkpoint(3, 20000);
    close_log();
    with_zlib = false;
    open_log();
    put(2000);
    set_meta("codec", "none");
    close_log();
    with_zlib = true;
    open_log();
    put_with(2, 500, (struct with){.tag = "zlib", .key = "codec", .value = "zlib"});
    put(1000);
    kill_log(root);
    end("mixed", "clean");
}

/* With one key, then the other; killed. */
static void aead_keys(const char *root)
{
    begin(root, "keys");
    put(40);
    set_meta("key", "1");
    checkpoint(1, 70000);
    ok(wal_rotate(wal), "rotate");
    put_several(3, 100);
    close_log();
    with_key = 2;
    open_log();
    put_with(2, 50, (struct with){.tag = "2", .key = "key", .value = "2"});
    put(500);
    kill_log(root);
    end("keys", "clean");
    with_key = 1;
}

/* Not encrypted at first; compressed too at last, and closed. */
static void aead_later(const char *root)
{
    with_key = 0;
    begin(root, "later");
    put_several(4, 60);
    close_log();
    with_key = 1;
    open_log();
    put(700);
    close_log();
    with_zlib = true;
    open_log();
    put(3000);
    put_several(3, 900);
    close_log();
    with_zlib = false;
    end("later", "clean");
}

static void (*const plain[])(const char *) = {clean, torn, two, cut, empty};
static void (*const with_tags[])(const char *) = {tags, tags_cut, tags_long};
static void (*const with_checkpoints[])(const char *) = {
    checkpoints, checkpoint_moved, checkpoint_cut, checkpoint_gone, checkpoint_torn};
static void (*const with_codec[])(const char *) = {clean, torn, two, zlib_mixed};
static void (*const with_cipher[])(const char *) = {torn, cut, aead_keys, aead_later};
static const struct set {
    const char *name;
    void (*const *make)(const char *);
    size_t n;
} sets[] = {{"", plain, 5},
            {"tags", with_tags, 3},
            {"checkpoint", with_checkpoints, 5},
            {"zlib", with_codec, 4},
            {"aead", with_cipher, 4}};

int main(int argc, char **argv)
{
    char path[1024];
    const char *name = argc == 3 ? argv[2] : "";
    size_t k = 0;

    while (k < sizeof sets / sizeof *sets && strcmp(sets[k].name, name) != 0)
        k++;
    if (argc < 2 || argc > 3 || k == sizeof sets / sizeof *sets || mkdir(argv[1], 0755) != 0)
        return fprintf(stderr, "usage: golden_make <directory to be made> [SET]\n"), 1;
    snprintf(path, sizeof path, "%s/expected.txt", argv[1]);
    with_zlib = strcmp(name, "zlib") == 0;
    with_key = strcmp(name, "aead") == 0;
    expected = fopen(path, "w");
    if (!expected)
        return 1;
    for (size_t i = 0; i < sets[k].n; i++)
        sets[k].make[i](argv[1]);
    return fclose(expected) == 0 ? 0 : 1;
}
