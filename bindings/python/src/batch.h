/* SPDX-License-Identifier: Apache-2.0 */
/* Batch: records that go in together or not at all. */
#ifndef LIBWAL_PYTHON_BATCH_H
#define LIBWAL_PYTHON_BATCH_H

#include "log.h"

extern PyType_Spec batch_spec;

#endif
