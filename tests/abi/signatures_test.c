/* SPDX-License-Identifier: Apache-2.0 */
/* The functions keep the types that programs were compiled against: each is declared here a second
 * time, from the design, and the compiler refuses a header that says otherwise. */
#include <libwal/crypto.h>
#include <libwal/wal.h>

#include <stddef.h>
#include <stdint.h>

const char *wal_version(void);
int wal_version_check(uint32_t major, uint32_t minor);
const char *wal_strerror(int code);
const char *wal_error_name(int code);
int wal_error_set(const wal_error_t *error);
int wal_last_error(wal_error_t *ret, uint32_t size);
int wal_options_new(wal_options_t **ret);
void wal_options_free(wal_options_t *o);
int wal_options_set(wal_options_t *o, uint32_t option, uint64_t value);
int wal_options_get(const wal_options_t *o, uint32_t option, uint64_t *ret);
int wal_options_set_string(wal_options_t *o, const char *name, const char *value);
int wal_options_preset(wal_options_t *o, uint32_t preset);
const char *wal_option_name(uint32_t option);
uint32_t wal_option_by_name(const char *name);
int wal_options_set_label(wal_options_t *o, const void *data, size_t size);
int wal_options_set_allocator(wal_options_t *o, const wal_allocator_t *allocator);
int wal_options_set_lock(wal_options_t *o, wal_lock_t *lock);
int wal_options_set_events(wal_options_t *o, uint32_t mask, wal_event_fn fn, void *ctx);
int wal_lock_acquire(const char *dir, wal_lock_t **ret);
void wal_lock_release(wal_lock_t *lock);
int wal_lock_holder(const char *dir, uint32_t *ret_pid);
int wal_open(const char *dir, const wal_options_t *o, wal_t **ret);
int wal_close(wal_t *w);
int wal_recovery(wal_t *w, wal_recovery_t *ret, uint32_t size);
uint64_t wal_first_lsn(wal_t *w);
uint64_t wal_last_lsn(wal_t *w);
uint64_t wal_next_lsn(wal_t *w);
uint64_t wal_durable_lsn(wal_t *w);
int wal_failure(wal_t *w);
int wal_failure_error(wal_t *w, wal_error_t *ret, uint32_t size);
int wal_range(wal_t *w, uint64_t *ret_first, uint64_t *ret_last, uint64_t *ret_next,
              uint64_t *ret_durable);
int wal_destroy(const char *dir);
int wal_append(wal_t *w, const void *data, size_t size, uint64_t *ret_lsn);
int wal_append_typed(wal_t *w, uint32_t type, const void *data, size_t size, uint32_t flags,
                     uint64_t *ret_lsn);
int wal_append_many(wal_t *w, const wal_record_t *records, size_t n, uint32_t flags,
                    uint64_t *ret_first);
int wal_append_packed(wal_t *w, const void *payload, const uint32_t *sizes, const uint16_t *types,
                      size_t n, uint32_t flags, uint64_t *ret_first);
int wal_flush(wal_t *w);
int wal_sync(wal_t *w, uint64_t lsn);
int wal_wait(wal_t *w, uint64_t lsn, int timeout_ms);
int wal_on_durable(wal_t *w, uint64_t lsn, wal_durable_fn fn, void *ctx);
int wal_batch_new(wal_t *w, wal_batch_t **ret);
int wal_batch_append(wal_batch_t *b, uint32_t type, const void *data, size_t size);
int wal_batch_append_packed(wal_batch_t *b, const void *payload, const uint32_t *sizes,
                            const uint16_t *types, size_t n);
int wal_batch_set_tag(wal_batch_t *b, const void *data, size_t size);
int wal_batch_meta(wal_batch_t *b, const void *key, size_t klen, const void *value, size_t vlen);
int wal_batch_replace_after(wal_batch_t *b, uint64_t lsn, uint32_t flags, uint64_t *ret_first,
                            uint64_t *ret_last);
int wal_last_tag(wal_t *w, void *buf, size_t cap, size_t *ret_size);
uint64_t wal_batch_count(const wal_batch_t *b);
uint64_t wal_batch_bytes(const wal_batch_t *b);
int wal_batch_commit(wal_batch_t *b, uint32_t flags, uint64_t *ret_first, uint64_t *ret_last);
int wal_batch_abort(wal_batch_t *b);
void wal_batch_free(wal_batch_t *b);
int wal_get(wal_t *w, uint64_t lsn, void *buf, size_t cap, wal_record_t *ret);
int wal_reader_open(wal_t *w, uint64_t from, uint32_t flags, wal_reader_t **ret);
int wal_reader_next(wal_reader_t *r, wal_record_t *ret);
int wal_reader_next_many(wal_reader_t *r, wal_record_t *records, size_t max, size_t max_bytes,
                         size_t *ret_n);
