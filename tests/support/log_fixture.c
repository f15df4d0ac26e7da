/* SPDX-License-Identifier: Apache-2.0 */
#include "support/log_fixture.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/bytes_by_hand.h"
#include "support/toy_cipher.h"

static struct log_fixture the_fixture;

#define ENCODED "WAL_TEST_ENCODED"

static struct toy toy = {.keys = TOY_KEY(1)};

/* With ENCODED in the environment a test works on logs whose groups are compressed and encrypted.
 */
static int encode_all(wal_options_t *o)
{
    wal_cipher_t cipher = toy_cipher(&toy);
    int e = wal_options_set(o, WAL_OPT_CODEC, 1);
    if (e == 0)
        e = wal_options_set(o, WAL_OPT_CODEC_MIN_BYTES, 0);
    if (e == 0)
        e = wal_options_set(o, WAL_OPT_GROUP_BYTES, 1 << 20);
    return e < 0 ? e : wal_options_set_cipher(o, &cipher, 1);
}

int fixture_setup(void **state)
{
    struct log_fixture *f = &the_fixture;

    *f = (struct log_fixture){0};
    if (scratch_make(&f->scratch) < 0)
        return -1;
    snprintf(f->dir, sizeof f->dir, "%.300s/log", f->scratch.path);
    *state = f;
    int e = wal_options_new(&f->options);
    return e < 0 || !getenv(ENCODED) ? e : encode_all(f->options);
}

int fixture_teardown(void **state)
{
    struct log_fixture *f = *state;
    int e = wal_close(f->log);

    wal_options_free(f->options);
    scratch_remove(&f->scratch);
    return e == WAL_E_FAILED ? 0 : e;
}

static wal_error_t last_error(void)
{
    wal_error_t e;
    memset(&e, 0, sizeof e);
    if (wal_last_error(&e, sizeof e) < 0)
        abort();
    return e;
}

static void errno_untouched(int after, const char *what, const char *file, int line)
{
    if (after == ERRNO_MARK)
        return;
    print_error("%s: errno was set to %d\n", what, after);
    _fail(file, line);
}

int fixture_must(int e, const char *what, const char *file, int line)
{
    int after = errno;
    if (e < 0) {
        print_error("%s: %s: %s\n", what, wal_error_name(e), last_error().message);
        _fail(file, line);
    }
    errno_untouched(after, what, file, line);
    return e;
}

void fixture_expect(int code, int e, const char *part, const char *what, const char *file, int line)
{
    int after = errno;
    wal_error_t last = last_error();

    if (e != code || last.code != code) {
        print_error("%s gave %s, not %s; the last error is %s: %s\n", what, wal_error_name(e),
                    wal_error_name(code), wal_error_name(last.code), last.message);
        _fail(file, line);
    }
    if (last.message[0] == '\0' || (part && !strstr(last.message, part))) {
        print_error("%s: no \"%s\" in \"%s\"\n", what, part ? part : "", last.message);
        _fail(file, line);
    }
    errno_untouched(after, what, file, line);
}

void fixture_set(struct log_fixture *f, uint32_t option, uint64_t value)
{
    must(wal_options_set(f->options, option, value));
}

void fixture_open(struct log_fixture *f)
{
    must(wal_open(f->dir, f->options, &f->log));
}

void fixture_close(struct log_fixture *f)
{
    wal_t *w = f->log;
    f->log = NULL;
    must(wal_close(w));
}

void fixture_reopen(struct log_fixture *f)
{
    fixture_close(f);
    fixture_open(f);
}

wal_t *fixture_open_read_only(struct log_fixture *f)
{
    wal_options_t *o;
    wal_t *w = NULL;

    must(wal_options_new(&o));
    if (getenv(ENCODED))
        must(encode_all(o));
    must(wal_options_set(o, WAL_OPT_READ_ONLY, 1));
    must(wal_open(f->dir, o, &w));
    wal_options_free(o);
    return w;
}

void fixture_refused(struct log_fixture *f, int readers_too, int code, const char *part,
                     const char *file, int line)
{
    wal_t *untouched = (wal_t *)(uintptr_t)0x5a5a, *w = untouched;

    for (int read_only = 0; read_only <= readers_too; read_only++) {
        fixture_set(f, WAL_OPT_READ_ONLY, (uint64_t)read_only);
        errno = ERRNO_MARK;
        int e = wal_open(f->dir, f->options, &w);
        fixture_expect(code, e, part, read_only ? "read-only open" : "open", file, line);
        if (w != untouched)
            _fail(file, line);
    }
    fixture_set(f, WAL_OPT_READ_ONLY, 0);
}

