// SPDX-License-Identifier: MIT
//
// Links of TLS: who is let in and who is not, what each side is told, and that nobody can keep the others waiting.
// What a link promises once both are let in is in test_stream.c, as for each transport.

#include "certs.h"
#include "peer.h"

#include <netinet/in.h>
#include <sched.h>

#define GUESTS_MAX 256 // as in listen.c

// ---- helpers ----------------------------------------------------------------------------

// Options of one side, and links with them.
typedef struct node {
    acta_system_opts opts;
    acti_nng_links links;
} node;

static node *node_init(node *n, const char *shows)
{
    *n = (node){.opts.tls = cert_opts(shows)};
    acti_nng_links_init(&n->links, &n->opts);
    return n;
}

// What a listener was told.
typedef struct said {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t links, refusals;
    char why[ACTI_LINK_WHY_MAX]; // of the last refusal
} said;

static void hear(void *arg, acti_link *link, const char *why)
{
    said *s = arg;
    pthread_mutex_lock(&s->lock);
    s->links += link != NULL;
    s->refusals += link == NULL;
    if (link == NULL)
        snprintf(s->why, sizeof s->why, "%s", why);
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    if (link != NULL)
        acti_link_close(link);
}

static size_t said_now(said *s, const size_t *count)
{
    pthread_mutex_lock(&s->lock);
    size_t now = *count;
    pthread_mutex_unlock(&s->lock);
    return now;
}

static void said_wait(said *s, const size_t *count, size_t n)
{
    pthread_mutex_lock(&s->lock);
    while (*count < n)
        pthread_cond_wait(&s->changed, &s->lock);
    pthread_mutex_unlock(&s->lock);
}

typedef struct server {
    node node;
    said said;
    acti_link_listener *listener;
    const char *url;
} server;

static void server_open_at(server *s, const char *shows, const char *url)
{
    char why[ACTI_LINK_WHY_MAX];
    *s = (server){.said = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER}};
    node_init(&s->node, shows);
    if (acti_link_listen(&s->node.links.base, url, hear, &s->said, &s->listener, (acti_reason){why, sizeof why}) !=
        ACTA_OK)
        fail_msg("%s", why);
    s->url = acti_link_listener_url(s->listener);
}

static void server_open(server *s, const char *shows)
{
    server_open_at(s, shows, "tls+tcp://localhost:0");
}

static void end_all(void)
{
    while (!acti_link_fini())
        sched_yield(); // links without an owner may still be closing
}

static void server_close(server *s)
{
    acti_link_listener_close(&s->listener);
    end_all();
}

static void assert_dial(node *n, const char *url, int status, const char *word)
{
    dialled d;
    dial_start(&d, &n->links.base, url);
    if (dial_end(&d) != status || strstr(d.why, word) == NULL || (status != ACTA_OK && strstr(d.why, url) == NULL))
        fail_msg("dialling %s gave %d: %s", url, d.status, d.why);
    if (d.link != NULL)
        acti_link_close(d.link);
}

static void assert_refused(server *s, size_t n, const char *word)
{
    said_wait(&s->said, &s->said.refusals, n);
    if (strstr(s->said.why, word) == NULL || strstr(s->said.why, s->url) == NULL)
        fail_msg("%s", s->said.why);
    acti_link_counts counts;
    acti_link_listener_counts(s->listener, &counts);
    assert_int_equal(counts.refused, n);
    assert_int_equal(counts.failed, 0);
}

static void assert_serves(server *s)
{
    node client;
    size_t before = said_now(&s->said, &s->said.links);
    assert_dial(node_init(&client, "client"), s->url, ACTA_OK, "");
    said_wait(&s->said, &s->said.links, before + 1);
}

// A port of loopback that we serve by hand.
static int raw_server(char *url, size_t size)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t room = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 5), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &room), 0);
    snprintf(url, size, "tls+tcp://localhost:%u", ntohs(at.sin_port));
    return fd;
}

// ---- refusals -----------------------------------------------------------------------------

TEST(tls_without_certificates_is_refused_by_both_sides)
{
    node n;
    char why[ACTI_LINK_WHY_MAX] = "";
    acti_link_listener *listener = NULL;
    node_init(&n, "server")->opts.tls = (acta_tls_opts){0};
    assert_dial(&n, "tls+tcp://localhost:1", ACTA_EINVAL, "tls.ca_file");
    assert_int_equal(acti_link_listen(&n.links.base, "tls+tcp://localhost:0", hear, NULL, &listener,
                                      (acti_reason){why, sizeof why}),
                     ACTA_EINVAL);
    assert_non_null(strstr(why, "cannot listen at tls+tcp://localhost:0: "));
    assert_non_null(strstr(why, "tls.ca_file"));
    node_init(&n, "nosuch");
    assert_dial(&n, "tls+tcp://localhost:1", ACTA_ENOENT, "nosuch.pem");
    acti_nng_links_init(&n.links, NULL);
    assert_dial(&n, "tls+tcp://localhost:1", ACTA_EINVAL, "tls.ca_file");
    assert_null(listener);
    end_all();
}

