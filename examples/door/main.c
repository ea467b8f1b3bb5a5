// SPDX-License-Identifier: MIT
//
// door - an actor that counts words for whoever asks, in any language: examples/door/door.py is one who does.
//
//     build/examples/door ipc:///tmp/words &
//     examples/door/door.py /tmp/words "in the beginning was the word"
//
// It ends when it is interrupted.

#include <acta/acta.h>
#include <ctype.h>
#include <signal.h>
#include <stdio.h>

ACTA_MESSAGE(count, (str, text));
ACTA_MESSAGE(counted, (i64, words), (i64, letters));

static int64_t letters_in(const char *text)
{
    int64_t letters = 0;
    for (; *text != '\0'; text++)
        letters += !isspace((unsigned char)*text) && (*text & 0xc0) != 0x80; // not the rest of a character in UTF-8
    return letters;
}

static int64_t words_in(const char *text)
{
    int64_t words = 0;
    for (bool inside = false; *text != '\0'; text++) {
        bool letter = !isspace((unsigned char)*text);
        words += letter && !inside;
        inside = letter;
    }
    return words;
}

typedef struct job {
    const char *url;
    bool served;
} job;

static bool open_for_business(acta_self *self, const char *url)
{
    uint64_t door, interrupted, terminated; // who does not close or unwatch them needs no numbers
    if (acta_door_open(self, url, ACTA_DOOR_REP, NULL, &door) != ACTA_OK ||
        acta_watch_signal(self, SIGINT, &interrupted) != ACTA_OK ||
        acta_watch_signal(self, SIGTERM, &terminated) != ACTA_OK)
        return false;
    printf("counting at %s\n", acta_door_url(self, door)); // with the port, if the URL left that to the system
    fflush(stdout);
    return true;
}

static int counter(acta_self *self, void *arg)
{
    job *j = arg;
    j->served = open_for_business(self, j->url);
    if (!j->served)
        return ACTA_EIO; // the report has said why
    for (acta_msg *m; (m = acta_recv(self)) != NULL; acta_msg_free(&m)) {
        const count *c = acta_as(count, m);
        if (acta_is(acta_signal_event, m))
            acta_stop(acta_self_addr(self)); // once what has come is answered
        else if (c != NULL)
            acta_reply_body(self, m, acta_type_of(counted), &(counted){words_in(c->text), letters_in(c->text)});
        else
            acta_unhandled(self, m); // which refuses a request
    }
    return ACTA_OK; // the door is closed with its actor
}

static void complain(void *arg, const char *line)
{
    (void)arg;
    fprintf(stderr, "%s\n", line);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: door URL, such as ipc:///tmp/words\n");
        return 64;
    }
    acta_system *sys;
    acta_tx *to_counter; // a door keeps nobody alive: this does, until the actor stops itself
    job j = {.url = argv[1]};
    if (acta_open(&(acta_system_opts){.report = complain}, &sys) != ACTA_OK)
        return 1;
    if (acta_spawn(sys, &to_counter, .body = counter, .arg = &j, .name = "counter") != ACTA_OK)
        return 1;
    int status = acta_close(&sys, ACTA_FOREVER);
    acta_tx_drop(&to_counter);
    return status == ACTA_OK && j.served ? 0 : 1;
}
