/* SPDX-License-Identifier: Apache-2.0 */
/* The error codes of the public header under the names that the layers below the API use. */
#ifndef WAL_BASE_CODES_H
#define WAL_BASE_CODES_H

#include <libwal/wal.h>

#endif
