// SPDX-License-Identifier: MIT
//
// Who may serve a path, what is removed and what never is. No nng here: the rules of the files alone.

#include "peer.h"

#include "link/sockfile.h"

#define ANOTHER_USER 65534

static char why[256];

static int claim(acti_sockfile *file, const char *path)
{
    why[0] = '\0';
    return acti_sockfile_claim(file, path, (acti_reason){why, sizeof why});
}

// A refusal is one line; whoever listens puts the path before it.
static void assert_refused(const char *path, int status)
{
    acti_sockfile file;
    assert_int_equal(claim(&file, path), status);
    assert_true(why[0] != '\0');
    assert_null(strchr(why, '\n'));
}

static void assert_holds(const char *path, const char *text)
{
    char found[64] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    assert_true(fd >= 0);
    assert_true(read(fd, found, sizeof found - 1) >= 0);
    close(fd);
    assert_string_equal(found, text);
}

TEST(path_is_refused_above_its_limit_and_taken_at_it)
{
    folder f = folder_new();
    char path[ACTI_URL_PATH_MAX + 2];
    size_t size = (size_t)snprintf(path, sizeof path, "%s/", f.path);
    memset(path + size, 'x', sizeof path - size);
    path[sizeof path - 1] = '\0';
    assert_refused(path, ACTA_EINVAL);
    assert_non_null(strstr(why, "107"));
    assert_non_null(strstr(why, "106"));
    path[ACTI_URL_PATH_MAX] = '\0';
    acti_sockfile file;
    assert_int_equal(claim(&file, path), ACTA_OK);
    acti_sockfile_release(&file);
    folder_end(&f);
}

TEST(path_without_a_name_is_refused)
{
    folder f = folder_new();
    char path[80];
    snprintf(path, sizeof path, "%s/", f.path);
    assert_refused(path, ACTA_EINVAL);
    assert_refused("", ACTA_EINVAL);
    folder_end(&f);
}

TEST(missing_folder_is_refused)
{
    folder f = folder_new();
    char path[128], file[128];
    snprintf(path, sizeof path, "%s/none/s", f.path);
    assert_refused(path, ACTA_ENOENT);
    snprintf(file, sizeof file, "%s/file", f.path);
    raw_file(file, "text");
    snprintf(path, sizeof path, "%s/file/s", f.path);
    assert_refused(path, ACTA_ENOENT);
    unlink(file);
    folder_end(&f);
}

TEST(folder_of_another_user_is_refused_unless_sticky)
{
    if (geteuid() != 0)
        skip();
    folder f = folder_new();
    assert_int_equal(chown(f.path, ANOTHER_USER, ANOTHER_USER), 0);
    assert_refused(f.sock, ACTA_EACCES);
    assert_int_equal(folder_entries(&f), 0);
    assert_int_equal(chmod(f.path, 01777), 0);
    acti_sockfile file;
    assert_int_equal(claim(&file, f.sock), ACTA_OK);
    acti_sockfile_release(&file);
    folder_end(&f);
}

TEST(what_is_no_socket_is_refused_and_left_alone)
{
    folder f = folder_new();
    char target[96];
    snprintf(target, sizeof target, "%s/target", f.path);

    raw_file(f.sock, "precious");
    assert_refused(f.sock, ACTA_EEXIST);
    assert_holds(f.sock, "precious");
    unlink(f.sock);

    raw_file(target, "precious");
    assert_int_equal(symlink("target", f.sock), 0);
    assert_refused(f.sock, ACTA_EEXIST);
    assert_holds(target, "precious");
    unlink(target);
    assert_refused(f.sock, ACTA_EEXIST); // the link leads nowhere now
    char text[16];
    assert_int_equal(readlink(f.sock, text, sizeof text), 6);
    unlink(f.sock);

    assert_int_equal(mkdir(f.sock, 0700), 0);
    assert_refused(f.sock, ACTA_EEXIST);
    assert_int_equal(rmdir(f.sock), 0);

    assert_int_equal(mkfifo(f.sock, 0600), 0);
    assert_refused(f.sock, ACTA_EEXIST);
    assert_int_equal(unlink(f.sock), 0);
    folder_end(&f);
}

TEST(file_at_the_name_before_listening_is_left_alone)
{
    folder f = folder_new();
    char fresh[100];
    snprintf(fresh, sizeof fresh, "%s~", f.sock);
    raw_file(fresh, "precious");
    assert_refused(f.sock, ACTA_EEXIST);
    assert_holds(fresh, "precious");
    unlink(fresh);
    folder_end(&f);
}