TEST(stranger_who_dials_is_told_and_so_is_the_listener_which_goes_on)
{
    server s;
    node stranger;
    server_open(&s, "server");
    node_init(&stranger, "stranger");
    for (size_t i = 1; i <= 3; i++) {
        assert_dial(&stranger, s.url, ACTA_EACCES, "authority that it does not know");
        assert_refused(&s, i, "no authority in tls.ca_file");
        assert_non_null(strstr(s.said.why, "a connection from 127.0.0.1:"));
    }
    assert_dial(node_init(&stranger, "lonely"), s.url, ACTA_EACCES, "authority that it does not know");
    assert_serves(&s);
    server_close(&s);
}

TEST(listener_for_another_host_is_refused_unless_its_name_is_given)
{
    server s;
    node client;
    server_open(&s, "node"); // for node.test
    assert_dial(node_init(&client, "client"), s.url, ACTA_EACCES, "is not for localhost");
    assert_refused(&s, 1, "bad certificate");
    client.opts.tls.peer_name = "node.test";
    assert_dial(&client, s.url, ACTA_OK, "");
    client.opts.tls.peer_name = "other.test";
    assert_dial(&client, s.url, ACTA_EACCES, "is not for other.test");
    server_close(&s);
}

TEST(address_that_is_dialled_must_be_in_the_certificate)
{
    server s;
    node client;
    server_open_at(&s, "server", "tls+tcp://127.0.0.1:0");
    assert_dial(node_init(&client, "client"), s.url, ACTA_OK, "");
    server_close(&s);
    server_open_at(&s, "server", "tls+tcp://127.0.0.2:0");
    assert_dial(&client, s.url, ACTA_EACCES, "is not for 127.0.0.2");
    client.opts.tls.peer_name = "127.0.0.1";
    assert_dial(&client, s.url, ACTA_OK, "");
    server_close(&s);
}

TEST(files_are_read_again_for_each_connection)
{
    server s;
    node client;
    server_open(&s, "server");
    node_init(&client, "client")->opts.tls.cert_file = cert("renewed.pem");
    assert_int_equal(link(cert("lonely.pem"), cert("renewed.pem")), 0);
    client.opts.tls.key_file = cert("lonely.key");
    assert_dial(&client, s.url, ACTA_EACCES, "refuses us");
    unlink(cert("renewed.pem"));
    assert_int_equal(link(cert("client.pem"), cert("renewed.pem")), 0);
    client.opts.tls.key_file = cert("client.key");
    assert_dial(&client, s.url, ACTA_OK, "");
    server_close(&s);
}

// ---- who does not speak TLS -------------------------------------------------------------------

TEST(what_is_not_tls_is_refused_by_the_listener)
{
    static const char *const texts[] = {"GET / HTTP/1.1\r\n\r\n", "\n", "SSH-2.0-x\r\n"};
    server s;
    server_open(&s, "server");
    for (size_t i = 0; i < 3; i++) {
        int fd = raw_connect_url(s.url);
        assert_int_equal(write(fd, texts[i], strlen(texts[i])), strlen(texts[i]));
        assert_refused(&s, i + 1, "is not TLS");
        char byte;
        assert_true(read(fd, &byte, 1) <= 0);
        close(fd);
    }
    int fd = raw_connect_url(s.url);
    close(fd);
    assert_refused(&s, 4, "ended the connection in the TLS handshake");
    assert_serves(&s);
    server_close(&s);
}

