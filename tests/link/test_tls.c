// SPDX-License-Identifier: MIT
//
// TLS from bytes to bytes: which files are refused, who is believed, and what comes out at the other side.

#include "certs.h"

#include <sys/stat.h>

#include <acta/error.h>

#include "base/platform.h"
#include "link/tls.h"

// ---- files --------------------------------------------------------------------------------

static void assert_files(const acta_tls_opts *opts, int status, const char *word)
{
    for (int server = 0; server < 2; server++) {
        char why[ACTI_REASON_BYTES] = "";
        acti_tls_config *config = NULL;
        int got = acti_tls_config_new(opts, server != 0, &config, (acti_reason){why, sizeof why});
        if (got != status || strstr(why, word) == NULL || strchr(why, ';') == NULL)
            fail_msg("%d: %s", got, why);
        assert_null(config);
    }
}

static void assert_file_refused(const acta_tls_opts *opts, const char **file, const char *option)
{
    const char *good = *file;
    char folder[128], empty[128], big[128];
    snprintf(folder, sizeof folder, "%s", certs_folder);
    snprintf(empty, sizeof empty, "%s", cert("empty"));
    snprintf(big, sizeof big, "%s", cert("big"));
    FILE *f = fopen(empty, "w");
    assert_non_null(f);
    fclose(f);
    f = fopen(big, "w");
    assert_non_null(f);
    assert_int_equal(ftruncate(fileno(f), 2 << 20), 0);
    fclose(f);
    *file = cert("nosuch");
    assert_files(opts, ACTA_ENOENT, option);
    *file = "/dev/null/x";
    assert_files(opts, ACTA_ENOENT, option);
    *file = folder;
    assert_files(opts, ACTA_EIO, "Is a directory");
    *file = empty;
    assert_files(opts, ACTA_EINVAL, "in PEM form");
    *file = big;
    assert_files(opts, ACTA_EINVAL, "megabyte");
    *file = good;
}

TEST(options_that_are_missing_are_named)
{
    acta_tls_opts opts = cert_opts("server");
    assert_files(NULL, ACTA_EINVAL, "tls.ca_file");
    opts.ca_file = NULL;
    assert_files(&opts, ACTA_EINVAL, "tls.ca_file");
    opts = cert_opts("server");
    opts.cert_file = NULL;
    assert_files(&opts, ACTA_EINVAL, "tls.cert_file");
}

// A name that is longer than mbed TLS takes would be compared with nothing.
TEST(peer_name_that_no_host_can_have_is_refused)
{
    char name[400];
    acta_tls_opts opts = cert_opts("server");
    opts.peer_name = "";
    assert_files(&opts, ACTA_EINVAL, "tls.peer_name");
    memset(name, 'x', sizeof name);
    name[254] = '\0';
    opts.peer_name = name;
    assert_files(&opts, ACTA_EINVAL, "tls.peer_name");
    name[253] = '\0';
    acti_tls_config *config;
    assert_int_equal(acti_tls_config_new(&opts, false, &config, (acti_reason){0}), ACTA_OK);
    acti_tls_config_drop(config);
}

TEST(file_that_cannot_be_used_is_refused_and_named)
{
    acta_tls_opts opts = cert_opts("server");
    assert_file_refused(&opts, &opts.ca_file, "tls.ca_file");
    assert_file_refused(&opts, &opts.cert_file, "tls.cert_file");
    assert_file_refused(&opts, &opts.key_file, "tls.key_file");
    opts.ca_file = cert("ca.key"); // of PEM, but no certificate
    assert_files(&opts, ACTA_EINVAL, "certificates in PEM form");
}

TEST(file_that_may_not_be_read_is_refused)
{
    if (geteuid() == 0)
        skip();
    acta_tls_opts opts = cert_opts("server");
    assert_int_equal(chmod(opts.key_file, 0), 0);
    assert_files(&opts, ACTA_EACCES, "Permission denied");
    assert_int_equal(chmod(opts.key_file, 0600), 0);
}

