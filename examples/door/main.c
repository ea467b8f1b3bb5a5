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

static counted count_words(const char *text)
{
    counted n = {0};
    for (bool inside = false; *text != '\0'; text++) {
        bool letter = !isspace((unsigned char)*text);
        n.letters += letter;
        n.words += letter && !inside;
        inside = letter;
    }
    return n;
}

static int counter(acta_self *self, void *arg)
{
    const char *url = arg;
    uint64_t door, interrupted, terminated;
    if (acta_door_open(self, url, ACTA_DOOR_REP, NULL, &door) != ACTA_OK ||
        acta_watch_signal(self, SIGINT, &interrupted) != ACTA_OK ||
        acta_watch_signal(self, SIGTERM, &terminated) != ACTA_OK)
        return ACTA_EIO; // the report has said which, and why
    printf("counting at %s\n", url);
    fflush(stdout);
    for (acta_msg *m; (m = acta_recv(self)) != NULL; acta_msg_free(&m)) {
        const count *c = acta_as(count, m);
        if (c != NULL) {
            counted n = count_words(c->text);
            acta_reply_body(self, m, acta_type_of(counted), &n);
        } else if (acta_is(acta_signal_event, m)) {
            break;
        } else {
            acta_unhandled(self, m); // which refuses a request
        }
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
    acta_tx *tx;
    if (acta_open(&(acta_system_opts){.report = complain}, &sys) != ACTA_OK ||
        acta_spawn(sys, &tx, .body = counter, .arg = argv[1], .name = "counter") != ACTA_OK)
        return 1;
    acta_tx *held = tx; // a door keeps nobody alive
    int status = acta_close(&sys, ACTA_FOREVER);
    acta_tx_drop(&held);
    return status == ACTA_OK ? 0 : 1;
}
