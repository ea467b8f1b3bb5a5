// SPDX-License-Identifier: MIT
//
// test_tool.c - the acta command against nodes that listen, that hang, and that are none. Each is a process of its
// own: this program, started again as "test_tool listen URL" or "test_tool other URL". One at tls+tcp:// shows the
// certificate that TOOL_SHOWS names.
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <acta/acta.h>

#include "link/certs.h"

static char folder[] = "/tmp/acta-tool-XXXXXX";
static char url[128];
static char tool[512];
static const char *me;

// ---- the other process --------------------------------------------------------------

static int ignore(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    (void)arg;
    (void)m;
    return ACTA_OK;
}

// say_ready writes where it serves, then wait_for_end waits for the test to close its end of the pipe.
static void say_ready(const char *at)
{
    if (dprintf(STDOUT_FILENO, "%s\n", at) < 0)
        exit(1);
}

static void wait_for_end(void)
{
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0)
        continue;
}

static int listen_main(const char *at)
{
    acta_system *sys;
    acta_listener *listener;
    acta_tx *tx;
    acta_system_opts opts = {0};
    const char *shows = getenv("TOOL_SHOWS");
    if (shows != NULL) {
        snprintf(certs_folder, sizeof certs_folder, "%s", getenv("TOOL_CERTS"));
        opts.tls = cert_opts(shows);
    }
    if (acta_open(&opts, &sys) != ACTA_OK || acta_spawn(sys, &tx, .handler = ignore) != ACTA_OK ||
        acta_publish(sys, "counter", acta_tx_addr(tx)) != ACTA_OK ||
        acta_node_listen(sys, at, &listener) != ACTA_OK)
        return 1;
    say_ready(acta_listener_url(listener));
    wait_for_end();
    acta_tx_drop(&tx);
    return acta_close(&sys, 10 * ACTA_SECOND) == ACTA_OK ? 0 : 1;
}

// other_main serves the path and speaks HTTP, which is not what the caller expects.
static int other_main(const char *at)
{
    static const char answer[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof(name.sun_path), "%s", at + strlen("ipc://"));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&name, sizeof(name)) != 0 || listen(fd, 4) != 0)
        return 1;
    say_ready(at);
    int peer = accept(fd, NULL, NULL);
    if (peer < 0 || write(peer, answer, sizeof(answer) - 1) < 0)
        return 1;
    wait_for_end();
    return 0;
}

// ---- starting processes ------------------------------------------------------------------

typedef struct process {
    pid_t pid;
    int in;  // its standard input; closing it ends the process
    int out; // its standard output
    char url[256];
} process;

// read_line reads what say_ready has written.
static void read_line(int fd, char *text, size_t size)
{
    size_t n = 0;
    while (n < size - 1 && read(fd, text + n, 1) == 1 && text[n] != '\n')
        n++;
    assert_int_equal(text[n], '\n');
    text[n] = '\0';
}

