/* SPDX-License-Identifier: Apache-2.0 */
/* The catalog's members: their files, how they come and go. */
#include <stdatomic.h>

#include "catalog_chain.h"

#include "log/catalog_index.h"

/* Files come and go */

static void few_files_stay_open(void **state)
{
    (void)state;
    make_chain(CHAIN_MAX);
    know_newest(1);
    assert_int_equal(catalog_walk(&catalog), 0);
    expect_members(1, CHAIN_MAX);
    assert_in_range(open_files(), 1, FILES_MAX);
    for (uint64_t lsn = 100; lsn < chain[n_chain].end.next_lsn; lsn += 2) {
        expect_found(lsn, 1 + (lsn - 100) / 2);
        assert_in_range(open_files(), 1, FILES_MAX);
    }
    assert_true(catalog.members[CHAIN_MAX - 1]->segment.file.fd >= 0); /* the writer's */
}

static void the_one_longest_unasked_for_is_closed(void **state)
{
    (void)state;
    make_chain(FILES_MAX + 2);
    know_newest(1);
    assert_int_equal(catalog_walk(&catalog), 0);
    for (uint64_t k = 1; k <= FILES_MAX - 1; k++)
        expect_found(chain[k].header.base_lsn, k);
    expect_found(chain[1].header.base_lsn, 1);
    assert_int_equal(open_files(), FILES_MAX);
    expect_found(chain[FILES_MAX].header.base_lsn, FILES_MAX);
    assert_true(catalog.members[0]->segment.file.fd >= 0);
    assert_int_equal(catalog.members[1]->segment.file.fd, -1);
    assert_true(catalog.members[2]->segment.file.fd >= 0);
}

static void what_somebody_holds_stays_open(void **state)
{
    struct member *held[CHAIN_MAX + 1];
    (void)state;

    make_chain(100);
    know_newest(1);
    for (uint64_t k = 1; k <= 100; k++)
        held[k] = find(chain[k].header.base_lsn);
    assert_int_equal(open_files(), 100);
    for (uint64_t k = 1; k <= 100; k++) {
        assert_true(held[k]->segment.file.fd >= 0);
        catalog_release(&catalog, held[k]);
    }
    catalog_release(&catalog, NULL);
}

/* Makes more of the chain be asked for than files stay open, so that segment 1 is closed. */
static void close_the_first(void)
{
    expect_found(chain[1].header.base_lsn, 1);
    for (uint64_t k = 2; k < n_chain; k++)
        expect_found(chain[k].header.base_lsn, k);
    assert_int_equal(catalog.members[0]->segment.file.fd, -1);
}

static void a_file_that_vanished_or_changed_is_noticed_when_opened_again(void **state)
{
    struct member *m = NULL;
    (void)state;

    make_chain(FILES_MAX + 3);
    know_newest(1);
    close_the_first();
    assert_int_equal(unlink(bench_path(&bench, name_of(1))), 0);
    assert_int_equal(catalog_find(&catalog, 100, &m), WAL_E_CORRUPT);
    assert_non_null(strstr(fault_last()->text, "is missing"));
    chain[1].header.created_ns++;
    draft_rewrite_header(&chain[1]);
    assert_int_equal(catalog_find(&catalog, 100, &m), WAL_E_CORRUPT);
    assert_non_null(strstr(fault_last()->text, "was replaced by another file"));
    assert_null(m);
    chain[1].header.created_ns--;
    draft_rewrite_header(&chain[1]);
    spy_fail(&bench.spy, SPY_OPEN, 1, EMFILE);
    assert_int_equal(catalog_find(&catalog, 100, &m), WAL_E_IO);
    m = find(100);
    catalog_release(&catalog, m);
    open_files();
}

/* The chain changes at its end */

/* Segment n_chain comes behind; what was the newest ended where the new one says. */
static void advance(uint64_t drop_from, struct numbers *ret_dropped)
{
    struct segment s;
    const struct follow *f;
    struct advance a = {.drop_from = drop_from, .ends = true, .oldest = 1, .add = &s};

    assert_int_equal(segment_open(&s, &bench.folder, n_chain, OS_READ), 0);
    f = &s.header.follow;
    a.end = (struct boundary){.offset = f->end_offset, .next_lsn = f->end_lsn + 1, .link = f->link};
    assert_int_equal(catalog_advance(&catalog, &a, ret_dropped), 0);
}

