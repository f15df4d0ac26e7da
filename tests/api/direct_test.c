/* SPDX-License-Identifier: Apache-2.0 */
/* Direct I/O: groups go past the page cache in whole sectors, and where that can't be the log goes
 * on without, and says so. The system is the real one; what it refuses is refused by the test. */
#include "support/log_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "api/options.h"
#include "format/header.h"
#include "os/os.h"

enum { SECTOR = 512 };

static struct os os;
static int refuse_open, refuse_writes; /* with EINVAL */
static int align;                      /* what the device asks for; 0: as the real one says */
static unsigned direct_writes, odd_writes;
static char is_direct[1024];

static int my_open(void *ctx, int dir, const char *name, int flags, uint32_t mode)
{
    if ((flags & OS_DIRECT) && refuse_open)
        return -EINVAL;
    int fd = os_posix()->file_open(ctx, dir, name, flags & ~OS_DIRECT, mode);
    if (fd >= 0 && fd < 1024)
        is_direct[fd] = (flags & OS_DIRECT) != 0;
    return fd;
}

static int my_align(void *ctx, int fd)
{
    return align ? align : os_posix()->direct_align(ctx, fd);
}

static int64_t my_write(void *ctx, int fd, const struct iovec *iov, int n, uint64_t offset,
                        int flags)
{
    if (!is_direct[fd])
        return os_posix()->pwritev(ctx, fd, iov, n, offset, flags);
    direct_writes++;
    uint64_t all = offset;
    for (int k = 0; k < n; k++)
        all |= (uintptr_t)iov[k].iov_base | iov[k].iov_len;
    odd_writes += all % SECTOR != 0;
    return refuse_writes ? -EINVAL : os_posix()->pwritev(ctx, fd, iov, n, offset, flags);
}

static int setup(void **state)
{
    int e = fixture_setup(state);
    struct log_fixture *f = *state;

    os = *os_posix();
    os.file_open = my_open;
    os.direct_align = my_align;
    os.pwritev = my_write;
    refuse_open = refuse_writes = 0;
    align = SECTOR;
    direct_writes = odd_writes = 0;
    if (e == 0)
        e = wal_options_set(f->options, WAL_OPT_DIRECT_IO, 1);
    options_set_os(f->options, &os);
    return e;
}

#define direct_test(fn) cmocka_unit_test_setup_teardown(fn, setup, fixture_teardown)

static int says_direct(wal_t *w)
{
    wal_info_t info = {.size = sizeof info};
    must(wal_info(w, &info, sizeof info));
    return (info.flags & WAL_INFO_DIRECT) != 0;
}

static uint32_t group_align(struct log_fixture *f, uint64_t segment)
{
    uint8_t block[SEGMENT_HEADER_BLOCK];
    struct segment_header h;
    unsigned repairs;
    fixture_read_file(fixture_segment_path(f, segment), 0, block, sizeof block);
    assert_int_equal(segment_header_decode_block(&h, block, &repairs), DECODED_RIGHT);
    return h.group_align;
}

/* Records of many sizes, one by one and together, over several segments. */
static void fill(struct log_fixture *f)
{
    for (unsigned k = 1; k <= 60; k++) {
        size_t size = k * k * 7 % 9000;
        must(wal_append_typed(f->log, k, fixture_bytes(size, (int)k), size,
                              k % 3 ? WAL_APPEND_ASYNC : 0, NULL));
    }
    wal_batch_t *b = fixture_batch(f);
    for (unsigned k = 61; k <= 90; k++)
        must(wal_batch_append(b, k, fixture_bytes(5000, (int)k), 5000));
    must(wal_batch_commit(b, 0, NULL, NULL));
    wal_batch_free(b);
    must(wal_flush(f->log));
}

