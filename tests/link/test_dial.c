// SPDX-License-Identifier: MIT
//
// Dialling: every way in which there is nobody to talk to has its status, and nothing is changed by trying.

#include "peer.h"

#define ANOTHER_USER 65534

static void assert_dial(const char *path, int status)
{
    acti_link *link;
    assert_int_equal(dial(path, &link), status);
    if (status == ACTA_OK)
        acti_link_close(link);
    else
        assert_null(link);
}

TEST(path_that_cannot_name_a_socket_is_invalid)
{
    char path[ACTI_URL_PATH_MAX + 2];
    memset(path, 'x', sizeof path);
    path[sizeof path - 1] = '\0';
    assert_dial(path, ACTA_EINVAL);
    path[ACTI_URL_PATH_MAX] = '\0';
    assert_dial(path, ACTA_EUNREACH);
    assert_dial("", ACTA_EINVAL);
    assert_dial("/tmp/", ACTA_EINVAL);
    char *huge = malloc(1000000);
    assert_non_null(huge);
    memset(huge, 'x', 999999);
    huge[999999] = '\0';
    assert_dial(huge, ACTA_EINVAL);
    free(huge);
    assert_true(acti_link_fini());
}

TEST(nobody_there_is_unreachable)
{
    folder f = folder_new();
    char path[128];
    assert_dial(f.sock, ACTA_EUNREACH);
    snprintf(path, sizeof path, "%s/none/s", f.path);
    assert_dial(path, ACTA_EUNREACH);

    raw_file(f.sock, "precious");
    assert_dial(f.sock, ACTA_EUNREACH);
    struct stat st;
    assert_int_equal(stat(f.sock, &st), 0);
    assert_int_equal(st.st_size, 8);
    snprintf(path, sizeof path, "%s/x", f.sock);
    assert_dial(path, ACTA_EUNREACH);
    unlink(f.sock);

    assert_int_equal(mkdir(f.sock, 0700), 0);
    assert_dial(f.sock, ACTA_EUNREACH);
    rmdir(f.sock);

    assert_int_equal(symlink("nowhere", f.sock), 0);
    assert_dial(f.sock, ACTA_EUNREACH);
    unlink(f.sock);

    close(raw_bind(f.sock, SOCK_STREAM, 0)); // of a dead server
    assert_dial(f.sock, ACTA_EUNREACH);
    assert_int_equal(unlink(f.sock), 0);

    int fd = raw_bind(f.sock, SOCK_DGRAM, -1);
    assert_dial(f.sock, ACTA_EIO);
    close(fd);
    unlink(f.sock);
    assert_true(acti_link_fini());
    folder_end(&f);
}

TEST(listener_that_accepts_nobody_is_unreachable_after_a_second)
{
    folder f = folder_new();
    int server = raw_bind(f.sock, SOCK_STREAM, 0);
    int first = raw_connect(f.sock); // fills the queue
    assert_true(first >= 0);
    uint64_t start_ns = acti_clock_ns();
    assert_dial(f.sock, ACTA_EUNREACH);
    assert_true(acti_clock_ns() - start_ns >= UINT64_C(900000000));
    close(first);
    close(server);
    unlink(f.sock);
    assert_true(acti_link_fini());
    folder_end(&f);
}

TEST(listener_that_is_busy_for_a_moment_is_reached)
{
    folder f = folder_new();
    int server = raw_bind(f.sock, SOCK_STREAM, 0);
    int first = raw_connect(f.sock);
    assert_true(first >= 0);
    char url[128];
    snprintf(url, sizeof url, "ipc://%s", f.sock);
    dialled d;
    dial_start(&d, nng_links(), url);
    close(accept(server, NULL, NULL)); // room for one
    assert_int_equal(dial_end(&d), ACTA_OK);
    acti_link_close(d.link);
    close(first);
    close(server);
    unlink(f.sock);
    assert_true(acti_link_fini());
    folder_end(&f);
}

