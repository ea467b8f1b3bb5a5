// SPDX-License-Identifier: MIT
//
// say.c - the words of a failure: what is wrong, where both sides are in the source, and the last steps before.

#include "say.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

char say_why[sizeof(((model_result *)0)->why)];

static void
say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say_more(const char *format, va_list args)
{
    size_t used = strlen(say_why);
    vsnprintf(say_why + used, sizeof(say_why) - used, format, args);
}

static void say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say_more(format, args);
    va_end(args);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

// ---- what was done ------------------------------------------------------------------

static void say_step(event_ref r)
{
    const event *e = graph_event(&run.g, r);
    const executed *x = run_executed(r);
    say("  T%u ", event_thread(r));
    if (e->kind == CHOICE) {
        say("chose %llu\n", (unsigned long long)x->value);
        return;
    }
    const char *file = base_name(x->site->file);
    if (e->kind == WRITE)
        say("%s:%d %s writes %#llx\n", file, x->site->line, x->site->op, (unsigned long long)x->value);
    else if (e->from == EVENT_INITIAL)
        say("%s:%d %s reads %#llx, the initial value\n", file, x->site->line, x->site->op,
            (unsigned long long)x->value);
    else
        say("%s:%d %s reads %#llx of T%u %s:%d\n", file, x->site->line, x->site->op, (unsigned long long)x->value,
            event_thread(e->from), base_name(run_executed(e->from)->site->file), run_executed(e->from)->site->line);
}

// The last steps: as many as there is room for.
static void say_steps(void)
{
    size_t room = (sizeof(say_why) - strlen(say_why)) / 80;
    uint32_t first = run.steps > room ? run.steps - (uint32_t)room : 0;
    if (run.steps > 0)
        say("%s before it:\n", first > 0 ? "the last steps" : "all steps");
    for (uint32_t i = first; i < run.steps; i++)
        say_step(run.order[i]);
}

static const char *thread_name(uint32_t who)
{
    static char name[8];
    if (who >= MODEL_THREADS_MAX)
        return "setup or check";
    snprintf(name, sizeof(name), "T%u", who);
    return name;
}

// ---- where ---------------------------------------------------------------------------

extern char __executable_start[];

// say_line asks addr2line about an instruction of this program.
static void say_line(const void *where)
{
    char self[1024] = {0}, command[1200], line[256] = {0};
    uintptr_t offset = (uintptr_t)where - (uintptr_t)__executable_start - 1; // within the call
    if (readlink("/proc/self/exe", self, sizeof(self) - 1) > 0) {
        snprintf(command, sizeof(command), "addr2line -s -e '%s' %#lx", self, (unsigned long)offset);
        FILE *answer = popen(command, "r");
        if (answer != NULL) {
            if (fgets(line, sizeof(line), answer) == NULL)
                line[0] = '\0';
            pclose(answer);
        }
    }
    line[strcspn(line, " \n")] = '\0';
    if (line[0] != '\0')
        say("%s", line);
    else
        say("the instruction at %#lx", (unsigned long)offset);
}

static void say_touch(const touch *t)
{
    static const char *const kinds[] = {"reads", "writes", "reads atomically", "writes atomically", "frees"};
    say("  %s %s at ", thread_name(t->thread), kinds[t->kind]);
    if (t->where == NULL) {
        say("an atomic operation");
    } else if (t->kind == ATOMIC_READ || t->kind == ATOMIC_WRITE) {
        const model_site *site = t->where;
        say("%s:%d (%s)", base_name(site->file), site->line, site->op);
    } else {
        say_line(t->where);
    }
    say("\n");
}

// ---- the failures ----------------------------------------------------------------------

static void begin(void)
{
    say_why[0] = '\0';
}

void say_failure(const char *format, ...)
{
    va_list args;
    begin();
    va_start(args, format);
    say_more(format, args);
    va_end(args);
    say("\n");
    say_steps();
    run_stop(FAILED);
}

void say_cut(const char *what)
{
    begin();
    say("cut: %s\n", what);
    run_stop(CUT);
}

void say_deadlock(void)
{
    begin();
    say("a deadlock: nobody can go on\n");
    for (uint32_t t = 0; t < MODEL_THREADS_MAX; t++) {
        const thread *th = &run.threads[t];
        if (th->state == ENDED)
            continue;
        const operation *waits = run.full ? th->op : run.executed[t][th->done - 1].waits;
        say("  T%u waits at %s:%d\n", t, base_name(waits->site->file), waits->site->line);
    }
    say_steps();
}

void say_race(const char *what, const void *at, const touch *first, const touch *second)
{
    begin();
    say("%s: %p\n", what, at);
    if (first != NULL)
        say_touch(first);
    say_touch(second);
    say_steps();
    run_stop(FAILED);
}

void say_undefined(const model_site *site)
{
    say_failure("T%u reads at %s:%d (%s) what nobody has initialised before", run.self, base_name(site->file),
                site->line, site->op);
}

void model_fail(const char *file, int line, const char *what)
{
    say_failure("%s:%d: `%s' does not hold", base_name(file), line, what);
}

// ---- the table -----------------------------------------------------------------------------

void model_print(const model_scenario *s, const model_result *result)
{
    static bool begun;
    if (!begun)
        printf("%-72s %-18s %10s %8s %8s %-8s %8s\n", "scenario", "contract", "executions", "blocked", "outcomes",
               "complete", "ms");
    begun = true;
    printf("%-72s %-18s %10llu %8llu %8llu %-8s %8.1f\n", s->name, s->contract != NULL ? s->contract : "-",
           (unsigned long long)result->executions, (unsigned long long)result->blocked,
           (unsigned long long)result->outcomes, result->complete ? "yes" : result->failed ? "FAILED" : "CUT",
           (double)result->cpu_us / 1000);
}
