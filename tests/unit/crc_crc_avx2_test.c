/* SPDX-License-Identifier: Apache-2.0 */
#include "crc_all_cases.h"

int main(void)
{
#ifdef __x86_64__
    return crc_run_all_cases(&crc_avx2, "VPCLMULQDQ with AVX2");
#else
    return 0;
#endif
}