TEST(dial_that_waits_for_a_busy_listener_ends_when_it_is_given_up)
{
    folder f = folder_new();
    int server = raw_bind(f.sock, SOCK_STREAM, 0);
    int first = raw_connect(f.sock);
    assert_true(first >= 0);
    char url[128];
    snprintf(url, sizeof url, "ipc://%s", f.sock);
    uint64_t start_ns = acti_clock_ns();
    for (int i = 0; i < 100; i++) {
        dialled d;
        dial_start(&d, nng_links(), url);
        acti_link_dialer_close(&d.dialer);
        assert_int_equal(dial_end(&d), ACTA_ESTOPPED);
    }
    assert_true(acti_clock_ns() - start_ns < UINT64_C(50000000000)); // half of what they would take else
    close(first);
    close(server);
    unlink(f.sock);
    assert_true(acti_link_fini());
    folder_end(&f);
}

TEST(what_belongs_to_another_user_is_not_dialled)
{
    if (geteuid() != 0)
        skip();
    folder f = folder_new();
    int server = raw_bind(f.sock, SOCK_STREAM, 5);
    assert_int_equal(chown(f.sock, ANOTHER_USER, ANOTHER_USER), 0);
    assert_dial(f.sock, ACTA_EACCES);
    assert_int_equal(chown(f.sock, 0, 0), 0);
    assert_int_equal(chown(f.path, ANOTHER_USER, ANOTHER_USER), 0);
    assert_dial(f.sock, ACTA_EACCES);
    assert_int_equal(chmod(f.path, 01777), 0);
    assert_dial(f.sock, ACTA_OK);
    close(server);
    unlink(f.sock);
    assert_true(acti_link_fini());
    folder_end(&f);
}

// The socket is ours, but who listens is not: only the peer's uid tells.
static int serve_as_another(const char *path)
{
    int server = raw_bind(path, SOCK_STREAM, -1);
    if (setuid(ANOTHER_USER) != 0 || listen(server, 5) != 0)
        return 1;
    char word = 'r';
    if (write(1, &word, 1) != 1)
        return 1;
    return read(0, &word, 1) == 0 ? 0 : 1; // until the parent is done
}

TEST(server_of_another_user_is_refused)
{
    if (geteuid() != 0)
        skip();
    folder f = folder_new();
    child c = child_start("serve-as-another", f.sock);
    assert_int_equal(child_hear(&c), 'r');
    assert_dial(f.sock, ACTA_EACCES);
    assert_int_equal(child_end(&c), 0);
    unlink(f.sock);
    assert_true(acti_link_fini());
    folder_end(&f);
}

TEST(no_descriptor_is_left)
{
    size_t before = descriptors();
    pair p;
    pair_init(&p);
    for (int i = 0; i < 100; i++) {
        acti_link *link;
        assert_int_equal(dial(p.f.sock, &link), ACTA_OK);
        acti_link_close(link);
        acti_link_close(arrivals_take(&p.a));
        assert_int_equal(dial(p.f.path, &link), ACTA_EUNREACH);
    }
    end_close(&p.near);
    end_close(&p.far);
    pair_fini(&p);
    assert_int_equal(descriptors(), before);
}

int main(int argc, char **argv)
{
    if (argc == 3)
        return serve_as_another(argv[2]);
    return TEST_RUN(case_of(path_that_cannot_name_a_socket_is_invalid), case_of(nobody_there_is_unreachable),
                    case_of(listener_that_accepts_nobody_is_unreachable_after_a_second),
                    case_of(listener_that_is_busy_for_a_moment_is_reached),
                    case_of(dial_that_waits_for_a_busy_listener_ends_when_it_is_given_up),
                    case_of(what_belongs_to_another_user_is_not_dialled),
                    case_of(server_of_another_user_is_refused), case_of(no_descriptor_is_left));
}
