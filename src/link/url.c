// SPDX-License-Identifier: MIT
//
// url.c - reading and writing URLs.

#include "link/url.h"

#include <arpa/inet.h>
#include <string.h>

#include <acta/error.h>

#define LABEL_MAX 63 // bytes between two dots of a name

// Bytes that are being read, from at on. Not terminated.
typedef struct span {
    const char *at;
    size_t size;
} span;

static const char *const schemes[] = {
    [ACTI_URL_IPC] = "ipc://", [ACTI_URL_TCP] = "tcp://", [ACTI_URL_TLS] = "tls+tcp://"};

static int read_path(span rest, acti_url *url, acti_reason why);
static int read_place(span rest, acti_url *url, acti_reason why);
static int read_address6(span host, acti_url *url, acti_reason why);
static int read_host(span host, acti_url *url, acti_reason why);
static int check_name(span host, acti_reason why);
static int read_port(span digits, acti_url *url, acti_reason why);

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// Of a name. The underscore is no host's by the book, and many a network has some.
static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' || c == '_';
}

static bool is_plain(char c)
{
    return (unsigned char)c >= 0x20 && c != 0x7f;
}

static const char *find(span in, char c)
{
    return in.size > 0 ? memchr(in.at, c, in.size) : NULL;
}

static span before(span all, const char *end)
{
    return (span){all.at, (size_t)(end - all.at)};
}

static span behind(span all, const char *start)
{
    return (span){start + 1, (size_t)(all.at + all.size - start) - 1};
}

static void copy(char *to, span from)
{
    memcpy(to, from.at, from.size);
    to[from.size] = '\0';
}

int acti_url_parse(const char *text, size_t size, acti_url *out, acti_reason why)
{
    for (int kind = ACTI_URL_IPC; kind <= ACTI_URL_TLS; kind++) {
        size_t length = strlen(schemes[kind]);
        if (size < length || memcmp(text, schemes[kind], length) != 0)
            continue;
        acti_url url = {.kind = (acti_url_kind)kind};
        span rest = {text + length, size - length};
        int status = kind == ACTI_URL_IPC ? read_path(rest, &url, why) : read_place(rest, &url, why);
        if (status == ACTA_OK)
            *out = url;
        return status;
    }
    return acti_say(why, ACTA_EINVAL,
                    "it does not start with ipc://, tcp:// or tls+tcp://; write ipc:// and a path, such as "
                    "ipc:///run/user/1000/acta.sock, or tls+tcp:// and HOST:PORT, such as "
                    "tls+tcp://db.example.com:7000");
}

static int read_path(span path, acti_url *url, acti_reason why)
{
    if (path.size == 0)
        return acti_say(why, ACTA_EINVAL, "there is no path after ipc://; add that of the socket");
    if (path.size > ACTI_URL_PATH_MAX)
        return acti_say(why, ACTA_EINVAL,
                        "the path is longer than a socket's may be, %zu bytes, at most %d; use a shorter one, for "
                        "example in the user's runtime folder or in /tmp",
                        path.size, ACTI_URL_PATH_MAX);
    for (size_t i = 0; i < path.size; i++)
        if (!is_plain(path.at[i]))
            return acti_say(why, ACTA_EINVAL, "byte %zu of the path is a control character; leave it out", i + 1);
    if (path.at[path.size - 1] == '/')
        return acti_say(why, ACTA_EINVAL, "the path does not end with the name of a file; add one");
    copy(url->path, path);
    return ACTA_OK;
}

static int read_place(span rest, acti_url *url, acti_reason why)
{
    bool brackets = rest.size > 0 && rest.at[0] == '[';
    // The last colon, so that an address that lacks its brackets is called just that.
    const char *end = brackets ? find(rest, ']') : memrchr(rest.at, ':', rest.size);
    if (end == NULL && brackets)
        return acti_say(why, ACTA_EINVAL, "the bracket of the address is not closed; write [ADDRESS]:PORT");
    if (end == NULL)
        return acti_say(why, ACTA_EINVAL, "there is no port; write HOST:PORT");
    span host = before(rest, end);
    span port = behind(rest, end);
    if (brackets) {
        if (port.size == 0 || port.at[0] != ':')
            return acti_say(why, ACTA_EINVAL, "there is no port behind the bracket; write [ADDRESS]:PORT");
        port = behind(port, port.at);
        host = behind(host, host.at);
    }
    int status = brackets ? read_address6(host, url, why) : read_host(host, url, why);
    return status == ACTA_OK ? read_port(port, url, why) : status;
}

