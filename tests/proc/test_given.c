// SPDX-License-Identifier: MIT
//
// What the process of an actor has from the beginning: descriptors, signals, environment, names, and a page that nobody
// else can pass off as one.

#include "puppet.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "link/link.h"
#include "proc/page.h"

// ---- an actor that looks at its process --------------------------------------------------------

ACTA_MESSAGE(look, (str, what), (i64, n));

// read_file gives the bytes of a small file, NULs as line ends.
static void read_file(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, size - 1) : 0;
    close(fd);
    for (ssize_t i = 0; i < n; i++)
        if (text[i] == '\0')
            text[i] = '\n';
    text[n > 0 ? n : 0] = '\0';
}

// signals_of gives the lowest signal that is blocked, and the lowest that is not at its default; 0: none.
static void signals_of(char *text, size_t size)
{
    sigset_t blocked;
    int first_blocked = 0, first_set = 0;
    (void)sigprocmask(SIG_SETMASK, NULL, &blocked);
    for (int s = 1; s < SIGRTMAX; s++) {
        struct sigaction action;
        bool ours = s == 32 || s == 33; // libc's own
        // Sanitizers catch faults in every process.
        bool fault = s == SIGSEGV || s == SIGBUS || s == SIGFPE || s == SIGABRT || s == SIGILL || s == SIGTRAP;
        if (!ours && sigismember(&blocked, s) == 1 && first_blocked == 0)
            first_blocked = s;
        if (!ours && !fault && sigaction(s, NULL, &action) == 0 && action.sa_handler != SIG_DFL && first_set == 0)
            first_set = s;
    }
    snprintf(text, size, "blocked %d, set %d", first_blocked, first_set);
}

// Signals of the main thread: that of an actor has all blocked, as every thread of the library.
static char main_signals[64];

__attribute__((constructor)) static void look_at_signals(void)
{
    signals_of(main_signals, sizeof(main_signals));
}

static void look_at(const look *l, char *text, size_t size)
{
    char path[64];
    text[0] = '\0';
    if (strcmp(l->what, "descriptor") == 0) {
        snprintf(path, sizeof(path), "/proc/self/fd/%d", (int)l->n);
        ssize_t n = readlink(path, text, size - 1);
        text[n > 0 ? n : 0] = '\0';
    } else if (strcmp(l->what, "environment") == 0) {
        for (char **at = environ; *at != NULL; at++)
            snprintf(text + strlen(text), size - strlen(text), "%s\n", *at);
    } else if (strcmp(l->what, "arguments") == 0) {
        read_file("/proc/self/cmdline", text, size);
    } else if (strcmp(l->what, "name") == 0) {
        read_file("/proc/self/task/self/comm", text, size);
        snprintf(path, sizeof(path), "/proc/%d/comm", getpid());
        read_file(path, text, size);
    } else if (strcmp(l->what, "signals") == 0) {
        snprintf(text, size, "%s", main_signals);
    } else if (strcmp(l->what, "group") == 0) {
        snprintf(text, size, "%s", getpgid(0) == getpid() ? "its own" : "another's");
    }
}

static int looker(acta_self *self, void *arg)
{
    (void)arg;
    static char text[64 * 1024];
    for (acta_msg *m; (m = acta_recv(self)) != NULL; acta_msg_free(&m)) {
        look_at(acta_as(look, m), text, sizeof(text));
        if (acta_reply(self, m, note, .line = text) != ACTA_OK)
            return ACTA_EIO;
    }
    return ACTA_OK;
}
ACTA_ACTOR(looker);

static acta_tx *spawn_looker(const kit *k, acta_environment environment)
{
    acta_tx *tx = NULL;
    assert_int_equal(acta_spawn(k->sys, &tx, .body = looker, .name = "the looker", .place = ACTA_PROCESS,
                                .environment = environment), ACTA_OK);
    return tx;
}

static const char *seen(acta_tx *tx, const char *what, int64_t n)
{
    static char text[64 * 1024];
    acta_msg *reply = NULL;
    assert_int_equal(acta_call(tx, KIT_WAIT_NS, &reply, look, .what = what, .n = n), ACTA_OK);
    snprintf(text, sizeof(text), "%s", acta_as(note, reply)->line);
    acta_msg_free(&reply);
    return text;
}

