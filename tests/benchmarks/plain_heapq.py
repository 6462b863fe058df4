"""The sneaker launch as a plain Python program written for speed: one loop, lists and heapq, no processes.

It knows this launch alone, and gives every order the engine's final status.
"""

from __future__ import annotations

from heapq import heappop, heappush, heappushpop

from allocation.engine.codes import Kind, Status
from allocation.engine.columns import Columns
from tests.benchmarks.launch_commands import LaunchCommands, launch_commands

# Plain numbers: looking up and comparing members of an enumeration takes longer.
PLACE, CONFIRM, CANCEL, RELEASE = int(Kind.PLACE), int(Kind.CONFIRM), int(Kind.CANCEL), int(Kind.RELEASE)
RESERVED, CONFIRMED, QUEUED = int(Status.RESERVED), int(Status.CONFIRMED), int(Status.QUEUED)
WAITLISTED, ALLOCATED, CANCELLED = int(Status.WAITLISTED), int(Status.ALLOCATED), int(Status.CANCELLED)
AT_THE_CUT_OFF = bytes.maketrans(bytes([RESERVED, QUEUED, WAITLISTED]), bytes([CONFIRMED, CANCELLED, CANCELLED]))
AT_THE_RELEASE = bytes.maketrans(bytes([CONFIRMED]), bytes([ALLOCATED]))


def play(tape: Columns, limit: int, depth: int, units: int) -> tuple[bytearray, int]:
    """Play a sampled tape of the sneaker launch; arguments and result as of `play_commands`."""
    return play_commands(launch_commands(tape), limit, depth, units)


def play_commands(commands: LaunchCommands, limit: int, depth: int, units: int) -> tuple[bytearray, int]:
    """Play commands that were taken from a tape before.

    Args:
        commands: The commands of a sneaker launch.
        limit: Units that may be held.
        depth: Orders that may be held or queued.
        units: Units on hand at the release.

    Returns:
        The final status code of each order, and the longest wait-list.
    """
    rows = zip(commands.kind.tolist(), commands.order.tolist(), commands.weakness.tolist(), strict=True)
    count = commands.orders
    statuses = bytearray(count)
    # Whenever somebody is queued, as many are held as may be.
    places = max(depth - limit, 0)
    # Heaps of weaknesses, the weakest on top.
    held: list[int] = []
    queued: list[int] = []
    # Nobody leaves the wait-list before the cut-off, which empties it: its longest is how many ever joined it.
    waitlisted = 0
    confirmed = 0
    for kind, order, weakness in rows:
        if kind == PLACE:
            statuses[order] = RESERVED
            if len(held) < limit:
                heappush(held, weakness)
                continue
            # A newcomer ranks below all others of its score, so whom it outranks has a lower one.
            loser = heappushpop(held, weakness)
            statuses[-loser % count] = QUEUED
            if len(queued) < places:
                heappush(queued, loser)
                continue
            statuses[-heappushpop(queued, loser) % count] = WAITLISTED
            waitlisted += 1
        elif kind == CANCEL:
            # It stays in the heap; the release knows it by its status.
            if statuses[order] == CONFIRMED:
                statuses[order] = CANCELLED
                confirmed -= 1
        elif kind == CONFIRM:
            statuses = statuses.translate(AT_THE_CUT_OFF)
            confirmed = len(held)
            queued.clear()
        elif kind == RELEASE:
            while confirmed > units:
                weakest = -heappop(held) % count
                if statuses[weakest] == CONFIRMED:
                    statuses[weakest] = CANCELLED
                    confirmed -= 1
            statuses = statuses.translate(AT_THE_RELEASE)
    return statuses, waitlisted
