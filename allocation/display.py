"""How things show in a notebook: by functions of `allocation.analysis`, which are imported when one is shown.

Whatever is shown may live in a low package, and elsewhere it is plain text; so its ``_repr_html_`` comes here, and
nothing is loaded before somebody looks.
"""

from __future__ import annotations

from importlib import import_module

_MAKERS = {
    "Recommendation": "recommendation_html",
    "Run": "run_html",
    "Scenario": "scenario_html",
    "Sweep": "sweep_html",
}
"""For each kind of thing the function that makes its HTML."""


def as_html(thing: object) -> str:
    """The thing as HTML: tables, and figures as pictures within it; nothing is fetched from elsewhere."""
    displays = import_module("allocation.analysis.displays")
    html: str = getattr(displays, _MAKERS[type(thing).__name__])(thing)
    return html
