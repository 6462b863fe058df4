"""Constants of selection procedures: published values, closed forms, and that the promise is kept."""

from __future__ import annotations

from decimal import Decimal, localcontext
from math import pi, sqrt, tan

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri

from allocation.engine.errors import SettingError
from allocation.statistics import dudewicz_dalal_constant, kim_nelson_constants, rinott_constant

SETTINGS = (2, 3, 4, 5, 10)
# Law, table 10.11, has the values for n0 = 20; it prints 2.453 where quadrature gives 2.4525.
DUDEWICZ_DALAL = {(20, 0.90): (1.896, 2.342, 2.583, 2.747, 3.182), (20, 0.95): (2.4525, 2.872, 3.101, 3.258, 3.679)}
RINOTT = {(20, 0.95): (2.4525, 2.937, 3.203, 3.385, 3.875), (10, 0.95): (2.614, 3.166, 3.476, 3.693, 4.289)}


@pytest.mark.parametrize(("n0", "p_star"), DUDEWICZ_DALAL)
def test_dudewicz_and_dalal(n0, p_star) -> None:
    values = [dudewicz_dalal_constant(k, n0, p_star) for k in SETTINGS]
    assert values == pytest.approx(DUDEWICZ_DALAL[n0, p_star], abs=6e-4)


@pytest.mark.parametrize(("n0", "p_star"), RINOTT)
def test_rinott(n0, p_star) -> None:
    values = [rinott_constant(k, n0, p_star) for k in SETTINGS]
    assert values == pytest.approx(RINOTT[n0, p_star], abs=6e-4)


@pytest.mark.parametrize("constant", [rinott_constant, dudewicz_dalal_constant])
def test_two_settings_with_the_shortest_first_stage_have_a_closed_form(constant) -> None:
    # With n0 = 2 both compare the difference of two Cauchy numbers, which is a Cauchy number of twice the scale.
    for p_star in (0.6, 0.9, 0.95):
        assert constant(2, 2, p_star) == pytest.approx(2 * tan(pi * (p_star - 0.5)), rel=1e-4)


def test_a_long_first_stage_leads_to_known_variances() -> None:
    # Bechhofer, Annals of Mathematical Statistics 25 (1954), table I: 2.3262 for k = 2 and 3.0552 for k = 5 at 95%.
    assert dudewicz_dalal_constant(2, 100_000, 0.95) == pytest.approx(2.3262, abs=1e-3)
    assert dudewicz_dalal_constant(5, 100_000, 0.95) == pytest.approx(3.0552, abs=1e-3)
    # Rinott's bound takes the k - 1 comparisons for independent: Φ(h/√2)^(k-1) = P*.
    for k in SETTINGS:
        assert rinott_constant(k, 100_000, 0.95) == pytest.approx(sqrt(2) * ndtri(0.95 ** (1 / (k - 1))), abs=1e-3)


@given(
    k=st.integers(2, 1000),
    n0=st.integers(2, 500),
    share=st.floats(1e-6, 0.99),
)
def test_kim_nelson_with_fifty_digits(k, n0, share) -> None:
    alpha = share * (1 - 1 / k)
    constants = kim_nelson_constants(k, n0, alpha)
    with localcontext() as context:
        context.prec = 50
        base = 2 * Decimal(alpha) / (k - 1)
        eta = (base ** (Decimal(-2) / (n0 - 1)) - 1) / 2
    assert constants.eta == pytest.approx(float(eta), rel=1e-9)
    assert constants.h2 == pytest.approx(2 * float(eta) * (n0 - 1), rel=1e-9)


def test_kim_nelson_published() -> None:
    constants = kim_nelson_constants(k=5, n0=20, alpha=0.05)
    assert (round(constants.eta, 5), round(constants.h2, 4)) == (0.23724, 9.0151)


def test_what_is_refused() -> None:
    for constant in (rinott_constant, dudewicz_dalal_constant, lambda k, n0, p: kim_nelson_constants(k, n0, 1 - p)):
        with pytest.raises(SettingError, match="number of settings"):
            constant(1, 20, 0.95)
        with pytest.raises(SettingError, match="first stage"):
            constant(5, 1, 0.95)
        for p_star in (0.2, 0.1, 1.0, 1.5, float("nan")):
            with pytest.raises(SettingError, match="1/5"):
                constant(5, 20, p_star)
