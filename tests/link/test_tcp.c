// SPDX-License-Identifier: MIT
//
// TCP: who may be spoken to in plain text, where a name leads, what is served, and dials that are given up.

#include "peer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/resource.h>

#include "link/resolve.h"

// ---- names that are ours alone: this program is linked with a getaddrinfo of its own -----------

typedef struct known {
    const char *name;
    const char *addresses[20];
    int error;
} known;

static const known names[] = {
    {.name = "both.test", .addresses = {"127.0.0.1", "192.0.2.1"}},
    {.name = "both6.test", .addresses = {"::1", "2001:db8::1"}},
    {.name = "mapped.test", .addresses = {"::ffff:192.0.2.1"}},
    {.name = "here.test", .addresses = {"127.0.0.2", "127.0.0.1"}},
    {.name = "many.test",
     .addresses = {"127.0.0.2", "127.0.0.2", "127.0.0.2", "127.0.0.2", "127.0.0.2", "127.0.0.2", "127.0.0.2",
                   "127.0.0.2", "127.0.0.2", "127.0.0.2", "127.0.0.2", "127.0.0.2", "127.0.0.2", "127.0.0.2",
                   "127.0.0.2", "127.0.0.2", "192.0.2.1"}},
    {.name = "none.test", .error = EAI_NONAME},
    {.name = "later.test", .error = EAI_AGAIN},
    {.name = "memory.test", .error = EAI_MEMORY},
    {.name = "silent.test", .error = EAI_AGAIN}, // after the gate has opened
};

static latch silence;
static acti_au32 silent; // threads that wait at it

int __real_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **found);
int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **found);

int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **found)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(host, names[i].name) != 0)
            continue;
        if (strcmp(host, "silent.test") == 0) {
            acti_au32_add_relaxed(&silent, 1);
            latch_wait(&silence);
        }
        for (int k = 0; names[i].addresses[k] != NULL; k++) {
            if (__real_getaddrinfo(names[i].addresses[k], port, hints, found) != 0)
                return EAI_FAIL;
            found = &(*found)->ai_next;
        }
        return names[i].error;
    }
    return __real_getaddrinfo(host, port, hints, found);
}

// ---- helpers ------------------------------------------------------------------------------

static const acta_system_opts anywhere = {.plaintext_anywhere = true};

static const acti_links *links_anywhere(void)
{
    static acti_nng_links links;
    acti_nng_links_init(&links, &anywhere);
    return &links.base;
}

static void assert_dial(const acti_links *links, const char *url, int status, const char *word)
{
    dialled d;
    dial_start(&d, links, url);
    int got = dial_end(&d);
    if (got != status || strstr(d.why, word) == NULL || strstr(d.why, url) == NULL)
        fail_msg("dialling %s gave %d: %s", url, got, d.why);
    if (d.link != NULL)
        acti_link_close(d.link);
}

static void assert_listen(const acti_links *links, const char *url, int status, const char *word)
{
    arrivals a = ARRIVALS_INIT;
    acti_link_listener *listener = NULL;
    char why[ACTI_LINK_WHY_MAX] = "";
    int got = acti_link_listen(links, url, arrivals_put, &a, &listener, (acti_reason){why, sizeof why});
    if (got != status || strstr(why, word) == NULL || strstr(why, url) == NULL)
        fail_msg("listening at %s gave %d: %s", url, got, why);
    assert_null(listener);
}

static acti_link_listener *serve(const acti_links *links, const char *url, arrivals *a)
{
    acti_link_listener *listener = NULL;
    char why[ACTI_LINK_WHY_MAX] = "";
    if (acti_link_listen(links, url, arrivals_put, a, &listener, (acti_reason){why, sizeof why}) != ACTA_OK)
        fail_msg("%s", why);
    return listener;
}

// That what is dialled there is what comes to the listener.
static void assert_serves(const acti_links *links, const char *url, arrivals *a)
{
    end near, far;
    uint8_t bytes[8];
    size_t size;
    end_init(&near, dial_ok(links, url));
    end_init(&far, arrivals_take(a));
    assert_int_equal(end_write(&near, "hello", 5), ACTA_OK);
    assert_int_equal(end_read(&far, bytes, sizeof bytes, &size), ACTA_OK);
    assert_int_equal(size, 5);
    end_close(&near);
    end_close(&far);
}

