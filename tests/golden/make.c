/* Makes the golden directories of a format version: golden_make <directory>. Each log is written by
 * the library, and what is put in goes into expected.txt beside them:
 *
 *     log <name> <verdict of open> <first LSN> <last LSN> <next LSN>
 *     record <LSN> <type> <bytes> <1: last of its batch> <CRC-32 of the payload>
 *     meta <key> <value>
 *
 * Directories that are checked in are never made anew: they show that what an older library has
 * written can still be read. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include <libwal/wal.h>

enum { RECORDS_MAX = 128, PAYLOAD_MAX = 6000, BATCH_MAX = 40, TORN_BYTES = 128, ROOM_BYTES = 64 };

struct put {
    uint32_t type, size, crc;
    bool last;
};

/* The log that is being made. */
static struct story {
    char dir[512];
    struct put records[RECORDS_MAX]; /* by LSN */
    uint64_t first, next;
    char meta[8][2][64];
    unsigned n_meta;
} story;

static wal_t *wal;
static FILE *expected;

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
    ok(wal_open(story.dir, o, &wal), story.dir);
    wal_options_free(o);
}

static const uint8_t *payload_of(uint64_t lsn, uint32_t size, uint32_t seed)
{
    static uint8_t bytes[PAYLOAD_MAX];
    uint32_t x = (uint32_t)lsn * 2654435761u + seed;
    for (uint32_t i = 0; i < size; i++) {
        x = x * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(x >> 24);
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

static void set_meta(const char *key, const char *value)
{
    unsigned k = 0;
    while (k < story.n_meta && strcmp(story.meta[k][0], key) != 0)
        k++;
    story.n_meta += k == story.n_meta;
    snprintf(story.meta[k][0], sizeof story.meta[k][0], "%s", key);
    snprintf(story.meta[k][1], sizeof story.meta[k][1], "%s", value);
    ok(wal_meta_set(wal, key, strlen(key), value, strlen(value)), "meta");
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
    }
    for (unsigned k = 0; k < story.n_meta; k++)
        fprintf(expected, "meta %s %s\n", story.meta[k][0], story.meta[k][1]);
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

/* Killed, and a part of what was not yet synced is on the disk. */
static void torn(const char *root)
{
    static const uint8_t zeros[TORN_BYTES];
    char path[1024];
    struct stat st;

    begin(root, "torn");
    put(10);
    put_several(4, 30);
    set_meta("cursor", "torn");
    put(500);
    uint64_t next = story.next;
    put_batch(next, 2, (const uint32_t[]){300, 200}, WAL_APPEND_ASYNC, false);
    ok(wal_flush(wal), "flush");
    story.next = next;
    kill_log(root);
    snprintf(path, sizeof path, "%s/%020d.wal", story.dir, 1);
    int fd = open(path, O_WRONLY);
    if (fd < 0 || fstat(fd, &st) != 0 ||
        pwrite(fd, zeros, sizeof zeros, st.st_size - ROOM_BYTES - TORN_BYTES) != TORN_BYTES)
        exit(1);
    close(fd);
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

int main(int argc, char **argv)
{
    char path[1024];
    if (argc != 2 || mkdir(argv[1], 0755) != 0)
        return fprintf(stderr, "usage: golden_make <directory to be made>\n"), 1;
    snprintf(path, sizeof path, "%s/expected.txt", argv[1]);
    expected = fopen(path, "w");
    if (!expected)
        return 1;
    clean(argv[1]);
    torn(argv[1]);
    two(argv[1]);
    cut(argv[1]);
    empty(argv[1]);
    return fclose(expected) == 0 ? 0 : 1;
}
