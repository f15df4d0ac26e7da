/* SPDX-License-Identifier: Apache-2.0 */
/* Batches on their way out, in the two forms that import reads. */
#ifndef WALCTL_EXPORT_H
#define WALCTL_EXPORT_H

#include "walctl/args.h"
#include "walctl/gather.h"

extern const struct arg export_args[]; /* -o */

/* Whether stdout suits the form: CODE_FINE or, after a message, CODE_USAGE. */
int export_check(void);
/* A gather_fn; ctx is a struct bytes, for it to use. */
int export_batch(void *ctx, const wal_record_t *records, size_t n);
/* Behind the last one, when all is well. */
void export_end(void);

#endif