TEST(listener_that_does_not_speak_tls_is_refused_by_who_dials)
{
    static const char text[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
    char url[64];
    node client;
    int port = raw_server(url, sizeof url);
    node_init(&client, "client");
    for (int i = 0; i < 2; i++) {
        dialled d;
        dial_start(&d, &client.links.base, url);
        int fd = accept(port, NULL, NULL);
        if (i == 0)
            assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
        close(fd);
        int status = dial_end(&d);
        if (i == 0 && status == ACTA_EMALFORMED)
            assert_non_null(strstr(d.why, "is not TLS"));
        else // a reset may overtake the text, as its hello was not read
            assert_int_equal(status, ACTA_EUNREACH);
    }
    close(port);
    end_all();
}

TEST(silent_peers_are_let_go_and_keep_nobody_waiting)
{
    server s;
    int silent[10];
    uint64_t start_ns = acti_clock_ns();
    server_open(&s, "server");
    for (int i = 0; i < 10; i++)
        silent[i] = raw_connect_url(s.url);
    assert_serves(&s);
    said_wait(&s.said, &s.said.refusals, 10);
    assert_non_null(strstr(s.said.why, "silent"));
    assert_true(acti_clock_ns() - start_ns >= UINT64_C(5000000000));
    for (int i = 0; i < 10; i++) {
        char byte;
        assert_true(read(silent[i], &byte, 1) <= 0);
        close(silent[i]);
    }
    assert_serves(&s);
    server_close(&s);
}

// The connections that the listener has accepted.
static size_t accepted_at(const char *url)
{
    size_t n = 0;
    unsigned long port = strtoul(strrchr(url, ':') + 1, NULL, 10);
    for (int fd = 3; fd < 1024; fd++) {
        struct sockaddr_in at = {0}, peer = {0};
        socklen_t size = sizeof at, room = sizeof peer;
        n += getsockname(fd, (struct sockaddr *)&at, &size) == 0 && at.sin_family == AF_INET &&
             ntohs(at.sin_port) == port && getpeername(fd, (struct sockaddr *)&peer, &room) == 0;
    }
    return n;
}

TEST(so_many_shake_hands_at_once_and_the_next_wait)
{
    enum { PEERS = GUESTS_MAX + 40 };
    server s;
    static int peers[PEERS];
    server_open(&s, "server");
    for (int i = 0; i < PEERS; i++)
        peers[i] = raw_connect_url(s.url);
    while (accepted_at(s.url) < GUESTS_MAX) // the bound is reached
        sched_yield();
    for (int i = 0; i < 100; i++) // and kept
        assert_true(accepted_at(s.url) <= GUESTS_MAX);
    for (int i = 0; i < PEERS; i++)
        close(peers[i]);
    assert_serves(&s);
    said_wait(&s.said, &s.said.refusals, PEERS);
    server_close(&s);
}

// ---- the end ----------------------------------------------------------------------------------

TEST(listener_that_closes_lets_those_go_who_shake_hands)
{
    size_t before = descriptors();
    for (int i = 0; i < 20; i++) {
        server s;
        int peers[4];
        server_open(&s, "server");
        for (int k = 0; k < 4; k++)
            peers[k] = raw_connect_url(s.url);
        server_close(&s);
        for (int k = 0; k < 4; k++)
            close(peers[k]);
    }
    assert_int_equal(descriptors(), before);
}

TEST(dial_that_shakes_hands_ends_when_it_is_given_up)
{
    char url[64];
    node client;
    size_t before = descriptors();
    int port = raw_server(url, sizeof url);
    node_init(&client, "client");
    for (int i = 0; i < 10; i++) {
        dialled d;
        dial_start(&d, &client.links.base, url);
        int fd = accept(port, NULL, NULL);
        uint8_t hello;
        assert_int_equal(read(fd, &hello, 1), 1); // it shakes hands
        acti_link_dialer_close(&d.dialer);
        assert_int_equal(dial_end(&d), ACTA_ESTOPPED);
        close(fd);
    }
    close(port);
    end_all();
    assert_int_equal(descriptors(), before);
}

TEST(dialer_may_be_closed_at_any_moment)
{
    uint64_t seed = acti_random_seed();
    print_message("seed %llu\n", (unsigned long long)seed);
    server s;
    node client;
    size_t before = descriptors();
    server_open_at(&s, "server", "tls+tcp://127.0.0.1:0");
    node_init(&client, "client");
    size_t connected = 0;
    for (int i = 0; i < 100; i++) {
        dialled d;
        dial_start(&d, &client.links.base, s.url);
        for (uint64_t n = acti_random_next(&seed) % 1000000; n > 0 && !latch_is_open(&d.done); n--)
            acti_cpu_relax();
        acti_link_dialer_close(&d.dialer);
        int status = dial_end(&d);
        assert_true(status == ACTA_OK || status == ACTA_ESTOPPED);
        connected += status == ACTA_OK;
        if (d.link != NULL)
            acti_link_close(d.link);
    }
    print_message("connected: %zu of 100\n", connected);
    server_close(&s);
    assert_int_equal(descriptors(), before);
}

int main(void)
{
    certs_make();
    int status = TEST_RUN(case_of(tls_without_certificates_is_refused_by_both_sides),
                          case_of(stranger_who_dials_is_told_and_so_is_the_listener_which_goes_on),
                          case_of(listener_for_another_host_is_refused_unless_its_name_is_given),
                          case_of(address_that_is_dialled_must_be_in_the_certificate),
                          case_of(files_are_read_again_for_each_connection),
                          case_of(what_is_not_tls_is_refused_by_the_listener),
                          case_of(listener_that_does_not_speak_tls_is_refused_by_who_dials),
                          case_of(silent_peers_are_let_go_and_keep_nobody_waiting),
                          case_of(so_many_shake_hands_at_once_and_the_next_wait),
                          case_of(listener_that_closes_lets_those_go_who_shake_hands),
                          case_of(dial_that_shakes_hands_ends_when_it_is_given_up),
                          case_of(dialer_may_be_closed_at_any_moment));
    certs_remove();
    return status;
}
