// SPDX-License-Identifier: MIT
//
// error.c - the names and sentences of the status codes.

#include <acta/error.h>
#include <stddef.h>

static const struct {
    const char *name;
    const char *text;
} codes[] = {
    [-ACTA_OK] = {"ACTA_OK", "all is well"},
    [-ACTA_EINVAL] = {"ACTA_EINVAL", "an argument cannot be right"},
    [-ACTA_ENOMEM] = {"ACTA_ENOMEM", "memory ran out"},
    [-ACTA_EGONE] = {"ACTA_EGONE", "the actor has stopped"},
    [-ACTA_EFULL] = {"ACTA_EFULL", "a bound was reached"},
    [-ACTA_ETOOBIG] = {"ACTA_ETOOBIG", "the message is too large"},
    [-ACTA_ETIMEOUT] = {"ACTA_ETIMEOUT", "no outcome in time; what happened is unknown"},
    [-ACTA_ECRASHED] = {"ACTA_ECRASHED", "the other side died without saying so"},
    [-ACTA_ENOREPLY] = {"ACTA_ENOREPLY", "the request was dropped unanswered"},
    [-ACTA_EREFUSED] = {"ACTA_EREFUSED", "the other side refused"},
    [-ACTA_EUNREACH] = {"ACTA_EUNREACH", "the node cannot be reached"},
    [-ACTA_EDEADLK] = {"ACTA_EDEADLK", "a blocking call inside an actor"},
    [-ACTA_EMALFORMED] = {"ACTA_EMALFORMED", "the bytes are not what they claim to be"},
    [-ACTA_EVERSION] = {"ACTA_EVERSION", "the other side speaks another version"},
    [-ACTA_EEXIST] = {"ACTA_EEXIST", "the name or path is taken"},
    [-ACTA_ENOENT] = {"ACTA_ENOENT", "no such name or path"},
    [-ACTA_EACCES] = {"ACTA_EACCES", "not allowed"},
    [-ACTA_EALIVE] = {"ACTA_EALIVE", "actors were still alive at the deadline"},
    [-ACTA_ESTOPPED] = {"ACTA_ESTOPPED", "stopped on request"},
    [-ACTA_EKILLED] = {"ACTA_EKILLED", "ended by force"},
    [-ACTA_EIO] = {"ACTA_EIO", "the operating system refused"},
    [-ACTA_ELEDGER] = {"ACTA_ELEDGER", "messages are not accounted for"},
    [-ACTA_ECLAIM] = {"ACTA_ECLAIM", "a claim does not hold"},
};

#define CODES (int)(sizeof(codes) / sizeof(codes[0]))

const char *acta_strerror(int status)
{
    if (status == ACTA_DONE)
        return "done";
    return status <= 0 && status > -CODES ? codes[-status].text : "an unknown status";
}

const char *acta_errname(int status)
{
    if (status == ACTA_DONE)
        return "ACTA_DONE";
    return status <= 0 && status > -CODES ? codes[-status].name : "ACTA_E?";
}
