/* SPDX-License-Identifier: Apache-2.0 */
/* One segment's file, plain, compressed or encrypted as the first byte says (image.h), under a
 * control file that fits. The second byte: whether the log was closed. */
#include "fuzz.h"
#include "image.h"
#include "survey.h"

#include <string.h>

#include "base/bytes.h"

static void put_control(struct simdisk *d, bool closed, const uint8_t *segment, size_t size,
                        uint64_t next_lsn)
{
    static uint8_t slot[CONTROL_SLOT_BYTES], bytes[CONTROL_BYTES];
    const uint64_t base = load64(segment + 48);

    memset(slot, 0, sizeof slot);
    store64(slot + 32, 2);
    store64(slot + 40, load64(segment + 64));
    store64(slot + 48, 1);
    store64(slot + 56, 1);
    store64(slot + 64, base ? base : 1);
    if (closed) {
        store32(slot + 72, 1);
        store64(slot + 80, next_lsn - 1);
        store64(slot + 88, size - GROUP_HEADER_BYTES);
    }
    uint8_t twice[2 * CONTROL_SLOT_BYTES];
    memcpy(twice, slot, sizeof slot);
    memcpy(twice + sizeof slot, slot, sizeof slot);
    image_control(&(struct feed){twice, sizeof twice}, 0, bytes);
    memset(bytes + WITNESS_OFFSET, 0, WITNESS_BYTES);
    FUZZ_MUST(simdisk_put(d, SURVEY_DIR "/control", bytes, sizeof bytes) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t segment[IMAGE_MAX];
    struct feed f = {data, size};
    struct image_end end = {0};
    struct simdisk *d = survey_disk();
    unsigned how = feed_byte(&f), lsns = feed_byte(&f);

    size_t bytes = image_segment(&f, how, 1, segment, &end);
    FUZZ_MUST(simdisk_put(d, SURVEY_DIR "/00000000000000000001.wal", segment, bytes) == 0);
    put_control(d, lsns > 0, segment, bytes, lsns);
    survey(d);
    simdisk_free(d);
    return 0;
}
