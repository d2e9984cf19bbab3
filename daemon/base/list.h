/* An intrusive doubly linked ring: an object is a member of at most as many lists as it has nodes. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include "base/core.h"

struct list {
	struct list *prev, *next;
};

static inline void list_init(struct list *head)
{
	head->prev = head->next = head;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

static inline void list_append(struct list *head, struct list *node)
{
	node->prev = head->prev;
	node->next = head;
	head->prev->next = node;
	head->prev = node;
}

static inline void list_remove(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

/* The first node, or NULL. */
static inline struct list *list_first(const struct list *head)
{
	return list_empty(head) ? NULL : head->next;
}

/* Safe against removal of `node` inside the loop. */
#define LIST_EACH(head, node)                                                                                          \
	for (struct list *node = (head)->next, *node##_next = node->next; node != (head);                              \
		node = node##_next, node##_next = node->next)

#endif
