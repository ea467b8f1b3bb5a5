// SPDX-License-Identifier: MIT
//
// The conversations in docs/protocol.md, byte by byte, are what two sessions say.

#include "talk.h"

static acti_buf page;

static void write_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void write_line(const char *format, ...)
{
    char line[256];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    assert_true(n > 0 && (size_t)n < sizeof line);
    assert_int_equal(acti_buf_append(&page, line, (size_t)n), ACTA_OK);
}

// quote writes down the frames that a side says, 16 bytes a line, and carries them to the other, if it is there.
static void quote(const char *who, acti_session *from, acti_session *to)
{
    acti_buf said = {.limit = 1 << 16};
    say(from, &said);
    if (to != NULL && said.size > 0)
        feed(to, acti_buf_bytes(&said), said.size);
    while (said.size > 0) {
        const uint8_t *p = acti_buf_bytes(&said);
        acti_frame frame;
        unsigned kind = pop(&said, &frame);
        size_t n = acti_frame_size(p);
        write_line("%s %s\n", who, acti_frame_name(kind));
        for (size_t i = 0; i < n; i++)
            write_line("%s%02x%s", i % 16 == 0 ? "   " : "", p[i], i % 16 == 15 || i == n - 1 ? "\n" : " ");
    }
    acti_buf_fini(&said);
}

static void hear_all(acti_session *session)
{
    while (next_kind(session) > 0) {
    }
    assert_int_equal(next_kind(session), 0);
}

// introduce has a call b, which is new or takes up what it has.
static void introduce(acti_session *a, acti_session *b)
{
    acti_session door;
    acti_frame frame;
    assert_int_equal(acti_session_init(&door, &b->us, OUT_LIMIT), ACTA_OK);
    door.us.session = 0;
    assert_int_equal(acti_session_answer(&door), ACTA_OK);
    assert_int_equal(acti_session_call(a), ACTA_OK);
    quote("caller", a, &door);
    assert_int_equal(acti_session_next(&door, &frame), 1);
    assert_int_equal(acti_session_adopt(b, &frame.hello, 0xc1), ACTA_OK);
    acti_session_fini(&door);
    quote("called", b, a);
    assert_int_equal(next_kind(a), ACTI_FRAME_WELCOME);
    acti_session_confirm(a);
    quote("caller", a, b);
    hear_all(b);
}

static void put(acti_session *session, acti_frame frame, const char *text)
{
    frame.text = text;
    frame.text_size = text != NULL ? strlen(text) : 0;
    assert_int_equal(acti_session_put(session, &frame), ACTA_OK);
}

static void put_add(acti_session *session, uint8_t n)
{
    const uint8_t add[] = {0x81, 0xa1, 'n', n}; // {"n": n}
    put(session, (acti_frame){.kind = ACTI_FRAME_SEND, .actor = 5, .type = 1, .rest = add, .rest_size = sizeof add},
        NULL);
}

// leave has a say GOODBYE to b.
static void leave(acti_session *a, acti_session *b)
{
    put(a, (acti_frame){.kind = ACTI_FRAME_RELEASE, .actor = 5, .count = 1}, NULL);
    assert_int_equal(acti_session_leave(a), ACTA_OK);
    quote("caller", a, b);
    hear_all(b);
    quote("called", b, a);
    hear_all(a);
    assert_int_equal(a->state, ACTI_SESSION_LEFT);
    assert_int_equal(b->state, ACTI_SESSION_LEFT);
}

static void find_counter(acti_session *a, acti_session *b)
{
    put(a, (acti_frame){.kind = ACTI_FRAME_FIND, .id = 1}, "counter");
    quote("caller", a, b);
    hear_all(b);
    put(b, (acti_frame){.kind = ACTI_FRAME_FOUND, .id = 1, .actor = 5}, "counter");
    quote("called", b, a);
    hear_all(a);
}

static void converse(acti_session *a, acti_session *b)
{
    introduce(a, b);
    find_counter(a, b);
    put(a, (acti_frame){.kind = ACTI_FRAME_TYPE, .type = 1}, "add");
    put_add(a, 7);
    quote("caller", a, b);
    hear_all(b);
    leave(a, b);
}

