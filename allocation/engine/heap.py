"""Pairing heaps inside a table of links (Fredman, Sedgewick, Sleator and Tarjan 1986, "The pairing heap").

A heap is the row number of its top. A reservation is in at most one heap of each table of links, so heaps need no
storage of their own, any member can be taken out, and nothing stale is ever left behind. Adding costs one comparison.
"""

from __future__ import annotations

from allocation.engine.codes import NOBODY
from allocation.engine.compiled import large_rule, rule
from allocation.engine.rows import Links, link


@rule
def meld(links: Links, a: int, b: int) -> int:
    """Join two heaps that are not empty; the top of the joint heap."""
    top, under = link(links, a), link(links, b)
    if under.key < top.key or (under.key == top.key and under.second_key < top.second_key):
        a, b = b, a
        top, under = under, top
    under.next = top.child
    if top.child != NOBODY:
        link(links, top.child).previous = b
    under.previous = a
    top.child = b
    return a


@rule
def add(links: Links, top: int, member: int, key: int, second_key: int) -> int:
    """Put a member that is in no heap of this table into the heap; the new top."""
    own = link(links, member)
    own.key = key
    own.second_key = second_key
    own.child = NOBODY
    own.next = NOBODY
    own.previous = NOBODY
    if top == NOBODY:
        return member
    return meld(links, top, member)


@large_rule
def meld_siblings(links: Links, first: int) -> int:
    """Join a chain of siblings pair by pair from the left, then the pairs from the right; the top, or NOBODY."""
    pairs = NOBODY
    while first != NOBODY:
        a = first
        b = link(links, a).next
        if b == NOBODY:
            first = NOBODY
        else:
            first = link(links, b).next
            link(links, b).next = NOBODY
            link(links, a).next = NOBODY
            a = meld(links, a, b)
        link(links, a).next = pairs
        pairs = a
    top = NOBODY
    while pairs != NOBODY:
        rest = link(links, pairs).next
        link(links, pairs).next = NOBODY
        link(links, pairs).previous = NOBODY
        top = pairs if top == NOBODY else meld(links, top, pairs)
        pairs = rest
    return top


@rule
def take_out(links: Links, top: int, member: int) -> int:
    """Take a member out of its heap; the new top, or NOBODY."""
    own = link(links, member)
    children = meld_siblings(links, own.child) if own.child != NOBODY else NOBODY
    if member == top:
        return children
    # `previous` is the parent of a first child and the left neighbour of any other.
    before = link(links, own.previous)
    if before.child == member:
        before.child = own.next
    else:
        before.next = own.next
    if own.next != NOBODY:
        link(links, own.next).previous = own.previous
    return top if children == NOBODY else meld(links, top, children)