static void a_new_segment_ends_the_one_before(void **state)
{
    struct member_state s;
    struct numbers dropped;
    (void)state;

    make_chain(1);
    know_newest(1);
    catalog_index(&catalog, 100, 4096);
    catalog_index(&catalog, 101, 4096 + 128);
    catalog_index(&catalog, 102, 4096 + 256); /* written, but not in the log after all */
    struct member *m = find(100);
    catalog_state(&catalog, m, &s);
    assert_false(s.sealed);
    add_to_chain();
    advance(0, &dropped);
    assert_int_equal(dropped.n, 0);
    expect_members(1, 2);
    catalog_state(&catalog, m, &s);
    assert_true(s.sealed);
    assert_false(s.gone);
    assert_true(s.indexed);
    assert_int_equal(s.end.offset, chain[1].end.offset);
    assert_int_equal(s.end.next_lsn, 102);
    assert_int_equal(m->index.n, 2);
    catalog_release(&catalog, m);
    expect_found(101, 1);
    expect_found(102, 2);
}

/* It left the log, and is readable until it is let go, whatever became of its file. */
static void expect_held_and_gone(struct member *held)
{
    struct member_state s;
    struct group_reader r;
    struct group_view g;

    catalog_state(&catalog, held, &s);
    assert_true(s.gone);
    assert_int_equal(unlink(bench_path(&bench, name_of(held->number))), 0);
    group_reader_init(&r, &held->segment, &alloc_default, 4096);
    assert_int_equal(group_reader_next(&r, &g), 1);
    group_reader_free(&r);
}

static void a_cut_drops_what_lies_behind_it(void **state)
{
    struct numbers dropped;
    (void)state;

    make_chain(5);
    know_newest(1);
    assert_int_equal(catalog_walk(&catalog), 0);
    struct member *held = find(chain[4].header.base_lsn);
    n_chain = 2; /* the new one goes on behind 2, and has the number 6 */
    add_to_chain();
    struct draft six = chain[3];
    six.header.number = 6;
    chain[6] = six;
    draft_rewrite_header(&chain[6]);
    n_chain = 6;
    resize(&chain[6], DRAFT_ROOM);
    advance(3, &dropped);
    assert_int_equal(dropped.n, 3);
    for (size_t k = 0; k < 3; k++)
        assert_int_equal(dropped.v[k], 3 + k);
    mem_free(&poor.alloc, dropped.v);
    assert_int_equal(catalog.n, 3);
    assert_int_equal(catalog.members[2]->number, 6);
    assert_int_equal(catalog.members[1]->number, 2);

    expect_held_and_gone(held);
    catalog_release(&catalog, held);
    assert_int_equal(open_files(), 3);
}

static void what_was_reserved_makes_the_next_advance_safe(void **state)
{
    struct numbers dropped;
    (void)state;

    make_chain(16); /* as many as the first table holds */
    know_newest(1);
    assert_int_equal(catalog_walk(&catalog), 0);
    poor.left = 0;
    assert_int_equal(catalog_reserve(&catalog), WAL_E_NOMEM);
    poor.left = UINT32_MAX;
    assert_int_equal(catalog_reserve(&catalog), 0);
    assert_int_equal(catalog_reserve(&catalog), 0); /* once is enough */
    poor.left = 0;
    add_to_chain();
    advance(0, &dropped);
    poor.left = UINT32_MAX;
    expect_members(1, 17);
    assert_int_equal(catalog_reserve(&catalog), 0); /* unused at the end: freed with the rest */
}

static void a_reset_drops_everything(void **state)
{
    struct segment s;
    struct numbers dropped;
    struct advance a = {.drop_from = 1, .add = &s};
    (void)state;

    make_chain(3);
    know_newest(1);
    assert_int_equal(catalog_walk(&catalog), 0);
    draft_begin(&chain[4], &bench, 4, 5000);
    draft_open(&chain[4]);
    put(&chain[4], 1, 8);
    draft_close(&chain[4]);
    n_chain = 4;
    assert_int_equal(segment_open(&s, &bench.folder, 4, OS_READ), 0);
    assert_int_equal(catalog_advance(&catalog, &a, &dropped), 0);
    assert_int_equal(dropped.n, 3);
    mem_free(&poor.alloc, dropped.v);
    expect_members(4, 4);
    assert_int_equal(catalog.oldest, 4); /* none was named: the new one */
    expect_found(5000, 4);
    assert_int_equal(catalog_walk(&catalog), 0);
}