static bool has(const char *text, const char *words)
{
    return strstr(text, words) != NULL;
}

// ---- descriptors ----------------------------------------------------------------------------

static const char *target_of(int fd)
{
    static char text[256];
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(path, text, sizeof(text) - 1);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

TEST(it_has_null_as_input_our_outputs_and_nothing_else_of_ours)
{
    kit k;
    kit_open(&k, 1);
    char ours[64];
    snprintf(ours, sizeof(ours), "/tmp/acta-given-%d", getpid());
    int leaked = open(ours, O_RDWR | O_CREAT, 0600); // open for all programs
    assert_true(leaked > 2);
    int high = fcntl(leaked, F_DUPFD, 200);
    assert_true(high >= 200);
    acta_tx *tx = spawn_looker(&k, ACTA_ENVIRONMENT_SAME);
    assert_string_equal(seen(tx, "descriptor", 0), "/dev/null");
    for (int fd = 1; fd <= 2; fd++)
        assert_string_equal(seen(tx, "descriptor", fd), target_of(fd));
    for (int fd = 3; fd < 210; fd++) {
        const char *text = seen(tx, "descriptor", fd);
        assert_false(has(text, ours));
        assert_false(has(text, "acta-process")); // the page has been closed
    }
    acta_tx_drop(&tx);
    close_without_children(&k);
    close(leaked);
    close(high);
    (void)unlink(ours);
}

// A program may have been started without them. Then the first that the library opens get their numbers.
TEST(without_standard_descriptors_of_ours_it_has_null_for_each)
{
    kit k;
    acta_tx *tx = NULL;
    char text[3][256] = {""};
    int kept[3];
    fflush(NULL);
    for (int fd = 0; fd < 3; fd++) {
        kept[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 100);
        close(fd);
    }
    assert_true(acti_link_fini()); // it starts anew, with these
    kit_open(&k, 1);
    int status = acta_spawn(k.sys, &tx, .body = looker, .place = ACTA_PROCESS);
    for (int fd = 0; status == ACTA_OK && fd < 3; fd++)
        snprintf(text[fd], sizeof(text[fd]), "%s", seen(tx, "descriptor", fd));
    acta_tx_drop(&tx);
    close_without_children(&k);
    assert_true(acti_link_fini());
    for (int fd = 0; fd < 3; fd++) {
        dup2(kept[fd], fd);
        close(kept[fd]);
    }
    assert_int_equal(status, ACTA_OK);
    for (int fd = 0; fd < 3; fd++)
        assert_string_equal(text[fd], "/dev/null");
}

// ---- signals, names, environment -----------------------------------------------------------------

TEST(it_has_no_signal_blocked_or_set_and_a_group_of_its_own)
{
    kit k;
    sigset_t blocked, before;
    sigfillset(&blocked);
    (void)signal(SIGUSR1, SIG_IGN);
    (void)pthread_sigmask(SIG_SETMASK, &blocked, &before);
    kit_open(&k, 1);
    acta_tx *tx = spawn_looker(&k, ACTA_ENVIRONMENT_SAME);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)signal(SIGUSR1, SIG_DFL);
    assert_string_equal(seen(tx, "signals", 0), "blocked 0, set 0");
    assert_string_equal(seen(tx, "group", 0), "its own");
    acta_tx_drop(&tx);
    close_without_children(&k);
}

TEST(a_person_sees_which_program_it_is_and_for_which_actor)
{
    kit k;
    kit_open(&k, 1);
    char title[128];
    snprintf(title, sizeof(title), "%s\nactor the looker of process %d\n", program_invocation_name, getpid());
    acta_tx *tx = spawn_looker(&k, ACTA_ENVIRONMENT_SAME);
    assert_string_equal(seen(tx, "arguments", 0), title);
    char name[17] = "";
    snprintf(name, sizeof(name), "%.15s\n", program_invocation_short_name);
    assert_string_equal(seen(tx, "name", 0), name);
    acta_tx_drop(&tx);
    close_without_children(&k);
}

