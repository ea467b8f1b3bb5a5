// SPDX-License-Identifier: MIT
//
// The program's list of bodies and handlers that have a name, and who may not have a process of its own.

#include "kit.h"

#include "core/code.h"
#include "core/spawn.h"

static int counter(acta_self *self, void *arg)
{
    (void)self;
    (void)arg;
    return ACTA_OK;
}
ACTA_ACTOR(counter);

static int parser(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    (void)arg;
    (void)m;
    return ACTA_OK;
}
ACTA_ACTOR(parser);

static int nameless(acta_self *self, void *arg)
{
    return counter(self, arg);
}

// As another file would enter it, with a function of its own. Entries are in the list for good: who spoils one repairs
// it.
static acta_actor_entry again = {.name = "counter", .body = counter};

// ---- finding ------------------------------------------------------------------------

TEST(code_that_was_not_entered_is_not_found)
{
    assert_null(acti_code_find("nobody"));
    assert_null(acti_code_find(""));
    assert_null(acti_code_of(&(acta_spawn_opts){.body = nameless}));
    assert_null(acti_code_of(&(acta_spawn_opts){0}));
}

TEST(code_is_found_by_its_name_and_by_its_function)
{
    const acta_actor_entry *body = acti_code_find("counter");
    assert_non_null(body);
    assert_true(body->body == counter && body->handler == NULL);
    assert_ptr_equal(acti_code_of(&(acta_spawn_opts){.body = counter}), body);
    const acta_actor_entry *handler = acti_code_find("parser");
    assert_non_null(handler);
    assert_true(handler->handler == parser && handler->body == NULL);
    assert_ptr_equal(acti_code_of(&(acta_spawn_opts){.handler = parser}), handler);
}

// ---- two of one name ------------------------------------------------------------------

static int open_says(kit *k)
{
    *k = (kit){0};
    acta_system_opts opts = {.workers = 1, .report = kit_report, .report_arg = k};
    int status = acta_open(&opts, &k->sys);
    if (status == ACTA_OK)
        assert_int_equal(acta_close(&k->sys, KIT_WAIT_NS), ACTA_OK);
    return status;
}

TEST(a_system_does_not_open_when_a_name_stands_for_two_functions)
{
    static bool entered;
    kit k;
    if (!entered)
        acta_actor_enter(&again);
    entered = true;
    assert_int_equal(open_says(&k), ACTA_OK);
    again.body = nameless;
    assert_int_equal(open_says(&k), ACTA_EINVAL);
    assert_true(kit_reported(&k, "counter", "two functions"));
    again.body = NULL;
    again.handler = parser;
    assert_int_equal(open_says(&k), ACTA_EINVAL);
    again = (acta_actor_entry){.name = "counter", .body = counter, .next = again.next};
    assert_int_equal(open_says(&k), ACTA_OK);
}

TEST(a_name_has_127_bytes_and_not_128)
{
    char name[129] = {0};
    kit k;
    memset(name, 'x', 128);
    acta_actor_entry kept = again;
    again.name = name;
    assert_int_equal(open_says(&k), ACTA_EINVAL);
    assert_true(kit_reported(&k, "longer than 127 bytes", "xxx"));
    name[127] = '\0';
    assert_int_equal(open_says(&k), ACTA_OK);
    again.name = kept.name;
}

// ---- who gets no process ----------------------------------------------------------------

static void assert_no_process(acta_spawn_opts opts, const char *words)
{
    kit k;
    acta_tx *tx = NULL;
    kit_open(&k, 1);
    opts.place = ACTA_PROCESS;
    opts.name = "subject";
    opts.where = "here.c:1";
    assert_int_equal(acta_spawn_with(k.sys, &opts, &tx), ACTA_EINVAL);
    assert_null(tx);
    if (!kit_reported(&k, words, "here.c:1: actor subject"))
        fail_msg("\"%s\" does not say \"%s\"", k.line[0], words);
    kit_close(&k);
}

static void free_nothing(void *arg)
{
    (void)arg;
}

TEST(a_process_is_refused_with_a_line_that_says_what_to_do)
{
    int64_t n = 0;
    assert_no_process((acta_spawn_opts){.body = counter, .arg = &n}, "give it a message, .args");
    assert_no_process((acta_spawn_opts){.body = counter, .arg_free = free_nothing}, "give it a message, .args");
    assert_no_process((acta_spawn_opts){.body = nameless}, "write ACTA_ACTOR(function);");
    assert_no_process((acta_spawn_opts){.body = counter}, "begin main with acta_process_main();");
    acta_tx *tx = NULL;
    kit k;
    kit_open(&k, 1);
    assert_int_equal(acta_spawn(k.sys, &tx, .body = counter, .environment = (acta_environment)2), ACTA_EINVAL);
    kit_close(&k);
}

// ---- who does ----------------------------------------------------------------------------

static const acta_actor_entry *asked_for;

static int make_none(acta_system *sys, const acta_spawn_opts *opts, const acta_actor_entry *entry, acta_tx **tx)
{
    (void)sys;
    (void)tx;
    asked_for = opts->place == ACTA_PROCESS ? entry : NULL;
    return ACTA_EFULL;
}

static const acti_process_ops none = {.spawn = make_none};

TEST(the_layer_that_makes_processes_is_given_the_entry_and_its_answer_is_the_spawns)
{
    kit k;
    acta_tx *tx = NULL;
    kit_open(&k, 1);
    acti_aptr_store_relaxed(&acti_process_layer, (void *)(uintptr_t)&none);
    assert_int_equal(acta_spawn(k.sys, &tx, .handler = parser, .place = ACTA_PROCESS), ACTA_EFULL);
    acti_aptr_store_relaxed(&acti_process_layer, NULL);
    assert_null(tx);
    assert_ptr_equal(asked_for, acti_code_find("parser"));
    assert_int_equal(k.lines, 0);
    kit_close(&k);
}

int main(void)
{
    return TEST_RUN(case_of(code_that_was_not_entered_is_not_found),
                    case_of(code_is_found_by_its_name_and_by_its_function),
                    case_of(a_system_does_not_open_when_a_name_stands_for_two_functions),
                    case_of(a_name_has_127_bytes_and_not_128),
                    case_of(a_process_is_refused_with_a_line_that_says_what_to_do),
                    case_of(the_layer_that_makes_processes_is_given_the_entry_and_its_answer_is_the_spawns));
}
