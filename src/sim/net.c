// SPDX-License-Identifier: MIT
//
// net.c - simulated connections and their steps.

#include "sim/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acta/error.h>

#include "base/buf.h"

// What can happen to a connection, each with a lane of its own; the pairs in the order of the ends.
typedef enum what { DIAL, ACCEPT, READ_0, READ_1, WROTE_0, WROTE_1, CLOSED_0, CLOSED_1, WHATS } what;

enum { FIRST_PORT = 49152 }; // of those that nobody asked for by number

typedef enum end_state { WAITING, OWNED, CLOSING, GONE } end_state;

typedef struct conn conn;

typedef struct end {
    acti_link base; // first
    conn *conn;
    acti_net_host *host;
    end_state state;
    acti_buf in; // bytes on their way to this end
    uint8_t *read_bytes; // of the pending read; NULL: none
    size_t read_size;
    const uint8_t *write_bytes; // of the pending write, what is not on its way yet
    size_t write_size;
    bool writing;
} end;

typedef struct listener {
    acti_link_listener base; // first; its url is where it is found
    acti_net_host *host;
    acti_link_accepted accepted;
    void *arg;
    acti_list all; // in the net's list; out of it when the host is down
} listener;

// A dial, as whoever asked for it holds it.
typedef struct dialer {
    acti_link_dialer base; // first
    conn *conn; // NULL: it has ended
} dialer;

struct conn {
    acti_net *net;
    acti_list all;
    uint32_t number;
    uint64_t hash;
    bool dialing;
    bool given_up; // the dial
    bool cut;
    bool stalled;
    acti_link_dialed done; // of the dialler, while dialing
    void *done_arg;
    dialer *dialer; // while dialing, until it is closed
    listener *at; // while end 1 is WAITING
    end ends[2];  // of the dialler, and of the listener
    uint64_t ages[WHATS];  // since when each is possible; 0: it is not, or nobody has looked
    uint32_t steps[WHATS]; // how many there have been
    char url[ACTI_URL_MAX + 1];
};

static acti_link_dialer *dial(const acti_links *links, const char *url, acti_link_dialed done, void *arg);
static int net_listen(const acti_links *links, const char *url, acti_link_accepted accepted, void *arg,
                      acti_link_listener **out, acti_reason why);
static void listener_close(acti_link_listener *base);
static bool is_moving(const acti_links *links);
static void ask_read(acti_link *base, void *bytes, size_t size);
static void ask_write(acti_link *base, const void *bytes, size_t size);
static void close_link(acti_link *base);
static void end_write(end *e, int status);

static const acti_link_ops ops = {.read = ask_read, .write = ask_write, .close = close_link};

void acti_net_init(acti_net *net, uint64_t *ages)
{
    *net = (acti_net){.ages = ages};
    acti_list_init(&net->listeners);
    acti_list_init(&net->conns);
}

void acti_net_host_init(acti_net_host *host, acti_net *net, uint64_t hash)
{
    *host = (acti_net_host){
        .links = {.dial = dial, .listen = net_listen, .moving = is_moving}, .net = net, .hash = hash};
}

static acti_net_host *host_of(const acti_links *links)
{
    return (acti_net_host *)(uintptr_t)links;
}

// ---- connections --------------------------------------------------------------------------

static end *other(const end *e)
{
    return &e->conn->ends[e == &e->conn->ends[0]];
}

// is_out: whether nothing that this end says reaches the other any more.
static bool is_out(const end *e)
{
    return e->state >= CLOSING || e->host == NULL || e->host->down || e->conn->cut;
}

// pump puts what an end wants to write on its way, as far as there is room.
static void pump(end *from)
{
    end *to = other(from);
    if (is_out(from) || is_out(to) || from->write_size == 0)
        return;
    size_t room = ACTI_NET_ROOM - to->in.size;
    size_t size = from->write_size < room ? from->write_size : room;
    if (acti_buf_append(&to->in, from->write_bytes, size) != ACTA_OK) {
        from->conn->cut = true; // without memory the network fails, as others do
        return;
    }
    from->write_bytes += size;
    from->write_size -= size;
}

static void free_conn(conn *c)
{
    acti_list_remove(&c->all);
    for (int i = 0; i < 2; i++)
        acti_buf_fini(&c->ends[i].in);
    free(c);
}