static void an_advance_without_memory_changes_nothing(void **state)
{
    struct segment s;
    struct numbers dropped;
    struct advance a = {.drop_from = 1, .ends = true, .add = &s};
    (void)state;

    make_chain(3);
    know_newest(1);
    assert_int_equal(catalog_walk(&catalog), 0);
    add_to_chain();
    assert_int_equal(segment_open(&s, &bench.folder, 4, OS_READ), 0);
    poor.left = 0;
    assert_int_equal(catalog_advance(&catalog, &a, &dropped), WAL_E_NOMEM);
    expect_members(1, 3);
    assert_false(catalog.members[2]->sealed);
    assert_int_equal(catalog.oldest, 1);
    poor.left = 1; /* enough for the member, not for the list of what was dropped */
    a.drop_from = 3;
    assert_int_equal(catalog_advance(&catalog, &a, &dropped), 0);
    assert_null(dropped.v);
    assert_int_equal(dropped.n, 0);
    assert_int_equal(catalog.n, 3);
    poor.left = UINT32_MAX;
}

/* ... and at its beginning */

static void the_front_is_dropped(void **state)
{
    struct numbers dropped;
    (void)state;

    make_chain(5);
    know_newest(1);
    struct member *held = find(100);
    catalog_drop_before(&catalog, 3, &dropped);
    assert_int_equal(dropped.n, 2);
    assert_int_equal(dropped.v[0], 1);
    assert_int_equal(dropped.v[1], 2);
    mem_free(&poor.alloc, dropped.v);
    expect_members(3, 5);
    assert_int_equal(catalog.oldest, 3);
    expect_held_and_gone(held);
    catalog_release(&catalog, held);
    assert_int_equal(catalog_walk(&catalog), 0);
    expect_members(3, 5);
    expect_found(chain[3].header.base_lsn, 3);
    catalog_drop_before(&catalog, 3, &dropped);
    assert_int_equal(dropped.n, 0);
    assert_null(dropped.v);
}

/* The rest */

static void the_newest_one(void **state)
{
    struct member *m = NULL;
    (void)state;

    make_chain(3);
    know_newest(1);
    poor.left = 0;
    assert_int_equal(catalog_newest(&catalog, &m), 0);
    poor.left = UINT32_MAX;
    assert_int_equal(m->number, 3);
    catalog_release(&catalog, m);
}

static void the_newest_header_needs_no_file(void **state)
{
    struct segment_header h;
    (void)state;

    assert_false(catalog_newest_header(&catalog, &h)); /* a log that is being made */
    make_chain(3);
    know_newest(1);
    segment_close(&catalog.members[0]->segment);
    assert_true(catalog_newest_header(&catalog, &h));
    assert_int_equal(h.number, 3);
    assert_memory_equal(&h, &catalog.members[0]->segment.header, sizeof h);
}

struct seen {
    uint64_t numbers[8], afters[8];
    size_t n;
};

static void note(void *ctx, const struct member *m, const struct member *after)
{
    struct seen *s = ctx;
    s->numbers[s->n] = m->number;
    s->afters[s->n++] = after ? after->number : 0;
}

static void all_are_shown_in_order(void **state)
{
    struct seen s = {0};
    (void)state;

    make_chain(3);
    know_newest(1);
    assert_int_equal(catalog_walk(&catalog), 0);
    catalog_each(&catalog, note, &s);
    assert_int_equal(s.n, 3);
    for (uint64_t k = 0; k < 3; k++) {
        assert_int_equal(s.numbers[k], k + 1);
        assert_int_equal(s.afters[k], k < 2 ? k + 2 : 0);
    }
}

static void another_chain_takes_its_place(void **state)
{
    struct catalog other;
    (void)state;

    make_chain(3);
    know_newest(1);
    assert_int_equal(catalog_walk(&catalog), 0);
    struct member *held = find(100);
    assert_int_equal(catalog_init(&other, &bench.folder, &poor.alloc, 1 << 20), 0);
    struct catalog first = catalog;
    catalog = other;
    add_to_chain();
    memcpy(catalog.uuid, chain[1].header.uuid, UUID_BYTES);
    know_newest(4);
    other = catalog;
    catalog = first;

    catalog_swap(&catalog, &other);
    expect_members(4, 4);
    assert_int_equal(catalog.oldest, 4);
    assert_int_equal(other.n, 0);
    catalog_free(&other);
    expect_held_and_gone(held);
    catalog_release(&catalog, held);
    expect_found(chain[4].header.base_lsn, 4);
    assert_int_equal(open_files(), 1);
}