static void copy_file(const char *from, const char *to)
{
    struct stat st;
    static char block[1 << 16];
    ssize_t n;
    int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (in < 0 || out < 0 || fstat(in, &st) < 0)
        abort();
    for (off_t at = 0; (n = pread(in, block, sizeof block, at)) > 0; at += n)
        if (pwrite(out, block, (size_t)n, at) != n)
            abort();
    if (ftruncate(out, st.st_size) < 0)
        abort();
    close(in);
    close(out);
}

void fixture_crash(struct log_fixture *f)
{
    char aside[400];
    struct scratch copy = {0};

    snprintf(copy.path, sizeof copy.path, "%.200s/copy", f->scratch.path);
    if (mkdir(copy.path, 0700) < 0)
        abort();
    snprintf(aside, sizeof aside, "%.300s/control", copy.path);
    copy_file(fixture_path(f, "control"), aside);
    for (uint64_t k = 1; k < 1000; k++) {
        const char *path = fixture_segment_path(f, k);
        snprintf(aside, sizeof aside, "%.300s/%020llu.wal", copy.path, (unsigned long long)k);
        if (fixture_exists(path))
            copy_file(path, aside);
    }
    (void)wal_close(f->log); /* whatever it says: its files are thrown away */
    f->log = NULL;
    fixture_remove_all(f->dir);
    if (rename(copy.path, f->dir) < 0)
        abort();
}

uint64_t fixture_append_flags(struct log_fixture *f, const char *text, uint32_t flags)
{
    uint64_t lsn = 0;
    must(wal_append_typed(f->log, 0, text, strlen(text), flags, &lsn));
    return lsn;
}

uint64_t fixture_append(struct log_fixture *f, const char *text)
{
    return fixture_append_flags(f, text, 0);
}

void fixture_fill(struct log_fixture *f, unsigned n)
{
    char text[16];
    for (unsigned k = 1; k <= n; k++) {
        snprintf(text, sizeof text, "%u", k);
        fixture_append(f, text);
    }
}

const void *fixture_bytes(size_t n, int byte)
{
    static unsigned char bytes[4 << 20];
    if (n > sizeof bytes)
        abort();
    memset(bytes, byte, n);
    return bytes;
}

static void same_record(const wal_record_t *r, uint64_t lsn, const char *text, const char *file,
                        int line)
{
    size_t size = strlen(text);
    if (r->lsn == lsn && r->data_size == size && (size == 0 || memcmp(r->data, text, size) == 0) &&
        r->size == sizeof *r && r->tag == NULL && r->tag_size == 0)
        return;
    print_error("record %llu, \"%.*s\", in place of %llu, \"%s\"\n", (unsigned long long)r->lsn,
                (int)r->data_size, r->data_size ? (const char *)r->data : "",
                (unsigned long long)lsn, text);
    _fail(file, line);
}

void fixture_expect_record(wal_t *w, uint64_t lsn, const char *text, const char *file, int line)
{
    char buf[256];
    wal_record_t r = {.size = sizeof r};

    fixture_must((errno = ERRNO_MARK, wal_get(w, lsn, buf, sizeof buf, &r)), "wal_get", file, line);
    same_record(&r, lsn, text, file, line);
}

void fixture_expect_next(wal_reader_t *r, uint64_t lsn, const char *text, const char *file,
                         int line)
{
    wal_record_t record = {.size = sizeof record};

    int got = fixture_must((errno = ERRNO_MARK, wal_reader_next(r, &record)), "wal_reader_next",
                           file, line);
    _assert_int_equal((uintmax_t)got, 1, file, line);
    same_record(&record, lsn, text, file, line);
}

void fixture_expect_range(wal_t *w, const uint64_t want[4], const char *file, int line)
{
    static const char *const names[] = {"first", "last", "next", "durable"};
    uint64_t got[4];
    int wrong = 0;

    fixture_must((errno = ERRNO_MARK, wal_range(w, &got[0], &got[1], &got[2], &got[3])),
                 "wal_range", file, line);
    uint64_t each[4] = {wal_first_lsn(w), wal_last_lsn(w), wal_next_lsn(w), wal_durable_lsn(w)};
    for (int k = 0; k < 4; k++) {
        if (got[k] == want[k] && each[k] == want[k])
            continue;
        print_error("%s LSN is %llu, %llu by itself, not %llu\n", names[k],
                    (unsigned long long)got[k], (unsigned long long)each[k],
                    (unsigned long long)want[k]);
        wrong = 1;
    }
    if (wrong)
        _fail(file, line);
}

