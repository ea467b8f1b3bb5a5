// SPDX-License-Identifier: MIT
//
// URLs: what is not exactly one is refused, with what is wrong and what to write; what is one comes out as it went in.

#include "test.h"

#include <acta/error.h>

#include "base/platform.h"
#include "link/url.h"

static void assert_refused_bytes(const char *text, size_t size, const char *word)
{
    char why[ACTI_REASON_BYTES] = "";
    acti_url url = {.port = 4711};
    if (acti_url_parse(text, size, &url, (acti_reason){why, sizeof why}) != ACTA_EINVAL)
        fail_msg("taken: %s", text);
    assert_int_equal(url.port, 4711); // outputs are written on success only
    if (strstr(why, word) == NULL || strchr(why, ';') == NULL || strlen(why) + 1 == sizeof why)
        fail_msg("%s: %s", text, why);
    assert_int_equal(acti_url_parse(text, size, &url, (acti_reason){0}), ACTA_EINVAL);
}

static void assert_refused(const char *text, const char *word)
{
    assert_refused_bytes(text, strlen(text), word);
}

static acti_url parse(const char *text)
{
    acti_url url;
    char why[ACTI_REASON_BYTES];
    if (acti_url_parse(text, strlen(text), &url, (acti_reason){why, sizeof why}) != ACTA_OK)
        fail_msg("%s: %s", text, why);
    return url;
}

static void assert_written(const acti_url *url, const char *text)
{
    char written[ACTI_URL_MAX + 1];
    acti_url_write(url, written);
    assert_string_equal(written, text);
}

static void assert_place(const char *text, acti_url_kind kind, const char *host, uint16_t port)
{
    acti_url url = parse(text);
    assert_int_equal(url.kind, kind);
    assert_string_equal(url.host, host);
    assert_int_equal(url.port, port);
    assert_written(&url, text);
}

TEST(what_is_of_no_known_kind_is_refused)
{
    static const char *const texts[] = {"",          "x",           "ipc:",     "ipc:/",        "ipc",    "/tmp/s",
                                        "IPC:///s",  " ipc:///s",   "Tcp://h:1", "tcp:/h:1",    "h:1",    "tls://h:1",
                                        "tcp+tls://h:1", "tls+TCP://h:1", "ws://h:1", "inproc://x", "tcp4://h:1"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_refused(texts[i], "does not start with ipc://, tcp:// or tls+tcp://");
    assert_refused_bytes(NULL, 0, "does not start");
}

TEST(path_that_cannot_be_a_sockets_is_refused)
{
    char text[400] = "ipc://";
    assert_refused(text, "no path");
    assert_refused("ipc:///", "name of a file");
    assert_refused("ipc:///tmp/", "name of a file");
    assert_refused("ipc:///tmp/a\nb", "byte 7 of the path is a control character");
    assert_refused("ipc:///tmp/\x7f", "control character");
    assert_refused_bytes("ipc:///tmp/s\0", 13, "byte 7 of the path");
    memset(text + 6, 'x', 107);
    assert_refused(text, "107 bytes, at most 106");
    memset(text + 6, 'x', 300);
    assert_refused(text, "longer");
}

TEST(path_is_taken_as_it_is)
{
    char text[6 + ACTI_URL_PATH_MAX + 1] = "ipc://";
    memset(text + 6, 'x', ACTI_URL_PATH_MAX);
    const char *const texts[] = {"ipc://s", "ipc:///a b%41?x#y:", "ipc://../\xc3\xa4\xff", "ipc://tcp://h:1", text};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        acti_url url = parse(texts[i]);
        assert_int_equal(url.kind, ACTI_URL_IPC);
        assert_string_equal(url.path, texts[i] + 6);
        assert_written(&url, texts[i]);
    }
}