TEST(key_that_cannot_be_used_is_refused)
{
    acta_tls_opts opts = cert_opts("server");
    opts.key_file = cert("client.key");
    assert_files(&opts, ACTA_EINVAL, "is not that of the first certificate");
    opts.key_file = NULL; // none is in the file of the certificate
    assert_files(&opts, ACTA_EINVAL, "tls.key_file");
    opts = cert_opts("client");
    opts.key_file = cert("locked.key");
    assert_files(&opts, ACTA_EINVAL, "encrypted");
}

TEST(own_certificate_that_has_expired_is_refused)
{
    acta_tls_opts opts = cert_opts("expired");
    assert_files(&opts, ACTA_EINVAL, "has expired");
}

// ---- conversations ----------------------------------------------------------------------------

typedef struct side {
    acti_tls *tls;
    int status; // of its handshake
    char why[ACTI_REASON_BYTES];
} side;

static side open_side(const acta_tls_opts *opts, const char *host)
{
    side s = {.status = ACTI_TLS_MORE};
    acti_tls_config *config;
    char why[ACTI_REASON_BYTES];
    if (acti_tls_config_new(opts, host == NULL, &config, (acti_reason){why, sizeof why}) != ACTA_OK)
        fail_msg("%s", why);
    s.tls = acti_tls_new(config, host);
    assert_non_null(s.tls);
    acti_tls_config_drop(config); // the conversation has its own
    return s;
}

// Carries at most `most` bytes at a time of what one says to the other; whether there was anything.
static bool carry(side *from, side *to, size_t most)
{
    acti_buf *out = acti_tls_out(from->tls);
    if (out->size == 0)
        return false;
    size_t room;
    uint8_t *space = acti_tls_space(to->tls, &room);
    assert_non_null(space);
    size_t size = out->size < room ? out->size : room;
    size = size < most ? size : most;
    memcpy(space, acti_buf_bytes(out), size);
    acti_tls_fed(to->tls, size);
    acti_buf_consume(out, size);
    return true;
}

static void step(side *s)
{
    if (s->status == ACTI_TLS_MORE)
        s->status = acti_tls_shake(s->tls, (acti_reason){s->why, sizeof s->why});
}

// Both shake hands until neither says anything any more.
static void shake(side *client, side *server, size_t most)
{
    bool moved;
    do {
        step(client);
        moved = carry(client, server, most);
        step(server);
        moved |= carry(server, client, most);
    } while (moved);
}

static void close_sides(side *client, side *server)
{
    acti_tls_free(client->tls);
    acti_tls_free(server->tls);
}

static void assert_why(const side *s, int status, const char *word)
{
    if (s->status != status || (word != NULL && strstr(s->why, word) == NULL))
        fail_msg("%d: %s", s->status, s->why);
}

// What becomes of a handshake; a word that is NULL is for one that succeeds.
static void assert_shake(const acta_tls_opts *dialling, const char *host, const acta_tls_opts *serving,
                         const char *client_why, const char *server_why)
{
    side client = open_side(dialling, host), server = open_side(serving, NULL);
    shake(&client, &server, SIZE_MAX);
    assert_why(&client, client_why != NULL ? ACTA_EACCES : ACTA_OK, client_why);
    assert_why(&server, server_why != NULL ? ACTA_EACCES : ACTA_OK, server_why);
    close_sides(&client, &server);
}

TEST(certificate_for_another_host_is_refused_by_who_dialled)
{
    acta_tls_opts client = cert_opts("client"), server = cert_opts("server"), node = cert_opts("node");
    static const char *const others[] = {
        "example.com", "localhost.example.com", "xlocalhost", "127.0.0.2", "::2", "0.0.0.0",
        "server"}; // the last is its name in the subject alone
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_shake(&client, others[i], &server, "is not for ", "bad certificate");
    assert_shake(&client, "localhost", &node, "is not for localhost", "bad certificate");
    assert_shake(&client, "127.0.0.1", &node, "is not for 127.0.0.1", "bad certificate");
}

TEST(certificate_for_the_host_is_believed_by_name_and_by_address)
{
    acta_tls_opts client = cert_opts("client"), server = cert_opts("server"), node = cert_opts("node");
    static const char *const hosts[] = {"localhost", "LocalHost", "127.0.0.1", "::1", "0:0:0:0:0:0:0:1"};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++)
        assert_shake(&client, hosts[i], &server, NULL, NULL);
    assert_shake(&client, "node.test", &node, NULL, NULL);
}

