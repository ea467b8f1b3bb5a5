// SPDX-License-Identifier: MIT
//
// Nodes at places: URLs of each kind at the public functions, what they refuse, and that a time limit is kept.

#include "test.h"

#include <acta/acta.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>

#include "base/platform.h"
#include "link/certs.h"

// All that was reported, by any system, since the last one that was opened alone.
static char said[8192];
static acti_lock said_lock = ACTI_LOCK_INIT;

static void report(void *arg, const char *line)
{
    (void)arg;
    acti_lock_take(&said_lock);
    size_t size = strlen(said);
    snprintf(said + size, sizeof said - size, "%s\n", line);
    acti_lock_give(&said_lock);
}

static acta_system *open_system(const acta_system_opts *opts)
{
    acta_system *sys;
    acta_system_opts filled = opts != NULL ? *opts : (acta_system_opts){0};
    filled.workers = 1;
    filled.report = report;
    assert_int_equal(acta_open(&filled, &sys), ACTA_OK);
    return sys;
}

static void assert_said(const char *word)
{
    if (strstr(said, word) == NULL)
        fail_msg("\"%s\" is not in: %s", word, said);
}

static bool is_said(const char *word)
{
    acti_lock_take(&said_lock);
    bool is = strstr(said, word) != NULL;
    acti_lock_give(&said_lock);
    return is;
}

// await_said waits for what is reported on a thread of the links.
static void await_said(const char *word)
{
    uint64_t until_ns = acti_clock_ns() + 60 * ACTA_SECOND;
    while (!is_said(word) && acti_clock_ns() < until_ns)
        sched_yield();
    assert_said(word);
}

TEST(url_that_may_not_be_used_is_refused_by_both_sides_and_says_why)
{
    said[0] = '\0';
    acta_system *sys = open_system(NULL);
    acta_node *node = NULL;
    acta_listener *listener = NULL;
    assert_int_equal(acta_connect(sys, "tcp://192.0.2.1:4711", ACTA_SECOND, &node), ACTA_EACCES);
    assert_said("cannot connect to tcp://192.0.2.1:4711: ");
    assert_said("use tls+tcp://");
    assert_int_equal(acta_node_listen(sys, "tcp://0.0.0.0:0", &listener), ACTA_EACCES);
    assert_said("cannot listen at tcp://0.0.0.0:0: ");
    assert_said("plaintext_anywhere");
    assert_int_equal(acta_connect(sys, "tcp://127.0.0.1", ACTA_SECOND, &node), ACTA_EINVAL);
    assert_said("there is no port");
    assert_int_equal(acta_node_listen(sys, "tcp://a b:1", &listener), ACTA_EINVAL);
    assert_int_equal(acta_connect(sys, "tcp://127.0.0.1:1", 10 * ACTA_SECOND, &node), ACTA_EUNREACH);
    assert_int_equal(acta_node_listen(sys, NULL, &listener), ACTA_EINVAL);
    assert_null(node);
    assert_null(listener);
    assert_int_equal(acta_close(&sys, 10 * ACTA_SECOND), ACTA_OK);
}