TEST(host_that_is_none_is_refused)
{
    assert_refused("tcp://", "no port");
    assert_refused("tcp://:80", "no host");
    assert_refused("tcp://h", "no port");
    assert_refused("tcp://a b:80", "byte 2 of the host");
    assert_refused("tcp://user@h:80", "byte 5 of the host");
    assert_refused("tcp://h/x:80", "byte 2 of the host");
    assert_refused("tcp://\xc3\xa4:80", "byte 1 of the host");
    assert_refused("tcp://h\n:80", "byte 2 of the host");
    assert_refused_bytes("tcp://h\0:80", 11, "byte 2 of the host");
    assert_refused("tcp://*:80", "byte 1 of the host");
    assert_refused("tcp://.h:80", "a part of no byte");
    assert_refused("tcp://a..b:80", "a part of no byte");
    assert_refused("tcp://h.:80", "a part of no byte");
    assert_refused("tcp://-h:80", "a part of no byte");
    assert_refused("tcp://a.b-:80", "a part of no byte");
}

TEST(name_longer_than_dns_has_is_refused_and_the_longest_is_taken)
{
    char host[300];
    char text[400];
    memset(host, 'x', sizeof host);
    for (size_t i = 63; i < sizeof host; i += 64)
        host[i] = '.';
    snprintf(text, sizeof text, "tls+tcp://%.254s:65535", host);
    assert_refused(text, "254 bytes");
    snprintf(text, sizeof text, "tls+tcp://%.253s:65535", host);
    acti_url url = parse(text);
    assert_int_equal(strlen(url.host), ACTI_URL_HOST_MAX);
    assert_int_equal(strlen(text), ACTI_URL_MAX);
    assert_written(&url, text);
    snprintf(text, sizeof text, "tcp://%.63sx:1", host);
    assert_refused(text, "more than 63");
}

TEST(address_that_is_none_is_refused)
{
    static const char *const four[] = {"127.1", "1.2.3.4.5", "256.0.0.1", "017.0.0.1", "1", "0x7f.0.0.1.2", "a.1"};
    static const char *const six[] = {"",        ":",   "g::",     "1::2::3", "127.0.0.1", "::1 ", "localhost",
                                      "1:2:3:4", "[::1", "::ffff:1.2.3.256",
                                      "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"};
    char text[128];
    for (size_t i = 0; i < sizeof four / sizeof four[0]; i++) {
        snprintf(text, sizeof text, "tcp://%s:80", four[i]);
        assert_refused(text, "no IPv4 address");
    }
    for (size_t i = 0; i < sizeof six / sizeof six[0]; i++) {
        snprintf(text, sizeof text, "tcp://[%s]:80", six[i]);
        assert_refused(text, "no IPv6 address");
    }
    assert_refused("tcp://[fe80::1%eth0]:80", "zone");
    assert_refused("tcp://[fe80::1%25eth0]:80", "zone");
    assert_refused_bytes("tcp://[::1\0]:80", 15, "no IPv6 address");
    assert_refused("tcp://::1:80", "stands in brackets");
    assert_refused("tcp://::1", "stands in brackets");
    assert_refused("tcp://[::1", "not closed");
    assert_refused("tcp://[::1]", "no port");
    assert_refused("tcp://[::1]80", "no port");
}

TEST(port_that_is_none_is_refused)
{
    static const char *const ports[] = {"", "-1", "+1", " 1", "1 ", "0x1", "080", "00", "65536", "99999", "100000",
                                        "http", "80/", "80/x", "80?x", "80#x", "1:2", "18446744073709551697"};
    char text[128];
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
        snprintf(text, sizeof text, "tls+tcp://h:%s", ports[i]);
        assert_refused(text, strchr(ports[i], ':') == NULL ? "no port" : "stands in brackets");
        snprintf(text, sizeof text, "tcp://[::1]:%s", ports[i]);
        assert_refused(text, "no port");
    }
    assert_refused_bytes("tcp://h:80\0", 11, "no port");
}

TEST(places_come_out_as_they_went_in)
{
    assert_place("tcp://localhost:80", ACTI_URL_TCP, "localhost", 80);
    assert_place("tls+tcp://db-1.My_Net.example:7000", ACTI_URL_TLS, "db-1.My_Net.example", 7000);
    assert_place("tcp://127.0.0.1:0", ACTI_URL_TCP, "127.0.0.1", 0);
    assert_place("tls+tcp://0.0.0.0:65535", ACTI_URL_TLS, "0.0.0.0", 65535);
    assert_place("tcp://[::1]:1", ACTI_URL_TCP, "::1", 1);
    assert_place("tls+tcp://[2001:db8::ffff:1.2.3.4]:7000", ACTI_URL_TLS, "2001:db8::ffff:1.2.3.4", 7000);
    assert_place("tcp://4711x.de:1", ACTI_URL_TCP, "4711x.de", 1);
    assert_place("tcp://x1:1", ACTI_URL_TCP, "x1", 1);
}