// leave is the end of one end; the connection goes with the second.
static void leave(end *e)
{
    conn *c = e->conn;
    e->state = GONE;
    if (other(e)->state == GONE)
        free_conn(c);
}

void acti_net_fini(acti_net *net)
{
    acti_assert(acti_list_empty(&net->listeners));
    while (!acti_list_empty(&net->conns))
        free_conn(ACTI_CONTAINER_OF(net->conns.next, conn, all));
}

static void refuse(const char *url, acti_link_dialed done, void *arg, int status, const char *why)
{
    char line[ACTI_LINK_WHY_MAX];
    snprintf(line, sizeof(line), "cannot connect to %s: %s", acti_url_show(url).text, why);
    done(arg, status, NULL, line);
}

static conn *new_conn(acti_net_host *host, const acti_url *url)
{
    conn *c = calloc(1, sizeof(*c));
    if (c == NULL)
        return NULL;
    acti_url_write(url, c->url);
    c->net = host->net;
    c->number = ++c->net->numbers;
    c->hash = acti_sim_mix(host->hash, ++host->dialed);
    c->dialing = true;
    for (int i = 0; i < 2; i++)
        c->ends[i] = (end){.base.ops = &ops, .conn = c, .in.limit = ACTI_NET_ROOM};
    c->ends[0].host = host;
    acti_list_push(&c->net->conns, &c->all);
    return c;
}

static void dialer_close(acti_link_dialer *base)
{
    dialer *d = (dialer *)base;
    if (d->conn != NULL) {
        d->conn->given_up = true;
        d->conn->dialer = NULL;
    }
    free(d);
}

static acti_link_dialer *dial(const acti_links *links, const char *text, acti_link_dialed done, void *arg)
{
    acti_url url;
    char why[ACTI_REASON_BYTES];
    if (acti_url_parse(text, strlen(text), &url, (acti_reason){why, sizeof(why)}) != ACTA_OK) {
        refuse(text, done, arg, ACTA_EINVAL, why);
        return NULL;
    }
    dialer *d = calloc(1, sizeof(*d));
    conn *c = d != NULL ? new_conn(host_of(links), &url) : NULL;
    if (c == NULL) {
        free(d);
        refuse(text, done, arg, ACTA_ENOMEM, "out of memory");
        return NULL;
    }
    *d = (dialer){.base.close = dialer_close, .conn = c};
    c->done = done;
    c->done_arg = arg;
    c->dialer = d;
    return &d->base;
}

static listener *find(acti_net *net, const char *url)
{
    for (acti_list *at = net->listeners.next; at != &net->listeners; at = at->next) {
        listener *l = ACTI_CONTAINER_OF(at, listener, all);
        if (strcmp(l->base.url, url) == 0)
            return l;
    }
    return NULL;
}

static void run_dial(conn *c)
{
    listener *l = c->ends[0].host->down || c->given_up ? NULL : find(c->net, c->url);
    acti_link_dialed done = c->done;
    void *arg = c->done_arg;
    c->dialing = false;
    if (c->dialer != NULL)
        c->dialer->conn = NULL;
    c->dialer = NULL;
    if (l == NULL) {
        if (c->given_up)
            refuse(c->url, done, arg, ACTA_ESTOPPED, "it was given up");
        else
            refuse(c->url, done, arg, ACTA_EUNREACH, "nobody listens there: start the listening side first");
        free_conn(c);
        return;
    }
    c->at = l;
    c->ends[1].host = l->host;
    c->ends[0].state = OWNED;
    done(arg, ACTA_OK, &c->ends[0].base, NULL);
}

static void run_accept(conn *c)
{
    listener *l = c->at;
    c->at = NULL;
    c->ends[1].state = OWNED;
    l->accepted(l->arg, &c->ends[1].base, NULL);
}

// ---- listeners ----------------------------------------------------------------------------

// A port that is left to the system is the next one of the world that nobody has.
static void choose_port(acti_net *net, acti_url *url, char text[ACTI_URL_MAX + 1])
{
    bool choose = url->kind != ACTI_URL_IPC && url->port == 0;
    do {
        if (choose)
            url->port = FIRST_PORT + net->ports++ % (UINT16_MAX - FIRST_PORT);
        acti_url_write(url, text);
    } while (choose && find(net, text) != NULL);
}

