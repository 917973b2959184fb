/* number.c: see number.h. */
#include "sys/number.h"

#include <assert.h>

bool number_parse(const char *text, int64_t least, int64_t most,
                  int64_t *ret_number)
{
    assert(least >= 0);
    int64_t number = 0;
    if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0'))
        return false;
    for (const char *p = text; *p; p++) {
        int64_t digit = *p - '0';
        if (digit < 0 || digit > 9 || number > (INT64_MAX - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    if (number < least || number > most)
        return false;
    *ret_number = number;
    return true;
}
