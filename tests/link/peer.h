// SPDX-License-Identifier: MIT
//
// peer.h - what the tests of the link share: a folder of their own, an owner whose completions the main thread
// waits for, and raw sockets that misbehave.

#ifndef LINK_PEER_H
#define LINK_PEER_H

#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <acta/error.h>

#include "base/platform.h"
#include "link/link.h"

#if defined(__SANITIZE_THREAD__)
#define UNDER_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UNDER_TSAN 1
#endif
#endif
#ifndef UNDER_TSAN
#define UNDER_TSAN 0
#endif

#if UNDER_TSAN
// libnng is not instrumented: TSan sees its locks but not its atomics, and reports that the last of two holders of a
// dialer frees it. What our own code does on nng's threads is still seen; test_stream.c plants a race to prove it.
const char *
__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "ignore_noninstrumented_modules=1";
}
#endif

// ---- a folder ------------------------------------------------------------------

typedef struct folder {
    char path[64];
    char sock[96]; // <path>/s
} folder;

static inline folder folder_new(void)
{
    folder f;
    snprintf(f.path, sizeof f.path, "/tmp/acta-link-XXXXXX");
    assert_non_null(mkdtemp(f.path));
    snprintf(f.sock, sizeof f.sock, "%s/s", f.path);
    return f;
}

static inline size_t folder_entries(const folder *f)
{
    DIR *dir = opendir(f->path);
    assert_non_null(dir);
    size_t n = 0;
    for (struct dirent *e; (e = readdir(dir)) != NULL;)
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(dir);
    return n;
}

// Asserts that the tested code left nothing behind.
static inline void folder_end(const folder *f)
{
    assert_int_equal(folder_entries(f), 0);
    assert_int_equal(rmdir(f->path), 0);
}

static inline size_t descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    size_t n = 0;
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n;
}

// ---- waiting for another thread -----------------------------------------------------

// Like test.h's gate, with a lock, so that TSan sees what the opener wrote before.
typedef struct latch {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool open;
} latch;

#define LATCH_INIT {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER}

static inline void latch_open(latch *l)
{
    pthread_mutex_lock(&l->lock);
    l->open = true;
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->lock);
}

static inline bool latch_is_open(latch *l)
{
    pthread_mutex_lock(&l->lock);
    bool open = l->open;
    pthread_mutex_unlock(&l->lock);
    return open;
}

static inline void latch_wait(latch *l)
{
    pthread_mutex_lock(&l->lock);
    while (!l->open)
        pthread_cond_wait(&l->changed, &l->lock);
    pthread_mutex_unlock(&l->lock);
}

// ---- an owner that the main thread waits for ---------------------------------------

typedef struct end {
    acti_link *link; // given away to close by end_close
    // Under lock.
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t reads, writes, closes; // completions so far
    int read_status, write_status;
    size_t read_size;
} end;

static inline void end_on_read(void *arg, int status, size_t size)
{
    end *e = arg;
    pthread_mutex_lock(&e->lock);
    e->reads++;
    e->read_status = status;
    e->read_size = size;
    pthread_cond_broadcast(&e->changed);
    pthread_mutex_unlock(&e->lock);
}

static inline void end_on_write(void *arg, int status)
{
    end *e = arg;
    pthread_mutex_lock(&e->lock);
    e->writes++;
    e->write_status = status;
    pthread_cond_broadcast(&e->changed);
    pthread_mutex_unlock(&e->lock);
}

static inline void end_on_closed(void *arg)
{
    end *e = arg;
    pthread_mutex_lock(&e->lock);
    e->closes++;
    pthread_cond_broadcast(&e->changed);
    pthread_mutex_unlock(&e->lock);
}

static const acti_link_owner end_owner = {
    .on_read = end_on_read, .on_write = end_on_write, .on_closed = end_on_closed};

// Waits until *count, a field of *e, is at least n. Meson's limit ends a test that waits for what never comes.
static inline void end_wait(end *e, const size_t *count, size_t n)
{
    pthread_mutex_lock(&e->lock);
    while (*count < n)
        pthread_cond_wait(&e->changed, &e->lock);
    pthread_mutex_unlock(&e->lock);
}