static int net_listen(const acti_links *links, const char *text, acti_link_accepted accepted, void *arg,
                      acti_link_listener **out, acti_reason why)
{
    acti_net_host *host = host_of(links);
    acti_url url;
    char reason[ACTI_REASON_BYTES];
    if (acti_url_parse(text, strlen(text), &url, (acti_reason){reason, sizeof(reason)}) != ACTA_OK)
        return acti_say(why, ACTA_EINVAL, "cannot listen at %s: %s", acti_url_show(text).text, reason);
    listener *l = calloc(1, sizeof(*l));
    if (l == NULL)
        return acti_say(why, ACTA_ENOMEM, "cannot listen at %s: out of memory", text);
    *l = (listener){.base.close = listener_close, .host = host, .accepted = accepted, .arg = arg};
    choose_port(host->net, &url, l->base.url);
    if (find(host->net, l->base.url) != NULL) {
        free(l);
        return acti_say(why, ACTA_EEXIST, "cannot listen at %s: another node listens there", text);
    }
    if (!host->down)
        acti_list_push(&host->net->listeners, &l->all);
    *out = &l->base;
    return ACTA_OK;
}

// turn_away lets go of the connections that wait to be accepted.
static void turn_away(acti_net *net, const listener *l)
{
    for (acti_list *at = net->conns.next, *next; at != &net->conns; at = next) {
        next = at->next;
        conn *c = ACTI_CONTAINER_OF(at, conn, all);
        if (c->at == l) {
            c->at = NULL;
            leave(&c->ends[1]);
        }
    }
}

static void listener_close(acti_link_listener *base)
{
    listener *l = (listener *)base;
    if (acti_list_linked(&l->all))
        acti_list_remove(&l->all);
    turn_away(l->host->net, l);
    free(l);
}

void acti_net_host_down(acti_net_host *host)
{
    acti_net *net = host->net;
    host->down = true;
    for (acti_list *at = net->listeners.next, *next; at != &net->listeners; at = next) {
        next = at->next;
        listener *l = ACTI_CONTAINER_OF(at, listener, all);
        if (l->host == host) {
            acti_list_remove(at);
            turn_away(net, l);
        }
    }
}

// ---- requests -----------------------------------------------------------------------------

static void ask_read(acti_link *base, void *bytes, size_t size)
{
    end *e = (end *)base;
    acti_assert(e->read_bytes == NULL);
    e->read_bytes = bytes;
    e->read_size = size;
}

static void ask_write(acti_link *base, const void *bytes, size_t size)
{
    end *e = (end *)base;
    acti_assert(!e->writing);
    e->writing = true;
    e->write_bytes = bytes;
    e->write_size = size;
    pump(e);
    if (e->conn->net->instant && e->write_size == 0)
        end_write(e, ACTA_OK);
}

static void close_link(acti_link *base)
{
    end *e = (end *)base;
    acti_assert(e->state == OWNED);
    e->state = CLOSING;
}

static void end_read(end *e, int status, size_t size)
{
    e->read_bytes = NULL;
    e->base.owner.on_read(e->base.owner_arg, status, size);
}

static void end_write(end *e, int status)
{
    e->writing = false;
    e->write_size = 0;
    e->base.owner.on_write(e->base.owner_arg, status);
}

static void run_read(end *e)
{
    size_t size = e->in.size < e->read_size ? e->in.size : e->read_size;
    if (size == 0) {
        end_read(e, ACTA_EUNREACH, 0);
        return;
    }
    memcpy(e->read_bytes, acti_buf_bytes(&e->in), size);
    acti_buf_consume(&e->in, size);
    pump(other(e));
    end_read(e, ACTA_OK, size);
}

static void run_wrote(end *e)
{
    end_write(e, e->write_size == 0 ? ACTA_OK : ACTA_EUNREACH);
}

static void run_closed(end *e)
{
    if (e->read_bytes != NULL)
        end_read(e, ACTA_EUNREACH, 0);
    if (e->writing)
        end_write(e, ACTA_EUNREACH);
    acti_link_owner owner = e->base.owner;
    void *arg = e->base.owner_arg;
    leave(e);
    if (owner.on_closed != NULL)
        owner.on_closed(arg);
}

// ---- steps --------------------------------------------------------------------------------

// whose is the end that a step of this kind is about.
static end *whose(conn *c, what w)
{
    return &c->ends[w == DIAL ? 0 : w == ACCEPT ? 1 : (w - READ_0) % 2];
}