// Of what the caller writes in one go, TYPE and two SENDs, the called side gets all but the last; then the connection
// is cut, and the caller calls again.
static void converse_again(acti_session *a, acti_session *b)
{
    put(a, (acti_frame){.kind = ACTI_FRAME_TYPE, .type = 1}, "add");
    put_add(a, 7);
    size_t most = acti_session_waiting(a);
    put_add(a, 8);
    const uint8_t *bytes;
    size_t size;
    assert_true(acti_session_take(a, &bytes, &size));
    feed(b, bytes, most);
    hear_all(b);
    cut_both(a, b);
    introduce(a, b);
    leave(a, b);
}

// converse_in_parts has one message go in two parts, and something else in between.
static void converse_in_parts(acti_session *a, acti_session *b)
{
    const uint8_t add[] = {0x81, 0xa1, 'n', 7};
    put(a, (acti_frame){.kind = ACTI_FRAME_TYPE, .type = 1}, "add");
    put(a, (acti_frame){.kind = ACTI_FRAME_PART, .actor = 5, .rest = add, .rest_size = 2}, NULL);
    put(a, (acti_frame){.kind = ACTI_FRAME_FIND, .id = 2}, "clock");
    put(a, (acti_frame){.kind = ACTI_FRAME_SEND, .actor = 5, .type = 1, .rest = add + 2, .rest_size = 2}, NULL);
    quote("caller", a, b);
    acti_frame frame;
    assert_int_equal(next_kind(b), ACTI_FRAME_TYPE);
    assert_int_equal(next_kind(b), ACTI_FRAME_FIND);
    assert_int_equal(acti_session_next(b, &frame), 1);
    assert_int_equal(frame.kind, ACTI_FRAME_SEND);
    assert_true(same_bytes(frame.rest, frame.rest_size, add, sizeof add));
}

static void open_quietly(acti_session *a, acti_session *b)
{
    introduce(a, b);
    find_counter(a, b);
    acti_session_ack(a, false);
    carry(a, b);
    hear_all(b);
    acti_buf_consume(&page, page.size);
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

static void start_as(acti_session *session, const char *name, uint64_t node)
{
    acti_hello us = {
        .version_min = 1,
        .version_max = 1,
        .node = node,
        .incarnation = node + 0x10,
        .host = 0xd1,
        .pid = (uint32_t)node,
        .payload_bytes_max = 16 << 20,
        .credit_messages = 256,
        .credit_bytes = 4 << 20,
        .heartbeat_ms = 2000,
    };
    snprintf(us.name, sizeof us.name, "%s", name);
    if (strcmp(name, "east") == 0)
        snprintf(us.url, sizeof us.url, "ipc:///tmp/east\ntls+tcp://east:4711");
    assert_int_equal(acti_session_init(session, &us, OUT_LIMIT), ACTA_OK);
}

static void assert_in_page(const char *what)
{
    write_line("%c", '\0');
    const char *said = (const char *)acti_buf_bytes(&page);
    if (strstr(read_page(), said) == NULL) {
        fputs(said, stdout);
        fail_msg("docs/protocol.md does not contain %s; put it there", what);
    }
    acti_buf_fini(&page);
}

typedef void conversation(acti_session *a, acti_session *b);

// check_page has west and east say what a conversation is, from the beginning or when they have met and found the
// counter, and looks for it in the page.
static void check_page(conversation *both, bool met, const char *what)
{
    acti_session a, b;
    page.limit = 1 << 20;
    start_as(&a, "west", 0xa1);
    start_as(&b, "east", 0xa2);
    if (met)
        open_quietly(&a, &b);
    both(&a, &b);
    assert_in_page(what);
    acti_session_fini(&a);
    acti_session_fini(&b);
}

TEST(conversation_in_the_page_is_what_two_sessions_say)
{
    check_page(converse, false, "this conversation");
}

TEST(message_in_parts_in_the_page_is_what_two_sessions_say)
{
    check_page(converse_in_parts, true, "this message in parts");
}

TEST(conversation_after_a_cut_in_the_page_is_what_two_sessions_say)
{
    check_page(converse_again, true, "this conversation after a cut");
}

int main(void)
{
    return TEST_RUN(case_of(conversation_in_the_page_is_what_two_sessions_say),
                    case_of(message_in_parts_in_the_page_is_what_two_sessions_say),
                    case_of(conversation_after_a_cut_in_the_page_is_what_two_sessions_say));
}
