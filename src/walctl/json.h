/* SPDX-License-Identifier: Apache-2.0 */
/* One JSON object per line on stdout. */
#ifndef WALCTL_JSON_H
#define WALCTL_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Keys are as given, in the order of the calls. */
void json_begin(void);
void json_u64(const char *key, uint64_t value);
void json_bool(const char *key, bool value);
void json_text(const char *key, const char *text);
void json_string(const char *key, const void *data, size_t size);
void json_base64(const char *key, const void *data, size_t size);
/* Base64 under `data_key` and, when it is UTF-8, a string under `text_key`. */
void json_bytes(const char *data_key, const char *text_key, const void *data, size_t size);
void json_end(void);

#endif
