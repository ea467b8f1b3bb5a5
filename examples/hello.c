// SPDX-License-Identifier: MIT
#include <acta/acta.h>
#include <stdio.h>

ACTA_MESSAGE(greet, (str, name));

static int greeter(acta_self *self, void *arg)
{
    (void)arg;
    for (acta_msg *m; (m = acta_recv(self)) != NULL; acta_msg_free(&m)) // until every sender has been dropped
        if (acta_is(greet, m))
            printf("Hello, %s!\n", acta_as(greet, m)->name);
    return ACTA_OK;
}

int main(void)
{
    acta_system *sys;
    acta_tx *to_greeter;
    if (acta_open(NULL, &sys) != ACTA_OK || acta_spawn(sys, &to_greeter, .body = greeter) != ACTA_OK)
        return 1;
    acta_finish(&to_greeter, greet, .name = "world"); // the last message, and the end right behind it
    return acta_close(&sys, ACTA_SECOND) == ACTA_OK ? 0 : 1;
}
