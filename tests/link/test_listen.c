// SPDX-License-Identifier: MIT
//
// Listening, with nng and with other processes: one server a path, which outlives every peer and leaves nothing.

#include "peer.h"

#include <sched.h>
#include <sys/resource.h>

#define ANOTHER_USER 65534
#define PEERS 1000

static void assert_refused(const char *path, int status, const char *word)
{
    arrivals a = ARRIVALS_INIT;
    acti_link_listener *listener = NULL;
    char why[ACTI_LINK_WHY_MAX] = "";
    assert_int_equal(listen_at(path, arrivals_put, &a, &listener, (acti_reason){why, sizeof why}), status);
    assert_null(listener);
    assert_non_null(strstr(why, path));
    assert_non_null(strstr(why, word));
}

// That one link can be dialled and carries bytes.
static void assert_serves(const char *path, arrivals *a)
{
    acti_link *link;
    assert_int_equal(dial(path, &link), ACTA_OK);
    end near, far;
    end_init(&near, link);
    end_init(&far, arrivals_take(a));
    uint8_t bytes[8];
    size_t size;
    assert_int_equal(end_write(&near, "hello", 5), ACTA_OK);
    assert_int_equal(end_read(&far, bytes, sizeof bytes, &size), ACTA_OK);
    assert_int_equal(size, 5);
    end_close(&near);
    end_close(&far);
}

TEST(refusal_says_what_where_and_why)
{
    folder f = folder_new();
    char path[160];
    memset(path, 'x', sizeof path);
    path[sizeof path - 1] = '\0';
    assert_refused(path, ACTA_EINVAL, "159 bytes");
    snprintf(path, sizeof path, "%s/none/s", f.path);
    assert_refused(path, ACTA_ENOENT, "folder");
    raw_file(f.sock, "precious");
    assert_refused(f.sock, ACTA_EEXIST, "regular file");
    unlink(f.sock);
    folder_end(&f);
    assert_true(acti_link_fini());
}

TEST(second_listener_of_this_process_is_refused_and_the_first_goes_on)
{
    folder f = folder_new();
    arrivals a = ARRIVALS_INIT;
    acti_link_listener *listener = listen_ok(f.sock, &a);
    assert_refused(f.sock, ACTA_EEXIST, "serves it");
    assert_serves(f.sock, &a);
    acti_link_listener_close(&listener);
    assert_null(listener);
    folder_end(&f);
    assert_true(acti_link_fini());
}

TEST(close_leaves_nothing_and_the_path_can_be_served_again)
{
    folder f = folder_new();
    arrivals a = ARRIVALS_INIT;
    for (int i = 0; i < 20; i++) {
        acti_link_listener *listener = listen_ok(f.sock, &a);
        assert_serves(f.sock, &a);
        acti_link_listener_close(&listener);
        assert_int_equal(folder_entries(&f), 0);
        if (i % 5 == 0)
            assert_true(acti_link_fini());
    }
    folder_end(&f);
    assert_true(acti_link_fini());
}

TEST(close_with_connections_waiting_frees_them)
{
    folder f = folder_new();
    arrivals a = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .close_all = true};
    size_t before = descriptors();
    for (int i = 0; i < 100; i++) {
        acti_link_listener *listener = listen_ok(f.sock, &a);
        int peers[4];
        for (int k = 0; k < 4; k++)
            peers[k] = raw_connect(f.sock);
        acti_link_listener_close(&listener);
        for (int k = 0; k < 4; k++) {
            assert_true(peers[k] >= 0);
            close(peers[k]);
        }
    }
    folder_end(&f);
    assert_true(acti_link_fini());
    assert_int_equal(descriptors(), before);
}