// A server that never accepts: its queue is full, so that what connects waits for ever.
TEST(connect_to_a_black_hole_keeps_its_time_limit_and_leaves_nothing)
{
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    assert_int_equal(bind(server, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(server, 0), 0);
    assert_int_equal(getsockname(server, (struct sockaddr *)&at, &size), 0);
    int first[8];
    for (int i = 0; i < 8; i++) {
        first[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(first[i], (const struct sockaddr *)&at, sizeof at);
    }
    char url[64];
    snprintf(url, sizeof url, "tcp://127.0.0.1:%u", ntohs(at.sin_port));

    acta_system *sys = open_system(NULL);
    acta_node *node = NULL;
    uint64_t start_ns = acti_clock_ns();
    assert_int_equal(acta_connect(sys, url, 50 * ACTA_MS, &node), ACTA_ETIMEOUT);
    assert_true(acti_clock_ns() - start_ns >= 50 * ACTA_MS);
    assert_true(acti_clock_ns() - start_ns < 5 * ACTA_SECOND);
    assert_null(node);
    assert_int_equal(acta_close(&sys, 10 * ACTA_SECOND), ACTA_OK); // what its node has to report has been
    assert_said("no welcome in time");
    assert_true(acti_clock_ns() - start_ns < 5 * ACTA_SECOND);
    for (int i = 0; i < 8; i++)
        close(first[i]);
    close(server);
    // LeakSanitizer sees the rest when this program ends.
}

ACTA_MESSAGE(ping, (i64, n));

static int answer(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    if (m != NULL && acta_is(ping, m))
        (void)acta_reply(self, m, ping, .n = acta_as(ping, m)->n + 1);
    return ACTA_OK;
}

// Two systems over a URL, which the listener may fill in.
static void talk(const char *url, const acta_system_opts *opts)
{
    said[0] = '\0';
    acta_system *server = open_system(opts), *client = open_system(opts);
    acta_listener *listener = NULL;
    acta_node *node = NULL;
    acta_tx *tx, *far = NULL;
    if (acta_node_listen(server, url, &listener) != ACTA_OK)
        fail_msg("%s", said);
    assert_int_equal(acta_spawn(server, &tx, .handler = answer), ACTA_OK);
    assert_int_equal(acta_publish(server, "answer", acta_tx_addr(tx)), ACTA_OK);
    char here[64]; // the name of this machine may be known to others alone
    snprintf(here, sizeof here, "tls+tcp://127.0.0.1:%s", strrchr(acta_listener_url(listener), ':') + 1);
    bool all = strstr(url, "0.0.0.0") != NULL;
    if (acta_connect(client, all ? here : acta_listener_url(listener), 10 * ACTA_SECOND, &node) != ACTA_OK)
        fail_msg("%s", said);
    assert_int_equal(acta_node_find(node, "answer", 10 * ACTA_SECOND, &far), ACTA_OK);
    acta_msg *reply;
    assert_int_equal(acta_call(far, 10 * ACTA_SECOND, &reply, ping, .n = 41), ACTA_OK);
    assert_int_equal(acta_as(ping, reply)->n, 42);
    acta_msg_free(&reply);
    acta_tx_drop(&far);
    acta_tx_drop(&tx);
    acta_node_drop(&node);
    assert_int_equal(acta_close(&client, 10 * ACTA_SECOND), ACTA_OK);
    acta_listener_close(&listener);
    assert_int_equal(acta_close(&server, 10 * ACTA_SECOND), ACTA_OK);
    assert_string_equal(said, "");
}

TEST(nodes_talk_over_tcp)
{
    talk("tcp://127.0.0.1:0", NULL);
    talk("tcp://localhost:0", NULL);
}

TEST(nodes_talk_over_tls)
{
    certs_need();
    acta_system_opts opts = {.tls = cert_opts("server")};
    talk("tls+tcp://localhost:0", &opts);
    talk("tls+tcp://127.0.0.1:0", &opts);
    acta_system_opts any = {.tls = cert_opts("node")};
    any.tls.peer_name = "node.test";
    talk("tls+tcp://0.0.0.0:0", &any); // TLS is not for loopback alone
}

TEST(certificate_that_is_not_believed_is_refused_and_both_sides_are_told)
{
    certs_need();
    said[0] = '\0';
    acta_system *server = open_system(&(acta_system_opts){.tls = cert_opts("server")});
    acta_listener *listener;
    acta_node *node = NULL;
    assert_int_equal(acta_node_listen(server, "tls+tcp://localhost:0", &listener), ACTA_OK);
    acta_system *client = open_system(&(acta_system_opts){.tls = cert_opts("stranger")});
    assert_int_equal(acta_connect(client, acta_listener_url(listener), 10 * ACTA_SECOND, &node), ACTA_EACCES);
    assert_null(node);
    await_said("is refused: no authority in tls.ca_file has signed"); // behind what it tells the peer
    acta_listener_close(&listener);
    assert_int_equal(acta_close(&client, 10 * ACTA_SECOND), ACTA_OK);
    assert_int_equal(acta_close(&server, 10 * ACTA_SECOND), ACTA_OK);
    assert_said("cannot connect to tls+tcp://localhost:");
    assert_said("authority that it does not know");
}

TEST(texts_in_the_options_may_go_when_the_system_is_open)
{
    certs_need();
    char ca[128], pem[128], key[128];
    acta_tls_opts from = cert_opts("server");
    snprintf(ca, sizeof ca, "%s", from.ca_file);
    snprintf(pem, sizeof pem, "%s", from.cert_file);
    snprintf(key, sizeof key, "%s", from.key_file);
    acta_system *sys = open_system(
        &(acta_system_opts){.tls = {.ca_file = ca, .cert_file = pem, .key_file = key}});
    memset(ca, 'x', sizeof ca);
    memset(pem, 'x', sizeof pem);
    memset(key, 'x', sizeof key);
    acta_listener *listener = NULL;
    if (acta_node_listen(sys, "tls+tcp://localhost:0", &listener) != ACTA_OK)
        fail_msg("%s", said);
    acta_listener_close(&listener);
    assert_int_equal(acta_close(&sys, 10 * ACTA_SECOND), ACTA_OK);
}

TEST(listener_at_a_relative_path_says_where_others_find_it)
{
    char folder[] = "/tmp/acta-places-XXXXXX";
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    acta_system *sys = open_system(NULL);
    acta_listener *listener;
    acta_node *node;
    char url[128];
    assert_int_equal(acta_node_listen(sys, "ipc://s", &listener), ACTA_OK);
    snprintf(url, sizeof url, "ipc://%s/s", folder);
    assert_string_equal(acta_listener_url(listener), url);
    assert_int_equal(chdir("/"), 0);
    acta_system *other = open_system(NULL);
    assert_int_equal(acta_connect(other, url, 10 * ACTA_SECOND, &node), ACTA_OK);
    acta_node_drop(&node);
    assert_int_equal(acta_close(&other, 10 * ACTA_SECOND), ACTA_OK);
    acta_listener_close(&listener);
    assert_int_equal(acta_close(&sys, 10 * ACTA_SECOND), ACTA_OK);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    certs_make();
    int status = TEST_RUN(case_of(url_that_may_not_be_used_is_refused_by_both_sides_and_says_why),
                    case_of(connect_to_a_black_hole_keeps_its_time_limit_and_leaves_nothing),
                    case_of(nodes_talk_over_tcp), case_of(nodes_talk_over_tls),
                    case_of(certificate_that_is_not_believed_is_refused_and_both_sides_are_told),
                    case_of(texts_in_the_options_may_go_when_the_system_is_open),
                    case_of(listener_at_a_relative_path_says_where_others_find_it));
    certs_remove();
    return status;
}
