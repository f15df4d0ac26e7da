/* SPDX-License-Identifier: Apache-2.0 */
#include "crc_cases.h"

#include <pthread.h>
#include <sys/wait.h>

#include "crc/crc.h"

/* The tests of the first use come first: nothing in this program has used the checksum before. */

static void test_first_use_by_a_copy(void **state)
{
    pid_t child = fork();
    int status = -1;

    (void)state;
    if (child == 0) {
        char copy[9] = "";
        uint32_t crc = crc_copy(0, copy, "123456789", 9);
        _exit(crc == 0xcbf43926 && memcmp(copy, "123456789", 9) == 0 ? 0 : 1);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void test_first_use_by_words(void **state)
{
    pid_t child = fork();
    int status = -1;

    (void)state;
    if (child == 0)
        _exit(crc_words(0, 0, 0, 0) == 0xa3c1ca20 ? 0 : 1);
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void test_first_use_by_a_copy_with_words(void **state)
{
    pid_t child = fork();
    int status = -1;

    (void)state;
    if (child == 0) {
        char copy[9] = "";
        uint32_t crc = crc_copy_words(copy, "123456789", 9, 1, 2, 3);
        bool right = crc == crc_words(0xcbf43926, 1, 2, 3);
        _exit(right && memcmp(copy, "123456789", 9) == 0 ? 0 : 1);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

enum { THREADS = 8 };

static pthread_barrier_t barrier;

static void *first_use(void *arg)
{
    uint32_t *crc = arg;
    char copy[9];

    pthread_barrier_wait(&barrier);
    crc[0] = crc_update(0, "123456789", 9);
    crc[1] = crc_copy(0, copy, "123456789", 9);
    return NULL;
}

static void test_first_use_by_many_threads(void **state)
{
    pthread_t threads[THREADS];
    uint32_t crcs[THREADS][2];

    (void)state;
    assert_int_equal(pthread_barrier_init(&barrier, NULL, THREADS), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, first_use, crcs[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(crcs[i][0], 0xcbf43926);
        assert_int_equal(crcs[i][1], 0xcbf43926);
    }
    pthread_barrier_destroy(&barrier);
}

static unsigned expected_implementations(void)
{
    unsigned n = 1;

#ifdef __x86_64__
    if (__builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1")) {
        n = 2;
        if (__builtin_cpu_supports("vpclmulqdq") && __builtin_cpu_supports("avx2"))
            n = __builtin_cpu_supports("avx512f") ? 4 : 3;
    }
#endif
    return n;
}

static void test_implementations(void **state)
{
    static const char *const names[] = {"zlib", "pclmul", "avx2", "vpclmul"};

    (void)state;
    assert_int_equal(crc_implementations(), expected_implementations());
    assert_int_equal(crc_implementation_chosen(), crc_implementations() - 1);
    for (unsigned i = 0; i < crc_implementations(); i++) {
        assert_string_equal(crc_implementation_name(i), names[i]);
        assert_int_equal(crc_update_with(i, 0, "123456789", 9), 0xcbf43926);
    }
}

static uint32_t zlib(uint32_t crc, const void *data, size_t size)
{
    return crc_update_with(0, crc, data, size);
}

/* The public functions, as if they were one more implementation. */
static const struct crc_implementation public_functions = {"public", NULL,      crc_update,
                                                           crc_copy, crc_words, crc_copy_words};

static void test_known_answers(void **state)
{
    (void)state;
    crc_case_known_answers(&public_functions);
}

static void test_update(void **state)
{
    (void)state;
    crc_case_every_size_at_every_alignment(&public_functions, zlib);
    crc_case_random_sizes(&public_functions, zlib);
}

static void test_copy(void **state)
{
    (void)state;
    crc_case_copy(&public_functions, zlib);
}

static void test_words(void **state)
{
    (void)state;
    crc_case_words(&public_functions, zlib);
}

static void test_copy_of_a_changing_source(void **state)
{
    (void)state;
    crc_case_copy_of_a_changing_source(&public_functions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_use_by_a_copy),
        cmocka_unit_test(test_first_use_by_words),
        cmocka_unit_test(test_first_use_by_a_copy_with_words),
        cmocka_unit_test(test_first_use_by_many_threads),
        cmocka_unit_test(test_implementations),
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_update),
        cmocka_unit_test(test_copy),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_copy_of_a_changing_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