TEST(socket_is_for_its_user_only_whatever_the_umask)
{
    folder f = folder_new();
    arrivals a = ARRIVALS_INIT;
    mode_t old = umask(0);
    acti_link_listener *listener = listen_ok(f.sock, &a);
    umask(old);
    char lock[110];
    snprintf(lock, sizeof lock, "%s.lock", f.sock);
    struct stat st;
    assert_int_equal(lstat(f.sock, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_nlink, 1);
    assert_int_equal(lstat(lock, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(folder_entries(&f), 2);
    acti_link_listener_close(&listener);
    folder_end(&f);
    assert_true(acti_link_fini());
}

TEST(longest_path_and_odd_characters_are_served)
{
    folder f = folder_new();
    char path[ACTI_URL_PATH_MAX + 1];
    int size = snprintf(path, sizeof path, "%s/a b%%41?x#y:", f.path);
    memset(path + size, 'z', sizeof path - (size_t)size);
    path[ACTI_URL_PATH_MAX] = '\0';
    arrivals a = ARRIVALS_INIT;
    acti_link_listener *listener = listen_ok(path, &a);
    assert_int_equal(access(path, F_OK), 0);
    assert_serves(path, &a);
    acti_link_listener_close(&listener);
    folder_end(&f);
    assert_true(acti_link_fini());
}

TEST(relative_path_is_cleaned_up_from_another_folder)
{
    folder f = folder_new();
    arrivals a = ARRIVALS_INIT;
    int home = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(home >= 0);
    assert_int_equal(chdir(f.path), 0);
    acti_link_listener *listener = listen_ok("s", &a);
    assert_serves("s", &a);
    assert_int_equal(chdir("/"), 0);
    assert_serves(f.sock, &a);
    acti_link_listener_close(&listener);
    assert_int_equal(fchdir(home), 0);
    close(home);
    folder_end(&f);
    assert_true(acti_link_fini());
}

TEST(close_leaves_the_file_that_took_the_place_of_the_socket)
{
    folder f = folder_new();
    arrivals a = ARRIVALS_INIT;
    acti_link_listener *listener = listen_ok(f.sock, &a);
    unlink(f.sock);
    raw_file(f.sock, "precious");
    acti_link_listener_close(&listener);
    struct stat st;
    assert_int_equal(stat(f.sock, &st), 0);
    assert_int_equal(st.st_size, 8);
    unlink(f.sock);
    folder_end(&f);
    assert_true(acti_link_fini());
}

TEST(peers_that_go_at_once_do_not_stop_the_listener)
{
    folder f = folder_new();
    arrivals a = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .close_all = true};
    size_t before = descriptors();
    acti_link_listener *listener = listen_ok(f.sock, &a);
    for (int i = 0; i < PEERS; i++) {
        int fd = raw_connect(f.sock);
        assert_true(fd >= 0);
        close(fd);
    }
    arrivals_wait(&a, PEERS);
    pthread_mutex_lock(&a.lock);
    a.close_all = false;
    a.taken = a.come;
    pthread_mutex_unlock(&a.lock);
    assert_serves(f.sock, &a);
    acti_link_counts counts;
    acti_link_listener_counts(listener, &counts);
    assert_int_equal(counts.accepted, PEERS + 1);
    assert_int_equal(counts.failed + counts.refused, 0);
    acti_link_listener_close(&listener);
    folder_end(&f);
    assert_true(acti_link_fini());
    assert_int_equal(descriptors(), before);
}

// Until n accepts have failed. There is no event to wait for: nobody is told, the number is all there is.
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

// A peer that connects while no descriptor can be had. Nothing may be asserted in between, or the tests that follow
// would have none either.
typedef struct starved {
    int fd;
    struct rlimit old;
    bool lowered, connected;
} starved;

static starved starve(const char *path)
{
    struct sockaddr_un at = raw_address(path);
    starved s = {.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_true(s.fd >= 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &s.old), 0);
    struct rlimit none = {.rlim_cur = 3, .rlim_max = s.old.rlim_max};
    s.lowered = setrlimit(RLIMIT_NOFILE, &none) == 0;
    s.connected = connect(s.fd, (const struct sockaddr *)&at, sizeof at) == 0;
    return s;
}

static void feed(starved *s)
{
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &s->old), 0);
    assert_true(s->lowered && s->connected);
}

TEST(lack_of_descriptors_pauses_accepting_and_no_more)
{
    folder f = folder_new();
    arrivals a = ARRIVALS_INIT;
    acti_link_listener *listener = listen_ok(f.sock, &a);
    assert_serves(f.sock, &a);
    uint64_t start_ns = acti_clock_ns();
    starved s = starve(f.sock);
    bool failed = failed_soon(listener, 4);
    uint64_t took_ns = acti_clock_ns() - start_ns;
    feed(&s);
    assert_true(failed);
    assert_true(took_ns > UINT64_C(100000000)); // three pauses: it does not spin

    acti_link_close(arrivals_take(&a)); // the one that waited
    assert_serves(f.sock, &a);
    close(s.fd);
    acti_link_listener_close(&listener);
    folder_end(&f);
    assert_true(acti_link_fini());
}

TEST(close_while_accepting_pauses_ends_it)
{
    folder f = folder_new();
    arrivals a = ARRIVALS_INIT;
    acti_link_listener *listener = listen_ok(f.sock, &a);
    starved s = starve(f.sock);
    bool failed = failed_soon(listener, 1);
    acti_link_listener_close(&listener);
    feed(&s);
    assert_true(failed);
    close(s.fd);
    folder_end(&f);
    assert_true(acti_link_fini());
}

