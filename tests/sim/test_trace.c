// SPDX-License-Identifier: MIT
//
// test_trace.c - what a person gets to read of a schedule: whole texts are compared, and no input breaks one.

#include "test.h"

#include <locale.h>
#include <wchar.h>

#include "base/platform.h"
#include "sim/cell.h"
#include "sim/trace.h"

// ---- memory that fails ------------------------------------------------------------

static uint64_t fail_from; // which allocation is the first that fails, and all after it; 0: none
static bool has_failed;

static bool fails(void)
{
    if (fail_from > 1) {
        fail_from--;
        return false;
    }
    has_failed |= fail_from == 1;
    return fail_from == 1;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

// ---- writing traces down ------------------------------------------------------------

#define E(...) acti_trace_add(t, &(acti_trace_event){__VA_ARGS__})
#define SPAWNED(s, a, b) E(.what = ACTI_TRACE_SPAWNED, .step = (s), .from = (a), .to = (b))
#define SENT(s, m, a, b, txt)                                                                              \
    E(.what = ACTI_TRACE_SENT, .step = (s), .message = (m), .from = (a), .to = (b), .text = (txt))
#define GOT(s, f, m, b) E(.what = ACTI_TRACE_DELIVERED, .step = (s), .forced = (f), .message = (m), .to = (b))
#define LOST(s, f, m, b) E(.what = ACTI_TRACE_LOST, .step = (s), .forced = (f), .message = (m), .to = (b))
#define RAN(s, f, b, txt) E(.what = ACTI_TRACE_RAN, .step = (s), .forced = (f), .to = (b), .text = (txt))
#define ENDED(s, b, txt) E(.what = ACTI_TRACE_ENDED, .step = (s), .to = (b), .text = (txt))
#define CLAIM(s, a, txt) E(.what = ACTI_TRACE_CLAIM, .step = (s), .from = (a), .text = (txt))

// ---- reading what is printed ----------------------------------------------------------

enum { PAGE = 1 << 18, WIDTH = 100 };

typedef struct page {
    char text[PAGE];
    size_t size;
    uint32_t lines;
    uint32_t widest;
} page;

static page printed;

// width_of asks the C library, which has its own tables.
static uint32_t width_of(const char *line)
{
    wchar_t wide[4096];
    size_t n = mbstowcs(wide, line, 4096);
    assert_true(n < 4096); // and is valid
    uint32_t width = 0;
    for (size_t i = 0; i < n; i++) {
        assert_true(wide[i] >= 0x20 && wide[i] != 0x7f);
        int w = wcwidth(wide[i]);
        width += w < 0 ? 1 : (uint32_t)w;
    }
    return width;
}

static void take_line(void *arg, const char *line)
{
    page *p = arg;
    size_t size = strlen(line);
    assert_null(strchr(line, '\n'));
    uint32_t width = width_of(line);
    p->widest = width > p->widest ? width : p->widest;
    p->lines++;
    if (p->size + size + 2 > PAGE)
        return;
    memcpy(p->text + p->size, line, size);
    p->text[p->size + size] = '\n';
    p->size += size + 1;
    p->text[p->size] = 0;
}

static const char *print(const acti_trace *t)
{
    printed.size = printed.lines = printed.widest = 0;
    printed.text[0] = 0;
    acti_trace_print(t, take_line, &printed);
    assert_true(printed.widest <= WIDTH);
    return printed.text;
}

static const char *print_mermaid(const acti_trace *t)
{
    printed.size = printed.lines = printed.widest = 0;
    printed.text[0] = 0;
    acti_trace_mermaid(t, take_line, &printed);
    return printed.text;
}

static void assert_prints(acti_trace *t, const char *expected)
{
    if (strcmp(print(t), expected) != 0)
        fprintf(stderr, "%s", printed.text);
    acti_trace_free(t);
    assert_string_equal(printed.text, expected);
}

// ---- golden texts -----------------------------------------------------------------------

static acti_trace *two_routes(void)
{
    acti_trace *t = acti_trace_new();
    SPAWNED(0, "scenario", "sink");
    SPAWNED(0, "scenario", "router");
    SPAWNED(0, "scenario", "source");
    RAN(1, false, "source", "starts");
    SENT(1, 11, "source", "sink", "failed{code: 5}");
    SENT(1, 12, "source", "router", "end{}");
    ENDED(1, "source", "");
    GOT(2, true, 12, "router");
    SENT(2, 13, "router", "sink", "end{}");
    GOT(3, true, 13, "sink");
    CLAIM(3, "sink", "the sink hears of the failure before the end");
    return t;
}

TEST(the_race_of_two_routes_is_seen_at_once)
{
    assert_prints(two_routes(),
        "A step marked ! was forced: by itself, something else would have been next.\n"
        " step   source  router   sink\n"
        "    1      *       |       |    starts\n"
        "           o       |       |    sends failed{code: 5} to sink, which is overtaken in step 3\n"
        "           #       |       |    ends\n"
        "    2!     o------>|       |    end{}, sent in step 1\n"
        "    3!             o------>|    end{}, sent in step 2: overtakes failed{code: 5} from source, sent\n"
        "                   |       |    in step 1\n"
        "                   |       X    BROKEN: the sink hears of the failure before the end\n"
        "  still on its way: failed{code: 5} from source to sink, sent in step 1\n");
}

TEST(spawns_ends_losses_faults_and_time_have_their_marks)
{
    acti_trace *t = acti_trace_new();
    SPAWNED(0, "the scenario", "client");
    SENT(0, 1, "the scenario", "client", "go{}");
    GOT(1, false, 1, "client");
    SPAWNED(1, "client", "server");
    SENT(1, 2, "client", "server", "ask{n: 1}");
    SENT(1, 3, "client", "client", "again{}");
    GOT(2, true, 3, "client");
    E(.what = ACTI_TRACE_TIME, .step = 3, .at_ns = 1500000000);
    SENT(3, 4, NULL, "client", "tick{count: 1}");
    GOT(4, false, 4, "client");
    E(.what = ACTI_TRACE_FAULT, .step = 5, .forced = true, .to = "server", .text = "the node of server is killed");
    ENDED(5, "server", "ACTA_EKILLED");
    LOST(6, false, 2, "server");
    E(.what = ACTI_TRACE_NOTE, .step = 6, .text = "a note of nobody");
    ENDED(7, "client", "");
    CLAIM(7, NULL, "every request has an outcome");
    assert_prints(t,
        "A step marked ! was forced: by itself, something else would have been next.\n"
        " step   the scenario     client        server\n"
        "    1         o------------>|                     go{}, sent at the start\n"
        "              |             o------------>*       spawns server\n"
        "              |             o             |       sends ask{n: 1} to server, which is lost in step 6\n"
        "    2!        |             @             |       again{}, sent in step 1\n"
        "    3   ......|.............|.............|.....  1.5 s later\n"
        "    4         |          -->|             |       tick{count: 1}, sent in step 3\n"
        "    5!        |             |             %       FAULT: the node of server is killed\n"
        "              |             |             #       ends: ACTA_EKILLED\n"
        "    6         |             o------------x        ask{n: 1}, sent in step 1: lost\n"
        "              |             |                     a note of nobody\n"
        "    7         |             #                     ends\n"
        "              |                                   BROKEN: every request has an outcome\n");
}

TEST(actors_of_one_name_get_numbers_and_long_names_get_stairs)
{
    acti_trace *t = acti_trace_new();
    for (uint64_t i = 1; i <= 3; i++)
        E(.what = ACTI_TRACE_SENT, .message = i, .from = "the scenario of a long test", .to = "worker", .to_id = i,
          .text = "add{n: 1}");
    for (uint32_t i = 3; i >= 1; i--) {
        E(.what = ACTI_TRACE_DELIVERED, .step = 4 - i, .forced = i > 1, .message = i, .to = "worker", .to_id = i);
        E(.what = ACTI_TRACE_SENT, .step = 4 - i, .message = 10 + i, .from = "worker", .from_id = i,
          .to = "collector of the sums", .text = "sum{n: 1}");
    }
    GOT(4, true, 11, "collector of the sums");
    GOT(5, false, 13, "collector of the sums");
    CLAIM(5, "collector of the sums", "sums come in order");
    assert_prints(t,
        "A step marked ! was forced: by itself, something else would have been next.\n"
        " step       the scenario of a long test\n"
        "            |          worker 3\n"
        "            |          |          worker 2\n"
        "            |          |          |          worker 1\n"
        "            |          |          |          |          collector of the sums\n"
        "    1!      o--------->|          |          |          |      add{n: 1}, sent at the start\n"
        "            |          o          |          |          |      sends sum{n: 1} to collector of the\n"
        "            |          |          |          |          |      sums, which is overtaken in step 4\n"
        "    2!      o----------|--------->|          |          |      add{n: 1}, sent at the start\n"
        "            |          |          o          |          |      sends sum{n: 1} to collector of the\n"
        "            |          |          |          |          |      sums, which is overtaken in step 4\n"
        "    3       o----------|----------|--------->|          |      add{n: 1}, sent at the start\n"
        "    4!      |          |          |          o--------->|      sum{n: 1}, sent in step 3: overtakes\n"
        "            |          |          |          |          |      sum{n: 1} from worker 3, sent in step\n"
        "            |          |          |          |          |      1, and others\n"
        "    5       |          o----------|----------|--------->|      sum{n: 1}, sent in step 1, overtaken\n"
        "            |          |          |          |          |      in step 4\n"
        "            |          |          |          |          X      BROKEN: sums come in order\n"
        "  still on its way: sum{n: 1} from worker 2 to collector of the sums, sent in step 2\n");
}

// main -> 30 actors -> drain or sink; only those that the sink has heard of have anything to do with its claim.
TEST(of_a_wide_world_those_who_led_to_the_end_are_shown_the_latest_first)
{
    enum { ACTORS = 30 };
    char name[16];
    acti_trace *t = acti_trace_new();
    for (uint32_t i = 0; i < ACTORS; i++) {
        snprintf(name, sizeof name, "a%u", i);
        SENT(0, 1 + i, "main", name, "go{}");
    }
    for (uint32_t i = 0; i < ACTORS; i++) {
        snprintf(name, sizeof name, "a%u", i);
        GOT(1 + i, false, 1 + i, name);
        SENT(1 + i, 100 + i, name, i % 6 == 5 ? "sink" : "drain", "done{}");
    }
    for (uint32_t i = 0; i < ACTORS; i++)
        GOT(31 + i, false, 100 + i, i % 6 == 5 ? "sink" : "drain");
    SENT(60, 200, "drain", "a0", "over{}");
    CLAIM(60, "sink", "five are done");
    assert_prints(t,
        " step   main    a5     a11    a17    a23    a29   sink\n"
        "    6     o----->|      |      |      |      |      |    go{}, sent at the start\n"
        "   12     o------|----->|      |      |      |      |    go{}, sent at the start\n"
        "   18     o------|------|----->|      |      |      |    go{}, sent at the start\n"
        "   24     o------|------|------|----->|      |      |    go{}, sent at the start\n"
        "   30     o------|------|------|------|----->|      |    go{}, sent at the start\n"
        "   36     |      o------|------|------|------|----->|    done{}, sent in step 6\n"
        "   42     |      |      o------|------|------|----->|    done{}, sent in step 12\n"
        "   48     |      |      |      o------|------|----->|    done{}, sent in step 18\n"
        "   54     |      |      |      |      o------|----->|    done{}, sent in step 24\n"
        "   60     |      |      |      |      |      o----->|    done{}, sent in step 30\n"
        "          |      |      |      |      |      |      X    BROKEN: five are done\n"
        "  still on its way: over{} from drain to a0, sent in step 60\n"
        "  26 other actors are not shown\n");
}

TEST(of_a_long_schedule_the_last_sixty_events_are_shown_below_two_heads)
{
    acti_trace *t = acti_trace_new();
    for (uint32_t i = 1; i <= 900; i++) {
        SENT(i - 1, i, i % 2 ? "ping" : "pong", i % 2 ? "pong" : "ping", "ball{}");
        GOT(i, i == 10, i, i % 2 ? "pong" : "ping");
    }
    CLAIM(900, "ping", "the game ends");
    static const char first[] = " step   ping   pong\n"
                                "  ...  841 steps before\n"
                                "  842     |<-----o    ball{}, sent in step 841\n";
    print(t);
    assert_int_equal(strncmp(printed.text, first, sizeof first - 1), 0);
    assert_non_null(strstr(printed.text, "  881     o----->|    ball{}, sent in step 880\n"
                                         " step   ping   pong\n"
                                         "  882     |<-----o    ball{}, sent in step 881\n"));
    assert_non_null(strstr(printed.text, "  900     |<-----o    ball{}, sent in step 899\n"
                                         "          X      |    BROKEN: the game ends\n"));
    assert_int_equal(printed.lines, 60 + 3);
    acti_trace_free(t);
}

TEST(a_schedule_of_sixty_events_is_shown_whole)
{
    acti_trace *t = acti_trace_new();
    for (uint32_t i = 1; i <= 60; i++)
        RAN(i, false, "a", "goes on");
    assert_null(strstr(print(t), "steps before"));
    RAN(61, false, "a", "goes on");
    assert_non_null(strstr(print(t), "  ...  1 step before\n    2     *"));
    acti_trace_free(t);
}

TEST(texts_of_users_are_wrapped_cut_and_cleaned)
{
    static const char inbox[] = "\xe5\x8f\x97\xe4\xbf\xa1\xe7\xae\xb1";
    acti_trace *t = acti_trace_new();
    SENT(1, 1, "Jos\xc3\xa9", inbox,
         "greet{name: \"\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xbd\xa0\xe5\xa5\xbd\", "
         "text: \"too long for sixty columns, though not by much\"}");
    SENT(1, 2, "a\x1b[2Jb\nc", inbox, "bad{\xff\xfe \xe2\x80\xae}");
    GOT(2, false, 2, inbox);
    GOT(3, false, 1, inbox);
    CLAIM(3, "Jos\xc3\xa9", "a claim that has so much to say about what should be, and when, and for whom, that it "
                            "takes several lines of the diagram to say it all");
    assert_prints(t,
        " step     José    a?[2Jb c   受信箱\n"
        "    1       o         |         |     sends greet{name: \"你好你好\", text: \"too long for sixty\n"
        "            |         |         |     columns... to 受信箱, which is overtaken in step 2\n"
        "    2       |         o-------->|     bad{?? ?}, sent in step 1: overtakes greet{name: \"你好你好\",\n"
        "            |         |         |     text: \"too long for sixty columns... from José, sent in step 1\n"
        "    3       o---------|-------->|     greet{name: \"你好你好\", text: \"too long for sixty columns,\n"
        "            |         |         |     though not by much\"}, sent in step 1, overtaken in step 2\n"
        "            X         |         |     BROKEN: a claim that has so much to say about what should be,\n"
        "            |         |         |     and when, and for whom, that it takes several lines of the\n"
        "            |         |         |     diagram to say it all\n");
}

TEST(what_is_still_on_its_way_is_listed_up_to_eight)
{
    acti_trace *t = acti_trace_new();
    RAN(1, false, "a", "starts");
    for (uint32_t i = 1; i <= 10; i++)
        SENT(1, i, "a", "b", "m{}");
    assert_prints(t,
        " step     a      b\n"
        "    1     *      |    starts\n"
        "  still on its way: m{} from a to b, sent in step 1\n"
        "  still on its way: m{} from a to b, sent in step 1\n"
        "  still on its way: m{} from a to b, sent in step 1\n"
        "  still on its way: m{} from a to b, sent in step 1\n"
        "  still on its way: m{} from a to b, sent in step 1\n"
        "  still on its way: m{} from a to b, sent in step 1\n"
        "  still on its way: m{} from a to b, sent in step 1\n"
        "  still on its way: m{} from a to b, sent in step 1\n"
        "  2 other messages are still on their way\n");
}

TEST(an_empty_trace_and_one_of_nobody_are_printed)
{
    acti_trace *t = acti_trace_new();
    assert_string_equal(print(t), " step\n");
    assert_string_equal(print_mermaid(t), "sequenceDiagram\n    participant a0 as nobody\n");
    CLAIM(0, NULL, "something");
    assert_string_equal(print(t), " step\n               BROKEN: something\n");
    acti_trace_free(t);
}

// ---- Mermaid ------------------------------------------------------------------------------

TEST(the_race_of_two_routes_is_a_mermaid_diagram)
{
    acti_trace *t = two_routes();
    assert_string_equal(print_mermaid(t),
        "sequenceDiagram\n"
        "    participant a0 as source\n"
        "    participant a1 as router\n"
        "    participant a2 as sink\n"
        "    Note over a0: 1 starts\n"
        "    Note over a0: 1 sends failed#123;code#58; 5#125; to sink, which is overtaken in step 3\n"
        "    Note over a0: 1 ends\n"
        "    a0->>a1: 2! #101;nd#123;#125;, sent in step 1\n"
        "    a1->>a2: 3! #101;nd#123;#125;, sent in step 2#58; overtakes failed#123;code#58; 5#125; from source, "
        "sent in step 1\n"
        "    Note over a2: 3 BROKEN#58; the sink hears of the failure before the #101;nd\n"
        "    Note over a0,a2: still on its way#58; failed#123;code#58; 5#125; from source to sink, sent in step 1\n");
    acti_trace_free(t);
}

static const char *after_number(const char *at)
{
    assert_true(*at >= '0' && *at <= '9');
    return at + strspn(at, "0123456789");
}

static bool begins(const char **at, const char *word)
{
    bool yes = strncmp(*at, word, strlen(word)) == 0;
    *at += yes ? strlen(word) : 0;
    return yes;
}

// assert_mermaid_text: letters, digits and entities, and nothing that Mermaid would take for its own.
static void assert_mermaid_text(const char *at)
{
    assert_true(*at != 0);
    for (; *at != 0; at++) {
        if (*at == '#') {
            at = after_number(at + 1);
            assert_int_equal(*at, ';');
        }
        assert_null(strchr(":%<>{}[]()\"'`\\|&/*+-=~@^$", *at));
        assert_true(*at != ';' || at[-1] != ' ');
    }
}

static void take_mermaid(void *arg, const char *line)
{
    take_line(arg, line);
    if (strcmp(line, "sequenceDiagram") == 0)
        return;
    assert_true(begins(&line, "    "));
    if (begins(&line, "participant a")) {
        line = after_number(line);
        assert_true(begins(&line, " as "));
    } else if (begins(&line, "Note over a")) {
        line = after_number(line);
        if (begins(&line, ",a"))
            line = after_number(line);
        assert_true(begins(&line, ": "));
    } else {
        assert_true(begins(&line, "a"));
        line = after_number(line);
        assert_true(begins(&line, "->>a") || begins(&line, "-xa"));
        line = after_number(line);
        assert_true(begins(&line, ": "));
    }
    assert_mermaid_text(line);
}

TEST(what_means_something_to_mermaid_is_escaped)
{
    acti_trace *t = acti_trace_new();
    RAN(1, false, "End", "end; %% #35; a->>b: x\nend <br/> wrap:sendend ending");
    RAN(1, false, "", "");
    printed.size = 0;
    acti_trace_mermaid(t, take_mermaid, &printed);
    assert_string_equal(printed.text,
        "sequenceDiagram\n"
        "    participant a0 as #69;nd\n"
        "    participant a1 as #45;\n"
                        "    Note over a0: 1 #101;nd#59; #37;#37; #35;35#59; a#45;#62;#62;b#58; x #101;nd #60;br#47;"
        "#62; wrap#58;sendend ending\n"
        "    Note over a1: 1 runs\n");
    acti_trace_free(t);
}

// ---- text of a bounded width --------------------------------------------------------------

TEST(clean_text_keeps_to_its_columns_and_is_whole_when_it_fits)
{
    char to[64];
    assert_int_equal(acti_cell_clean("abcdef", 6, to, sizeof to), 6);
    assert_string_equal(to, "abcdef");
    assert_int_equal(acti_cell_clean("abcdefg", 6, to, sizeof to), 6);
    assert_string_equal(to, "abc...");
    assert_int_equal(acti_cell_clean("abcdefg", 20, to, 7), 6);
    assert_string_equal(to, "abc...");
    assert_int_equal(acti_cell_clean("abcdefg", 3, to, 4), 3);
    assert_string_equal(to, "...");
    assert_int_equal(acti_cell_clean("\xe5\x8f\x97\xe4\xbf\xa1\xe7\xae\xb1", 5, to, sizeof to), 5);
    assert_string_equal(to, "\xe5\x8f\x97...");
    assert_int_equal(acti_cell_clean("e\xcc\x81", 3, to, sizeof to), 1);
    assert_int_equal(acti_cell_clean("\xe5\x8f", 3, to, sizeof to), 2);
    assert_string_equal(to, "??");
}

TEST(a_line_breaks_at_a_space_or_where_it_must)
{
    assert_int_equal(acti_cell_break("", 5), 0);
    assert_int_equal(acti_cell_break("abc de", 6), 6);
    assert_int_equal(acti_cell_break("abc de", 5), 4);
    assert_int_equal(acti_cell_break("abc de", 3), 3);
    assert_int_equal(acti_cell_break("abcdef", 5), 5);
    assert_int_equal(acti_cell_break("\xe5\x8f\x97\xe4\xbf\xa1", 3), 3);
}

// ---- any events -----------------------------------------------------------------------------

static uint64_t draw(uint64_t *random, uint64_t below)
{
    return acti_random_next(random) % below;
}

static const char *any_text(uint64_t *random, char *text, size_t size)
{
    static const char *const parts[] = {
        "a", "worker", " ", "\xe5\x8f\x97", "e\xcc\x81", "\xff", "\n", "\x1b[31m", "end", ";", "#", "\xe2\x80\xae",
        "0123456789012345678901234567890123456789", "\xf0\x9f\x98\x80", "\xcc\x81\xcc\x81\xcc\x81\xcc\x81", "%%{init",
        "\xc2\x9b", "|----->",
    };
    if (draw(random, 8) == 0)
        return NULL;
    size_t length = 0;
    for (uint64_t n = draw(random, draw(random, 20) == 0 ? 200 : 6); n > 0; n--) {
        const char *part = parts[draw(random, sizeof parts / sizeof parts[0])];
        if (length + strlen(part) + 1 < size) {
            memcpy(text + length, part, strlen(part));
            length += strlen(part);
        }
    }
    text[length] = 0;
    return text;
}

static void add_any(acti_trace *t, uint64_t *random, uint32_t step, uint64_t actors)
{
    static char name[64][80];
    static char text[4096];
    char *from = name[draw(random, actors)];
    char *to = name[draw(random, actors)];
    if (from[0] == 0 || draw(random, 50) == 0)
        any_text(random, from, sizeof name[0]);
    if (to[0] == 0)
        any_text(random, to, sizeof name[0]);
    E(.what = (acti_trace_what)draw(random, ACTI_TRACE_NOTE + 1), .step = step, .forced = draw(random, 3) == 0,
      .at_ns = draw(random, 1000) * step * step, .message = draw(random, 30), .from = draw(random, 9) ? from : NULL,
      .to = draw(random, 9) ? to : NULL, .from_id = draw(random, 2), .to_id = draw(random, 2),
      .text = any_text(random, text, sizeof text));
}

// One message is never delivered and all others overtake it; each comes from an actor of its own.
TEST(a_great_many_events_and_actors_are_printed_in_time_in_proportion)
{
    enum { MANY = 100000 };
    acti_trace *t = acti_trace_new();
    SENT(0, 1, "first", "sink", "late{}");
    for (uint32_t i = 1; i <= MANY; i++) {
        E(.what = ACTI_TRACE_SENT, .step = i, .message = 1 + i, .from = "source", .from_id = i, .to = "sink",
          .text = "m{}");
        GOT(i, false, 1 + i, "sink");
    }
    CLAIM(MANY, "sink", "late comes first");
    print(t);
    assert_non_null(strstr(printed.text, "m{}, sent in step 99999: overtakes"));
    assert_non_null(strstr(printed.text, "still on its way: late{} from first to sink, sent at the start"));
    assert_non_null(strstr(printed.text, "source 100000"));
    acti_trace_free(t);
}

TEST(any_events_are_printed_in_lines_that_are_no_wider_than_they_may_be)
{
    uint32_t widest = 0;
    uint64_t random = 6;
    for (int round = 0; round < 500; round++) {
        acti_trace *t = acti_trace_new();
        uint64_t actors = 1 + draw(&random, round % 2 ? 6 : 64);
        uint32_t step = round % 100 == 0 ? UINT32_MAX - 50 : 0;
        for (uint64_t n = draw(&random, 150); n > 0; n--) {
            step += (uint32_t)draw(&random, 2);
            add_any(t, &random, step, actors);
        }
        print(t);
        widest = printed.widest > widest ? printed.widest : widest;
        printed.size = 0;
        acti_trace_mermaid(t, take_mermaid, &printed);
        acti_trace_free(t);
    }
    assert_int_equal(widest, WIDTH);
}

// ---- without memory -----------------------------------------------------------------------

static acti_trace *hundred_events(void)
{
    acti_trace *t = acti_trace_new();
    for (uint32_t i = 1; t != NULL && i <= 100; i++) {
        SENT(i, i, "ping", "pong",
             "a text that is a little longer, so that a block is full of such texts before there is an end");
        GOT(i, false, i, "pong");
    }
    return t;
}

TEST(a_trace_without_memory_keeps_what_it_has_and_says_so)
{
    uint64_t without = 1;
    for (;; without++) {
        fail_from = without;
        has_failed = false;
        acti_trace *t = hundred_events();
        bool enough = !has_failed;
        fail_from = 0;
        bool says_so = t != NULL && strstr(print(t), "was not kept") != NULL;
        says_so |= t != NULL && strstr(print(t), "were not kept") != NULL;
        assert_true(says_so == (t != NULL && !enough));
        acti_trace_free(t);
        if (enough)
            break;
    }
    assert_true(without > 5);
}

TEST(without_memory_there_is_one_line_and_no_diagram)
{
    acti_trace *t = two_routes();
    uint64_t without = 1;
    for (;; without++) {
        has_failed = false;
        fail_from = without;
        print(t);
        uint32_t lines = printed.lines;
        fail_from = without;
        print_mermaid(t);
        fail_from = 0;
        if (!has_failed)
            break;
        assert_int_equal(lines, 1);
        assert_int_equal(printed.lines, 1);
    }
    assert_true(without > 5);
    acti_trace_free(t);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    return TEST_RUN(case_of(the_race_of_two_routes_is_seen_at_once),
                    case_of(spawns_ends_losses_faults_and_time_have_their_marks),
                    case_of(actors_of_one_name_get_numbers_and_long_names_get_stairs),
                    case_of(of_a_wide_world_those_who_led_to_the_end_are_shown_the_latest_first),
                    case_of(of_a_long_schedule_the_last_sixty_events_are_shown_below_two_heads),
                    case_of(a_schedule_of_sixty_events_is_shown_whole),
                    case_of(texts_of_users_are_wrapped_cut_and_cleaned),
                    case_of(what_is_still_on_its_way_is_listed_up_to_eight),
                    case_of(an_empty_trace_and_one_of_nobody_are_printed),
                    case_of(the_race_of_two_routes_is_a_mermaid_diagram),
                    case_of(what_means_something_to_mermaid_is_escaped),
                    case_of(clean_text_keeps_to_its_columns_and_is_whole_when_it_fits),
                    case_of(a_line_breaks_at_a_space_or_where_it_must),
                    case_of(a_great_many_events_and_actors_are_printed_in_time_in_proportion),
                    case_of(any_events_are_printed_in_lines_that_are_no_wider_than_they_may_be),
                    case_of(a_trace_without_memory_keeps_what_it_has_and_says_so),
                    case_of(without_memory_there_is_one_line_and_no_diagram));
}
