// SPDX-License-Identifier: MIT
//
// test_urls.c - several URLs of one node: as a text, and C-EOF of a sender that is handed on to a third node, which
// looks for the owner at each of them. The owner is system 0, the giver 1, the taker 2.

#include "route/urls.h"

#include <netinet/in.h>

#include "far.h"
#include "raw_peer.h"

// ---- the text ---------------------------------------------------------------------------

TEST(urls_come_out_in_the_order_in_which_they_were_added)
{
    acti_urls urls = "";
    char url[ACTI_URL_MAX + 2] = "before";
    assert_int_equal(acti_urls_count(urls), 0);
    assert_int_equal(acti_urls_next(urls, 0, url), 0);
    assert_string_equal(url, "before");
    acti_urls_add(urls, "ipc:///a");
    acti_urls_add(urls, "tcp://b:1");
    assert_string_equal(urls, "ipc:///a\ntcp://b:1");
    assert_int_equal(acti_urls_count(urls), 2);
    size_t at = acti_urls_next(urls, 0, url);
    assert_string_equal(url, "ipc:///a");
    at = acti_urls_next(urls, at, url);
    assert_string_equal(url, "tcp://b:1");
    assert_int_equal(acti_urls_next(urls, at, url), 0);
}

TEST(url_that_does_not_fit_is_left_out_and_a_shorter_one_behind_it_is_not)
{
    acti_urls urls = "";
    char most[ACTI_FRAME_TEXT_MAX + 2];
    memset(most, 'a', sizeof most);
    most[ACTI_FRAME_TEXT_MAX + 1] = '\0';
    acti_urls_add(urls, most);
    assert_string_equal(urls, "");
    most[ACTI_FRAME_TEXT_MAX] = '\0';
    acti_urls_add(urls, most);
    assert_string_equal(urls, most);

    most[ACTI_FRAME_TEXT_MAX - 3] = '\0';
    urls[0] = '\0';
    acti_urls_add(urls, most);
    acti_urls_add(urls, "bcd");
    acti_urls_add(urls, "");
    assert_int_equal(acti_urls_count(urls), 1);
    acti_urls_add(urls, "bc");
    assert_int_equal(acti_urls_count(urls), 2);
    assert_int_equal(strlen(urls), ACTI_FRAME_TEXT_MAX);
}

TEST(text_of_a_peer_may_have_empty_lines_and_a_url_none)
{
    acti_urls urls = "";
    acti_urls_add(urls, "ipc:///a\nipc:///b");
    assert_string_equal(urls, "");
    char url[ACTI_URL_MAX + 2];
    assert_int_equal(acti_urls_count("\n\n"), 0);
    assert_int_equal(acti_urls_count("\n\na\n\nb\n"), 2);
    size_t at = acti_urls_next("\n\na\n\nb\n", 0, url);
    assert_string_equal(url, "a");
    (void)acti_urls_next("\n\na\n\nb\n", at, url);
    assert_string_equal(url, "b");
}

// ---- what peers are told ------------------------------------------------------------------

// assert_told calls as a node that has not called before: who is known is told what was true then.
static void assert_told(far *w, const char *urls)
{
    static uint64_t last = 77;
    raw_peer peer = peer_init(++last);
    peer_call(&peer, w->url[2]);
    assert_string_equal(peer_expect(&peer, ACTI_FRAME_WELCOME)->hello.url, urls);
    peer_die(&peer);
}

static acta_listener *listen_too(far *w, int at, char *url, size_t size, const char *name)
{
    acta_listener *listener = NULL;
    snprintf(url, size, "ipc://%s/%s", far_folder, name);
    assert_int_equal(acta_node_listen(w->sys[at], url, &listener), ACTA_OK);
    return listener;
}

TEST(peers_are_told_of_all_listeners_that_are_open_in_the_order_in_which_they_were_opened)
{
    far w;
    far_open(&w);
    char all[2 * sizeof w.url[0] + 80], other[64];
    assert_told(&w, w.url[2]);
    acta_listener *more = listen_too(&w, 2, other, sizeof other, "other");
    snprintf(all, sizeof all, "%s\n%s", w.url[2], other);
    assert_told(&w, all);
    acta_listener_close(&more);
    assert_told(&w, w.url[2]);

    more = listen_too(&w, 2, other, sizeof other, "other");
    acta_listener_close(&w.listener[2]);
    snprintf(w.url[2], sizeof w.url[2], "%s", other);
    assert_told(&w, other);
    acta_listener_close(&more);
    far_close(&w);
}

// ---- a third node -----------------------------------------------------------------------------

ACTA_MESSAGE(hand, (tx, who));

typedef struct sink {
    test_gate came;
} sink;

static int sink_handler(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    if (m != NULL && acta_is(item, m))
        test_gate_open(&((sink *)arg)->came);
    return ACTA_OK;
}

// taker_handler sends an item through what it is handed.
static int taker_handler(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    (void)arg;
    const hand *got = m != NULL ? acta_as(hand, m) : NULL;
    return got != NULL ? acta_send(got->who, item, .n = 1) : ACTA_OK;
}

// A world in which the giver has a sender to the sink, knows several URLs of the owner's, and all but the last of them
// are served no more.
typedef struct lost {
    far far;
    sink sink;
    acta_tx *own, *held, *taker, *to_taker;
    char first[64], next[64]; // the first, and the last of those
} lost;

enum { LOST_MAX = 2 };

