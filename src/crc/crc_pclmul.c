/* 128-bit carry-less multiplication, four registers abreast: every x86-64 processor since about
 * 2011. */
#include "crc/crc_impl.h"

#ifdef __x86_64__

#include "crc/crc_fold.h"

static bool supported(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
}

__attribute__((target(FOLD_TARGET))) static uint32_t update(uint32_t crc, const void *data,
                                                            size_t size)
{
    struct fold_way way = {.from = data};
    return ~fold_all(~crc, &way, size);
}

__attribute__((target(FOLD_TARGET))) static uint32_t copy(uint32_t crc, void *to, const void *from,
                                                          size_t size)
{
    struct fold_way way = {.from = from, .to = to, .copies = true};
    return ~fold_all(~crc, &way, size);
}

__attribute__((target(FOLD_TARGET))) static uint32_t words(uint32_t crc, uint64_t a, uint64_t b,
                                                           uint64_t c)
{
    return ~fold_words(~crc, a, b, c);
}

__attribute__((target(FOLD_TARGET))) static uint32_t
copy_words(void *to, const void *from, size_t size, uint64_t a, uint64_t b, uint64_t c)
{
    struct fold_way way = {
        .from = from, .to = to, .copies = true, .ends = true, .a = a, .b = b, .c = c};
    return ~fold_all(~UINT32_C(0), &way, size);
}

const struct crc_implementation crc_pclmul = {"pclmul", supported, update, copy, words, copy_words};

#endif
