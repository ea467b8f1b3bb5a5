// SPDX-License-Identifier: MIT
//
// sockfile.h - the files of a served socket: which process may serve a path, what may be removed, and when.
//
//   <path>         the socket, mode 0600; a dialer sees it only once it is listening
//   <path>.lock    held with flock by the process that serves the path, for as long as it does; holds its pid
//   <path>~        where the socket is bound before it gets its name; for a moment only
//
// After a crash all three may be left. The next to claim the path takes them over, because the kernel gave up
// the lock of the dead. Nothing but sockets of this user is ever removed, and the lock file.

#ifndef ACTI_LINK_SOCKFILE_H
#define ACTI_LINK_SOCKFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "link/url.h"

typedef struct acti_sockfile {
    char path[ACTI_URL_PATH_MAX + 1];
    char fresh[ACTI_URL_PATH_MAX + 2]; // <path>~
    const char *name;                   // the last part of path
    int folder; // descriptor; what follows is done relative to it, so the working directory may change
    int lock;   // descriptor
    dev_t dev;  // of the socket, from publish on
    ino_t ino;
    bool published;
} acti_sockfile;

// acti_sockfile_claim takes the lock of path and clears away what a dead server left. The folder must belong to
// this user or to root, or be sticky, as /tmp is: in any other, another user could replace the socket.
//
// Owns:    *file needs acti_sockfile_release, on success only.
// Errors:  as acti_link_listen; why gets a line for a person.
int
acti_sockfile_claim(acti_sockfile *file, const char *path, acti_reason why);

// acti_sockfile_publish gives the socket that now listens at file->fresh its name. Errors as claim.
int
acti_sockfile_publish(acti_sockfile *file, acti_reason why);

// acti_sockfile_release removes the socket, if it is still the one published, then the lock file, and unlocks.
void
acti_sockfile_release(acti_sockfile *file);

// acti_sockfile_trust looks at path before it is dialled: a socket of this user, in a folder as above.
//
// Errors:  ACTA_EINVAL the path cannot name a socket; ACTA_EUNREACH no socket there; ACTA_EACCES; ACTA_EIO.
int
acti_sockfile_trust(const char *path, acti_reason why);

#endif
