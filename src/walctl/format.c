/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/format.h"

#include <stddef.h>

static int chosen = FORMAT_TEXT;

const struct arg format_record_args[] = {
    {"output", 'o', "text|json|raw|hex",
     "how records are shown (default text);\n'walctl help formats' describes them", take_word,
     &chosen},
    {0}};
const struct arg format_report_args[] = {
    {"output", 'o', "text|json", "how it is shown (default text)", take_word, &chosen}, {0}};

enum format format_chosen(void)
{
    return (enum format)chosen;
}
