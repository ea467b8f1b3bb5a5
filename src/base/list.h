// SPDX-License-Identifier: MIT
//
// list.h - an intrusive doubly linked list. The head is a node that links to itself when the list is empty; a
// node that is in no list has next == NULL. No thread safety of its own.

#ifndef ACTI_BASE_LIST_H
#define ACTI_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

typedef struct acti_list {
    struct acti_list *next;
    struct acti_list *prev;
} acti_list;

static inline void acti_list_init(acti_list *head)
{
    head->next = head;
    head->prev = head;
}

static inline bool acti_list_empty(const acti_list *head)
{
    return head->next == head;
}

static inline bool acti_list_linked(const acti_list *node)
{
    return node->next != NULL;
}

static inline void acti_list_push(acti_list *head, acti_list *node)
{
    node->prev = head->prev;
    node->next = head;
    head->prev->next = node;
    head->prev = node;
}

static inline void acti_list_remove(acti_list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    node->next = NULL;
    node->prev = NULL;
}

// acti_list_join moves all nodes of from, which is empty afterwards, behind those of head.
static inline void acti_list_join(acti_list *head, acti_list *from)
{
    if (acti_list_empty(from))
        return;
    from->next->prev = head->prev;
    head->prev->next = from->next;
    from->prev->next = head;
    head->prev = from->prev;
    acti_list_init(from);
}

// acti_list_pop takes the oldest node, or NULL.
static inline acti_list *acti_list_pop(acti_list *head)
{
    acti_list *node = head->next;
    if (node == head)
        return NULL;
    acti_list_remove(node);
    return node;
}

#endif
