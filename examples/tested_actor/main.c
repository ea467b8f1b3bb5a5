// SPDX-License-Identifier: MIT
//
// main.c - the cache in production: numbered values in a file.
//
//     tested_actor FILE [KEY | KEY=VALUE]...     prints the value of a key, or puts one, from left to right
//
// The store is an actor with a thread of its own, because files block: value N lies at byte 8 * N. What was put is in
// the file when the program has ended: acta_close waits for the cache, and the cache for the store to have taken it.

#include <acta/acta.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cache.h"

#define KEY_MAX 1000000

static int file_store(acta_self *self, void *arg, acta_msg *m)
{
    int fd = *(const int *)arg;
    int64_t value = 0; // of a key that was never put
    if (m == NULL)
        return acta_eof(self);
    const store_save *s = acta_as(store_save, m);
    const store_load *l = acta_as(store_load, m);
    if (s != NULL)
        return pwrite(fd, &s->value, sizeof(s->value), s->key * 8) == 8 ? ACTA_OK : ACTA_EIO;
    if (l == NULL)
        acta_unhandled(self, m);
    else if (pread(fd, &value, sizeof(value), l->key * 8) < 0)
        acta_refuse(self, m, ACTA_EIO, "the file cannot be read");
    else
        acta_reply(self, m, store_value, .value = value);
    return ACTA_OK;
}

static int get_or_put(acta_tx *tx, const char *text)
{
    char *rest;
    int64_t key = strtoll(text, &rest, 10);
    if (rest == text || key < 0 || key > KEY_MAX || (*rest != '\0' && *rest != '='))
        return ACTA_EINVAL;
    if (*rest == '=')
        return acta_send(tx, cache_put, .key = key, .value = strtoll(rest + 1, NULL, 10));
    acta_msg *reply = NULL;
    int status = acta_call(tx, 2 * CACHE_LOAD_MAX_NS, &reply, cache_get, .key = key);
    if (status == ACTA_OK)
        printf("%" PRIi64 "\n", acta_as(cache_value, reply)->value);
    acta_msg_free(&reply);
    return status;
}

static int run(int fd, char **wishes)
{
    cache c = {0};
    acta_system *sys;
    acta_tx *tx = NULL;
    int status = acta_open(NULL, &sys);
    if (status != ACTA_OK)
        return status;
    status = acta_spawn(sys, &c.store, .handler = file_store, .arg = &fd, .name = "store", .place = ACTA_THREAD);
    if (status == ACTA_OK)
        status = acta_spawn(sys, &tx, .handler = cache_handler, .arg = &c, .arg_free = cache_free, .name = "cache");
    if (tx == NULL)
        cache_free(&c); // it is still ours
    for (; *wishes != NULL && status == ACTA_OK; wishes++)
        status = get_or_put(tx, *wishes);
    acta_tx_drop(&tx);
    int closed = acta_close(&sys, 10 * ACTA_SECOND);
    return status != ACTA_OK ? status : closed;
}

int main(int argc, char **argv)
{
    int fd = argc > 1 ? open(argv[1], O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (fd < 0) {
        fprintf(stderr, "usage: tested_actor FILE [KEY | KEY=VALUE]...   FILE is made if it is not there\n");
        return 64;
    }
    int status = run(fd, argv + 2);
    if (close(fd) != 0)
        status = ACTA_EIO;
    if (status != ACTA_OK)
        fprintf(stderr, "tested_actor: %s\n", acta_strerror(status));
    return status == ACTA_OK ? 0 : 1;
}