TEST(its_environment_is_ours_or_empty_and_its_own_variable_is_gone)
{
    kit k;
    kit_open(&k, 1);
    (void)setenv("ACTA_TEST_MARK", "given", 1);
    acta_tx *same = spawn_looker(&k, ACTA_ENVIRONMENT_SAME);
    acta_tx *empty = spawn_looker(&k, ACTA_ENVIRONMENT_EMPTY);
    const char *text = seen(same, "environment", 0);
    assert_true(has(text, "ACTA_TEST_MARK=given\n"));
    assert_false(has(text, ACTI_PAGE_VARIABLE));
    assert_string_equal(seen(empty, "environment", 0), "");
    acta_tx_drop(&same);
    acta_tx_drop(&empty);
    (void)unsetenv("ACTA_TEST_MARK");
    close_without_children(&k);
}

// ---- the page ----------------------------------------------------------------------------------------

// given_with is what acti_page_given says while the variable has that value and the page's descriptor is fd.
static int given_with(const char *value, int fd, acti_page **page)
{
    int kept = fcntl(ACTI_PAGE_DESCRIPTOR, F_DUPFD_CLOEXEC, 100);
    if (fd >= 0)
        assert_int_equal(dup2(fd, ACTI_PAGE_DESCRIPTOR), ACTI_PAGE_DESCRIPTOR);
    if (value != NULL)
        (void)setenv(ACTI_PAGE_VARIABLE, value, 1);
    int status = acti_page_given(page);
    assert_null(getenv(ACTI_PAGE_VARIABLE));
    if (kept >= 0) {
        dup2(kept, ACTI_PAGE_DESCRIPTOR);
        close(kept);
    } else {
        close(ACTI_PAGE_DESCRIPTOR);
    }
    return status;
}

TEST(no_page_is_seen_where_there_is_none)
{
    acti_page *page = (acti_page *)(void *)&page;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int memory = memfd_create("not-sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    assert_int_equal(ftruncate(memory, sizeof(acti_page)), 0);
    assert_int_equal(given_with(NULL, -1, &page), ACTA_OK);
    assert_null(page);
    static const char *const values[] = {"", "3x", "4", "-1", "3"};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        assert_int_equal(given_with(values[i], null, &page), ACTA_OK);
        assert_null(page);
    }
    assert_int_equal(given_with("3", memory, &page), ACTA_OK);
    assert_null(page);
    close(null);
    close(memory);
}

TEST(a_page_is_found_and_cannot_be_cut_and_one_of_another_version_ends_the_process)
{
    acti_page *made = NULL, *page = NULL;
    int fd = -1;
    assert_int_equal(acti_page_new(&made, &fd), ACTA_OK);
    made->session = 77;
    assert_true(ftruncate(fd, 1) != 0 && ftruncate(fd, 1 << 20) != 0);
    assert_int_equal(given_with("3", fd, &page), ACTA_OK);
    assert_non_null(page);
    assert_int_equal(page->session, 77);
    page->last[0] = 'x'; // one memory
    assert_int_equal(made->last[0], 'x');
    acti_page_free(&page);
    assert_null(page);
    snprintf(made->version, sizeof(made->version), "another");
    assert_int_equal(given_with("3", fd, &page), ACTA_EVERSION);
    assert_null(page);
    acti_page_free(&made);
    close(fd);

    fd = memfd_create("short", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    assert_int_equal(ftruncate(fd, sizeof(acti_page) - 1), 0);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), 0);
    assert_int_equal(given_with("3", fd, &page), ACTA_EVERSION);
    close(fd);
}

int main(void)
{
    acta_process_main();
    proc_prepare();
    return TEST_RUN(case_of(it_has_null_as_input_our_outputs_and_nothing_else_of_ours),
                    case_of(without_standard_descriptors_of_ours_it_has_null_for_each),
                    case_of(it_has_no_signal_blocked_or_set_and_a_group_of_its_own),
                    case_of(a_person_sees_which_program_it_is_and_for_which_actor),
                    case_of(its_environment_is_ours_or_empty_and_its_own_variable_is_gone),
                    case_of(no_page_is_seen_where_there_is_none),
                    case_of(a_page_is_found_and_cannot_be_cut_and_one_of_another_version_ends_the_process));
}
