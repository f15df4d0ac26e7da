/* SPDX-License-Identifier: Apache-2.0 */
#include "segment/verdict.h"

#define D  FACT_DURABLE_DAMAGED
#define F  FACT_BELOW_FIRST
#define W  FACT_BEYOND_WINDOW
#define NZ FACT_BYTES_AFTER
#define R  FACT_ROOM
#define H  FACT_HEADER_RIGHT
#define U  FACT_BATCH_UNFINISHED

/* Read from the top: each case names what the ones above it exclude, so that exactly one holds. */
const struct verdict_case verdict_cases[] = {
    {W | NZ, W, VERDICT_IMPOSSIBLE, "window without bytes",
     "bytes beyond the window are bytes behind T"},
    {W | NZ | H, H, VERDICT_IMPOSSIBLE, "header without bytes", "a right header at T is no zeros"},
    {NZ | H | R, NZ | H, VERDICT_IMPOSSIBLE, "header without room",
     "a right header at T lies inside the file"},

    {D | W | NZ | H, D, VERDICT_CORRUPT, "durable bytes gone",
     "something durable reads as zeros, or the file was cut short"},
    {D | NZ | H | R, D | NZ | R, VERDICT_CORRUPT, "durable bytes damaged",
     "a group that was durable has no right header any more"},
    {D | NZ | H | R, D | NZ, VERDICT_CORRUPT, "durable bytes cut",
     "the file was cut inside a durable group"},
    {D | NZ | H | R, D | NZ | H | R, VERDICT_CORRUPT, "durable body damaged",
     "a durable group's header is right, its body or chain isn't"},

    {D | F | W | NZ | H, F, VERDICT_CORRUPT, "ends below first, zeros",
     "what truncate_before kept is gone"},
    {D | F | NZ | H | R, F | NZ | R, VERDICT_CORRUPT, "ends below first, bytes",
     "what truncate_before kept is damaged"},
    {D | F | NZ | H | R, F | NZ, VERDICT_CORRUPT, "ends below first, cut",
     "what truncate_before kept is cut off"},
    {D | F | NZ | H | R, F | NZ | H | R, VERDICT_CORRUPT, "ends below first, body",
     "what truncate_before kept has a damaged body"},

    {D | F | W | NZ | H, W | NZ, VERDICT_CORRUPT, "bytes beyond the window",
     "more bytes lie behind T than the writer ever has in flight: T is inside what was durable"},
    {D | F | W | NZ | H | R, W | NZ | H | R, VERDICT_CORRUPT, "header, bytes beyond the window",
     "the same, and the group at T has a right header"},

    {D | F | W | NZ | R | H | U, R, VERDICT_CLEAN, "clean",
     "zeros follow the last group: a close, or a crash with nothing in flight"},
    {D | F | W | NZ | R | H | U, R | U, VERDICT_TORN, "batch unfinished",
     "a crash between two groups of a long batch, the later ones not on the disk"},
    {D | F | W | NZ | R | H, 0, VERDICT_TORN, "no room",
     "the file ends with its last group: it never does so unless cut from outside"},
    {D | F | W | NZ | R | H, NZ, VERDICT_TORN, "torn, no room",
     "less than a header of bytes follows: a write that grew the file was torn"},
    {D | F | W | NZ | R | H, NZ | R, VERDICT_TORN, "torn",
     "a crash before the sync of what follows; its first header didn't reach the disk"},
    {D | F | W | NZ | R | H, NZ | R | H, VERDICT_AMBIGUOUS, "ambiguous",
     "the header reached the disk and the body not, or a group that nothing vouches for was "
     "damaged later: can't be told apart"},
};
const size_t verdict_case_count = sizeof verdict_cases / sizeof verdict_cases[0];

const struct verdict_case *verdict_of(uint32_t facts)
{
    size_t k = 0;
    while ((facts & verdict_cases[k].care) != verdict_cases[k].want)
        k++;
    return &verdict_cases[k];
}
