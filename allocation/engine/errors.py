"""What can go wrong, in one tree.

::

    AllocationError
    ├── InvalidInput             a person's input breaks a rule (exit code 3)
    │   ├── PolicyError          a policy that contradicts itself or is out of range
    │   ├── ScenarioError        a scenario file
    │   ├── TapeError            a line of a tape
    │   ├── HistoryError         a file of past reservations
    │   └── SettingError         an option, an override or a parameter
    ├── NotFound                 a reservation, pool or scenario that nobody knows
    ├── Mismatch                 a replay that does not give the recorded decisions
    ├── BackendError             what was asked to play replications does not answer, or fails
    ├── OmsError                 an order management system does not do what it was asked to
    │   ├── OmsUnavailable       it does not answer, or has no time for us, however often it is asked (exit code 8)
    │   ├── LoginRefused         it does not accept who we say we are
    │   ├── QueryRefused         it answers a question with an error
    │   ├── BadAnswer            what it answers breaks its own protocol, such as pages that never end
    │   └── ReadOnly             a client that only reads was told to write
    ├── ReleaseError             a plan is not applied, or not to its end
    │   ├── LockHeld             somebody else applies a plan of this launch, or runs this night (exit code 5)
    │   ├── StalePlan            what the plan was made from is no longer so (exit code 6)
    │   ├── JournalDamaged       what was written down before has been changed or lost
    │   └── CheckFailed          what is there contradicts what must always hold (exit code 9)
    └── EngineFault              a check of the engine on itself failed: a defect, never a user's mistake

Every message names the value, the rule and the place, and says what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class AllocationError(Exception):
    """Base of everything that this package raises on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input.

    Attributes:
        path: Keys that lead to the value, such as ``("policy", "overbooking", "rate")``.
        message: The value, the rule that it breaks, and what to do.
        place: ``file:line`` where it is known, else empty.
    """

    path: tuple[str | int, ...]
    message: str
    place: str = ""

    def __str__(self) -> str:
        dotted = ".".join(str(key) for key in self.path)
        return ": ".join(part for part in (self.place, dotted, self.message) if part)


class InvalidInput(AllocationError):
    """A person's input breaks one or more rules; all of them are listed at once.

    Args:
        problems: What is wrong; a plain text counts as one problem without a place.
        subject: What was being read, as the first line of the message.
    """

    def __init__(self, problems: str | Sequence[Problem], subject: str = "") -> None:
        self.problems: tuple[Problem, ...] = (Problem((), problems),) if isinstance(problems, str) else tuple(problems)
        self.subject = subject
        lines = [str(problem) for problem in self.problems]
        if subject:
            lines = [f"{subject}: {len(lines)} problem{'s' * (len(lines) != 1)}", *("  " + x for x in lines)]
        super().__init__("\n".join(lines))


class PolicyError(InvalidInput):
    """A policy contradicts itself or is out of range."""


class ScenarioError(InvalidInput):
    """A scenario file is not valid."""


class TapeError(InvalidInput):
    """A line of a tape is not a command."""


class HistoryError(InvalidInput):
    """A file of past reservations cannot be read, or says too little."""


class SettingError(InvalidInput):
    """An option, an override or a parameter is not valid."""


class NotFound(AllocationError):
    """Nobody knows a thing of that name."""


class Mismatch(AllocationError):
    """A replay does not give the recorded decisions."""


class BackendError(AllocationError):
    """What was asked to play replications does not answer, or fails."""


class OmsError(AllocationError):
    """An order management system does not do what it was asked to."""


class OmsUnavailable(OmsError):
    """An order management system does not answer, or has no time for us, however often it is asked."""


class LoginRefused(OmsError):
    """An order management system does not accept who we say we are."""


class QueryRefused(OmsError):
    """An order management system answers a question with an error.

    Args:
        message: What was asked, and what it says.
        code: Its code for that, empty where it gives none.
    """

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class BadAnswer(OmsError):
    """What an order management system answers breaks its own protocol."""


class ReadOnly(OmsError):
    """A client that only reads was told to write."""


class ReleaseError(AllocationError):
    """A plan is not applied, or not to its end."""


class LockHeld(ReleaseError):
    """Somebody else applies a plan of this launch, or did until it was killed; or runs the reports of this night."""


class StalePlan(ReleaseError):
    """What a plan was made from is no longer so; nothing was sent.

    Args:
        problems: Everything that has changed.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        many = f"{len(self.problems)} thing{'s' * (len(self.problems) != 1)} changed; nothing was sent, make a new plan"
        super().__init__("\n".join([f"the plan is stale: {many}", *(f"  {problem}" for problem in self.problems)]))


class JournalDamaged(ReleaseError):
    """What was written down before has been changed, or part of it is lost."""


class CheckFailed(ReleaseError):
    """What is there contradicts what must always hold; nothing more is sent."""


class EngineFault(AllocationError):
    """A check of the engine on itself failed."""