wal_batch_t *fixture_batch(struct log_fixture *f)
{
    wal_batch_t *b = NULL;
    must(wal_batch_new(f->log, &b));
    return b;
}

void fixture_add(wal_batch_t *b, const char *text)
{
    must(wal_batch_append(b, 0, text, strlen(text)));
}

static void same_text(const char *got, size_t size, const char *want, const char *file, int line)
{
    _assert_int_equal(size, strlen(want), file, line);
    _assert_memory_equal(got, want, size, file, line);
}

void fixture_expect_meta(wal_t *w, const char *key, const char *value, const char *file, int line)
{
    char buf[1024];
    size_t size = 0;

    int e = (errno = ERRNO_MARK, wal_meta_get(w, key, strlen(key), buf, sizeof buf, &size));
    if (!value) {
        fixture_expect(WAL_E_NOTFOUND, e, NULL, "wal_meta_get", file, line);
        return;
    }
    fixture_must(e, "wal_meta_get", file, line);
    same_text(buf, size, value, file, line);
}

void fixture_expect_last_tag(wal_t *w, const char *tag, const char *file, int line)
{
    char buf[64];
    size_t size = 0;

    fixture_must((errno = ERRNO_MARK, wal_last_tag(w, buf, sizeof buf, &size)), "wal_last_tag",
                 file, line);
    same_text(buf, size, tag, file, line);
}

uint64_t fixture_stat(wal_t *w, uint32_t which)
{
    uint64_t values[32];
    assert_true(which < COUNT_OF(values));
    must(wal_stats(w, values, COUNT_OF(values)));
    return values[which];
}

size_t fixture_segments(wal_t *w)
{
    size_t n = 0;
    must(wal_segments(w, NULL, sizeof(wal_segment_t), &n));
    return n;
}

wal_segment_t fixture_segment(wal_t *w, size_t index)
{
    wal_segment_t s[64];
    size_t n = COUNT_OF(s);
    for (size_t k = 0; k < n; k++)
        s[k] = (wal_segment_t){.size = sizeof s[k]};
    must(wal_segments(w, s, sizeof *s, &n));
    assert_true(index < n && n <= COUNT_OF(s));
    return s[index];
}

const char *fixture_path(const struct log_fixture *f, const char *name)
{
    static char path[400];
    snprintf(path, sizeof path, "%.319s/%.60s", f->dir, name);
    return path;
}

const char *fixture_segment_path(const struct log_fixture *f, uint64_t number)
{
    char name[32];
    snprintf(name, sizeof name, "%020llu.wal", (unsigned long long)number);
    return fixture_path(f, name);
}

void fixture_write_file(const char *path, uint64_t offset, const void *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || pwrite(fd, data, size, (off_t)offset) != (ssize_t)size)
        abort();
    close(fd);
}

void fixture_read_file(const char *path, uint64_t offset, void *data, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || pread(fd, data, size, (off_t)offset) != (ssize_t)size)
        abort();
    close(fd);
}

void fixture_patch(const char *path, uint64_t offset, size_t size, size_t field, unsigned n,
                   uint64_t value)
{
    uint8_t block[4096];

    if (size > sizeof block)
        abort();
    fixture_read_file(path, offset, block, size);
    put_le(block + field, n, value);
    put_last_crc(block, size);
    fixture_write_file(path, offset, block, size);
}

int fixture_exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

void fixture_remove_all(const char *path)
{
    struct scratch s;
    snprintf(s.path, sizeof s.path, "%.255s", path);
    scratch_remove(&s);
}

int child_result(int pid)
{
    int status = -1;
    if (waitpid(pid, &status, 0) != pid)
        abort();
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int ignore_record(void *ctx, const wal_record_t *record)
{
    (void)ctx;
    (void)record;
    return 0;
}

int ignore_meta(void *ctx, const void *key, size_t klen, const void *value, size_t vlen)
{
    (void)ctx;
    (void)key;
    (void)klen;
    (void)value;
    (void)vlen;
    return 0;
}

int in_child(int (*fn)(void *arg), void *arg)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        _exit(fn(arg));
    if (pid < 0)
        abort();
    return child_result(pid);
}