int wal_reader_seek(wal_reader_t *r, uint64_t lsn);
int wal_reader_wait(wal_reader_t *r, int timeout_ms);
void wal_reader_interrupt(wal_reader_t *r);
uint64_t wal_reader_position(const wal_reader_t *r);
void wal_reader_close(wal_reader_t *r);
int wal_replay(wal_t *w, uint64_t from, wal_record_fn fn, void *ctx, uint64_t *ret_last);
int wal_encode(const wal_record_t *records, size_t n, void *buf, size_t cap, size_t *ret_size);
int wal_decode(const void *buf, size_t size, wal_record_fn fn, void *ctx);
int wal_truncate_before(wal_t *w, uint64_t lsn);
int wal_truncate_after(wal_t *w, uint64_t lsn);
int wal_replace_after(wal_t *w, uint64_t lsn, const wal_record_t *records, size_t n, uint32_t flags,
                      uint64_t *ret_first);
int wal_reset(wal_t *w, uint64_t next);
int wal_rotate(wal_t *w);
int wal_drain(wal_t *w, wal_segment_fn pred, void *ctx, size_t *ret_count);
int wal_info(wal_t *w, wal_info_t *ret, uint32_t size);
int wal_segments(wal_t *w, wal_segment_t *array, uint32_t elem_size, size_t *n);
int wal_stats(wal_t *w, uint64_t *values, uint32_t n);
const char *wal_stat_name(uint32_t i);
uint32_t wal_stat_count(void);
int wal_histogram(wal_t *w, uint32_t which, uint64_t *buckets);
uint64_t wal_disk_bytes(wal_t *w);
int wal_options_set_cipher(wal_options_t *o, const wal_cipher_t *cipher, uint32_t key_id);
int wal_options_set_aead(wal_options_t *o, uint32_t algorithm, uint32_t key_id, const void *key,
                         size_t key_size);
int wal_options_cipher(const wal_options_t *o, wal_cipher_t *ret, uint32_t *ret_key_id);
int wal_options_set_machine(wal_options_t *o, const wal_machine_t *machine);
int wal_checkpoint(wal_t *w, uint64_t lsn, const void *state, size_t size);
int wal_checkpoint_get(wal_t *w, void *buf, size_t cap, uint64_t *ret_lsn, size_t *ret_size);
int wal_segment_checkpoint(wal_t *w, uint64_t segment, void *buf, size_t cap, uint64_t *ret_lsn,
                           size_t *ret_size);
int wal_verify(const char *dir, const wal_options_t *o, wal_progress_fn fn, void *ctx,
               wal_verify_t *ret, uint32_t size);
int wal_meta_set(wal_t *w, const void *key, size_t klen, const void *value, size_t vlen);
int wal_meta_get(wal_t *w, const void *key, size_t klen, void *buf, size_t cap, size_t *ret_vlen);
int wal_meta_delete(wal_t *w, const void *key, size_t klen);
int wal_meta_each(wal_t *w, wal_meta_fn fn, void *ctx);
int wal_subscribe(wal_t *w, uint32_t mask, wal_subscription_t **ret);
void wal_unsubscribe(wal_subscription_t *s);
int wal_subscription_fd(const wal_subscription_t *s);
int wal_subscription_next(wal_subscription_t *s, wal_event_t *ret);
int wal_salvage(const char *dir, const wal_options_t *o, wal_record_fn fn, wal_gap_fn gap,
                void *ctx);
int wal_repair(const char *dir, const wal_options_t *o, uint32_t flags, wal_verify_t *ret,
               uint32_t size);
int wal_copy(wal_t *w, const char *dest, wal_progress_fn fn, void *ctx);
typedef int (*wal_progress_fn)(void *ctx, uint64_t done_bytes, uint64_t total_bytes);
typedef void (*wal_durable_fn)(void *ctx, uint64_t lsn, int result);
typedef void (*wal_event_fn)(void *ctx, const wal_event_t *event);
typedef int (*wal_record_fn)(void *ctx, const wal_record_t *record);
typedef int (*wal_progress_fn)(void *ctx, uint64_t done_bytes, uint64_t total_bytes);
typedef int (*wal_gap_fn)(void *ctx, uint64_t first_lsn, uint64_t last_lsn);
typedef int (*wal_meta_fn)(void *ctx, const void *key, size_t klen, const void *value, size_t vlen);

int main(void)
{
    return 0;
}