// A signal for the process goes to any thread that does not block it; this one would end the process.
TEST(no_thread_of_nng_takes_a_signal)
{
    pair p;
    pair_init(&p);
    sigset_t usr1, old, pending;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, &usr1, &old), 0);
    assert_int_equal(kill(getpid(), SIGUSR1), 0);
    assert_int_equal(sigpending(&pending), 0);
    assert_true(sigismember(&pending, SIGUSR1));
    int taken;
    assert_int_equal(sigwait(&usr1, &taken), 0);
    assert_int_equal(pthread_sigmask(SIG_SETMASK, &old, NULL), 0);
    end_close(&p.near);
    end_close(&p.far);
    pair_fini(&p);
}

// ---- other processes -----------------------------------------------------------------------

// Says 's' when it serves; ends, in order, when told.
static int serve(const char *path)
{
    arrivals a = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .close_all = true};
    acti_link_listener *listener;
    char why[256];
    int status = listen_at(path, arrivals_put, &a, &listener, (acti_reason){why, sizeof why});
    char word = status == ACTA_OK ? 's' : 'r';
    if (write(1, &word, 1) != 1 || status != ACTA_OK)
        return -status;
    ssize_t n = read(0, &word, 1);
    acti_link_listener_close(&listener);
    return n >= 0 && acti_link_fini() ? 0 : 99;
}

static int serve_as_another(const char *path)
{
    return setuid(ANOTHER_USER) == 0 ? serve(path) : 98;
}

TEST(path_served_by_another_process_is_refused_and_names_it)
{
    folder f = folder_new();
    child c = child_start("serve", f.sock);
    assert_int_equal(child_hear(&c), 's');
    char pid[24];
    snprintf(pid, sizeof pid, "process %ld", (long)c.pid);
    assert_refused(f.sock, ACTA_EEXIST, pid);
    acti_link *link;
    assert_int_equal(dial(f.sock, &link), ACTA_OK);
    acti_link_close(link);
    child second = child_start("serve", f.sock);
    assert_int_equal(child_hear(&second), 'r');
    assert_int_equal(child_end(&second), -ACTA_EEXIST);
    assert_int_equal(child_end(&c), 0);
    folder_end(&f);
    assert_true(acti_link_fini());
}

TEST(socket_of_a_killed_process_is_taken_over)
{
    folder f = folder_new();
    arrivals a = ARRIVALS_INIT;
    for (int i = 0; i < 3; i++) {
        child c = child_start("serve", f.sock);
        assert_int_equal(child_hear(&c), 's');
        kill(c.pid, SIGKILL);
        assert_int_equal(child_end(&c), -SIGKILL);
        assert_int_equal(folder_entries(&f), 2);
    }
    acti_link_listener *listener = listen_ok(f.sock, &a);
    assert_serves(f.sock, &a);
    acti_link_listener_close(&listener);
    folder_end(&f);
    assert_true(acti_link_fini());
}

// Each round: on 'g' tries to serve and says 'w' or 'l'; whoever won sends its pid to a peer; on 'e' ends and says 'e'.
typedef struct greeter {
    acti_link *link;
    long pid;
} greeter;

static void greeted(void *arg, int status)
{
    (void)status;
    greeter *g = arg;
    acti_link_close(g->link);
}

static void greeter_closed(void *arg)
{
    free(arg);
}

static void greet(void *arg, acti_link *link, const char *why)
{
    (void)arg;
    (void)why;
    static const acti_link_owner owner = {.on_write = greeted, .on_closed = greeter_closed};
    greeter *g = malloc(sizeof *g);
    if (g == NULL)
        abort();
    *g = (greeter){.link = link, .pid = getpid()};
    acti_link_own(link, &owner, g);
    acti_link_write(link, &g->pid, sizeof g->pid);
}

static int start_again_and_again(const char *path)
{
    acti_link_listener *listener = NULL;
    char word;
    while (read(0, &word, 1) == 1) {
        char why[256];
        if (word == 'g') {
            int status = listen_at(path, greet, NULL, &listener, (acti_reason){why, sizeof why});
            word = status == ACTA_OK ? 'w' : status == ACTA_EEXIST ? 'l' : '?';
        } else {
            acti_link_listener_close(&listener);
        }
        if (write(1, &word, 1) != 1)
            return 97;
    }
    return acti_link_fini() ? 0 : 99;
}

// Who answers at path: its pid, as it says.
static long who_serves(const char *path)
{
    int fd = raw_connect(path);
    assert_true(fd >= 0);
    long pid = 0;
    assert_int_equal(read(fd, &pid, sizeof pid), sizeof pid);
    close(fd);
    return pid;
}

