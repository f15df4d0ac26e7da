/* SPDX-License-Identifier: Apache-2.0 */
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

#define ENTRY_TARGET FOLD_TARGET
#define ENTRY_ALL    fold_all
#include "crc/crc_entry.h"

const struct crc_implementation crc_pclmul = {"pclmul", supported, update, copy, words, copy_words};

#endif