static void expect_all(wal_t *w)
{
    wal_record_t r = {.size = sizeof r};
    wal_reader_t *reader;

    must(wal_reader_open(w, 1, WAL_READ_WRITTEN, &reader));
    for (unsigned k = 1; k <= 90; k++) {
        assert_int_equal(must(wal_reader_next(reader, &r)), 1);
        size_t size = k <= 60 ? k * k * 7 % 9000 : 5000;
        assert_int_equal(r.type, k);
        assert_int_equal(r.data_size, size);
        assert_memory_equal(r.data, fixture_bytes(size, (int)k), size);
    }
    wal_reader_close(reader);
}

static void run_all(struct log_fixture *f)
{
    fixture_set(f, WAL_OPT_SEGMENT_BYTES, 64 * 1024);
    fixture_open(f);
    fill(f);
    expect_all(f->log);
    fixture_crash(f);
    fixture_open(f);
    expect_all(f->log);
    fixture_reopen(f);
    expect_all(f->log);
}

static void test_groups_go_past_the_cache_in_sectors(void **state)
{
    struct log_fixture *f = *state;
    const uint32_t modes[] = {WAL_SYNC_DATA, WAL_SYNC_FULL, WAL_SYNC_DSYNC, WAL_SYNC_NONE,
                              WAL_SYNC_INTERVAL};
    for (size_t k = 0; k < 5; k++) {
        direct_writes = 0;
        fixture_set(f, WAL_OPT_SYNC, modes[k]);
        run_all(f);
        assert_true(says_direct(f->log));
        assert_int_equal(group_align(f, 2), SECTOR);
        assert_true(direct_writes > 10);
        assert_int_equal(odd_writes, 0);
        fixture_close(f);
        must(wal_destroy(f->dir));
    }
}

static void test_the_device_says_how_large_sectors_are(void **state)
{
    struct log_fixture *f = *state;
    const struct {
        int device;
        uint64_t option;
        uint32_t want;
    } cases[] = {{512, 64, 512},    {512, 4096, 4096}, {4096, 64, 4096},
                 {4096, 512, 4096}, {1, 64, 512},      {1024, 512, 4096}};

    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        align = cases[k].device;
        fixture_set(f, WAL_OPT_GROUP_ALIGN, cases[k].option);
        fixture_open(f);
        fixture_append(f, "one");
        assert_true(says_direct(f->log));
        assert_int_equal(group_align(f, 1), cases[k].want);
        fixture_close(f);
        must(wal_destroy(f->dir));
    }
}

/* No descriptor, no alignment that fits, or no writes after all. */
static void test_refused_it_goes_on_without(void **state)
{
    struct log_fixture *f = *state;

    for (int k = 0; k < 4; k++) {
        direct_writes = 0;
        refuse_open = k == 0;
        align = k == 1 ? -EOPNOTSUPP : k == 2 ? 65536 : SECTOR;
        refuse_writes = k == 3;
        run_all(f);
        assert_int_equal(says_direct(f->log), k == 3); /* it hasn't written yet */
        fixture_append(f, "one more");
        assert_false(says_direct(f->log));
        assert_int_equal(direct_writes > 0, k == 3);
        assert_int_equal(group_align(f, 2), k == 3 ? SECTOR : 64);
        fixture_close(f);
        must(wal_destroy(f->dir));
    }
}

static void test_encoded_groups(void **state)
{
    struct log_fixture *f = *state;
    fixture_set(f, WAL_OPT_CODEC, WAL_CODEC_ZLIB);
    run_all(f);
    assert_true(direct_writes > 10);
    assert_int_equal(odd_writes, 0);
}

/* As this machine's file system has it. */
static void test_for_real(void **state)
{
    struct log_fixture *f = *state;
    options_set_os(f->options, os_posix());
    run_all(f);
    print_message("direct I/O on this file system: %s\n", says_direct(f->log) ? "yes" : "no");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        direct_test(test_groups_go_past_the_cache_in_sectors),
        direct_test(test_the_device_says_how_large_sectors_are),
        direct_test(test_refused_it_goes_on_without),
        direct_test(test_encoded_groups),
        direct_test(test_for_real),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