static uint16_t port_of(const char *url)
{
    return (uint16_t)strtoul(strrchr(url, ':') + 1, NULL, 10);
}

// A URL of another host with the same port.
static const char *at_host(const char *host, const char *url)
{
    static char text[128];
    snprintf(text, sizeof text, "tcp://%s:%u", host, port_of(url));
    return text;
}

// A socket at a port of loopback that serves nobody: what connects to it waits for ever, because its queue is full and
// is never emptied.
typedef struct hole {
    int server, first[8];
    char url[64];
} hole;

static hole hole_open(void)
{
    hole h = {.server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    assert_int_equal(bind(h.server, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(h.server, 0), 0);
    assert_int_equal(getsockname(h.server, (struct sockaddr *)&at, &size), 0);
    snprintf(h.url, sizeof h.url, "tcp://127.0.0.1:%u", ntohs(at.sin_port));
    for (size_t i = 0; i < 8; i++) {
        h.first[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(h.first[i], (const struct sockaddr *)&at, sizeof at);
    }
    return h;
}

static void hole_close(hole *h)
{
    for (size_t i = 0; i < 8; i++)
        close(h->first[i]);
    close(h->server);
}

// ---- who may be spoken to ---------------------------------------------------------------------

TEST(plain_text_beyond_loopback_is_refused_and_says_what_to_use)
{
    static const char *const urls[] = {
        "tcp://192.0.2.1:4711",    "tcp://[2001:db8::1]:4711", "tcp://0.0.0.0:4711",         "tcp://[::]:4711",
        "tcp://126.255.255.255:1", "tcp://128.0.0.1:1",        "tcp://[::ffff:192.0.2.1]:1", "tcp://[::2]:1",
        "tcp://[::127.0.0.1]:1"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        assert_dial(nng_links(), urls[i], ACTA_EACCES, "use tls+tcp://");
        assert_listen(nng_links(), urls[i], ACTA_EACCES, "use tls+tcp://");
    }
    assert_true(acti_link_fini());
}

TEST(name_is_judged_by_all_of_its_addresses)
{
    static const char *const urls[] = {"tcp://both.test:4711", "tcp://both6.test:4711", "tcp://mapped.test:4711"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        assert_dial(nng_links(), urls[i], ACTA_EACCES, "use tls+tcp://");
        assert_listen(nng_links(), urls[i], ACTA_EACCES, "use tls+tcp://");
    }
    assert_true(acti_link_fini());
}

TEST(loopback_is_served_under_each_of_its_names)
{
    static const char *const urls[] = {"tcp://127.0.0.1:0", "tcp://127.1.2.3:0", "tcp://localhost:0",
                                       "tcp://here.test:0"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        arrivals a = ARRIVALS_INIT;
        acti_link_listener *listener = serve(nng_links(), urls[i], &a);
        const char *url = acti_link_listener_url(listener);
        assert_memory_equal(url, urls[i], strlen(urls[i]) - 1);
        assert_true(port_of(url) > 0);
        assert_serves(nng_links(), url, &a);
        acti_link_listener_close(&listener);
    }
    assert_true(acti_link_fini());
}

TEST(plain_text_anywhere_is_served_when_it_is_asked_for)
{
    arrivals a = ARRIVALS_INIT;
    acti_link_listener *listener = serve(links_anywhere(), "tcp://0.0.0.0:0", &a);
    char name[ACTI_URL_HOST_MAX + 1], url[ACTI_URL_MAX + 1];
    assert_int_equal(gethostname(name, sizeof name), 0);
    snprintf(url, sizeof url, "tcp://%s:%u", name, port_of(acti_link_listener_url(listener)));
    assert_string_equal(acti_link_listener_url(listener), url); // where others find it
    assert_serves(links_anywhere(), at_host("127.0.0.1", url), &a);
    assert_serves(links_anywhere(), at_host("0.0.0.0", url), &a);
    acti_link_listener_close(&listener);
    assert_listen(links_anywhere(), "tcp://192.0.2.1:4711", ACTA_ENOENT, "no such address");
    assert_true(acti_link_fini());
}

// ---- names ------------------------------------------------------------------------------------

TEST(host_that_cannot_be_looked_up_is_unreachable)
{
    assert_dial(nng_links(), "tcp://none.test:1", ACTA_EUNREACH, "none.test could not be looked up");
    assert_dial(nng_links(), "tcp://later.test:1", ACTA_EUNREACH, "later.test could not be looked up");
    assert_dial(nng_links(), "tcp://memory.test:1", ACTA_ENOMEM, "memory.test could not be looked up");
    assert_listen(nng_links(), "tcp://none.test:1", ACTA_ENOENT, "none.test could not be looked up");
    assert_listen(nng_links(), "tcp://later.test:1", ACTA_EUNREACH, "later.test could not be looked up");
    assert_true(acti_link_fini());
}

TEST(of_several_addresses_the_first_that_answers_is_taken)
{
    arrivals a = ARRIVALS_INIT;
    acti_link_listener *listener = serve(nng_links(), "tcp://127.0.0.1:0", &a);
    const char *url = at_host("here.test", acti_link_listener_url(listener));
    assert_serves(nng_links(), url, &a);
    acti_link_listener_close(&listener);
    assert_dial(nng_links(), url, ACTA_EUNREACH, "nobody listens there");
    assert_true(acti_link_fini());
}

TEST(addresses_above_the_bound_are_left_out)
{
    acti_addresses addresses;
    acti_url url = {.kind = ACTI_URL_TCP, .host = "many.test"};
    assert_int_equal(acti_resolve(&url, &addresses, (acti_reason){0}), ACTA_OK);
    assert_int_equal(addresses.count, ACTI_ADDRESSES_MAX);
    assert_int_equal(acti_resolve_judge(&url, &addresses, false, (acti_reason){0}), ACTA_OK);
}

// ---- who is not there -------------------------------------------------------------------------

TEST(port_that_nobody_serves_is_unreachable)
{
    arrivals a = ARRIVALS_INIT;
    acti_link_listener *listener = serve(nng_links(), "tcp://127.0.0.1:0", &a);
    char url[ACTI_URL_MAX + 1];
    snprintf(url, sizeof url, "%s", acti_link_listener_url(listener));
    assert_dial(nng_links(), at_host("127.0.0.2", url), ACTA_EUNREACH, "nobody listens there");
    acti_link_listener_close(&listener);
    assert_dial(nng_links(), url, ACTA_EUNREACH, "check the host and the port");
    assert_dial(nng_links(), "tcp://127.0.0.1:0", ACTA_EINVAL, "port 0");
    assert_true(acti_link_fini());
}

TEST(port_that_is_served_is_refused_and_free_at_once_when_its_listener_is_closed)
{
    arrivals a = ARRIVALS_INIT;
    acti_link_listener *listener = serve(nng_links(), "tcp://127.0.0.1:0", &a);
    char url[ACTI_URL_MAX + 1];
    snprintf(url, sizeof url, "%s", acti_link_listener_url(listener));
    assert_listen(nng_links(), url, ACTA_EEXIST, "is served already");
    for (int i = 0; i < 20; i++) {
        assert_serves(nng_links(), url, &a);
        acti_link_listener_close(&listener);
        listener = serve(nng_links(), url, &a);
    }
    acti_link_listener_close(&listener);
    assert_true(acti_link_fini());
}

// ---- dials that are given up --------------------------------------------------------------------

TEST(dial_into_a_black_hole_ends_when_it_is_given_up)
{
    hole h = hole_open();
    size_t before = descriptors();
    for (int i = 0; i < 20; i++) {
        dialled d;
        dial_start(&d, nng_links(), h.url);
        acti_link_dialer_close(&d.dialer);
        assert_null(d.dialer);
        assert_int_equal(dial_end(&d), ACTA_ESTOPPED);
        assert_non_null(strstr(d.why, "given up"));
    }
    assert_true(acti_link_fini());
    assert_int_equal(descriptors(), before);
    hole_close(&h);
}

TEST(dial_of_a_name_that_is_never_looked_up_ends_when_it_is_given_up)
{
    silence = (latch)LATCH_INIT;
    dialled d[16];
    for (int i = 0; i < 16; i++)
        dial_start(&d[i], nng_links(), "tcp://silent.test:1");
    while (acti_au32_load_relaxed(&silent) < 16)
        sched_yield();
    assert_dial(nng_links(), "tcp://here.test:1", ACTA_EFULL, "too many names");
    assert_dial(nng_links(), "tcp://127.0.0.1:1", ACTA_EUNREACH, "nobody listens"); // the others go on
    for (int i = 0; i < 15; i++) {
        acti_link_dialer_close(&d[i].dialer);
        assert_int_equal(dial_end(&d[i]), ACTA_ESTOPPED);
    }
    assert_false(acti_link_fini()); // the look-ups are still there
    latch_open(&silence);
    assert_int_equal(dial_end(&d[15]), ACTA_EUNREACH);
    while (!acti_link_fini()) // until the last thread has ended
        sched_yield();
}

static void closed_inside(void *arg, int status, acti_link *link, const char *why)
{
    dialled *d = arg;
    dialled_put(d, status, link, why);
}

TEST(dialer_may_be_closed_at_any_moment)
{
    uint64_t seed = acti_random_seed();
    print_message("seed %llu\n", (unsigned long long)seed);
    arrivals a = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .close_all = true};
    acti_link_listener *listener = serve(nng_links(), "tcp://127.0.0.1:0", &a);
    size_t before = descriptors();
    size_t connected = 0;
    for (int i = 0; i < 500; i++) {
        dialled d = {.done = LATCH_INIT};
        const char *url =
            i % 2 == 0 ? acti_link_listener_url(listener) : at_host("here.test", acti_link_listener_url(listener));
        acti_link_dialer *dialer = acti_link_dial(nng_links(), url, closed_inside, &d);
        for (uint64_t n = acti_random_next(&seed) % 60000; n > 0; n--)
            acti_cpu_relax();
        acti_link_dialer_close(&dialer);
        latch_wait(&d.done);
        // Full: look-ups that were given up and are still on their way.
        assert_true(d.status == ACTA_OK || d.status == ACTA_ESTOPPED || (d.status == ACTA_EFULL && i % 2 == 1));
        assert_int_equal(d.link != NULL, d.status == ACTA_OK);
        connected += d.link != NULL;
        if (d.link != NULL)
            acti_link_close(d.link);
    }
    print_message("connected: %zu of 500\n", connected);
    acti_link_listener_close(&listener);
    while (!acti_link_fini()) // look-ups that were given up
        sched_yield();
    assert_true(descriptors() < before);
}

// ---- sockets --------------------------------------------------------------------------------------

// Counts the sockets of TCP that are connected, and those of them that are set up as they should be.
static void look_at_sockets(size_t *all, size_t *good)
{
    *all = 0;
    *good = 0;
    for (int fd = 3; fd < 1000; fd++) {
        struct sockaddr_storage at;
        socklen_t size = sizeof at;
        int nodelay = 0, keepalive = 0;
        socklen_t room = sizeof(int);
        if (getpeername(fd, (struct sockaddr *)&at, &size) != 0 || at.ss_family != AF_INET)
            continue;
        (*all)++;
        bool set = getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &nodelay, &room) == 0 &&
                   getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &keepalive, &room) == 0;
        *good += set && nodelay != 0 && keepalive != 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0;
    }
}

