// SPDX-License-Identifier: MIT
//
// Messages with the name of their type: what is none is refused with a reason, and what is one comes out as it went in.

#include "core/kit.h"

#include "port/envelope.h"

ACTA_MESSAGE(subscribe, (tx, who, optional), (i64, n));
ACTA_MESSAGE(found, (addr, who, optional));

static void is_refused(const void *bytes, size_t size, size_t limit, int status, const char *words)
{
    char why[ACTI_ENVELOPE_WHY] = "";
    acta_msg *m = NULL;
    assert_int_equal(acti_envelope_open(ACTI_MSG_SEND, bytes, size, limit, &m, why), status);
    assert_null(m);
    assert_non_null(strstr(why, words));
}

#define REFUSED(text, status, words) is_refused((text), sizeof(text) - 1, 1000, (status), (words))

TEST(what_is_no_envelope_is_refused_with_why)
{
    REFUSED("", ACTA_EMALFORMED, "array of two");
    REFUSED("\xc0", ACTA_EMALFORMED, "nil");
    REFUSED("\x93\xa4item\x80\x01", ACTA_EMALFORMED, "of another length");
    REFUSED("\x92\x01\x80", ACTA_EMALFORMED, "the first of the two is integer");
    REFUSED("\x92\xa4it\xc3m\x80", ACTA_EMALFORMED, "the name of its type");
    REFUSED("\x92\xa4it\0m\x80", ACTA_EMALFORMED, "the name of its type");
    REFUSED("\x92\xa6nobody\x80", ACTA_ENOENT, "no message type nobody");
    REFUSED("\x92\xac" "acta_failure\x80", ACTA_EREFUSED, "acta's own");
    REFUSED("\x92\xa4item\x80", ACTA_EMALFORMED, "item");
    char name[3 + 256 + 1] = "\x92\xda\x01"; // a name of 256 bytes
    memset(name + 4, 'x', sizeof(name) - 4);
    name[3] = 0;
    is_refused(name, sizeof(name), 1000, ACTA_EMALFORMED, "the name of its type");
}

TEST(a_type_with_senders_in_it_stays_inside)
{
    REFUSED("\x92\xa9subscribe\x81\xa1n\x01", ACTA_EREFUSED, "senders or addresses");
    REFUSED("\x92\xa5" "found\x80", ACTA_EREFUSED, "senders or addresses");
    acti_buf out = {.limit = 100};
    subscribe body = {.who = NULL, .n = 1};
    assert_int_equal(acti_envelope_put(acta_type_of(subscribe), &body, &out), ACTA_EREFUSED);
    assert_int_equal(out.size, 0);
    acti_buf_fini(&out);
}

TEST(a_message_above_the_limit_is_too_big_and_one_at_it_is_taken)
{
    acti_buf out = {.limit = 1000};
    note body = {.line = "twenty-four bytes, here."};
    assert_int_equal(acti_envelope_put(acta_type_of(note), &body, &out), ACTA_OK);
    size_t need = sizeof(note) + strlen(body.line) + 1;
    is_refused(acti_buf_bytes(&out), out.size, need - 1, ACTA_ETOOBIG, "limit");
    char why[ACTI_ENVELOPE_WHY];
    acta_msg *m;
    assert_int_equal(acti_envelope_open(ACTI_MSG_SEND, acti_buf_bytes(&out), out.size, need, &m, why), ACTA_OK);
    acta_msg_free(&m);
    acti_buf_fini(&out);
}

TEST(without_memory_nothing_is_made)
{
    acti_buf out = {.limit = 1000};
    item body = {.source = 1, .n = 2};
    assert_int_equal(acti_envelope_put(acta_type_of(item), &body, &out), ACTA_OK);
    acti_pool_fail_after(1);
    is_refused(acti_buf_bytes(&out), out.size, 1000, ACTA_ENOMEM, "memory");
    acti_pool_fail_after(0);
    acti_buf_fini(&out);
    acti_buf small = {.limit = 12};
    assert_int_equal(acti_envelope_put(acta_type_of(item), &body, &small), ACTA_ETOOBIG);
    assert_int_equal(small.size, 0);
    acti_buf_fini(&small);
}

ACTA_MESSAGE(a_type_whose_name_is_longer_than_a_short_str, (i64, n));

TEST(what_is_put_comes_out_as_it_went_in)
{
    acti_buf out = {.limit = 1000};
    char why[ACTI_ENVELOPE_WHY];
    acta_msg *m;
    item body = {.source = -7, .n = INT64_MAX};
    assert_int_equal(acti_envelope_put(acta_type_of(item), &body, &out), ACTA_OK);
    assert_memory_equal(acti_buf_bytes(&out), "\x92\xa4item\x82\xa6source\xf9\xa1n", 17);
    assert_int_equal(acti_envelope_open(ACTI_MSG_ASK, acti_buf_bytes(&out), out.size, 1000, &m, why), ACTA_OK);
    assert_int_equal(m->kind, ACTI_MSG_ASK);
    assert_true(acta_as(item, m)->source == -7 && acta_as(item, m)->n == INT64_MAX);
    acta_msg_free(&m);

    acti_buf_consume(&out, out.size);
    a_type_whose_name_is_longer_than_a_short_str longer = {.n = 5};
    assert_int_equal(acti_envelope_put(acta_type_of(a_type_whose_name_is_longer_than_a_short_str), &longer, &out),
                     ACTA_OK);
    assert_int_equal(acti_envelope_open(ACTI_MSG_SEND, acti_buf_bytes(&out), out.size, 1000, &m, why), ACTA_OK);
    assert_int_equal(acta_as(a_type_whose_name_is_longer_than_a_short_str, m)->n, 5);
    acta_msg_free(&m);
    acti_buf_fini(&out);
}

int main(void)
{
    return TEST_RUN(case_of(what_is_no_envelope_is_refused_with_why), case_of(a_type_with_senders_in_it_stays_inside),
                    case_of(a_message_above_the_limit_is_too_big_and_one_at_it_is_taken),
                    case_of(without_memory_nothing_is_made), case_of(what_is_put_comes_out_as_it_went_in));
}
