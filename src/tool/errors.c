// SPDX-License-Identifier: MIT
//
// errors.c - acta errors: the status codes, from the library itself.

#include <stdio.h>
#include <string.h>

#include "tool.h"

static void print(int status)
{
    printf("%4d  %-16s %s\n", status, acta_errname(status), acta_strerror(status));
}

int tool_errors(void)
{
    print(ACTA_DONE);
    const char *none = acta_errname(ACTA_DONE + 1);
    for (int status = ACTA_OK; strcmp(acta_errname(status), none) != 0; status--)
        print(status);
    return TOOL_YES;
}