// How many sockets a child has of us; one byte.
static int count_inherited(void)
{
    struct stat st;
    char count = 'a';
    for (int fd = 3; fd < 1000; fd++)
        count = (char)(count + (fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode)));
    return write(1, &count, 1) == 1 ? 0 : 1;
}

TEST(sockets_send_at_once_notice_the_dead_and_are_not_inherited)
{
    pair p;
    pair_init_over(&p, &(transport){.name = "tcp", .url = "tcp://127.0.0.1:0"});
    size_t all, good;
    look_at_sockets(&all, &good);
    assert_int_equal(all, 2);
    assert_int_equal(good, 2);
    child c = child_start("inherited", "");
    assert_int_equal(child_hear(&c), 'a');
    assert_int_equal(child_end(&c), 0);
    end_close(&p.near);
    end_close(&p.far);
    pair_fini(&p);
}

static bool failed_soon(const acti_link_listener *listener, uint64_t n)
{
    acti_link_counts counts;
    uint64_t deadline_ns = acti_clock_ns() + UINT64_C(10000000000);
    do {
        sched_yield();
        acti_link_listener_counts(listener, &counts);
    } while (counts.failed < n && acti_clock_ns() < deadline_ns);
    return counts.failed >= n;
}

TEST(lack_of_descriptors_pauses_accepting_and_no_more)
{
    arrivals a = ARRIVALS_INIT;
    acti_link_listener *listener = serve(nng_links(), "tcp://127.0.0.1:0", &a);
    assert_serves(nng_links(), acti_link_listener_url(listener), &a);
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons(port_of(acti_link_listener_url(listener)))};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct rlimit old;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    struct rlimit none = {.rlim_cur = 3, .rlim_max = old.rlim_max};
    // Nothing is asserted until there are descriptors again.
    uint64_t start_ns = acti_clock_ns();
    bool lowered = setrlimit(RLIMIT_NOFILE, &none) == 0;
    bool connected = connect(fd, (const struct sockaddr *)&at, sizeof at) == 0;
    bool failed = failed_soon(listener, 4);
    uint64_t took_ns = acti_clock_ns() - start_ns;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_true(lowered && connected && failed);
    assert_true(took_ns > UINT64_C(100000000)); // three pauses: it does not spin
    acti_link_close(arrivals_take(&a));         // the one that waited
    assert_serves(nng_links(), acti_link_listener_url(listener), &a);
    close(fd);
    acti_link_listener_close(&listener);
    assert_true(acti_link_fini());
}

