/* SPDX-License-Identifier: Apache-2.0 */
#include "base/plant.h"

#ifdef WAL_PLANTED_BUGS
int planted_bug;
#else
_Static_assert(!PLANTED(1), "planted bugs exist in builds with WAL_PLANTED_BUGS only");
#endif
