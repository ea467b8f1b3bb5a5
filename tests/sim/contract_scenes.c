// SPDX-License-Identifier: MIT
//
// contract_scenes.c - C-PLACE between nodes: each scene of net/scenes.h, which test_conform.c there runs with real
// systems and processes, leaves the same text in every order in which bytes and messages may arrive, also when
// connections are cut on the way; and when the node of the subject dies, a beginning of it.

#include "claim.h"

#include "net/play.h"

#define AWAY_URL "ipc:///away"

enum { MANY = 12, TRIES = 200 };

typedef enum fault { NOTHING, CUT, DEATH } fault;

// All of a schedule. The host's sender is of the node that is away, all else of the one that is at home.
static struct {
    piece piece;
    int64_t kind;
    bool away;
    fault fault; // that may happen
    bool made; // the subject, as the driver knows
    bool over;
    bool whole; // to the last step
    acta_tx *host;
    acta_sim_node *node;
} w;

static void host_freed(void *arg)
{
    acta_tx_drop(arg);
}

static void boot_away(acta_sim *sim, acta_system *sys, void *arg)
{
    (void)sim;
    (void)arg;
    acta_listener *listener; // closed with the system
    if (acta_spawn(sys, &w.host, .handler = host_handler, .arg = &w.host, .arg_free = host_freed, .name = "host") ==
            ACTA_OK &&
        acta_publish(sys, "host", acta_tx_addr(w.host)) == ACTA_OK)
        shows(acta_node_listen(sys, AWAY_URL, &listener));
}

// go_away connects, trying again until somebody listens, and has the subject made there.
static int go_away(piece *p)
{
    acta_tx *tx = NULL;
    for (int tries = 0; tries < TRIES && p->node == NULL; tries++)
        if (acta_connect(p->sys, AWAY_URL, 0, &p->node) != ACTA_OK)
            acta_sim_sleep(acta_sim_here(), ACTA_SECOND);
    int status = p->node != NULL ? acta_node_find(p->node, "host", ACTA_FOREVER, &tx) : ACTA_EUNREACH;
    if (status == ACTA_OK)
        status = play_make(p, tx, w.kind);
    acta_tx_drop(&tx);
    return status;
}

static void drive(void *arg)
{
    const scene *row = arg;
    piece *p = &w.piece;
    int status = play_begin(p, acta_sim_system(acta_sim_here()), row, ACTA_FOREVER, MANY);
    if (status == ACTA_OK)
        status = w.away ? go_away(p) : play_make_here(p, w.kind);
    w.made = status == ACTA_OK;
    if (w.made)
        play_steps(p);
    play_end(p);
    w.over = true;
    w.whole = status == ACTA_OK && !p->stuck;
    bool faulty = acta_sim_faults(acta_sim_here()) > 0;
    reached(w.whole && (faulty || w.fault == NOTHING), "all is said, in spite of a fault");
    reached((w.made && !w.whole) || w.fault != DEATH, "the node dies in the middle");
}

static bool it_is_as_written(void *arg)
{
    (void)arg;
    return w.whole && play_is_as_written(&w.piece);
}

// ---- when the node dies ------------------------------------------------------------------------

// of_one is the length of what stands before the next "; ", and of that.
static size_t of_one(const char *at)
{
    const char *end = strstr(at, "; ");
    return end != NULL ? (size_t)(end - at) + 2 : strlen(at);
}

// death_in gives where the first of what is told at `at` says that the node has died; NULL: it does not.
static const char *death_in(const char *at)
{
    static const char *const statuses[] = {"ECRASHED", "EUNREACH"};
    for (int i = 0; i < 2; i++) {
        const char *found = strstr(at, statuses[i]);
        if (found != NULL && found < at + of_one(at))
            return found;
    }
    return NULL;
}

// it_is_a_beginning: whether the text is what the scene leaves, cut short somewhere. What tells of the death may stand
// where something else would be told of the same, and anywhere else.
static bool it_is_a_beginning(void *arg)
{
    (void)arg;
    char text[sizeof(w.piece.scribe.text)];
    const char *written = text;
    play_written(w.piece.scene, text, sizeof(text));
    for (const char *at = w.piece.scribe.text; *at != '\0'; at += of_one(at)) {
        const char *death = death_in(at);
        size_t same = death != NULL ? (size_t)(death - at) : of_one(at);
        if (strncmp(at, written, same) == 0)
            written += of_one(written);
        else if (death == NULL)
            return false;
    }
    return w.over && (*written == '\0' || strstr(w.piece.scribe.text, "DOWN") != NULL || !w.made);
}

// set begins a schedule: one of the scenes that are the same wherever the subject is.
static void set(acta_sim *sim, bool away, fault may)
{
    memset(&w, 0, sizeof(w));
    const scene *row;
    do
        row = &scenes[draw(0, SCENES - 1)];
    while (away && (row->differs & DIFFERS_OF_NODES) != 0);
    w.kind = draw(0, SCENE_KINDS - 1);
    w.away = away;
    w.fault = may;
    if (away)
        must(acta_sim_node_start(sim, &(acta_sim_node_opts){.name = "away", .boot = boot_away}, &w.node) == ACTA_OK,
             "a node starts");
    must(acta_sim_thread(sim, "driver", drive, (void *)(uintptr_t)row) == ACTA_OK, "a driver starts");
}

static void every_scene_leaves_its_text_at_home(acta_sim *sim, void *arg)
{
    (void)arg;
    set(sim, false, NOTHING);
    acta_sim_eventually(sim, "the scene leaves its text", it_is_as_written, NULL);
}

static void every_scene_leaves_its_text_at_another_node(acta_sim *sim, void *arg)
{
    (void)arg;
    set(sim, true, NOTHING);
    acta_sim_eventually(sim, "the scene leaves its text", it_is_as_written, NULL);
}

static void every_scene_leaves_its_text_though_connections_are_cut(acta_sim *sim, void *arg)
{
    (void)arg;
    set(sim, true, CUT);
    acta_sim_eventually(sim, "the scene leaves its text", it_is_as_written, NULL);
}

static void what_is_left_when_the_node_dies_is_a_beginning(acta_sim *sim, void *arg)
{
    (void)arg;
    set(sim, true, DEATH);
    acta_sim_eventually(sim, "the text is a beginning, and then tells of the death", it_is_a_beginning, NULL);
}

static const claim claims[] = {
    CLAIM(every_scene_leaves_its_text_at_home),
    CLAIM_AT_ONCE(every_scene_leaves_its_text_at_home),
    CLAIM(every_scene_leaves_its_text_at_another_node),
    CLAIM_AT_ONCE(every_scene_leaves_its_text_at_another_node),
    {.name = "every_scene_leaves_its_text_though_connections_are_cut",
     .scenario = every_scene_leaves_its_text_though_connections_are_cut,
     .faults = ACTA_SIM_CUT},
    {.name = "what_is_left_when_the_node_dies_is_a_beginning",
     .scenario = what_is_left_when_the_node_dies_is_a_beginning,
     .faults = ACTA_SIM_KILL},
};

CLAIM_MAIN(claims)