TEST(address_is_told_from_a_name)
{
    acti_url url = parse("tcp://127.0.0.1:1");
    assert_true(acti_url_is_address(&url));
    url = parse("tcp://[::1]:1");
    assert_true(acti_url_is_address(&url));
    url = parse("tcp://localhost:1");
    assert_false(acti_url_is_address(&url));
    url = parse("tcp://dead:1"); // letters of which an address could be made
    assert_false(acti_url_is_address(&url));
}

TEST(what_is_shown_of_anything_is_one_line_of_bounded_length)
{
    assert_string_equal(acti_url_show("tcp://a\nb\t\x7f\x1b[2J:80").text, "tcp://a?b???[2J:80");
    char text[1000];
    memset(text, 'x', sizeof text);
    text[ACTI_URL_MAX] = '\0';
    assert_string_equal(acti_url_show(text).text, text);
    text[ACTI_URL_MAX] = 'x';
    text[sizeof text - 1] = '\0';
    assert_int_equal(strlen(acti_url_show(text).text), ACTI_URL_MAX + 3);
    assert_non_null(strstr(acti_url_show(text).text, "x..."));
}

// Whatever is taken is written as it was; and one byte more, less or another never breaks anything.
TEST(bytes_at_random_are_refused_or_come_out_as_they_went_in)
{
    static const char *const seeds[] = {"ipc:///tmp/s", "tcp://127.0.0.1:80", "tls+tcp://[2001:db8::1]:7000",
                                        "tls+tcp://db.example.com:0"};
    static const char odd[] = "\0\n[]:./%@-_x10 \xff";
    uint64_t seed = acti_random_seed();
    print_message("seed %llu\n", (unsigned long long)seed);
    size_t taken = 0;
    for (int i = 0; i < 200000; i++) {
        char text[64];
        size_t size = strlen(seeds[i % 4]);
        memcpy(text, seeds[i % 4], size);
        for (uint64_t n = acti_random_next(&seed) % 4; n > 0; n--) {
            size_t at = acti_random_next(&seed) % (size + 1);
            char c = odd[acti_random_next(&seed) % sizeof odd];
            if (acti_random_next(&seed) % 2 == 0 && at < size) {
                text[at] = c;
            } else if (acti_random_next(&seed) % 2 == 0) {
                memmove(text + at + 1, text + at, size - at);
                text[at] = c;
                size++;
            } else if (at < size) {
                memmove(text + at, text + at + 1, size - at - 1);
                size--;
            }
        }
        char *exact = malloc(size + 1); // so that ASan sees a byte read behind the end
        assert_non_null(exact);
        memcpy(exact + 1, text, size);
        acti_url url;
        if (acti_url_parse(exact + 1, size, &url, (acti_reason){0}) == ACTA_OK) {
            char written[ACTI_URL_MAX + 1];
            acti_url_write(&url, written);
            assert_int_equal(strlen(written), size);
            assert_memory_equal(written, text, size);
            taken++;
        }
        free(exact);
    }
    assert_true(taken > 1000);
}

int main(void)
{
    return TEST_RUN(case_of(what_is_of_no_known_kind_is_refused), case_of(path_that_cannot_be_a_sockets_is_refused),
                    case_of(path_is_taken_as_it_is), case_of(host_that_is_none_is_refused),
                    case_of(name_longer_than_dns_has_is_refused_and_the_longest_is_taken),
                    case_of(address_that_is_none_is_refused), case_of(port_that_is_none_is_refused),
                    case_of(places_come_out_as_they_went_in), case_of(address_is_told_from_a_name),
                    case_of(what_is_shown_of_anything_is_one_line_of_bounded_length),
                    case_of(bytes_at_random_are_refused_or_come_out_as_they_went_in));
}
