/* SPDX-License-Identifier: Apache-2.0 */
#include "crc_all_cases.h"

int main(void)
{
#ifdef __x86_64__
    return crc_run_all_cases(&crc_vpclmul, "VPCLMULQDQ with AVX-512");
#else
    return 0;
#endif
}