static inline void end_init(end *e, acti_link *link)
{
    *e = (end){.link = link, .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    acti_link_own(link, &end_owner, e);
}

static inline void end_close(end *e)
{
    acti_link_close(e->link);
    end_wait(e, &e->closes, 1);
}

// Reads what comes next; *size gets how much.
static inline int end_read(end *e, void *bytes, size_t room, size_t *size)
{
    size_t n = e->reads + 1;
    acti_link_read(e->link, bytes, room);
    end_wait(e, &e->reads, n);
    *size = e->read_size;
    return e->read_status;
}

static inline int end_write(end *e, const void *bytes, size_t size)
{
    size_t n = e->writes + 1;
    acti_link_write(e->link, bytes, size);
    end_wait(e, &e->writes, n);
    return e->write_status;
}

// ---- listening and dialling -----------------------------------------------------------

// The links that a listener accepted, in order.
typedef struct arrivals {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    acti_link *links[8];
    size_t come, taken;
    bool close_all; // they are closed as they come
} arrivals;

#define ARRIVALS_INIT {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER}

static inline void arrivals_put(void *arg, acti_link *link, const char *why)
{
    arrivals *a = arg;
    if (link == NULL) {
        acti_assert(why != NULL);
        return;
    }
    pthread_mutex_lock(&a->lock);
    bool keep = !a->close_all;
    if (keep)
        a->links[a->come % 8] = link;
    a->come++;
    pthread_cond_broadcast(&a->changed);
    pthread_mutex_unlock(&a->lock);
    if (!keep)
        acti_link_close(link);
}

static inline acti_link *arrivals_take(arrivals *a)
{
    pthread_mutex_lock(&a->lock);
    while (a->come == a->taken)
        pthread_cond_wait(&a->changed, &a->lock);
    acti_link *link = a->links[a->taken++ % 8];
    pthread_mutex_unlock(&a->lock);
    return link;
}

static inline void arrivals_wait(arrivals *a, size_t n)
{
    pthread_mutex_lock(&a->lock);
    while (a->come < n)
        pthread_cond_wait(&a->changed, &a->lock);
    pthread_mutex_unlock(&a->lock);
}

typedef struct dialled {
    latch done;
    acti_link_dialer *dialer;
    int status;
    acti_link *link;
    char why[ACTI_LINK_WHY_MAX];
    size_t calls;
} dialled;

static inline void dialled_put(void *arg, int status, acti_link *link, const char *why)
{
    dialled *d = arg;
    d->status = status;
    d->link = link;
    snprintf(d->why, sizeof d->why, "%s", why != NULL ? why : "");
    d->calls++;
    latch_open(&d->done);
}

// Of the system, as it is without any option.
static inline const acti_links *nng_links(void)
{
    static acti_nng_links links;
    acti_nng_links_init(&links, NULL);
    return &links.base;
}

static inline void dial_start(dialled *d, const acti_links *links, const char *url)
{
    *d = (dialled){.done = LATCH_INIT};
    d->dialer = acti_link_dial(links, url, dialled_put, d);
}

// Waits for what came of it.
static inline int dial_end(dialled *d)
{
    latch_wait(&d->done);
    acti_link_dialer_close(&d->dialer);
    assert_int_equal(d->calls, 1);
    assert_int_equal(d->link != NULL, d->status == ACTA_OK);
    assert_int_equal(d->why[0] == '\0', d->status == ACTA_OK);
    return d->status;
}

// Dials a path and waits; gives the status.
static inline int dial(const char *path, acti_link **link)
{
    static char url[2000000]; // for paths of any length
    snprintf(url, sizeof url, "ipc://%s", path);
    dialled d;
    dial_start(&d, nng_links(), url);
    int status = dial_end(&d);
    *link = d.link;
    return status;
}

// Listens at a path; gives the status.
static inline int listen_at(const char *path, acti_link_accepted accepted, void *arg, acti_link_listener **listener,
                            acti_reason why)
{
    char url[1024];
    snprintf(url, sizeof url, "ipc://%s", path);
    return acti_link_listen(nng_links(), url, accepted, arg, listener, why);
}

static inline acti_link_listener *listen_ok(const char *path, arrivals *a)
{
    acti_link_listener *listener;
    char why[ACTI_LINK_WHY_MAX] = "";
    int status = listen_at(path, arrivals_put, a, &listener, (acti_reason){why, sizeof why});
    if (status != ACTA_OK)
        fail_msg("listen gave %d: %s", status, why);
    return listener;
}

static inline acti_link *dial_ok(const acti_links *links, const char *url)
{
    dialled d;
    dial_start(&d, links, url);
    if (dial_end(&d) != ACTA_OK)
        fail_msg("%s", d.why);
    return d.link;
}

// ---- the transports: what a test of links in general is run over -------------------------

typedef struct transport {
    const char *name;
    const char *url; // to listen at; NULL: a socket in a folder
    const acta_system_opts *opts;
} transport;

// Two ends of one connection, and the listener it came through.
typedef struct pair {
    folder f;
    acti_nng_links nng;
    const acti_links *links; // these
    const char *url; // to dial
    arrivals a;
    acti_link_listener *listener;
    end near, far;
    bool slow; // a handshake takes a hundred times as long, and closing more than one job
} pair;

static inline acti_link *pair_dial(pair *p)
{
    return dial_ok(p->links, p->url);
}

static inline void pair_init_over(pair *p, const transport *over)
{
    if (over->opts != NULL && !TEST_TLS)
        skip();
    *p = (pair){.f = folder_new(), .links = &p->nng.base, .a = ARRIVALS_INIT};
    acti_nng_links_init(&p->nng, over->opts);
    p->slow = over->opts != NULL;
    char url[128];
    char why[ACTI_LINK_WHY_MAX];
    snprintf(url, sizeof url, "ipc://%s", p->f.sock);
    int status = acti_link_listen(p->links, over->url != NULL ? over->url : url, arrivals_put, &p->a, &p->listener,
                                  (acti_reason){why, sizeof why});
    if (status == ACTA_ENOENT && strchr(over->url, '[') != NULL) { // a machine without IPv6
        rmdir(p->f.path);
        skip();
    }
    if (status != ACTA_OK)
        fail_msg("%s", why);
    p->url = acti_link_listener_url(p->listener);
    end_init(&p->near, pair_dial(p));
    end_init(&p->far, arrivals_take(&p->a));
}

static inline void pair_init(pair *p)
{
    pair_init_over(p, &(transport){.name = "ipc"});
}

static inline void pair_fini(pair *p)
{
    acti_link_listener_close(&p->listener);
    while (!acti_link_fini())
        assert_true(p->slow); // a link without an owner may still be closing
    folder_end(&p->f);
}

// ---- raw sockets ------------------------------------------------------------------------

static inline struct sockaddr_un raw_address(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    return at;
}

// Descriptor, or -1 with errno.
static inline int raw_connect(const char *path)
{
    struct sockaddr_un at = raw_address(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof at) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

// The same to the place of a URL of any kind. Only the kernel's part of it: over TLS nobody has spoken yet.
static inline int raw_connect_url(const char *text)
{
    acti_url url;
    assert_int_equal(acti_url_parse(text, strlen(text), &url, (acti_reason){0}), ACTA_OK);
    if (url.kind == ACTI_URL_IPC)
        return raw_connect(url.path);
    char port[8];
    snprintf(port, sizeof port, "%u", url.port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    assert_int_equal(getaddrinfo(url.host, port, &hints, &found), 0);
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int status = connect(fd, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    assert_true(fd >= 0 && status == 0);
    return fd;
}

// A bound socket that does not listen when backlog is negative: what a dead server leaves, once it is closed.
static inline int raw_bind(const char *path, int type, int backlog)
{
    struct sockaddr_un at = raw_address(path);
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    if (backlog >= 0)
        assert_int_equal(listen(fd, backlog), 0);
    return fd;
}

static inline void raw_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

// ---- children: this program again, with arguments -----------------------------------------

typedef struct child {
    pid_t pid;
    int to, from; // its standard input and output
} child;

static inline child child_start(const char *role, const char *path)
{
    int in[2], out[2];
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    char program[] = "/proc/self/exe";
    char *argv[] = {program, strdup(role), strdup(path), NULL};
    posix_spawn_file_actions_t files;
    assert_int_equal(posix_spawn_file_actions_init(&files), 0);
    assert_int_equal(posix_spawn_file_actions_adddup2(&files, in[0], 0), 0);
    assert_int_equal(posix_spawn_file_actions_adddup2(&files, out[1], 1), 0);
    child c = {.to = in[1], .from = out[0]};
    assert_int_equal(posix_spawn(&c.pid, program, &files, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&files);
    free(argv[1]);
    free(argv[2]);
    close(in[0]);
    close(out[1]);
    return c;
}

static inline void child_say(const child *c, char word)
{
    assert_int_equal(write(c->to, &word, 1), 1);
}

// One byte of what the child says, or 0 when it has ended.
static inline int child_hear(const child *c)
{
    char word;
    return read(c->from, &word, 1) == 1 ? word : 0;
}

// Waits for the child to end; its exit status, or minus the signal that ended it.
static inline int child_end(child *c)
{
    close(c->to);
    close(c->from);
    int status;
    assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

#endif
