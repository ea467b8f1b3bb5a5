// SPDX-License-Identifier: MIT
//
// router.c - the actor of the script process that net talks to.

#include "router.h"

#include <acta/acta.h>
#include <sys/eventfd.h>

#include "messages.h"

// pass gives m to the next actor, as it is. When that one has gone nothing is lost that anybody still wants: net's end
// is told by DOWN, and a script that has said how it ended needs no more demand.
static void pass(acta_tx *to, const acta_msg *m)
{
    if (to != NULL)
        (void)!acta_send_body(to, m->type, acta_msg_body(m));
}

// let_go: nobody will ask any more, so script is not to wait for its source.
static void let_go(router_state *r)
{
    eventfd_write(r->cancel_fd, 1);
    acta_tx_drop(&r->script);
    acta_tx_drop(&r->net);
    acta_addr_drop(&r->net_addr);
}

// wire starts the watch over net, and answers who asked before there was one. From then on net may drop the
// sender that it was found with: there is another, here or at script.
static int wire(acta_self *self, router_state *r, acta_msg **waiting)
{
    uint64_t monitor;
    int status = acta_monitor(self, r->net_addr, &monitor);
    if (status == ACTA_OK && *waiting != NULL)
        status = acta_reply(self, *waiting, welcome);
    acta_msg_free(waiting);
    return status;
}

int router_body(acta_self *self, void *arg)
{
    router_state *r = arg;
    acta_msg *m;
    acta_msg *waiting = NULL; // a hello that came before begin
    bool wired = false;
    int status = ACTA_OK;
    while (status == ACTA_OK && (m = acta_recv(self)) != NULL) {
        const acta_down *down = acta_as(acta_down, m);
        if (acta_is(hello, m) && !wired && waiting == NULL) {
            waiting = m; // owed until we are wired
            m = NULL;
        } else if (acta_is(hello, m)) {
            acta_reply(self, m, welcome);
        } else if (acta_is(begin, m)) {
            wired = true;
            status = wire(self, r, &waiting);
        } else if (acta_is(pull, m)) {
            pass(r->script, m);
        } else if (acta_is(chunk, m) || acta_is(failed, m) || acta_is(done, m) || acta_is(end, m)) {
            pass(r->net, m);
        } else if (down != NULL) {
            r->net_end = (int)down->reason;
            let_go(r);
        } else {
            acta_unhandled(self, m);
        }
        acta_msg_free(&m);
    }
    acta_msg_free(&waiting);
    if (r->net_addr != NULL)
        r->net_end = status != ACTA_OK ? status : acta_eof(self);
    let_go(r);
    return status;
}