static int read_address6(span host, acti_url *url, acti_reason why)
{
    struct in6_addr address;
    if (find(host, '%') != NULL)
        return acti_say(why, ACTA_EINVAL, "an address with a zone (%%) cannot be used; use one that needs none");
    if (host.size >= INET6_ADDRSTRLEN || find(host, '\0') != NULL)
        return acti_say(why, ACTA_EINVAL, "what is in brackets is no IPv6 address; write one such as [::1]");
    copy(url->host, host);
    if (inet_pton(AF_INET6, url->host, &address) != 1)
        return acti_say(why, ACTA_EINVAL, "what is in brackets is no IPv6 address; write one such as [::1]");
    return ACTA_OK;
}

// A host whose last part is a number is an IPv4 address, or nothing: what looks up names would take 127.1 and 017.0.0.1
// for addresses, too, and not for those that most readers think of.
static int read_host(span host, acti_url *url, acti_reason why)
{
    if (host.size == 0)
        return acti_say(why, ACTA_EINVAL, "there is no host; write HOST:PORT, and 0.0.0.0 for all IPv4 addresses");
    if (host.size > ACTI_URL_HOST_MAX)
        return acti_say(why, ACTA_EINVAL, "the host has %zu bytes and may have %d; use a shorter name or an address",
                        host.size, ACTI_URL_HOST_MAX);
    int status = check_name(host, why);
    if (status != ACTA_OK)
        return status;
    copy(url->host, host);
    struct in_addr address;
    size_t digits = 0;
    while (digits < host.size && is_digit(host.at[host.size - 1 - digits]))
        digits++;
    bool number = digits > 0 && (digits == host.size || host.at[host.size - 1 - digits] == '.');
    if (number && inet_pton(AF_INET, url->host, &address) != 1)
        return acti_say(why, ACTA_EINVAL, "the host is no IPv4 address; write four numbers such as 127.0.0.1");
    return ACTA_OK;
}

static int check_name(span host, acti_reason why)
{
    for (size_t i = 0, start = 0; i <= host.size; i++) {
        if (i < host.size && host.at[i] != '.') {
            if (!is_letter(host.at[i]))
                return acti_say(why, ACTA_EINVAL,
                                "byte %zu of the host is none of a name; letters, digits, - and . make one, and an "
                                "IPv6 address stands in brackets",
                                i + 1);
            continue;
        }
        if (i == start || i - start > LABEL_MAX || host.at[start] == '-' || host.at[i - 1] == '-')
            return acti_say(why, ACTA_EINVAL,
                            "the host has a part of no byte or more than %d, or with a - at an end; parts stand "
                            "between dots",
                            LABEL_MAX);
        start = i + 1;
    }
    return ACTA_OK;
}

static int read_port(span digits, acti_url *url, acti_reason why)
{
    uint32_t port = 0;
    bool good = digits.size > 0 && digits.size <= 5 && (digits.at[0] != '0' || digits.size == 1);
    for (size_t i = 0; good && i < digits.size; i++) {
        good = is_digit(digits.at[i]);
        port = port * 10 + (uint32_t)(digits.at[i] - '0');
    }
    if (!good || port > UINT16_MAX)
        return acti_say(why, ACTA_EINVAL,
                        "what follows the host is no port; write a number up to 65535, without zeros before it, and "
                        "nothing behind it");
    url->port = (uint16_t)port;
    return ACTA_OK;
}

void acti_url_write(const acti_url *url, char text[ACTI_URL_MAX + 1])
{
    bool brackets = strchr(url->host, ':') != NULL;
    if (url->kind == ACTI_URL_IPC)
        snprintf(text, ACTI_URL_MAX + 1, "%s%s", schemes[url->kind], url->path);
    else
        snprintf(text, ACTI_URL_MAX + 1, "%s%s%s%s:%u", schemes[url->kind], brackets ? "[" : "", url->host,
                 brackets ? "]" : "", url->port);
}

bool acti_url_is_address(const acti_url *url)
{
    uint8_t address[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, url->host, address) == 1 || inet_pton(AF_INET6, url->host, address) == 1;
}

acti_url_shown acti_url_show(const char *text)
{
    acti_url_shown shown;
    size_t i = 0;
    for (; i < ACTI_URL_MAX && text[i] != '\0'; i++)
        shown.text[i] = is_plain(text[i]) ? text[i] : '?';
    snprintf(shown.text + i, sizeof(shown.text) - i, "%s", text[i] != '\0' ? "..." : "");
    return shown;
}