static process start_at(const char *how, const char *at)
{
    int in[2], out[2];
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        execl("/proc/self/exe", me, how, at, (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    process p = {.pid = pid, .in = in[1], .out = out[0]};
    read_line(p.out, p.url, sizeof p.url);
    return p;
}

static process start(const char *how)
{
    return start_at(how, url);
}

// start_tls starts a node at tls+tcp:// that believes ca.pem and shows NAME.pem.
static process start_tls(const char *name)
{
    setenv("TOOL_CERTS", certs_folder, 1);
    setenv("TOOL_SHOWS", name, 1);
    process p = start_at("listen", "tls+tcp://127.0.0.1:0");
    unsetenv("TOOL_SHOWS");
    return p;
}

static int finish(process *p)
{
    close(p->in);
    close(p->out);
    int status;
    assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

typedef struct said {
    int status;
    char out[4096];
    char err[4096];
} said;

static void read_file(const char *name, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t n = fread(text, 1, size - 1, f);
    text[n] = '\0';
    fclose(f);
    unlink(path);
}

// acta runs the command with what a shell makes of arguments.
static said acta(const char *arguments)
{
    static said s;
    char line[2048];
    snprintf(line, sizeof(line), "'%s' >%s/out 2>%s/err %s", tool, folder, folder, arguments);
    int status = system(line);
    assert_true(WIFEXITED(status));
    s.status = WEXITSTATUS(status);
    read_file("out", s.out, sizeof(s.out));
    read_file("err", s.err, sizeof(s.err));
    return s;
}

// acta_at runs it with the URL of the test behind the command.
static said acta_at(const char *command, const char *rest)
{
    char arguments[512];
    snprintf(arguments, sizeof(arguments), "%s %s %s", command, url, rest);
    return acta(arguments);
}

// acta_tls runs it with the URL of a node, believing the authority CA and showing the certificate NAME.
static said acta_tls(const char *command, const process *node, const char *ca, const char *name, const char *rest)
{
    char arguments[1024];
    snprintf(arguments, sizeof(arguments), "%s --ca-file %s/%s.pem --cert-file %s/%s.pem --key-file %s/%s.key %s %s",
             command, certs_folder, ca, certs_folder, name, certs_folder, name, node->url, rest);
    return acta(arguments);
}

static void assert_says(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in: %s", part, text);
}

static void remove_socket(void)
{
    unlink(url + strlen("ipc://"));
}

// ---- the command line ----------------------------------------------------------------------

TEST(wrong_arguments_get_usage_on_standard_error_and_exit_2)
{
    static const char *const wrong[][2] = {
        {"", "a command is missing"},
        {"pong", "unknown command: pong"},
        {"-v", "unknown command: -v"},
        {"pong ipc:///x", "unknown command: pong"},
        {"ping", "the URL of a node is missing"},
        {"ping --fast ipc:///x", "unknown option: --fast"},
        {"ping ipc:///x y", "one argument too many: y"},
        {"ping ipc:///x --timeout", "--timeout needs a number of seconds"},
        {"ping ipc:///x --timeout soon", "and not soon"},
        {"ping ipc:///x --timeout 0", "and not 0"},
        {"ping ipc:///x --timeout -1", "and not -1"},
        {"ping ipc:///x --timeout nan", "and not nan"},
        {"ping ipc:///x --timeout 1e99", "and not 1e99"},
        {"ping ipc:///x --timeout 1s", "and not 1s"},
        {"ping tls+tcp://localhost:1 --ca-file", "--ca-file needs a file of certificates"},
        {"ping tls+tcp://localhost:1 --ca-file ''", "--ca-file needs a file of certificates"},
        {"ping tls+tcp://localhost:1 --cert-file", "--cert-file needs a file with a certificate"},
        {"ping tls+tcp://localhost:1 --key-file", "--key-file needs a file with a private key"},
        {"ping tls+tcp://localhost:1 --peer-name", "--peer-name needs the name in the node's certificate"},
        {"find ipc:///x --plaintext-anywhere", "the NAME of an actor is missing"},
        {"find ipc:///x", "the NAME of an actor is missing"},
        {"find ipc:///x ''", "from 1 to 255 bytes"},
        {"find ipc:///x $(printf %0256d 0)", "from 1 to 255 bytes"},
        {"find ipc:///x -- --y --z", "one argument too many: --z"},
        {"errors 3", "one argument too many: 3"},
        {"--version 3", "one argument too many: 3"},
        {"--help 3", "one argument too many: 3"},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        said s = acta(wrong[i][0]);
        assert_int_equal(s.status, 2);
        assert_string_equal(s.out, "");
        assert_says(s.err, wrong[i][1]);
        assert_says(s.err, "usage: acta ping");
    }
}

TEST(help_version_and_errors_go_to_standard_output)
{
    said s = acta("--help");
    assert_int_equal(s.status, 0);
    assert_string_equal(s.err, "");
    assert_says(s.out, "usage: acta ping");

    s = acta("--version");
    char version[64];
    snprintf(version, sizeof(version), "acta %s\n", acta_version());
    assert_int_equal(s.status, 0);
    assert_string_equal(s.out, version);

    s = acta("errors");
    assert_int_equal(s.status, 0);
    for (int status = ACTA_DONE; status >= ACTA_ELEDGER; status--) {
        char line[128];
        snprintf(line, sizeof(line), "%4d  %-16s %s\n", status, acta_errname(status), acta_strerror(status));
        assert_says(s.out, line);
    }
}

TEST(output_that_cannot_be_written_is_an_error)
{
    said s = acta("errors >/dev/full");
    assert_int_equal(s.status, 3);
    assert_says(s.err, "cannot write to standard output");
}

// ---- nodes that are none ----------------------------------------------------------------------

TEST(url_that_cannot_be_right_is_exit_2_and_says_why)
{
    said s = acta("ping localhost:1");
    assert_int_equal(s.status, 2);
    assert_says(s.err, "it does not start with ipc://");
    s = acta("find ipc://$(printf /%0200d 0) counter");
    assert_int_equal(s.status, 2);
    assert_says(s.err, "the path is longer than a socket's may be");
}

TEST(nobody_there_is_no_to_ping_and_trouble_to_find)
{
    said s = acta_at("ping --timeout 2", "");
    assert_int_equal(s.status, 1);
    assert_string_equal(s.out, "");
    assert_says(s.err, "nobody listens there");
    s = acta_at("find --timeout 2", "counter");
    assert_int_equal(s.status, 3);
    assert_string_equal(s.out, "");
    assert_says(s.err, "nobody listens there");
}

TEST(server_of_another_protocol_is_no)
{
    process other = start("other");
    said s = acta_at("ping", "");
    assert_int_equal(s.status, 1);
    assert_string_equal(s.out, "");
    assert_says(s.err, "acta: cannot connect to ipc://");
    assert_int_equal(finish(&other), 0);
    remove_socket();
}

TEST(node_that_hangs_is_no_when_the_time_is_over)
{
    process node = start("listen");
    kill(node.pid, SIGSTOP);
    said s = acta_at("ping --timeout 0.2", "");
    assert_int_equal(s.status, 1);
    assert_string_equal(s.out, "");
    assert_says(s.err, "no welcome in time");
    kill(node.pid, SIGCONT);
    assert_int_equal(finish(&node), 0);
}

TEST(node_that_was_killed_is_no)
{
    process node = start("listen");
    kill(node.pid, SIGKILL);
    assert_int_equal(finish(&node), 256 + SIGKILL);
    said s = acta_at("ping", "");
    assert_int_equal(s.status, 1);
    assert_says(s.err, "nobody listens there");
}

// ---- nodes ---------------------------------------------------------------------------------------

TEST(ping_and_find_are_answered_by_a_node)
{
    process node = start("listen");
    said s = acta_at("ping", "");
    assert_int_equal(s.status, 0);
    assert_string_equal(s.err, "");
    assert_says(s.out, " answers: connected in ");
    assert_says(s.out, " ms, there and back in ");

    s = acta_at("find", "nobody");
    assert_int_equal(s.status, 1);
    assert_string_equal(s.err, "");
    assert_says(s.out, " has no nobody\n");
    s = acta_at("find", "-- --counter");
    assert_int_equal(s.status, 1);
    assert_says(s.out, " has no --counter\n");

    // A second time too: asking leaves the actor as it was.
    for (int i = 0; i < 2; i++) {
        s = acta_at("find", "counter --timeout 9.5");
        assert_int_equal(s.status, 0);
        assert_string_equal(s.err, "");
        assert_says(s.out, " has counter\n");
    }
    assert_int_equal(finish(&node), 0);
}

// ---- nodes beyond this machine ---------------------------------------------------------------

// 0.0.0.0 is no address of loopback's, and who connects to it does not leave this machine.
TEST(plain_tcp_beyond_this_machine_is_tried_only_if_it_is_asked_for)
{
    process node = start_at("listen", "tcp://127.0.0.1:0");
    char line[512];
    snprintf(line, sizeof line, "ping tcp://0.0.0.0:%s", strrchr(node.url, ':') + 1);
    said s = acta(line);
    assert_int_equal(s.status, 1);
    assert_says(s.err, "plaintext_anywhere");
    snprintf(line, sizeof line, "ping --plaintext-anywhere tcp://0.0.0.0:%s", strrchr(node.url, ':') + 1);
    s = acta(line);
    assert_int_equal(s.status, 0);
    assert_string_equal(s.err, "");
    assert_int_equal(finish(&node), 0);
}

TEST(node_at_tls_is_not_asked_without_saying_whom_to_believe)
{
    said s = acta("find tls+tcp://127.0.0.1:1 counter");
    assert_int_equal(s.status, 2);
    assert_says(s.err, "cannot connect to tls+tcp://127.0.0.1:1: ");
}

TEST(node_of_another_authority_is_not_believed)
{
    certs_need();
    process node = start_tls("server");
    said s = acta_tls("ping", &node, "other", "client", "");
    assert_int_equal(s.status, 1);
    assert_string_equal(s.out, "");
    assert_says(s.err, "no authority in tls.ca_file has signed");
    s = acta_tls("find", &node, "ca", "stranger", "counter");
    assert_int_equal(s.status, 3);
    assert_says(s.err, "the peer refuses us");
    assert_int_equal(finish(&node), 0);
}

TEST(node_at_tls_is_asked_by_who_is_believed)
{
    certs_need();
    process node = start_tls("server");
    said s = acta_tls("ping", &node, "ca", "client", "");
    assert_int_equal(s.status, 0);
    assert_string_equal(s.err, "");
    s = acta_tls("find", &node, "ca", "client", "counter");
    assert_int_equal(s.status, 0);
    assert_says(s.out, " has counter\n");

    // The key may be in the certificate's file.
    char line[512];
    snprintf(line, sizeof line, "find --ca-file %s/ca.pem --cert-file %s/both.pem %s nobody", certs_folder,
             certs_folder, node.url);
    s = acta(line);
    assert_int_equal(s.status, 1);
    assert_string_equal(s.err, "");
    assert_int_equal(finish(&node), 0);
}

TEST(certificate_for_another_host_is_believed_under_its_own_name_alone)
{
    certs_need();
    process node = start_tls("node");
    said s = acta_tls("ping", &node, "ca", "client", "");
    assert_int_equal(s.status, 1);
    assert_says(s.err, "certificate is not for 127.0.0.1");
    s = acta_tls("ping", &node, "ca", "client", "--peer-name node.test");
    assert_int_equal(s.status, 0);
    assert_string_equal(s.err, "");
    assert_int_equal(finish(&node), 0);
}

int main(int argc, char **argv)
{
    if (argc == 3)
        return strcmp(argv[1], "listen") == 0 ? listen_main(argv[2]) : other_main(argv[2]);
    me = argv[0];
    const char *build = getenv("ACTA_BUILD");
    snprintf(tool, sizeof(tool), "%s/src/tool/acta", build != NULL ? build : ".");
    if (mkdtemp(folder) == NULL)
        return 1;
    certs_make();
    snprintf(url, sizeof(url), "ipc://%s/socket", folder);
    int status = TEST_RUN(case_of(wrong_arguments_get_usage_on_standard_error_and_exit_2),
                          case_of(help_version_and_errors_go_to_standard_output),
                          case_of(output_that_cannot_be_written_is_an_error),
                          case_of(url_that_cannot_be_right_is_exit_2_and_says_why),
                          case_of(nobody_there_is_no_to_ping_and_trouble_to_find),
                          case_of(server_of_another_protocol_is_no),
                          case_of(node_that_hangs_is_no_when_the_time_is_over),
                          case_of(node_that_was_killed_is_no),
                          case_of(ping_and_find_are_answered_by_a_node),
                          case_of(plain_tcp_beyond_this_machine_is_tried_only_if_it_is_asked_for),
                          case_of(node_at_tls_is_not_asked_without_saying_whom_to_believe),
                          case_of(node_of_another_authority_is_not_believed),
                          case_of(node_at_tls_is_asked_by_who_is_believed),
                          case_of(certificate_for_another_host_is_believed_under_its_own_name_alone));
    certs_remove();
    // What a killed listener left; the others leave nothing.
    static const char *const left[] = {"socket.lock", "socket"};
    for (size_t i = 0; i < 2; i++) {
        char path[64];
        snprintf(path, sizeof(path), "%s/%s", folder, left[i]);
        unlink(path);
    }
    if (rmdir(folder) != 0) {
        fprintf(stderr, "test_tool: something was left in %s\n", folder);
        status = 1;
    }
    return status;
}
