// SPDX-License-Identifier: MIT
//
// resolve.c - looking up hosts, and judging their addresses.
//
// Design notes. getaddrinfo blocks for as long as the name servers of the machine are silent, and nothing can call it
// back. So a name that is dialled is looked up on a thread of its own: a dial that is given up meanwhile leaves the
// thread to itself, and the thread ends when getaddrinfo has had enough. Their number is bounded, or a dialler that
// tries again and again while the name servers are silent would collect threads without end.

#include "link/resolve.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <acta/error.h>

#include "base/platform.h"

#define LOOKUPS_MAX 16

static uint32_t lookups; // that go on; the control thread's

static int status_of(int error);
static void take(const struct addrinfo *info, acti_addresses *addresses);
static bool is_loopback6(const struct in6_addr *address);
static void *look_up(void *arg);

int acti_resolve(const acti_url *url, acti_addresses *addresses, acti_reason why)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    if (acti_url_is_address(url))
        hints.ai_flags = AI_NUMERICHOST;
    struct addrinfo *found = NULL;
    int error = getaddrinfo(url->host, NULL, &hints, &found);
    if (error != 0)
        return acti_say(why, status_of(error),
                        "%s could not be looked up (%s); check the name, and that this machine "
                        "can look up others",
                        url->host, gai_strerror(error));
    *addresses = (acti_addresses){.count = 0};
    for (const struct addrinfo *info = found; info != NULL; info = info->ai_next)
        take(info, addresses);
    freeaddrinfo(found);
    if (addresses->count == 0)
        return acti_say(why, ACTA_ENOENT, "%s has no address that can be used; use another name", url->host);
    return ACTA_OK;
}

static int status_of(int error)
{
    switch (error) {
    case EAI_NONAME:
    case EAI_NODATA:
    case EAI_ADDRFAMILY:
        return ACTA_ENOENT;
    case EAI_AGAIN:
    case EAI_FAIL:
        return ACTA_EUNREACH;
    case EAI_MEMORY:
        return ACTA_ENOMEM;
    default:
        return ACTA_EIO;
    }
}

// An IPv6 address that needs a zone is left out: there is no way to hand that on.
static void take(const struct addrinfo *info, acti_addresses *addresses)
{
    if (addresses->count == ACTI_ADDRESSES_MAX)
        return;
    acti_address *address = &addresses->at[addresses->count];
    if (info->ai_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, info->ai_addr, sizeof in);
        address->loopback = ntohl(in.sin_addr.s_addr) >> 24 == 127;
        addresses->count += inet_ntop(AF_INET, &in.sin_addr, address->text, sizeof address->text) != NULL;
    } else if (info->ai_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, info->ai_addr, sizeof in);
        address->loopback = is_loopback6(&in.sin6_addr);
        if (in.sin6_scope_id == 0)
            addresses->count += inet_ntop(AF_INET6, &in.sin6_addr, address->text, sizeof address->text) != NULL;
    }
}

// One that stands for an IPv4 address is what that is.
static bool is_loopback6(const struct in6_addr *address)
{
    return IN6_IS_ADDR_LOOPBACK(address) || (IN6_IS_ADDR_V4MAPPED(address) && address->s6_addr[12] == 127);
}

int acti_resolve_judge(const acti_url *url, const acti_addresses *addresses, bool plaintext_anywhere, acti_reason why)
{
    if (url->kind != ACTI_URL_TCP || plaintext_anywhere)
        return ACTA_OK;
    for (size_t i = 0; i < addresses->count; i++)
        if (!addresses->at[i].loopback)
            return acti_say(why, ACTA_EACCES,
                            "%s is not on this machine alone, and tcp:// can be read and changed on the way; use "
                            "tls+tcp://, or say plaintext_anywhere in the options of the system",
                            addresses->at[i].text);
    return ACTA_OK;
}

// ---- on a thread of its own -----------------------------------------------------------

int acti_lookup_start(const acti_url *url, void (*ended)(acti_control_job *job), void *arg, acti_lookup **out)
{
    if (lookups == LOOKUPS_MAX)
        return ACTA_EFULL;
    acti_lookup *lookup = calloc(1, sizeof *lookup);
    if (lookup == NULL)
        return ACTA_ENOMEM;
    lookup->ended.run = ended;
    lookup->arg = arg;
    lookup->url = *url;
    int status = acti_thread_start(&lookup->thread, "acta-lookup", look_up, lookup);
    if (status != ACTA_OK) {
        free(lookup);
        return status;
    }
    (void)acti_control_hold(); // runs: this is its thread
    lookups++;
    *out = lookup;
    return ACTA_OK;
}

static void *look_up(void *arg)
{
    acti_lookup *lookup = arg;
    lookup->status = acti_resolve(&lookup->url, &lookup->addresses, (acti_reason){lookup->why, sizeof lookup->why});
    acti_control_push(&lookup->ended);
    return NULL;
}

void acti_lookup_free(acti_lookup *lookup)
{
    acti_thread_join(lookup->thread);
    lookups--;
    free(lookup);
    acti_control_drop();
}
