/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of encrypted logs. Where walctl is built without libwal-crypto it has no options for them.
 */
#ifndef WALCTL_KEY_H
#define WALCTL_KEY_H

#include <libwal/wal.h>

#include "walctl/args.h"

extern const struct arg key_args[]; /* --key, --key-id, --aead */

/* Gives the options all keys of the command line. CODE_FINE, or the exit code after a message. */
int key_set(wal_options_t *o);

#endif
