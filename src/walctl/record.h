/* SPDX-License-Identifier: Apache-2.0 */
/* How a record is shown: text, json, raw or hex. `walctl help formats` is the description. */
#ifndef WALCTL_RECORD_H
#define WALCTL_RECORD_H

#include <libwal/wal.h>

#include "walctl/args.h"

/* Lists of options for commands that show records: -o, the framing of raw, --decoder, --color. */
#define RECORD_ARGS format_record_args, frame_args, decoder_args, color_args

/* Whether the options fit together: CODE_FINE or, after a message, CODE_USAGE. */
int record_check(void);
void record_print(const wal_record_t *record);
/* At the end: `code`, or CODE_FAILED where a decoder has failed. */
int record_result(int code);

#endif
