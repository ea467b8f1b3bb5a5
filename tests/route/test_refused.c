// SPDX-License-Identifier: MIT
//
// test_refused.c - C-PEER: how a listener reports whom it refuses. One is reported in full, many in few lines that say
// how many there were, whatever they have done wrong.

#include "test.h"

#include <acta/acta.h>
#include <netinet/in.h>

#include "base/platform.h"
#include "link/certs.h"
#include "raw_peer.h"

enum { MANY = 200 };

static char folder[] = "/tmp/acta-test-XXXXXX";
static char url[sizeof(folder) + 16];

typedef struct world {
    acta_system *sys;
    acta_listener *listener;
    uint64_t opened_ns;
    acti_lock lock; // what follows
    int lines;
    int refused;    // by all lines together
    char first[512];
} world;

static void report(void *arg, const char *line)
{
    world *w = arg;
    const char *more = strstr(line, " (and ");
    acti_lock_take(&w->lock);
    if (w->lines++ == 0)
        snprintf(w->first, sizeof w->first, "%s", line);
    if (strstr(line, "more connections were refused") != NULL)
        w->refused += (int)strtol(strstr(line, ": ") + 2, NULL, 10);
    else
        w->refused += 1 + (more != NULL ? (int)strtol(more + strlen(" (and "), NULL, 10) : 0);
    acti_lock_give(&w->lock);
}

static void world_open(world *w, const char *at, const acta_tls_opts *tls)
{
    *w = (world){.opened_ns = acti_clock_ns()};
    acti_lock_init(&w->lock);
    acta_system_opts opts = {.report = report, .report_arg = w};
    if (tls != NULL)
        opts.tls = *tls;
    assert_int_equal(acta_open(&opts, &w->sys), ACTA_OK);
    assert_int_equal(acta_node_listen(w->sys, at, &w->listener), ACTA_OK);
}

// world_close asserts that so many were refused, and that each second had one line; the close has another.
static void world_close(world *w, int refused)
{
    acta_listener_close(&w->listener);
    assert_int_equal(acta_close(&w->sys, 20 * ACTA_SECOND), ACTA_OK);
    uint64_t seconds = (acti_clock_ns() - w->opened_ns) / ACTA_SECOND;
    assert_int_equal(w->refused, refused);
    assert_in_range(w->lines, 1, seconds + 2);
    acti_lock_fini(&w->lock);
}

// babble says what no node says, and waits until it is disconnected.
static void babble(void)
{
    raw_peer peer = peer_init(1);
    peer_dial(&peer, url);
    assert_int_equal(write(peer.fd, "GET / HTTP/1.1\r\n\r\n", 18), 18);
    peer_until_end(&peer);
}

TEST(one_that_is_refused_is_reported_in_full)
{
    world w;
    world_open(&w, url, NULL);
    babble();
    world_close(&w, 1);
    assert_int_equal(w.lines, 1);
    assert_non_null(strstr(w.first, url));
    assert_non_null(strstr(w.first, "is broken: "));
}

TEST(many_who_are_no_nodes_take_few_lines_and_all_are_counted)
{
    world w;
    world_open(&w, url, NULL);
    for (int i = 0; i < MANY; i++)
        babble();
    world_close(&w, MANY);
}

TEST(many_of_another_version_take_few_lines_and_all_are_counted)
{
    world w;
    world_open(&w, url, NULL);
    for (int i = 0; i < MANY; i++) {
        raw_peer peer = peer_init(77 + (uint64_t)i);
        peer.us.version_min = peer.us.version_max = ACTI_FRAME_VERSION + 1;
        peer_call(&peer, url);
        assert_int_equal(peer_expect(&peer, ACTI_FRAME_REFUSE)->status, ACTA_EVERSION);
        peer_until_end(&peer);
    }
    world_close(&w, MANY);
    assert_non_null(strstr(w.first, "version"));
}

TEST(many_who_do_not_speak_tls_take_few_lines_and_all_are_counted)
{
    certs_need();
    world w;
    acta_tls_opts tls = cert_opts("server");
    world_open(&w, "tls+tcp://127.0.0.1:0", &tls);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    at.sin_port = htons((uint16_t)strtol(strrchr(acta_listener_url(w.listener), ':') + 1, NULL, 10));
    for (int i = 0; i < MANY; i++) {
        raw_peer peer = peer_init(1);
        peer.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(peer.fd, (struct sockaddr *)&at, sizeof at), 0);
        assert_int_equal(write(peer.fd, "GET / HTTP/1.1\r\n\r\n", 18), 18);
        char byte;
        while (read(peer.fd, &byte, 1) > 0) // what it is told is TLS, too
            continue;
        peer_cut(&peer);
    }
    world_close(&w, MANY);
    assert_non_null(strstr(w.first, "is refused: what the peer sends is not TLS"));
}

int main(void)
{
    certs_make();
    assert_non_null(mkdtemp(folder));
    snprintf(url, sizeof(url), "ipc://%s/net.sock", folder);
    int status = TEST_RUN(case_of(one_that_is_refused_is_reported_in_full),
                          case_of(many_who_are_no_nodes_take_few_lines_and_all_are_counted),
                          case_of(many_of_another_version_take_few_lines_and_all_are_counted),
                          case_of(many_who_do_not_speak_tls_take_few_lines_and_all_are_counted));
    (void)rmdir(folder);
    certs_remove();
    return status;
}
