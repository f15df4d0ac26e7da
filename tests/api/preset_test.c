/* SPDX-License-Identifier: Apache-2.0 */
/* Presets: exactly the options that options.h lists, whatever they were before. */
#include "support/log_fixture.h"

#define MIB (UINT64_C(1) << 20)

struct setting {
    uint32_t option;
    uint64_t value;
};

static const struct preset {
    uint32_t number;
    struct setting settings[4];
} presets[] = {
    {1, {{WAL_OPT_GROUP_WAIT_US, 0}, {WAL_OPT_ZERO_AHEAD_BYTES, MIB}, {WAL_OPT_BACKGROUND, 1}}},
    {2,
     {{WAL_OPT_GROUP_WAIT_US, 200},
      {WAL_OPT_GROUP_BYTES, 4 * MIB},
      {WAL_OPT_PENDING_BYTES, 256 * MIB},
      {WAL_OPT_SEGMENT_BYTES, 256 * MIB}}},
    {3, {{WAL_OPT_SYNC, WAL_SYNC_FULL}, {WAL_OPT_GROUP_ALIGN, 4096}}},
};

enum { OPTIONS = WAL_OPT_BACKGROUND };

/* What no preset sets, and no default is. */
static const struct setting odd[] = {
    {WAL_OPT_CREATE, 0},
    {WAL_OPT_EXCLUSIVE, 1},
    {WAL_OPT_READ_ONLY, 1},
    {WAL_OPT_STRICT, 1},
    {WAL_OPT_SYNC, WAL_SYNC_INTERVAL},
    {WAL_OPT_INTERVAL_MS, 7},
    {WAL_OPT_INTERVAL_BYTES, 7},
    {WAL_OPT_SEGMENT_BYTES, 7 * MIB},
    {WAL_OPT_SEGMENT_RECORDS, 7},
    {WAL_OPT_MAX_RECORD_BYTES, 7},
    {WAL_OPT_GROUP_BYTES, 7 * MIB},
    {WAL_OPT_PENDING_BYTES, 7},
    {WAL_OPT_GROUP_WAIT_US, 7},
    {WAL_OPT_ZERO_AHEAD_BYTES, 7},
    {WAL_OPT_INDEX_BYTES, 7 * MIB},
    {WAL_OPT_FIRST_LSN, 7},
    {WAL_OPT_FILE_MODE, 0640},
    {WAL_OPT_DIR_MODE, 0750},
    {WAL_OPT_GROUP_ALIGN, 512},
    {WAL_OPT_BACKGROUND, 0},
};

static void read_all(const wal_options_t *o, uint64_t values[OPTIONS + 1])
{
    for (uint32_t k = 1; k <= OPTIONS; k++)
        must(wal_options_get(o, k, &values[k]));
}

static void apply(const struct preset *p, uint64_t values[OPTIONS + 1])
{
    for (size_t k = 0; k < COUNT_OF(p->settings); k++)
        if (p->settings[k].option)
            values[p->settings[k].option] = p->settings[k].value;
}

static void check(wal_options_t *o, const struct preset *p)
{
    uint64_t want[OPTIONS + 1], got[OPTIONS + 1];

    read_all(o, want);
    apply(p, want);
    must(wal_options_preset(o, p->number));
    read_all(o, got);
    for (uint32_t k = 1; k <= OPTIONS; k++)
        assert_int_equal(got[k], want[k]);
}

static void test_a_preset_sets_what_it_lists_and_nothing_else(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT_OF(presets); k++) {
        wal_options_t *o;
        must(wal_options_new(&o));
        check(o, &presets[k]);
        for (size_t i = 0; i < COUNT_OF(odd); i++)
            must(wal_options_set(o, odd[i].option, odd[i].value));
        check(o, &presets[k]);
        wal_options_free(o);
    }
}

static void test_later_sets_win(void **state)
{
    struct log_fixture *f = *state;
    uint64_t value;

    must(wal_options_preset(f->options, WAL_PRESET_HIGH_THROUGHPUT));
    fixture_set(f, WAL_OPT_GROUP_WAIT_US, 5);
    must(wal_options_get(f->options, WAL_OPT_GROUP_WAIT_US, &value));
    assert_int_equal(value, 5);
    must(wal_options_preset(f->options, WAL_PRESET_LOW_LATENCY));
    must(wal_options_get(f->options, WAL_OPT_GROUP_WAIT_US, &value));
    assert_int_equal(value, 0);
    must(wal_options_get(f->options, WAL_OPT_GROUP_BYTES, &value));
    assert_int_equal(value, 4 * MIB); /* of the first one */
}

static void test_unknown_presets_change_nothing(void **state)
{
    struct log_fixture *f = *state;
    const uint32_t unknown[] = {0, 4, UINT32_MAX};
    uint64_t before[OPTIONS + 1], after[OPTIONS + 1];

    read_all(f->options, before);
    for (size_t k = 0; k < COUNT_OF(unknown); k++)
        expect_error(WAL_E_INVAL, wal_options_preset(f->options, unknown[k]), "preset");
    expect_error(WAL_E_INVAL, wal_options_preset(NULL, WAL_PRESET_DURABLE), "options");
    read_all(f->options, after);
    for (uint32_t k = 1; k <= OPTIONS; k++)
        assert_int_equal(after[k], before[k]);
}

/* One after the other on one log: each can be opened, written and reopened with. */
static void test_logs_work_with_each(void **state)
{
    struct log_fixture *f = *state;
    uint64_t lsn = 0;

    for (uint32_t preset = WAL_PRESET_LOW_LATENCY; preset <= WAL_PRESET_DURABLE; preset++) {
        must(wal_options_preset(f->options, preset));
        fixture_open(f);
        assert_int_equal(fixture_append(f, "x"), ++lsn);
        assert_int_equal(wal_durable_lsn(f->log), lsn);
        fixture_close(f);
    }
    fixture_open(f);
    expect_range(f->log, 1, lsn, lsn + 1, lsn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_preset_sets_what_it_lists_and_nothing_else),
        fixture_test(test_later_sets_win),
        fixture_test(test_unknown_presets_change_nothing),
        fixture_test(test_logs_work_with_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