TEST(of_two_starters_on_a_stale_socket_exactly_one_wins_and_serves)
{
    enum { ROUNDS = 200 };
    folder f = folder_new();
    char lock[110];
    snprintf(lock, sizeof lock, "%s.lock", f.sock);
    child c[2] = {child_start("again", f.sock), child_start("again", f.sock)};
    int wins[2] = {0, 0};
    for (int i = 0; i < ROUNDS; i++) {
        close(raw_bind(f.sock, SOCK_STREAM, 0));
        if (i % 2 == 0)
            raw_file(lock, "999999999\n");
        child_say(&c[i % 2], 'g');
        child_say(&c[(i + 1) % 2], 'g');
        int first = child_hear(&c[0]), second = child_hear(&c[1]);
        assert_true((first == 'w' && second == 'l') || (first == 'l' && second == 'w'));
        int winner = first == 'w' ? 0 : 1;
        wins[winner]++;
        assert_int_equal(who_serves(f.sock), c[winner].pid);
        child_say(&c[winner], 'e');
        assert_int_equal(child_hear(&c[winner]), 'e');
        assert_int_equal(folder_entries(&f), 0);
    }
    print_message("won: %d and %d\n", wins[0], wins[1]);
    assert_int_equal(child_end(&c[0]), 0);
    assert_int_equal(child_end(&c[1]), 0);
    folder_end(&f);
}

// Connects as another user, who may, by the mode of the socket, and hears nothing.
static int visit_as_another(const char *path)
{
    if (setuid(ANOTHER_USER) != 0)
        return 98;
    int fd = raw_connect(path);
    char byte;
    return fd >= 0 && read(fd, &byte, 1) <= 0 ? 0 : 1;
}

TEST(peer_of_another_user_is_closed_and_counted)
{
    if (geteuid() != 0)
        skip();
    folder f = folder_new();
    arrivals a = ARRIVALS_INIT;
    acti_link_listener *listener = listen_ok(f.sock, &a);
    assert_int_equal(chmod(f.path, 0755), 0);
    assert_int_equal(chmod(f.sock, 0666), 0);
    child c = child_start("visit", f.sock);
    assert_int_equal(child_end(&c), 0);
    assert_serves(f.sock, &a);
    acti_link_counts counts;
    acti_link_listener_counts(listener, &counts);
    assert_int_equal(counts.refused, 1);
    assert_int_equal(counts.accepted, 1);
    acti_link_listener_close(&listener);
    folder_end(&f);
    assert_true(acti_link_fini());
}

TEST(folder_that_may_not_be_written_is_refused)
{
    if (geteuid() != 0)
        skip();
    folder f = folder_new();
    assert_int_equal(chmod(f.path, 0755), 0);
    child c = child_start("serve-as-another", f.sock);
    assert_int_equal(child_hear(&c), 'r');
    assert_int_equal(child_end(&c), -ACTA_EACCES);
    assert_int_equal(chmod(f.path, 01777), 0);
    c = child_start("serve-as-another", f.sock);
    assert_int_equal(child_hear(&c), 's');
    assert_int_equal(child_end(&c), 0);
    folder_end(&f);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(const char *path);
    } roles[] = {{"serve", serve},
                 {"serve-as-another", serve_as_another},
                 {"again", start_again_and_again},
                 {"visit", visit_as_another}};
    for (size_t i = 0; argc == 3 && i < sizeof roles / sizeof roles[0]; i++)
        if (strcmp(argv[1], roles[i].name) == 0)
            return roles[i].run(argv[2]);
    return TEST_RUN(
        case_of(refusal_says_what_where_and_why),
        case_of(second_listener_of_this_process_is_refused_and_the_first_goes_on),
        case_of(close_leaves_nothing_and_the_path_can_be_served_again),
        case_of(close_with_connections_waiting_frees_them),
        case_of(socket_is_for_its_user_only_whatever_the_umask),
        case_of(longest_path_and_odd_characters_are_served),
        case_of(relative_path_is_cleaned_up_from_another_folder),
        case_of(close_leaves_the_file_that_took_the_place_of_the_socket),
        case_of(peers_that_go_at_once_do_not_stop_the_listener),
        case_of(lack_of_descriptors_pauses_accepting_and_no_more), case_of(close_while_accepting_pauses_ends_it),
        case_of(no_thread_of_nng_takes_a_signal), case_of(path_served_by_another_process_is_refused_and_names_it),
        case_of(socket_of_a_killed_process_is_taken_over),
        case_of(of_two_starters_on_a_stale_socket_exactly_one_wins_and_serves),
        case_of(peer_of_another_user_is_closed_and_counted), case_of(folder_that_may_not_be_written_is_refused));
}
