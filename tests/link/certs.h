// SPDX-License-Identifier: MIT
//
// certs.h - certificates for one run of a test, made by the script beside this file.

#ifndef LINK_CERTS_H
#define LINK_CERTS_H

#include "test.h"

#include <dirent.h>
#include <libgen.h>
#include <spawn.h>
#include <sys/wait.h>

#include <acta/system.h>

// Made by certs_make, removed by certs_remove.
static char certs_folder[64];

static inline void certs_make(void)
{
    if (!TEST_TLS)
        return;
    char here[] = __FILE__, script[512];
    const char *source = getenv("ACTA_SOURCE");
    if (source != NULL)
        snprintf(script, sizeof script, "%s/tests/link/certificates", source);
    else
        snprintf(script, sizeof script, "%s/certificates", dirname(here));
    snprintf(certs_folder, sizeof certs_folder, "/tmp/acta-certs-XXXXXX");
    char *argv[] = {script, certs_folder, NULL};
    pid_t pid;
    int status = -1;
    if (mkdtemp(certs_folder) == NULL || posix_spawn(&pid, script, NULL, NULL, argv, environ) != 0 ||
        waitpid(pid, &status, 0) != pid || status != 0) {
        fprintf(stderr, "no certificates could be made: is openssl installed?\n");
        exit(1);
    }
}

static inline void certs_remove(void)
{
    if (!TEST_TLS)
        return;
    DIR *dir = opendir(certs_folder);
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;)
        unlinkat(dirfd(dir), e->d_name, 0);
    if (dir != NULL)
        closedir(dir);
    rmdir(certs_folder);
}

// certs_need skips a test where acta is built without TLS.
static inline void certs_need(void)
{
    if (!TEST_TLS)
        skip();
}

// The path of a file, in one of a few texts that are used in turn.
static inline const char *cert(const char *name)
{
    static char texts[32][128];
    static unsigned next;
    char *text = texts[next++ % 32];
    snprintf(text, sizeof texts[0], "%s/%s", certs_folder, name);
    return text;
}

// Options that believe ca.pem and show NAME.pem.
static inline acta_tls_opts cert_opts(const char *name)
{
    char pem[64], key[64];
    snprintf(pem, sizeof pem, "%s.pem", name);
    snprintf(key, sizeof key, "%s.key", name);
    return (acta_tls_opts){.ca_file = cert("ca.pem"), .cert_file = cert(pem), .key_file = cert(key)};
}

#endif
