"""Where replications are played: threads of this process, or the workers of a Dask cluster. The numbers are the same.

A replication is a whole task: what it gives depends on the plan and its number alone, so neither the number of workers
nor who plays what, nor how often something had to be played again, can change a result.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

from allocation.engine.book import compile_rules
from allocation.engine.errors import BackendError, SettingError
from allocation.montecarlo.playing import Plan, Played, play_replication

WORKERS_MAX = 1024
CONNECT_S = 8
_TASKS_PER_THREAD = 8
_RETRIES = 3


def play_all(
    plan: Plan, numbers: Sequence[int], workers: int | None, dask: str | None
) -> Generator[Played, None, None]:
    """Play replications, in whatever order they come.

    Args:
        plan: What each plays.
        numbers: Their numbers.
        workers: Threads of this process; None is one a core.
        dask: Address of a Dask scheduler that has workers, such as ``tcp://host:8786``; None plays here.

    Raises:
        SettingError: The number of workers is no such number, or both are given.
        BackendError: The cluster does not answer, or cannot play.
    """
    if workers is not None and not 1 <= workers <= WORKERS_MAX:
        raise SettingError(f"workers {workers} must be from 1 to {WORKERS_MAX}")
    if dask is None:
        return _play_in_threads(plan, numbers, workers or os.cpu_count() or 1)
    if workers is not None:
        raise SettingError("workers are threads of this process, and a Dask cluster has its own: give one of the two")
    return _play_on_dask(plan, numbers, dask)


def _play_in_threads(plan: Plan, numbers: Sequence[int], workers: int) -> Generator[Played, None, None]:
    # In this thread, which hears interrupts: where the rules are not in the cache yet, compiling them takes a while.
    compile_rules()
    # Not `as_completed`: an interrupt while it waits can leave a lock half released, and a worker stumbles over it.
    done: SimpleQueue[Future[Played]] = SimpleQueue()
    with ThreadPoolExecutor(min(workers, max(len(numbers), 1))) as pool:
        try:
            for number in numbers:
                pool.submit(play_replication, plan, number).add_done_callback(done.put)
            for _ in numbers:
                yield done.get().result()
        finally:
            # Whoever stops listening does not wait for what has not begun.
            pool.shutdown(wait=True, cancel_futures=True)


def _play_some(plan: Plan, numbers: Sequence[int]) -> list[Played]:
    return [play_replication(plan, number) for number in numbers]


def _play_on_dask(plan: Plan, numbers: Sequence[int], address: str) -> Generator[Played, None, None]:
    distributed = _distributed()
    try:
        with ThreadPoolExecutor(1) as thread:
            # In a thread of its own: a notebook has a loop already.
            thread.submit(asyncio.run, _knock(address)).result()
        client = distributed.Client(address, timeout=f"{CONNECT_S}s", set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise BackendError(
            f"no Dask scheduler answers at {address} within {CONNECT_S} s ({type(error).__name__}); start one with "
            "`dask scheduler` and workers with `dask worker ADDRESS`, or leave the address out to play here"
        ) from error
    with client:
        threads = sum(client.nthreads().values())
        if not threads:
            raise BackendError(
                f"the Dask scheduler at {address} has no workers; start some with `dask worker {address}`"
            )
        size = max(1, len(numbers) // (threads * _TASKS_PER_THREAD))
        chunks = [list(numbers[i : i + size]) for i in range(0, len(numbers), size)]
        # As a task, so that it is made again where the worker that had it is gone.
        shared = client.submit(_itself, plan, pure=False)
        futures = client.map(_play_some, [shared] * len(chunks), chunks, pure=False, retries=_RETRIES)
        try:
            for future in distributed.as_completed(futures, loop=client.loop):
                yield from _result(future, address)
        finally:
            client.cancel(futures)


async def _knock(address: str) -> None:
    """Ask whether a scheduler is there: a client would wait without end for a port that is open and never answers."""
    connect = _distributed().comm.connect
    async with asyncio.timeout(CONNECT_S):
        found = await connect(address, timeout=CONNECT_S)
        await found.close()


def _itself(plan: Plan) -> Plan:
    return plan


def _result(future: Any, address: str) -> list[Played]:
    try:
        played: list[Played] = future.result()
    except Exception as error:
        raise BackendError(
            f"a worker of the Dask cluster at {address} failed: {type(error).__name__}: {error}; are allocation and "
            "its dependencies installed there in the same versions?"
        ) from error
    return played


def _distributed() -> Any:
    try:
        import distributed  # noqa: PLC0415 - an extra: it is imported where a cluster is asked for
    except ImportError as error:
        raise BackendError("a Dask cluster needs the extra allocation[dask]: pip install 'allocation[dask]'") from error
    return distributed