TEST(authority_that_is_not_known_is_refused_by_either_side)
{
    acta_tls_opts client = cert_opts("client"), server = cert_opts("server");
    acta_tls_opts stranger = cert_opts("stranger"), lonely = cert_opts("lonely");
    assert_shake(&client, "localhost", &stranger, "no authority in tls.ca_file", "authority that it does not know");
    assert_shake(&client, "localhost", &lonely, "no authority in tls.ca_file", "authority that it does not know");
    // In TLS 1.2 who dialled learns in the handshake that it is not believed.
    assert_shake(&stranger, "localhost", &server, "authority that it does not know", "no authority in tls.ca_file");
    assert_shake(&lonely, "localhost", &server, "authority that it does not know", "no authority in tls.ca_file");
}

TEST(certificate_of_an_authority_that_has_expired_is_refused)
{
    acta_tls_opts client = cert_opts("client"), aged = cert_opts("aged");
    client.ca_file = cert("old.pem");
    assert_shake(&client, "localhost", &aged, "", "");
}

TEST(authority_between_is_believed_if_its_certificate_is_shown)
{
    acta_tls_opts client = cert_opts("client"), chained = cert_opts("chained");
    assert_shake(&client, "localhost", &chained, NULL, NULL);
    assert_shake(&chained, "localhost", &chained, NULL, NULL);
}

TEST(key_may_be_in_the_file_of_the_certificate)
{
    acta_tls_opts client = cert_opts("both"), server = cert_opts("server");
    client.key_file = NULL;
    assert_shake(&client, "localhost", &server, NULL, NULL);
}

TEST(what_is_not_tls_is_refused_at_once)
{
    static const char *const texts[] = {"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "SSH-2.0-OpenSSH_9.2p1\r\n",
                                        "\x20\0\0\0\1\0\0\0ACTA\1\0\1\0", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"};
    static const size_t sizes[] = {35, 23, 16, 16};
    acta_tls_opts opts = cert_opts("server");
    for (int i = 0; i < 8; i++) {
        side s = open_side(&opts, i < 4 ? NULL : "localhost");
        step(&s);
        assert_int_equal(s.status, ACTI_TLS_MORE);
        size_t room;
        memcpy(acti_tls_space(s.tls, &room), texts[i % 4], sizes[i % 4]);
        acti_tls_fed(s.tls, sizes[i % 4]);
        step(&s);
        assert_why(&s, ACTA_EMALFORMED, "is not TLS");
        acti_tls_free(s.tls);
    }
}

// is_version: whether that byte is of the version in the head of a record. Heads of records that are not encrypted yet
// are no part of what both agree on in the end.
static bool is_version(const acti_buf *out, size_t at)
{
    const uint8_t *bytes = acti_buf_bytes(out);
    size_t head = 0, size;
    while (head + 5 <= out->size && (size = 5 + (size_t)(bytes[head + 3] << 8 | bytes[head + 4])) <= at - head)
        head += size;
    return at - head == 1 || at - head == 2;
}

// Bytes of a handshake that were changed: never a crash, never a success that one side alone believes in.
TEST(handshake_that_was_changed_on_the_way_fails)
{
    uint64_t seed = acti_random_seed();
    print_message("seed %llu\n", (unsigned long long)seed);
    acta_tls_opts client_opts = cert_opts("client"), server_opts = cert_opts("server");
    for (int i = 0; i < 30; i++) {
        side client = open_side(&client_opts, "localhost"), server = open_side(&server_opts, NULL);
        uint64_t at = acti_random_next(&seed) % 12;
        bool changed = false;
        for (uint64_t turn = 0; turn < 24; turn++) {
            side *from = turn % 2 == 0 ? &client : &server, *to = turn % 2 == 0 ? &server : &client;
            step(from);
            acti_buf *out = acti_tls_out(from->tls);
            if (turn == at && out->size > 0) {
                size_t byte = acti_random_next(&seed) % out->size;
                changed = !is_version(out, byte);
                acti_buf_bytes(out)[byte] ^= (uint8_t)(1 << acti_random_next(&seed) % 8);
            }
            carry(from, to, SIZE_MAX);
        }
        if (client.status == ACTA_OK && server.status == ACTA_OK)
            assert_false(changed); // there are four flights; or it was nothing that either has looked at
        close_sides(&client, &server);
    }
}

static void assert_carries(side *from, side *to, size_t size, uint64_t seed)
{
    uint8_t *out = malloc(size), *in = malloc(size + 1);
    assert_true(out != NULL && in != NULL);
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)acti_random_next(&seed);
    size_t sent = 0, have = 0, n;
    while (have < size) {
        if (sent < size && acti_tls_out(from->tls)->size == 0) {
            assert_int_equal(acti_tls_write(from->tls, out + sent, size - sent, &n), ACTA_OK);
            assert_in_range(n, 1, ACTI_TLS_PART);
            sent += n;
        }
        carry(from, to, 1 + acti_random_next(&seed) % 50000);
        int status = acti_tls_read(to->tls, in + have, 1 + acti_random_next(&seed) % (size + 1 - have), &n);
        assert_true(status == ACTA_OK || status == ACTI_TLS_MORE);
        have += status == ACTA_OK ? n : 0;
    }
    assert_int_equal(have, size);
    assert_memory_equal(in, out, size);
    assert_int_equal(acti_tls_read(to->tls, in, 1, &n), ACTI_TLS_MORE);
    free(out);
    free(in);
}

