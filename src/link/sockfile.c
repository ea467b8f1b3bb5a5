// SPDX-License-Identifier: MIT
//
// sockfile.c - the files of a served socket.
//
// Design notes
//
// nng, left alone, connects to a path that is taken, unlinks whatever is there when that is refused, a regular
// file too, and at the end unlinks whatever is there by then. So it never gets to see the path: it binds
// <path>~, which nobody else touches under the lock, and the socket gets its name by link(2), which never
// replaces anything. A dialer thus never meets a socket that does not listen yet or that has the wrong mode.
//
// The lock file is removed at the end, so that nothing is left behind. A starter may have opened it just before,
// and would then hold the lock of a file that nobody else finds: who gets the lock looks whether the name still
// leads to the file, and starts over if not. The holder removes the name before it unlocks.

#include "link/sockfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <acta/error.h>

#define LOCK_TRIES 1000 // each but the last found that another server had just ended

static int check_path(const char *path, acti_reason why);
static int open_folder(const char *path, const char *name, int *folder);
static bool folder_trusted(const struct stat *st);
static int claim_folder(acti_sockfile *file, acti_reason why);
static int claim_lock(acti_sockfile *file, acti_reason why);
static int try_lock(acti_sockfile *file, bool *again, acti_reason why);
static int lock_open_failed(const acti_sockfile *file, acti_reason why);
static int lock_taken(int lock, acti_reason why);
static int clear(const acti_sockfile *file, const char *path, const char *name, acti_reason why);
static int probe(const char *path);
static const char *kind(mode_t mode);
static void drop_lock(acti_sockfile *file);
static const char *last_part(const char *path);
static const char *lock_name(const acti_sockfile *file, char *buffer, size_t size);
static int say_errno(acti_reason why, const char *doing);

int acti_sockfile_claim(acti_sockfile *out, const char *path, acti_reason why)
{
    int status = check_path(path, why);
    if (status != ACTA_OK)
        return status;

    acti_sockfile file = {.folder = -1, .lock = -1};
    snprintf(file.path, sizeof file.path, "%s", path);
    snprintf(file.fresh, sizeof file.fresh, "%s~", path);
    file.name = last_part(file.path);
    status = claim_folder(&file, why);
    if (status == ACTA_OK)
        status = claim_lock(&file, why);
    if (status == ACTA_OK)
        status = clear(&file, file.path, file.name, why);
    if (status == ACTA_OK)
        status = clear(&file, file.fresh, last_part(file.fresh), why);
    if (status != ACTA_OK) {
        acti_sockfile_release(&file);
        return status;
    }
    *out = file;
    out->name = last_part(out->path);
    return ACTA_OK;
}

static int check_path(const char *path, acti_reason why)
{
    size_t size = strlen(path);
    if (size > ACTI_URL_PATH_MAX)
        return acti_say(why, ACTA_EINVAL,
                        "the path has %zu bytes and that of a socket may have %d; use a shorter one, for example in "
                        "the user's runtime folder or in /tmp",
                        size, ACTI_URL_PATH_MAX);
    if (*last_part(path) == '\0')
        return acti_say(why, ACTA_EINVAL, "the path does not end with the name of a file; add one");
    return ACTA_OK;
}

static int claim_folder(acti_sockfile *file, acti_reason why)
{
    int error = open_folder(file->path, file->name, &file->folder);
    if (error == ENOENT || error == ENOTDIR)
        return acti_say(why, ACTA_ENOENT, "the folder it lies in does not exist; create it first");
    if (error != 0) {
        errno = error;
        return say_errno(why, "opening its folder");
    }
    struct stat st;
    if (fstat(file->folder, &st) != 0)
        return say_errno(why, "looking at its folder");
    if (!folder_trusted(&st))
        return acti_say(why, ACTA_EACCES,
                        "the folder belongs to user %lu, who could replace the socket; use a folder of your own",
                        (unsigned long)st.st_uid);
    if (faccessat(file->folder, ".", W_OK | X_OK, AT_EACCESS) != 0)
        return acti_say(why, ACTA_EACCES, "no file may be created in its folder (%s); choose another one",
                        strerror(errno));
    return ACTA_OK;
}

