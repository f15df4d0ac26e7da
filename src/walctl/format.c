#include "walctl/format.h"

#include <stddef.h>
#include <string.h>

#include "walctl/message.h"

static enum format chosen = FORMAT_TEXT;

static int take(const struct arg *a, const char *value, int n)
{
    static const char *const words[] = {"text", "json", "raw", "hex"};

    for (int k = 0; k < n; k++)
        if (strcmp(words[k], value) == 0) {
            chosen = (enum format)k;
            return CODE_FINE;
        }
    return usage_error("--%s: '%s' is not %s", a->name, value, a->value);
}

static int take_any(const struct arg *a, const char *value)
{
    return take(a, value, FORMAT_HEX + 1);
}

static int take_report(const struct arg *a, const char *value)
{
    return take(a, value, FORMAT_JSON + 1);
}

const struct arg format_record_args[] = {
    {"output", 'o', "text|json|raw|hex",
     "how records are shown (default text);\n'walctl help formats' describes them", take_any, NULL},
    {0}};
const struct arg format_report_args[] = {
    {"output", 'o', "text|json", "how it is shown (default text)", take_report, NULL}, {0}};

enum format format_chosen(void)
{
    return chosen;
}