TEST(what_is_said_comes_out_whole_however_it_is_cut)
{
    acta_tls_opts client_opts = cert_opts("client"), server_opts = cert_opts("server");
    static const size_t parts[] = {1, 7, SIZE_MAX};
    for (size_t i = 0; i < 3; i++) {
        side client = open_side(&client_opts, "localhost"), server = open_side(&server_opts, NULL);
        shake(&client, &server, parts[i]);
        assert_int_equal(client.status, ACTA_OK);
        assert_int_equal(server.status, ACTA_OK);
        static const size_t sizes[] = {1, 2, 16383, 16384, 16385, 65536, 65537, 1000000};
        for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
            assert_carries(&client, &server, sizes[k], k + 1);
            assert_carries(&server, &client, sizes[k], k + 100);
        }
        close_sides(&client, &server);
    }
}

TEST(what_was_changed_on_the_way_is_noticed_and_is_the_end)
{
    acta_tls_opts client_opts = cert_opts("client"), server_opts = cert_opts("server");
    for (size_t at = 0; at < 29 + 10; at++) { // of a record: its head, number, text and tag
        side client = open_side(&client_opts, "localhost"), server = open_side(&server_opts, NULL);
        shake(&client, &server, SIZE_MAX);
        size_t n;
        uint8_t bytes[16];
        assert_int_equal(acti_tls_write(client.tls, "ten bytes.", 10, &n), ACTA_OK);
        acti_buf *out = acti_tls_out(client.tls);
        assert_int_equal(out->size, 39);
        acti_buf_bytes(out)[at] ^= 0x10;
        carry(&client, &server, SIZE_MAX);
        int status = acti_tls_read(server.tls, bytes, sizeof bytes, &n);
        assert_true(status == ACTA_EIO || ((at == 3 || at == 4) && status == ACTI_TLS_MORE)); // a longer record
        close_sides(&client, &server);
    }
}

int main(void)
{
    certs_make();
    int status = TEST_RUN(
        case_of(options_that_are_missing_are_named), case_of(peer_name_that_no_host_can_have_is_refused),
        case_of(file_that_cannot_be_used_is_refused_and_named), case_of(file_that_may_not_be_read_is_refused),
        case_of(key_that_cannot_be_used_is_refused), case_of(own_certificate_that_has_expired_is_refused),
        case_of(certificate_for_another_host_is_refused_by_who_dialled),
        case_of(certificate_for_the_host_is_believed_by_name_and_by_address),
        case_of(authority_that_is_not_known_is_refused_by_either_side),
        case_of(certificate_of_an_authority_that_has_expired_is_refused),
        case_of(authority_between_is_believed_if_its_certificate_is_shown),
        case_of(key_may_be_in_the_file_of_the_certificate), case_of(what_is_not_tls_is_refused_at_once),
        case_of(handshake_that_was_changed_on_the_way_fails), case_of(what_is_said_comes_out_whole_however_it_is_cut),
        case_of(what_was_changed_on_the_way_is_noticed_and_is_the_end));
    certs_remove();
    return status;
}
