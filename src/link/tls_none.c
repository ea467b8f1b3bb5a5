// SPDX-License-Identifier: MIT
//
// tls_none.c - in place of tls.c, where acta is built without TLS: there is no configuration, and so no conversation.

#include "link/tls.h"

#include <stddef.h>

#include <acta/error.h>

#include "base/platform.h"

int acti_tls_config_new(const acta_tls_opts *opts, bool server, acti_tls_config **config, acti_reason why)
{
    (void)opts;
    (void)server;
    (void)config;
    return acti_say(why, ACTA_EINVAL, "this acta was built without TLS; build it with Meson's -Dtls=enabled");
}

void acti_tls_config_drop(acti_tls_config *config)
{
    acti_assert(config == NULL);
}

acti_tls *acti_tls_new(acti_tls_config *config, const char *host)
{
    acti_assert(config == NULL && host == NULL);
    return NULL;
}

void acti_tls_free(acti_tls *tls)
{
    acti_assert(tls == NULL);
}

uint8_t *acti_tls_space(acti_tls *tls, size_t *room)
{
    acti_assert(tls == NULL);
    *room = 0;
    return NULL;
}

void acti_tls_fed(acti_tls *tls, size_t size)
{
    acti_assert(tls == NULL && size == 0);
}

acti_buf *acti_tls_out(acti_tls *tls)
{
    acti_assert(tls == NULL);
    return NULL;
}

int acti_tls_shake(acti_tls *tls, acti_reason why)
{
    acti_assert(tls == NULL);
    return acti_say(why, ACTA_EINVAL, "there is no TLS");
}

int acti_tls_read(acti_tls *tls, void *bytes, size_t size, size_t *got)
{
    acti_assert(tls == NULL && bytes == NULL && size == 0 && got == NULL);
    return ACTA_EIO;
}

int acti_tls_write(acti_tls *tls, const void *bytes, size_t size, size_t *taken)
{
    acti_assert(tls == NULL && bytes == NULL && size == 0 && taken == NULL);
    return ACTA_EIO;
}