// Gives 0 and the descriptor, or errno.
static int open_folder(const char *path, const char *name, int *folder)
{
    char text[ACTI_URL_PATH_MAX + 2] = ".";
    if (name != path)
        snprintf(text, sizeof text, "%.*s", (int)(name - path), path);
    int fd = open(text, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    *folder = fd;
    return 0;
}

static bool folder_trusted(const struct stat *st)
{
    return st->st_uid == geteuid() || st->st_uid == 0 || (st->st_mode & S_ISVTX) != 0;
}

static int claim_lock(acti_sockfile *file, acti_reason why)
{
    for (int i = 0; i < LOCK_TRIES; i++) {
        bool again = false;
        int status = try_lock(file, &again, why);
        if (!again)
            return status;
    }
    return acti_say(why, ACTA_EEXIST, "others keep starting and ending there; choose another path");
}

static int try_lock(acti_sockfile *file, bool *again, acti_reason why)
{
    char name[sizeof file->path + sizeof ".lock"];
    lock_name(file, name, sizeof name);
    // Non-blocking for the case that a fifo is there.
    int lock = openat(file->folder, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (lock < 0)
        return lock_open_failed(file, why);

    struct stat ours, there;
    int status = ACTA_OK;
    if (fstat(lock, &ours) != 0)
        status = say_errno(why, "looking at its lock file");
    else if (!S_ISREG(ours.st_mode))
        status = acti_say(why, ACTA_EEXIST, "%s.lock is not a regular file; remove it", file->name);
    else if (ours.st_uid != geteuid())
        status = acti_say(why, ACTA_EACCES, "%s.lock belongs to user %lu; choose another path", file->name,
                          (unsigned long)ours.st_uid);
    else if (flock(lock, LOCK_EX | LOCK_NB) != 0)
        status = errno == EWOULDBLOCK ? lock_taken(lock, why) : say_errno(why, "locking");
    else if (fstatat(file->folder, name, &there, AT_SYMLINK_NOFOLLOW) != 0 || there.st_dev != ours.st_dev ||
             there.st_ino != ours.st_ino)
        *again = true;
    if (status != ACTA_OK || *again) {
        close(lock);
        return status;
    }
    file->lock = lock;
    // For the message of a second starter, and for people. The lock counts, not what is written: so a failure does not.
    if (ftruncate(lock, 0) == 0)
        dprintf(lock, "%ld\n", (long)getpid());
    return ACTA_OK;
}

static int lock_open_failed(const acti_sockfile *file, acti_reason why)
{
    switch (errno) {
    case ELOOP:
    case EISDIR:
    case ENXIO:
        return acti_say(why, ACTA_EEXIST, "%s.lock is not a regular file; remove it", file->name);
    default:
        return say_errno(why, "opening its lock file");
    }
}

static int lock_taken(int lock, acti_reason why)
{
    char text[24];
    ssize_t size = pread(lock, text, sizeof text - 1, 0);
    text[size > 0 ? size : 0] = '\0';
    long pid = strtol(text, NULL, 10);
    if (pid > 0)
        return acti_say(why, ACTA_EEXIST, "process %ld serves it; end that process or choose another path", pid);
    return acti_say(why, ACTA_EEXIST, "another process serves it; end that process or choose another path");
}

// Makes sure that nothing is at path. Called under the lock, so a socket of ours there has no server, unless
// that server takes no locks.
static int clear(const acti_sockfile *file, const char *path, const char *name, acti_reason why)
{
    struct stat st;
    if (fstatat(file->folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? ACTA_OK : say_errno(why, "looking at what is there");
    if (!S_ISSOCK(st.st_mode))
        return acti_say(why, ACTA_EEXIST, "%s at %s is left alone; remove it or choose another path",
                        kind(st.st_mode), path);
    if (st.st_uid != geteuid())
        return acti_say(why, ACTA_EACCES, "a socket of user %lu is there; choose another path",
                        (unsigned long)st.st_uid);
    int error = probe(path);
    if (error == ENOENT)
        return ACTA_OK;
    if (error != ECONNREFUSED)
        return acti_say(why, ACTA_EEXIST, "a server that takes no lock answers at %s; end it or choose another path",
                        path);
    struct stat again;
    if (fstatat(file->folder, name, &again, AT_SYMLINK_NOFOLLOW) != 0 || again.st_ino != st.st_ino ||
        again.st_dev != st.st_dev)
        return acti_say(why, ACTA_EEXIST, "what is there changed while it was looked at; try again");
    if (unlinkat(file->folder, name, 0) != 0)
        return say_errno(why, "removing the socket of a dead process");
    return ACTA_OK;
}

// Connects and gives errno, 0 when somebody accepts. Never waits: a listener whose queue is full gives EAGAIN.
static int probe(const char *path)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    memcpy(at.sun_path, path, strlen(path) + 1);
    int error = connect(fd, (const struct sockaddr *)&at, sizeof at) == 0 ? 0 : errno;
    close(fd);
    return error;
}

static const char *kind(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
        return "the regular file";
    case S_IFDIR:
        return "the folder";
    case S_IFLNK:
        return "the symbolic link";
    default:
        return "the file";
    }
}

int acti_sockfile_publish(acti_sockfile *file, acti_reason why)
{
    const char *fresh = last_part(file->fresh);
    struct stat st;
    if (fstatat(file->folder, fresh, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return say_errno(why, "looking at the new socket");
    if (linkat(file->folder, fresh, file->folder, file->name, 0) != 0) {
        int status = say_errno(why, "naming the new socket");
        unlinkat(file->folder, fresh, 0);
        return status;
    }
    unlinkat(file->folder, fresh, 0);
    file->dev = st.st_dev;
    file->ino = st.st_ino;
    file->published = true;
    return ACTA_OK;
}

void acti_sockfile_release(acti_sockfile *file)
{
    struct stat st;
    if (file->published && fstatat(file->folder, file->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISSOCK(st.st_mode) && st.st_dev == file->dev && st.st_ino == file->ino)
        unlinkat(file->folder, file->name, 0);
    if (file->lock >= 0)
        drop_lock(file);
    if (file->folder >= 0)
        close(file->folder);
    *file = (acti_sockfile){.folder = -1, .lock = -1};
}

static void drop_lock(acti_sockfile *file)
{
    char name[sizeof file->path + sizeof ".lock"];
    lock_name(file, name, sizeof name);
    struct stat ours, there;
    if (fstat(file->lock, &ours) == 0 && fstatat(file->folder, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
        ours.st_dev == there.st_dev && ours.st_ino == there.st_ino)
        unlinkat(file->folder, name, 0);
    close(file->lock);
}

int acti_sockfile_trust(const char *path, acti_reason why)
{
    if (check_path(path, (acti_reason){NULL, 0}) != ACTA_OK)
        return acti_say(why, ACTA_EINVAL, "the path cannot be that of a socket; give the one that is served");
    const char *name = last_part(path);
    int folder = -1;
    int error = open_folder(path, name, &folder);
    if (error == 0) {
        struct stat in, at;
        if (fstat(folder, &in) != 0 || fstatat(folder, name, &at, 0) != 0)
            error = errno;
        else if (!S_ISSOCK(at.st_mode))
            error = ENOENT;
        else if (!folder_trusted(&in) || at.st_uid != geteuid())
            error = EACCES;
        close(folder);
    }
    switch (error) {
    case 0:
        return ACTA_OK;
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
        return acti_say(why, ACTA_EUNREACH,
                        "nobody listens there: start the listening side first, and check the path");
    case EACCES:
        return acti_say(why, ACTA_EACCES,
                        "the socket or its folder belongs to another user, or may not be read; check the path");
    default:
        return acti_say(why, ACTA_EIO, "it cannot be looked at (%s); see what the system lacks", strerror(error));
    }
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static const char *lock_name(const acti_sockfile *file, char *buffer, size_t size)
{
    snprintf(buffer, size, "%s.lock", file->name);
    return buffer;
}

static int say_errno(acti_reason why, const char *doing)
{
    int error = errno;
    int status = error == EACCES || error == EPERM || error == EROFS ? ACTA_EACCES
                 : error == EEXIST                                   ? ACTA_EEXIST
                 : error == ENOMEM                                   ? ACTA_ENOMEM
                                                                     : ACTA_EIO;
    return acti_say(why, status, "%s failed: %s", doing, strerror(error));
}
