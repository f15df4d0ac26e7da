/* SPDX-License-Identifier: Apache-2.0 */
/* Events: a queue of what happens to a log. */
#ifndef LIBWAL_PYTHON_EVENTS_H
#define LIBWAL_PYTHON_EVENTS_H

#include "log.h"

extern PyType_Spec events_spec;

#endif
