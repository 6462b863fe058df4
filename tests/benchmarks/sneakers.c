/* The sneaker launch as a C loop that knows this launch alone: one pool, one ship date, single paid units, provisional
 * hold, a capped queue with admission by priority, a wait-list, a cut-off that cancels who waits, and a release.
 *
 * KIND_... and STATUS_... come from the engine's codes, on the command line of the compiler.
 *
 * Pairing heaps, since those who come last are the weakest of their tier: adding one is a comparison then, where it
 * would climb a binary heap from its leaf to its top. */

#include <stdint.h>
#include <string.h>

enum { NOBODY = -1 };

/* The place of an order in the one heap that it is in; its row is the order's number. */
typedef struct {
    uint64_t key;
    int32_t child;
    int32_t next;
} Link;

/* The smaller, the lower the priority: by score, then the later the weaker. */
static inline uint64_t weakness(int32_t score, int32_t order) { return (uint64_t)score << 32 | (uint32_t)~order; }

static inline int32_t meld(Link *links, int32_t a, int32_t b) {
    if (links[b].key < links[a].key) {
        int32_t other = a;
        a = b;
        b = other;
    }
    links[b].next = links[a].child;
    links[a].child = b;
    return a;
}

static inline int32_t add(Link *links, int32_t top, int32_t member, uint64_t key) {
    links[member] = (Link){key, NOBODY, NOBODY};
    return top == NOBODY ? member : meld(links, top, member);
}

/* Siblings are joined pair by pair from the left, then the pairs from the right. */
static int32_t without_top(Link *links, int32_t top) {
    int32_t sibling = links[top].child, pairs = NOBODY;
    while (sibling != NOBODY) {
        int32_t joint = sibling, right = links[sibling].next;
        if (right == NOBODY) {
            sibling = NOBODY;
        } else {
            sibling = links[right].next;
            joint = meld(links, joint, right);
        }
        links[joint].next = pairs;
        pairs = joint;
    }
    top = NOBODY;
    while (pairs != NOBODY) {
        int32_t rest = links[pairs].next;
        top = top == NOBODY ? pairs : meld(links, top, pairs);
        pairs = rest;
    }
    return top;
}

/* Play all commands `times` times, each time from the beginning; the longest wait-list.
 *
 * kind, order, score: of each command. status, links: a row for each order, whose content before does not matter;
 * status holds the outcome afterwards. */
int64_t play(int64_t times, int64_t commands, const uint8_t *restrict kind, const int32_t *restrict order,
             const int32_t *restrict score, int64_t orders, int64_t limit, int64_t depth, int64_t units,
             uint8_t *restrict status, Link *restrict links) {
    /* Whenever somebody is queued, as many are held as may be. */
    const int64_t places = depth > limit ? depth - limit : 0;
    /* Nobody leaves the wait-list before the cut-off, which empties it: its longest is how many ever joined it. */
    int64_t waitlisted = 0;
    for (int64_t time = 0; time < times; time++) {
        int32_t weakest_held = NOBODY, weakest_queued = NOBODY;
        int64_t held = 0, queued = 0;
        waitlisted = 0;
        memset(status, STATUS_NONE, (size_t)orders);
        for (int64_t c = 0; c < commands; c++) {
            switch (kind[c]) {
            case KIND_PLACE: {
                int32_t loser = order[c];
                uint64_t key = weakness(score[c], loser);
                if (held < limit) {
                    weakest_held = add(links, weakest_held, loser, key);
                    status[loser] = STATUS_RESERVED;
                    held++;
                    break;
                }
                /* A newcomer ranks below all others of its score, so whom it outranks has a lower one. */
                if (weakest_held != NOBODY && links[weakest_held].key < key) {
                    int32_t winner = loser;
                    uint64_t winners_key = key;
                    loser = weakest_held;
                    key = links[loser].key;
                    weakest_held = add(links, without_top(links, weakest_held), winner, winners_key);
                    status[winner] = STATUS_RESERVED;
                }
                if (queued < places) {
                    weakest_queued = add(links, weakest_queued, loser, key);
                    status[loser] = STATUS_QUEUED;
                    queued++;
                    break;
                }
                if (weakest_queued != NOBODY && links[weakest_queued].key < key) {
                    int32_t trimmed = weakest_queued;
                    weakest_queued = add(links, without_top(links, weakest_queued), loser, key);
                    status[loser] = STATUS_QUEUED;
                    loser = trimmed;
                }
                status[loser] = STATUS_WAITLISTED;
                waitlisted++;
                break;
            }
            case KIND_CANCEL:
                /* It stays in the heap; the release knows it by its status. */
                if (status[order[c]] == STATUS_CONFIRMED) {
                    status[order[c]] = STATUS_CANCELLED;
                    held--;
                }
                break;
            case KIND_CONFIRM:
                for (int64_t i = 0; i < orders; i++) {
                    status[i] = status[i] == STATUS_RESERVED ? STATUS_CONFIRMED : STATUS_CANCELLED;
                }
                queued = 0;
                weakest_queued = NOBODY;
                break;
            case KIND_RELEASE:
                while (held > units) {
                    if (status[weakest_held] == STATUS_CONFIRMED) {
                        status[weakest_held] = STATUS_CANCELLED;
                        held--;
                    }
                    weakest_held = without_top(links, weakest_held);
                }
                for (int64_t i = 0; i < orders; i++) {
                    status[i] = status[i] == STATUS_CONFIRMED ? STATUS_ALLOCATED : status[i];
                }
                break;
            }
        }
    }
    return waitlisted;
}