TEST(peers_that_go_at_once_do_not_stop_the_listener)
{
    arrivals a = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .close_all = true};
    size_t before = descriptors();
    acti_link_listener *listener = serve(nng_links(), "tcp://127.0.0.1:0", &a);
    for (int i = 0; i < 200; i++) {
        int fd = raw_connect_url(acti_link_listener_url(listener));
        // Half of them with a reset instead of an end.
        struct linger now = {.l_onoff = i % 2, .l_linger = 0};
        assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
        close(fd);
    }
    dialled last;
    dial_start(&last, nng_links(), acti_link_listener_url(listener));
    assert_int_equal(dial_end(&last), ACTA_OK);
    end e;
    end_init(&e, last.link);
    uint8_t byte;
    size_t size;
    assert_int_equal(end_read(&e, &byte, 1, &size), ACTA_EUNREACH); // accepted behind them, and closed
    end_close(&e);
    acti_link_listener_close(&listener);
    assert_true(acti_link_fini());
    assert_int_equal(descriptors(), before);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "inherited") == 0)
        return count_inherited();
    return TEST_RUN(case_of(plain_text_beyond_loopback_is_refused_and_says_what_to_use),
                    case_of(name_is_judged_by_all_of_its_addresses),
                    case_of(loopback_is_served_under_each_of_its_names),
                    case_of(plain_text_anywhere_is_served_when_it_is_asked_for),
                    case_of(host_that_cannot_be_looked_up_is_unreachable),
                    case_of(of_several_addresses_the_first_that_answers_is_taken),
                    case_of(addresses_above_the_bound_are_left_out), case_of(port_that_nobody_serves_is_unreachable),
                    case_of(port_that_is_served_is_refused_and_free_at_once_when_its_listener_is_closed),
                    case_of(dial_into_a_black_hole_ends_when_it_is_given_up),
                    case_of(dial_of_a_name_that_is_never_looked_up_ends_when_it_is_given_up),
                    case_of(dialer_may_be_closed_at_any_moment),
                    case_of(sockets_send_at_once_notice_the_dead_and_are_not_inherited),
                    case_of(lack_of_descriptors_pauses_accepting_and_no_more),
                    case_of(peers_that_go_at_once_do_not_stop_the_listener));
}