static bool is_possible(conn *c, what w)
{
    const end *e = whose(c, w);
    if (c->dialing || w == DIAL)
        return c->dialing && w == DIAL;
    bool over = is_out(e) || is_out(other(e));
    switch (w) {
    case ACCEPT:
        return c->at != NULL && !c->stalled;
    case READ_0:
    case READ_1:
        return e->state == OWNED && e->read_bytes != NULL && (e->in.size > 0 || over) && !c->stalled;
    case WROTE_0:
    case WROTE_1:
        return e->state == OWNED && e->writing && (e->write_size == 0 || over);
    default:
        return e->state == CLOSING;
    }
}

static void collect_conn(conn *c, const acti_net_host *only, void (*add)(void *arg, const acti_step *step), void *arg)
{
    for (what w = DIAL; w < WHATS; w++) {
        const acti_net_host *host = whose(c, w)->host;
        if (host == NULL || host->still || (only != NULL && host != only) || !is_possible(c, w)) {
            c->ages[w] = 0;
            continue;
        }
        if (c->ages[w] == 0)
            c->ages[w] = ++*c->net->ages;
        uint64_t lane = acti_sim_mix(c->hash, w);
        add(arg, &(acti_step){.kind = ACTI_STEP_NET,
                              .lane = lane,
                              .event = acti_sim_mix(lane, c->steps[w]),
                              .age = c->ages[w],
                              .index = c->number * WHATS + w});
    }
}

void acti_net_collect(acti_net *net, const acti_net_host *only, void (*add)(void *arg, const acti_step *step),
                      void *arg)
{
    for (acti_list *at = net->conns.next; at != &net->conns; at = at->next)
        collect_conn(ACTI_CONTAINER_OF(at, conn, all), only, add, arg);
}

static conn *get(const acti_net *net, uint32_t number)
{
    for (acti_list *at = net->conns.next; at != &net->conns; at = at->next) {
        conn *c = ACTI_CONTAINER_OF(at, conn, all);
        if (c->number == number)
            return c;
    }
    return NULL;
}

void acti_net_about(const acti_net *net, uint32_t index, uint64_t *conn_hash, uint64_t *host_hash)
{
    conn *c = get(net, index / WHATS);
    *conn_hash = c->hash;
    *host_hash = whose(c, (what)(index % WHATS))->host->hash;
}

void acti_net_run(acti_net *net, uint32_t index)
{
    conn *c = get(net, index / WHATS);
    what w = (what)(index % WHATS);
    end *e = whose(c, w);
    c->ages[w] = 0;
    c->steps[w]++;
    switch (w) {
    case DIAL:
        run_dial(c);
        break;
    case ACCEPT:
        run_accept(c);
        break;
    case READ_0:
    case READ_1:
        run_read(e);
        break;
    case WROTE_0:
    case WROTE_1:
        run_wrote(e);
        break;
    default:
        run_closed(e);
        break;
    }
}

// An end that stands still or is stalled is not moving; what it has to say may never be heard.
static void count(void *arg, const acti_step *step)
{
    (void)step;
    ++*(uint32_t *)arg;
}

static bool is_moving(const acti_links *links)
{
    uint32_t possible = 0;
    acti_net_collect(host_of(links)->net, NULL, count, &possible);
    return possible > 0;
}

// ---- faults -------------------------------------------------------------------------------

uint32_t acti_net_next(const acti_net *net, uint32_t number)
{
    for (acti_list *at = net->conns.next; at != &net->conns; at = at->next) {
        const conn *c = ACTI_CONTAINER_OF(at, conn, all);
        if (c->number > number && !c->dialing && !c->cut)
            return c->number;
    }
    return 0;
}

uint64_t acti_net_hash(const acti_net *net, uint32_t number)
{
    return get(net, number)->hash;
}

void acti_net_cut(acti_net *net, uint32_t number, uint64_t at)
{
    conn *c = get(net, number);
    c->cut = true;
    c->stalled = false; // there is nothing left to hold
    for (int i = 0; i < 2; i++) {
        acti_buf *in = &c->ends[i].in;
        in->size = (acti_sim_mix(at, (uint64_t)i) >> 1) % (in->size + 1);
    }
}

void acti_net_stall(acti_net *net, uint32_t number, bool stalled)
{
    get(net, number)->stalled = stalled;
}

bool acti_net_stalled(const acti_net *net, uint32_t number)
{
    return get(net, number)->stalled;
}