TEST(what_is_no_lock_file_is_refused_and_left_alone)
{
    folder f = folder_new();
    char lock[110], target[96];
    snprintf(lock, sizeof lock, "%s.lock", f.sock);
    snprintf(target, sizeof target, "%s/target", f.path);

    raw_file(target, "precious");
    assert_int_equal(symlink("target", lock), 0);
    assert_refused(f.sock, ACTA_EEXIST);
    assert_holds(target, "precious");
    unlink(target);
    assert_refused(f.sock, ACTA_EEXIST); // the link leads nowhere now, and nothing is made there
    assert_int_equal(access(target, F_OK), -1);
    unlink(lock);

    assert_int_equal(mkdir(lock, 0700), 0);
    assert_refused(f.sock, ACTA_EEXIST);
    assert_int_equal(rmdir(lock), 0);

    assert_int_equal(mkfifo(lock, 0600), 0);
    assert_refused(f.sock, ACTA_EEXIST);
    assert_int_equal(unlink(lock), 0);

    if (geteuid() == 0) {
        raw_file(lock, "theirs");
        assert_int_equal(chown(lock, ANOTHER_USER, ANOTHER_USER), 0);
        assert_refused(f.sock, ACTA_EACCES);
        assert_holds(lock, "theirs");
        unlink(lock);
    }
    folder_end(&f);
}

TEST(socket_that_somebody_serves_without_a_lock_is_left_alone)
{
    folder f = folder_new();
    int server = raw_bind(f.sock, SOCK_STREAM, 0);
    assert_refused(f.sock, ACTA_EEXIST);
    assert_refused(f.sock, ACTA_EEXIST); // its queue is full by now
    close(accept(server, NULL, NULL));
    int peer = raw_connect(f.sock);
    assert_true(peer >= 0);
    close(peer);
    close(server);
    unlink(f.sock);

    server = raw_bind(f.sock, SOCK_DGRAM, -1);
    assert_refused(f.sock, ACTA_EEXIST);
    close(server);
    unlink(f.sock);
    folder_end(&f);
}

TEST(socket_of_another_user_is_left_alone)
{
    if (geteuid() != 0)
        skip();
    folder f = folder_new();
    close(raw_bind(f.sock, SOCK_STREAM, -1));
    assert_int_equal(chown(f.sock, ANOTHER_USER, ANOTHER_USER), 0);
    assert_refused(f.sock, ACTA_EACCES);
    assert_int_equal(unlink(f.sock), 0);
    folder_end(&f);
}

TEST(what_a_dead_server_left_is_taken_over)
{
    folder f = folder_new();
    char fresh[100], lock[110];
    snprintf(fresh, sizeof fresh, "%s~", f.sock);
    snprintf(lock, sizeof lock, "%s.lock", f.sock);
    close(raw_bind(f.sock, SOCK_STREAM, 0));
    close(raw_bind(fresh, SOCK_STREAM, 0));
    raw_file(lock, "999999999\n");
    acti_sockfile file;
    assert_int_equal(claim(&file, f.sock), ACTA_OK);
    assert_int_equal(access(f.sock, F_OK), -1);
    assert_int_equal(access(fresh, F_OK), -1);
    acti_sockfile_release(&file);
    folder_end(&f);
}

TEST(second_claim_is_refused_and_names_the_first)
{
    folder f = folder_new();
    acti_sockfile file;
    assert_int_equal(claim(&file, f.sock), ACTA_OK);
    assert_refused(f.sock, ACTA_EEXIST);
    char pid[24];
    snprintf(pid, sizeof pid, "process %ld", (long)getpid());
    assert_non_null(strstr(why, pid));
    acti_sockfile_release(&file);
    assert_int_equal(claim(&file, f.sock), ACTA_OK);
    acti_sockfile_release(&file);
    folder_end(&f);
}

TEST(socket_gets_its_name_only_when_published_and_never_replaces)
{
    folder f = folder_new();
    acti_sockfile file;
    assert_int_equal(claim(&file, f.sock), ACTA_OK);
    int server = raw_bind(file.fresh, SOCK_STREAM, 0);
    raw_file(f.sock, "precious"); // comes in the moment between claim and publish
    assert_int_equal(acti_sockfile_publish(&file, (acti_reason){why, sizeof why}), ACTA_EEXIST);
    assert_holds(f.sock, "precious");
    acti_sockfile_release(&file);
    assert_holds(f.sock, "precious");
    unlink(f.sock);
    close(server);

    assert_int_equal(claim(&file, f.sock), ACTA_OK);
    server = raw_bind(file.fresh, SOCK_STREAM, 0);
    assert_int_equal(acti_sockfile_publish(&file, (acti_reason){why, sizeof why}), ACTA_OK);
    int peer = raw_connect(f.sock);
    assert_true(peer >= 0);
    close(peer);
    acti_sockfile_release(&file);
    close(server);
    folder_end(&f);
}

