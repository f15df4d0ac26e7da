/* SPDX-License-Identifier: Apache-2.0 */
/* --decoder: payloads go through a command before they are shown.
 *
 * The shell runs the command once per record: the payload is its standard input, what it prints
 * until its end is shown instead. WALCTL_LSN and WALCTL_TYPE in its environment tell which record
 * it is. So any filter will do. It need not read its input. Where it ends with another status than
 * 0 its output is thrown away. The word raft is no command: walctl itself decodes then. */
#ifndef WALCTL_DECODER_H
#define WALCTL_DECODER_H

#include <libwal/wal.h>

#include "walctl/args.h"
#include "walctl/bytes.h"

extern const struct arg decoder_args[];

bool decoder_given(void);
/* What the decoder makes of the record, valid until the next call. NULL: it failed, which was said.
 */
const struct bytes *decoder_run(const wal_record_t *record);
/* How many times it has failed. */
uint64_t decoder_failures(void);

#endif
