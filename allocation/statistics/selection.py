"""Choosing the best of k settings, with as few replications as the choice allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor

import numpy as np
from numpy.typing import ArrayLike, NDArray

from allocation.engine.errors import SettingError
from allocation.statistics.checks import check_at_least, check_positive, check_probability
from allocation.statistics.constants import kim_nelson_constants

_Floats = NDArray[np.float64]

_ROWS_MAX = 256
"""Replications that are compared in one go: enough to be fast, few enough for the memory that all their pairs take."""


@dataclass(frozen=True, slots=True)
class Elimination:
    """When a setting was left behind, and by whom.

    Attributes:
        setting: The setting that was eliminated.
        by: The one that it was furthest behind, seen from the allowance of each; it may have left at the same time.
        replications: After how many replications.
        behind: By how much its mean over these replications is worse, in the unit of the values; 0 for a tie.
        allowance: By how much it was allowed to be worse at that time.
        tied: The two had exactly the same mean when nothing was left to find out within the indifference, and the one
            that was named first stayed.
    """

    setting: str
    by: str
    replications: int
    behind: float
    allowance: float
    tied: bool


@dataclass(frozen=True, slots=True)
class Selection:
    """What a selection has come to.

    Attributes:
        winner: The setting that was chosen; None as long as, or because, more than one is left.
        leader: The setting with the best mean of those that are left (the one named first of several); the winner, if
            there is one. Nothing is promised of a leader that has not won. None before the first replication.
        survivors: The settings that are left, in the order in which they were named.
        eliminations: The others, in the order in which they left.
        replications: How many replications were looked at.
        observations: How many values of each setting the procedure used.
        simulated: How many values of each setting it was fed, with those of a batch that came after the setting had
            left or the selection was over.
        indifference: Differences of means below this do not matter.
        confidence: Probability with which the winner is the best, if the best is better by the indifference or more.
    """

    winner: str | None
    leader: str | None
    survivors: tuple[str, ...]
    eliminations: tuple[Elimination, ...]
    replications: int
    observations: dict[str, int]
    simulated: dict[str, int]
    indifference: float
    confidence: float

    @property
    def decided(self) -> bool:
        """Whether there is a winner."""
        return self.winner is not None


class KimNelson:
    """The fully sequential procedure of Kim and Nelson, fed with replications until one setting is left.

    After n0 replications of every setting the variances S²(i,l) of the paired differences are known; they are small
    under common random numbers, and that saves replications. From then on, after each replication r, setting i leaves
    if for some l still there x̄(i; r) < x̄(l; r) - W(i,l; r), where W(i,l; r) = max(0, δ/(2r) (h² S²(i,l)/δ² - r)). h²
    is :func:`~allocation.statistics.constants.kim_nelson_constants` of all k settings.

    **The promise.** If the best setting is better than every other by the indifference δ or more, it wins with
    probability ``confidence`` or more. It is proved for means of normal values, whatever their variances and however
    they are correlated within a replication; replications are independent. Values that are sums over many customers are
    near enough; for rare events take a larger n0. When others are closer to the best than δ, any of those may win; that
    a setting worse than that then wins no more often is not proved, but measured by the tests.

    **Ties.** Once the allowance of a pair is 0, the data have shown all that δ asks for, and of two exactly equal means
    the setting that was named first stays (:attr:`Elimination.tied`). No chance decides, so two runs agree. In
    particular, settings that did the same in each replication of the first stage are settled right then: name first
    what you would rather have, and take an n0 that lets a difference show.

    Results do not depend on how replications are cut into batches: each is looked at by itself, and what a batch holds
    of a setting beyond its elimination is ignored, apart from being counted in :attr:`Selection.simulated`.

    Source: Kim and Nelson, A fully sequential procedure for indifference-zone selection in simulation, ACM TOMACS 11(3)
    (2001), 251-273, with c = 1; Law, Simulation Modeling and Analysis, 5th ed. (2015), section 10.4. The example is
    worked by hand for constants of k = 2, n0 = 3, α = 0.05: η = 4.5 and h² = 18. The differences 1, 2, 3 have S² = 1;
    with δ = 2 the allowance is max(0, 2/(2·3) (18/4 - 3)) = 0.5 after three replications, which 2 exceeds.

    Args:
        settings: Names of the settings, one or more, no two alike.
        indifference: δ, the smallest difference of means that matters, in the unit of the values.
        confidence: Promised probability of choosing the best, above 1/k.
        n0: Replications of the first stage, at least two; 20 or so are usual.
        n_max: Replications after which it stops undecided, at least n0; None for no such bound. It ends without one.
        maximise: Whether the best is the one with the largest mean; else the smallest.

    Raises:
        SettingError: A setting is out of its range, or there is none, or two have one name.

    >>> selection = KimNelson(["105%", "103%"], indifference=2, confidence=0.95, n0=3)
    >>> [gone.setting for gone in selection.feed([[11, 10], [12, 10], [13, 10]])]
    ['103%']
    >>> selection.result().winner, round(selection.result().eliminations[0].allowance, 9)
    ('105%', 0.5)
    """

    def __init__(
        self,
        settings: Sequence[str],
        *,
        indifference: float,
        confidence: float = 0.95,
        n0: int = 20,
        n_max: int | None = None,
        maximise: bool = True,
    ) -> None:
        self._settings = _names(settings)
        self._indifference = check_positive(indifference, "indifference")
        self._confidence = check_probability(confidence, "confidence")
        self._n0 = check_at_least(n0, 2, "n0, the replications of the first stage,")
        self._n_max = None if n_max is None else check_at_least(n_max, n0, "n_max")
        self._sign = 1.0 if maximise else -1.0
        k = len(self._settings)
        self._h2 = kim_nelson_constants(k, n0, 1 - confidence).h2 if k > 1 else 0.0
        self._left: NDArray[np.intp] = np.arange(k)
        # Sums over replications, of the survivors only, with the sign that makes the best the largest.
        self._sums: _Floats = np.zeros(k)
        self._replications = 0
        self._first_stage: _Floats = np.empty((0, k))
        # h² S²(i,l) / (2δ): r times the allowance is this less r δ/2. Of the survivors; nan before it is known.
        self._start: _Floats = np.full((k, k), np.nan)
        self._eliminations: list[Elimination] = []
        self._simulated = np.zeros(k, np.int64)

    @property
    def survivors(self) -> tuple[str, ...]:
        """The settings that are left: the columns of the next batch, in this order."""
        return tuple(self._settings[i] for i in self._left)

    @property
    def replications(self) -> int:
        """How many replications have been looked at."""
        return self._replications

    @property
    def over(self) -> bool:
        """Whether no more replications are wanted: one setting is left, or n_max is reached."""
        return len(self._left) == 1 or self._replications == self._n_max

    @property
    def replications_wanted(self) -> int:
        """How many replications are needed before anything can be eliminated: the next batch at least; 0 at the end."""
        return 0 if self.over else max(1, self._n0 - self._replications)

    @property
    def replications_left(self) -> int | None:
        """How many more replications it can take at most; None if that is not known yet.

        After the first stage it is known: when the allowance of every pair is 0, one setting is left.
        """
        if self.over:
            return 0
        bounds = [] if self._n_max is None else [self._n_max]
        if self._replications >= self._n0:
            bounds.append(floor(2 * float(self._start.max()) / self._indifference) + 1)
        return max(1, min(bounds) - self._replications) if bounds else None

    def feed(self, rows: ArrayLike) -> tuple[Elimination, ...]:
        """Look at more replications and say who left.

        Args:
            rows: Shape (replications, survivors): a row for each replication, with a value for each of ``survivors``
                as they are before the call, all under the same random numbers.

        Returns:
            The eliminations that these replications brought about, in order.

        Raises:
            ValueError: The selection is over, the shape is wrong, or a value is not finite.
        """
        values = self._checked(rows)
        self._simulated[self._left] += len(values)
        known = len(self._eliminations)
        values = values[: None if self._n_max is None else self._n_max - self._replications]
        values = self._take_first_stage(values * self._sign)
        while len(values) and len(self._left) > 1:
            values = self._screen(values)
        return tuple(self._eliminations[known:])

    def result(self) -> Selection:
        """What the selection has come to so far; ask again after more replications."""
        left = self.survivors
        gone = {elimination.setting: elimination.replications for elimination in self._eliminations}
        counts = [int(count) for count in self._simulated]
        return Selection(
            winner=left[0] if len(left) == 1 else None,
            leader=left[int(np.argmax(self._sums))] if self._replications or len(left) == 1 else None,
            survivors=left,
            eliminations=tuple(self._eliminations),
            replications=self._replications,
            observations={name: gone.get(name, self._replications) for name in self._settings},
            simulated=dict(zip(self._settings, counts, strict=True)),
            indifference=self._indifference,
            confidence=self._confidence,
        )

    def _checked(self, rows: ArrayLike) -> _Floats:
        if self.over:
            raise ValueError("the selection is over and takes no more replications; see its result")
        values = np.asarray(rows, np.float64)
        if values.shape[1:] != (len(self._left),):
            raise ValueError(f"values of shape {values.shape}; give rows of {len(self._left)}: {self.survivors}")
        if not np.isfinite(values).all():
            raise ValueError("a value is not finite; a selection needs finite values")
        return values

    def _take_first_stage(self, values: _Floats) -> _Floats:
        """Take what the first stage lacks; what follows it is left to be screened, with its last replication."""
        lacking = self._n0 - self._replications
        if lacking <= 0:
            return values
        # Its last replication is screened like every later one, so it is only measured here and not yet summed.
        complete = len(values) >= lacking
        self._first_stage = np.concatenate([self._first_stage, values[:lacking]])
        if complete:
            differences = self._first_stage[:, :, None] - self._first_stage[:, None, :]
            self._start = self._h2 * differences.var(axis=0, ddof=1) / (2 * self._indifference)
            self._first_stage = self._first_stage[:0]
        summed = lacking - 1 if complete else len(values)
        self._add(_running(self._sums, values[:summed]))
        return values[summed:] if complete else values[:0]

    def _add(self, sums: _Floats) -> None:
        if len(sums):
            self._sums = sums[-1]
            self._replications += len(sums)

    def _screen(self, values: _Floats) -> _Floats:
        """Look at replications up to the first that eliminates somebody; the rest is returned, without those who left.

        All in one go as long as nobody leaves, since comparing pairs replication by replication would be slow.
        """
        values = values[:_ROWS_MAX] if (rest := values[_ROWS_MAX:]).size else values
        sums = _running(self._sums, values)
        r = self._replications + 1 + np.arange(len(sums))
        allowance = np.maximum(0.0, self._start - r[:, None, None] * (self._indifference / 2))
        # behind[r, i, l]: by how much the sum of l exceeds that of i.
        behind = sums[:, None, :] - sums[:, :, None]
        earlier = self._left[None, :] < self._left[:, None]
        beaten = (behind > allowance) | ((behind == 0) & (allowance == 0) & earlier)
        hit = beaten.any(axis=(1, 2))
        if not hit.any():
            self._add(sums)
            return rest
        end = int(hit.argmax())
        self._add(sums[: end + 1])
        gone = beaten[end].any(axis=1)
        self._note(gone, beaten[end], behind[end], allowance[end])
        following = np.concatenate([values[end + 1 :], rest])[:, ~gone]
        self._left, self._sums, self._start = self._left[~gone], self._sums[~gone], self._start[~gone][:, ~gone]
        return following

    def _note(self, gone: NDArray[np.bool_], beaten: NDArray[np.bool_], behind: _Floats, allowance: _Floats) -> None:
        for i in np.flatnonzero(gone):
            margin = np.where(beaten[i], behind[i] - allowance[i], -np.inf)
            by = int(margin.argmax())
            self._eliminations.append(
                Elimination(
                    setting=self._settings[self._left[i]],
                    by=self._settings[self._left[by]],
                    replications=self._replications,
                    behind=float(behind[i, by]) / self._replications,
                    allowance=float(allowance[i, by]) / self._replications,
                    tied=bool(behind[i, by] == 0),
                )
            )


def _running(start: _Floats, values: _Floats) -> _Floats:
    """Sums after each row. One addition after the other, so that batches of any size give the same bits."""
    return np.cumsum(np.concatenate([start[None, :], values]), axis=0)[1:]


def _names(settings: Sequence[str]) -> tuple[str, ...]:
    names = tuple(settings)
    if not names:
        raise SettingError("no settings to choose from; give at least one")
    for name in names:
        if names.count(name) > 1:
            raise SettingError(f"setting {name!r} is named {names.count(name)} times; give each a name of its own")
    return names