TEST(release_leaves_what_took_the_place_of_the_socket)
{
    folder f = folder_new();
    acti_sockfile file;
    assert_int_equal(claim(&file, f.sock), ACTA_OK);
    int ours = raw_bind(file.fresh, SOCK_STREAM, 0);
    assert_int_equal(acti_sockfile_publish(&file, (acti_reason){why, sizeof why}), ACTA_OK);
    unlink(f.sock);
    int theirs = raw_bind(f.sock, SOCK_STREAM, 0);
    acti_sockfile_release(&file);
    int peer = raw_connect(f.sock);
    assert_true(peer >= 0);
    close(peer);
    close(ours);
    close(theirs);
    unlink(f.sock);
    folder_end(&f);
}

// The race of removing a lock file: one ends, another has opened the old file, a third makes a new one.
typedef struct contender {
    const char *path, *lock;
    acti_au32 *inside; // how many have the path claimed
    uint64_t won, refused, wrong;
} contender;

static void *contend(void *arg)
{
    contender *c = arg;
    for (int i = 0; i < 2000; i++) {
        acti_sockfile file;
        char text[256];
        int status = acti_sockfile_claim(&file, c->path, (acti_reason){text, sizeof text});
        if (status != ACTA_OK) {
            c->refused++;
            c->wrong += status != ACTA_EEXIST;
            continue;
        }
        c->won++;
        c->wrong += acti_au32_add_relaxed(c->inside, 1) != 0;
        c->wrong += access(c->lock, F_OK) != 0; // who has the lock of a file without a name keeps nobody out
        acti_au32_sub_release(c->inside, 1);
        acti_sockfile_release(&file);
    }
    return NULL;
}

TEST(claim_beside_release_has_one_owner_at_a_time)
{
    enum { THREADS = 4 };
    folder f = folder_new();
    char lock[110];
    snprintf(lock, sizeof lock, "%s.lock", f.sock);
    acti_au32 inside = {0};
    contender c[THREADS];
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        c[i] = (contender){.path = f.sock, .lock = lock, .inside = &inside};
        assert_int_equal(pthread_create(&threads[i], NULL, contend, &c[i]), 0);
    }
    uint64_t won = 0;
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(c[i].wrong, 0);
        won += c[i].won;
    }
    assert_true(won > 0);
    folder_end(&f);
}

TEST(no_descriptor_is_left)
{
    size_t before = descriptors();
    folder f = folder_new();
    for (int i = 0; i < 10; i++) {
        acti_sockfile file, second;
        assert_int_equal(claim(&file, f.sock), ACTA_OK);
        assert_int_equal(claim(&second, f.sock), ACTA_EEXIST);
        acti_sockfile_release(&file);
        assert_int_equal(acti_sockfile_trust(f.sock, (acti_reason){why, sizeof why}), ACTA_EUNREACH);
    }
    folder_end(&f);
    assert_int_equal(descriptors(), before);
}

int main(void)
{
    return TEST_RUN(case_of(path_is_refused_above_its_limit_and_taken_at_it), case_of(path_without_a_name_is_refused),
                    case_of(missing_folder_is_refused), case_of(folder_of_another_user_is_refused_unless_sticky),
                    case_of(what_is_no_socket_is_refused_and_left_alone),
                    case_of(file_at_the_name_before_listening_is_left_alone),
                    case_of(what_is_no_lock_file_is_refused_and_left_alone),
                    case_of(socket_that_somebody_serves_without_a_lock_is_left_alone),
                    case_of(socket_of_another_user_is_left_alone), case_of(what_a_dead_server_left_is_taken_over),
                    case_of(second_claim_is_refused_and_names_the_first),
                    case_of(socket_gets_its_name_only_when_published_and_never_replaces),
                    case_of(release_leaves_what_took_the_place_of_the_socket),
                    case_of(claim_beside_release_has_one_owner_at_a_time), case_of(no_descriptor_is_left));
}