// lost_open_at has so many URLs served no more, each listened for as url says.
static void lost_open_at(lost *l, const char *url, int count)
{
    far *w = &l->far;
    acta_listener *gone[LOST_MAX];
    far_open(w);
    far_gate(w, &l->sink.came);
    acta_listener_close(&w->listener[0]);
    for (int i = 0; i < count; i++)
        assert_int_equal(acta_node_listen(w->sys[0], url, &gone[i]), ACTA_OK);
    assert_int_equal(acta_node_listen(w->sys[0], w->url[0], &w->listener[0]), ACTA_OK);
    snprintf(l->first, sizeof l->first, "%s", acta_listener_url(gone[0]));
    snprintf(l->next, sizeof l->next, "%s", acta_listener_url(gone[count - 1]));
    l->own = far_publish(w->sys[0], "sink", sink_handler, NULL, &l->sink);
    l->taker = far_publish(w->sys[2], "taker", taker_handler, NULL, NULL);
    l->held = far_find(w, 1, 0, "sink");
    l->to_taker = far_find(w, 1, 2, "taker");
    for (int i = 0; i < count; i++)
        acta_listener_close(&gone[i]);
}

static void lost_open(lost *l)
{
    char url[64];
    snprintf(url, sizeof url, "ipc://%s/first", far_folder);
    lost_open_at(l, url, 1);
}

// lost_hand gives the sender on, and waits until what the taker sends has come.
static void lost_hand(lost *l)
{
    assert_int_equal(acta_send(l->to_taker, hand, .who = l->held), ACTA_OK);
    assert_true(test_gate_wait(&l->sink.came));
}

static void lost_close(lost *l)
{
    acta_tx_drop(&l->own);
    acta_tx_drop(&l->held);
    acta_tx_drop(&l->taker);
    acta_tx_drop(&l->to_taker);
    far_close(&l->far);
}

TEST(owner_that_is_not_at_its_first_url_any_more_is_found_at_the_second)
{
    lost l;
    lost_open(&l);
    lost_hand(&l);
    lost_close(&l);
}

TEST(another_node_at_the_first_url_is_passed_over)
{
    lost l;
    acta_system *another;
    acta_listener *there;
    lost_open(&l);
    assert_int_equal(acta_open(NULL, &another), ACTA_OK);
    assert_int_equal(acta_node_listen(another, l.first, &there), ACTA_OK);
    lost_hand(&l);
    acta_listener_close(&there);
    assert_int_equal(acta_close(&another, FAR_WAIT_S * ACTA_SECOND), ACTA_OK);
    lost_close(&l);
}

TEST(taker_that_finds_itself_at_the_first_url_goes_on_to_the_second)
{
    lost l;
    acta_listener *there;
    lost_open(&l);
    assert_int_equal(acta_node_listen(l.far.sys[2], l.first, &there), ACTA_OK);
    lost_hand(&l);
    acta_listener_close(&there);
    lost_close(&l);
}

TEST(what_speaks_another_protocol_at_the_first_url_is_passed_over)
{
    lost l;
    lost_open(&l);
    int server = peer_listen(l.first);
    assert_int_equal(acta_send(l.to_taker, hand, .who = l.held), ACTA_OK);
    int fd = accept(server, NULL, NULL);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "HTTP/1.1 400 Bad Request\r\n\r\n", 28), 28);
    assert_true(test_gate_wait(&l.sink.came));
    close(fd);
    peer_unlisten(server, l.first);
    lost_close(&l);
}

// Its connection is taken, and nothing more: it is given up after its share of the time.
TEST(what_says_nothing_at_the_first_url_keeps_nobody_from_the_second)
{
    lost l;
    lost_open(&l);
    int server = peer_listen(l.first);
    lost_hand(&l);
    peer_unlisten(server, l.first);
    lost_close(&l);
}

// A hole takes a few connections at a port, and no more.
enum { HOLE_FULL = 8 };

typedef struct hole {
    int fds[1 + HOLE_FULL];
} hole;

static void hole_open(hole *h, const char *url)
{
    unsigned long port = strtoul(strrchr(url, ':') + 1, NULL, 10);
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
    for (int i = 0; i < 1 + HOLE_FULL; i++)
        h->fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(setsockopt(h->fds[0], SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)), 0);
    assert_int_equal(bind(h->fds[0], (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(h->fds[0], 0), 0);
    for (int i = 1; i < 1 + HOLE_FULL; i++)
        (void)connect(h->fds[i], (const struct sockaddr *)&at, sizeof at);
}

static void hole_close(hole *h)
{
    for (int i = 0; i < 1 + HOLE_FULL; i++)
        close(h->fds[i]);
}

// Were each waited for as long as a connection may take, the time in which a peer is to be reached would be over.
TEST(what_takes_no_connection_at_two_urls_keeps_nobody_from_the_third)
{
    lost l;
    hole first, next;
    lost_open_at(&l, "tcp://127.0.0.1:0", 2);
    hole_open(&first, l.first);
    hole_open(&next, l.next);
    lost_hand(&l);
    hole_close(&first);
    hole_close(&next);
    lost_close(&l);
}

int main(void)
{
    return FAR_RUN(case_of(urls_come_out_in_the_order_in_which_they_were_added),
                   case_of(url_that_does_not_fit_is_left_out_and_a_shorter_one_behind_it_is_not),
                   case_of(text_of_a_peer_may_have_empty_lines_and_a_url_none),
                   case_of(peers_are_told_of_all_listeners_that_are_open_in_the_order_in_which_they_were_opened),
                   case_of(owner_that_is_not_at_its_first_url_any_more_is_found_at_the_second),
                   case_of(another_node_at_the_first_url_is_passed_over),
                   case_of(taker_that_finds_itself_at_the_first_url_goes_on_to_the_second),
                   case_of(what_speaks_another_protocol_at_the_first_url_is_passed_over),
                   case_of(what_says_nothing_at_the_first_url_keeps_nobody_from_the_second),
                   case_of(what_takes_no_connection_at_two_urls_keeps_nobody_from_the_third));
}