static void disowned_files_are_not_closed(void **state)
{
    (void)state;
    make_chain(2);
    know_newest(1);
    assert_int_equal(catalog_walk(&catalog), 0);
    int fds[2] = {catalog.members[0]->segment.file.fd, catalog.members[1]->segment.file.fd};
    catalog_disown(&catalog);
    catalog_free(&catalog);
    for (int k = 0; k < 2; k++)
        assert_int_equal(bench.spy.os.close(&bench.spy, fds[k]), 0);
    assert_int_equal(catalog_init(&catalog, &bench.folder, &poor.alloc, 0), 0);
}

/* Threads, which the spy isn't made for: the system itself, and malloc. */

struct shared {
    struct catalog catalog;
    struct folder folder;
    atomic_bool done;
    atomic_uint wrong;
    uint64_t lsns;
};

static void *hold_and_release(void *arg)
{
    struct shared *x = arg;
    struct segment_header h;
    struct member *m;

    for (uint64_t k = 0; !atomic_load(&x->done); k++) {
        if (catalog_find(&x->catalog, 100 + k * 7919 % x->lsns, &m) < 0) {
            atomic_fetch_add(&x->wrong, 1);
            continue;
        }
        h = m->segment.header;
        if (m->segment.file.fd < 0 || h.number != m->number)
            atomic_fetch_add(&x->wrong, 1);
        catalog_release(&x->catalog, m);
    }
    return NULL;
}

/* Another catalog of the same chain, as a follower makes it when the log has changed. */
static void look_anew(struct shared *x, struct catalog *ret)
{
    struct segment s;
    struct numbers dropped;
    struct advance a = {.oldest = 1, .add = &s};

    assert_int_equal(catalog_init(ret, &x->folder, &alloc_default, 1 << 20), 0);
    memcpy(ret->uuid, chain[1].header.uuid, UUID_BYTES);
    assert_int_equal(segment_open(&s, &x->folder, n_chain, OS_READ), 0);
    assert_int_equal(catalog_advance(ret, &a, &dropped), 0);
}

static void members_are_held_while_chains_come_and_go(void **state)
{
    static struct shared x;
    pthread_t threads[3];
    (void)state;

    make_chain(8);
    x.folder = (struct folder){.os = os_posix(), .path = bench.folder.path, .fd = bench.folder.fd};
    x.lsns = chain[8].end.next_lsn - 100;
    look_anew(&x, &x.catalog);
    for (int k = 0; k < 3; k++)
        assert_int_equal(pthread_create(&threads[k], NULL, hold_and_release, &x), 0);
    for (int k = 0; k < 300; k++) {
        struct catalog other;
        look_anew(&x, &other);
        catalog_swap(&x.catalog, &other);
        catalog_free(&other);
    }
    atomic_store(&x.done, true);
    for (int k = 0; k < 3; k++)
        pthread_join(threads[k], NULL);
    assert_int_equal(x.wrong, 0);
    assert_int_equal(catalog_walk(&x.catalog), 0);
    assert_in_range(x.catalog.open_files, 1, 8);
    catalog_free(&x.catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(few_files_stay_open),
        TEST(the_one_longest_unasked_for_is_closed),
        TEST(what_somebody_holds_stays_open),
        TEST(a_file_that_vanished_or_changed_is_noticed_when_opened_again),
        TEST(a_new_segment_ends_the_one_before),
        TEST(a_cut_drops_what_lies_behind_it),
        TEST(what_was_reserved_makes_the_next_advance_safe),
        TEST(a_reset_drops_everything),
        TEST(an_advance_without_memory_changes_nothing),
        TEST(the_front_is_dropped),
        TEST(the_newest_one),
        TEST(the_newest_header_needs_no_file),
        TEST(all_are_shown_in_order),
        TEST(another_chain_takes_its_place),
        TEST(disowned_files_are_not_closed),
        TEST(members_are_held_while_chains_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
