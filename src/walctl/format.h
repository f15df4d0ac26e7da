/* SPDX-License-Identifier: Apache-2.0 */
/* What -o asks for. */
#ifndef WALCTL_FORMAT_H
#define WALCTL_FORMAT_H

#include "walctl/args.h"

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_RAW, FORMAT_HEX };

extern const struct arg format_record_args[]; /* for records: all four */
extern const struct arg format_report_args[]; /* for the rest: text and json */

enum format format_chosen(void);

#endif
