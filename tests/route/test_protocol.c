// SPDX-License-Identifier: MIT
//
// The conversation in docs/protocol.md, byte by byte, is what two sessions say.

#include "talk.h"

static acti_buf page;

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *format, ...)
{
    char line[256];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    assert_true(n > 0 && (size_t)n < sizeof line);
    assert_int_equal(acti_buf_append(&page, line, (size_t)n), ACTA_OK);
}

// quote says the frames in out, 16 bytes a line, and carries them to the other side, which takes them.
static void quote(const char *who, acti_session *from, acti_session *to)
{
    const uint8_t *p = acti_buf_bytes(&from->out);
    size_t left = from->out.size;
    while (left > 0) {
        acti_frame frame;
        size_t need;
        const char *why;
        int64_t n = acti_frame_read(p, left, UINT32_MAX, &frame, &need, &why);
        assert_true(n > 0);
        say("%s %s\n", who, acti_frame_name(frame.kind));
        for (int64_t i = 0; i < n; i++)
            say("%s%02x%s", i % 16 == 0 ? "   " : "", p[i], i % 16 == 15 || i == n - 1 ? "\n" : " ");
        p += n;
        left -= (size_t)n;
    }
    carry(from, to);
    while (next_kind(to) > 0) {
    }
}

static void put(acti_session *session, acti_frame frame, const char *text)
{
    frame.text = text;
    frame.text_size = text != NULL ? strlen(text) : 0;
    assert_int_equal(acti_session_put(session, &frame), ACTA_OK);
}

static void converse(acti_session *a, acti_session *b)
{
    quote("caller", a, b);
    quote("called", b, a);

    put(a, (acti_frame){.kind = ACTI_FRAME_FIND, .id = 1}, "counter");
    quote("caller", a, b);

    acti_session_ack(b);
    put(b, (acti_frame){.kind = ACTI_FRAME_FOUND, .id = 1, .actor = 5}, "counter");
    quote("called", b, a);

    static const uint8_t add[] = {0x81, 0xa1, 'n', 7}; // {"n": 7}
    acti_session_ack(a);
    put(a, (acti_frame){.kind = ACTI_FRAME_TYPE, .type = 1}, "add");
    put(a, (acti_frame){.kind = ACTI_FRAME_SEND, .actor = 5, .type = 1, .rest = add, .rest_size = sizeof add}, NULL);
    quote("caller", a, b);

    put(a, (acti_frame){.kind = ACTI_FRAME_RELEASE, .actor = 5, .count = 1}, NULL);
    assert_int_equal(acti_session_leave(a), ACTA_OK);
    quote("caller", a, b);
    quote("called", b, a);
    assert_int_equal(a->state, ACTI_SESSION_LEFT);
    assert_int_equal(b->state, ACTI_SESSION_LEFT);
}

static char *read_page(void)
{
    const char *source = getenv("ACTA_SOURCE");
    char path[4096];
    snprintf(path, sizeof path, "%s/docs/protocol.md", source != NULL ? source : ".");
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        fail_msg("%s cannot be read: set ACTA_SOURCE to the source folder", path);
    static char text[1 << 17];
    size_t n = fread(text, 1, sizeof text - 1, f);
    assert_true(n < sizeof text - 1);
    text[n] = '\0';
    fclose(f);
    return text;
}

TEST(conversation_in_the_page_is_what_two_sessions_say)
{
    acti_hello caller = {1, 1, 0xa1, 0xb1, 16 << 20, 256, 4 << 20, "west"};
    acti_hello called = {1, 1, 0xa2, 0xb2, 16 << 20, 256, 4 << 20, "east"};
    acti_session a, b;
    page.limit = 1 << 20;
    assert_int_equal(acti_session_init(&a, true, &caller, OUT_LIMIT), ACTA_OK);
    assert_int_equal(acti_session_init(&b, false, &called, OUT_LIMIT), ACTA_OK);
    converse(&a, &b);
    say("%c", '\0');
    const char *said = (const char *)acti_buf_bytes(&page);
    if (strstr(read_page(), said) == NULL) {
        fputs(said, stdout);
        fail_msg("docs/protocol.md does not contain this conversation; put it there");
    }
    acti_session_fini(&a);
    acti_session_fini(&b);
    acti_buf_fini(&page);
}

int main(void)
{
    return TEST_RUN(case_of(conversation_in_the_page_is_what_two_sessions_say));
}
