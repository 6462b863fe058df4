"""The panel in a notebook: sliders and menus on the left, what they come to on the right."""

from __future__ import annotations

from html import escape
from itertools import groupby
from pathlib import Path
from threading import RLock
from time import perf_counter
from typing import Any

import ipywidgets as w

from allocation.engine.errors import AllocationError
from allocation.montecarlo.sweep import RATE
from allocation.tuning import view
from allocation.tuning.debounce import Debounced
from allocation.tuning.knobs import ADMISSION, DEPTH, METHOD, QUEUE, Knob
from allocation.tuning.tuner import Move, Tuner

_LABEL = {"description_width": "112px"}
_CONTROL = {"width": "318px"}
_SHOW_EVERY_S = 0.2


class Panel(w.VBox):  # type: ignore[misc]
    """Turns the knobs of a tuner and shows every move.

    Args:
        tuner: Whose knobs are turned.
        folder: Where scenarios are saved.
    """

    def __init__(self, tuner: Tuner, folder: Path) -> None:
        self.tuner = tuner
        self.folder = folder
        self.last: Move | None = None
        self.controls = {knob.key: _control(knob) for knob in tuner.knobs}
        self.status, self.tiles, self.figures, self.tables = (w.HTML() for _ in range(4))
        self.message, self.pin_line = w.HTML(layout=_CONTROL), w.HTML(layout=_CONTROL)
        self.pin_button = _button(
            "Pin this setting", "Compare what follows with the setting as it is now", "thumb-tack"
        )
        self.unpin_button = _button("Unpin", "Compare with nothing", "times")
        self.reset_button = _button("Back to the scenario", "Every control as the scenario has it", "undo")
        self.name = w.Text(
            description="Save as", placeholder="a-name-for-it", style=_LABEL, layout=_CONTROL, continuous_update=False
        )
        self.save_button = _button("Save as scenario", "Write a scenario file with this setting", "save")
        self._asked, self._turn = Debounced(self.refresh), RLock()
        self._results = w.VBox([self.tiles, self.figures, self.tables], layout={"overflow": "hidden"})
        super().__init__([w.HTML(view.STYLE + view.heading(tuner)), w.HBox([self._left(), self._right()])])
        self._listen()
        self._enable()
        self.status.value = view.opening(tuner)
        # Not before the panel is there: somebody who waits sees that it works.
        self._asked.ask()

    @property
    def values(self) -> dict[str, Any]:
        """The value of every knob as its control stands, by key."""
        return {knob.key: _value(knob, self.controls[knob.key]) for knob in self.tuner.knobs}

    def refresh(self) -> None:
        """Play what the controls say and show it, or why it cannot be played."""
        # JupyterLab turns knobs in another thread than the one that runs cells.
        with self._turn:
            begun = perf_counter()
            self.last = None
            try:
                self.last = self.tuner.move(self.values, self._advance())
            except AllocationError as error:
                self.status.value = view.refusal(error, "What is shown below is the setting before.")
            except KeyboardInterrupt:
                self.status.value = view.stopped()
            else:
                self._show(self.last, begun)
            self._results.layout.opacity = "0.4" if self.last is None else "1"
            self._enable()

    def _show(self, move: Move, begun: float) -> None:
        """Numbers first: a figure takes as long as playing does."""
        seen = view.View.of(self.tuner, move)
        self.tiles.value = seen.tiles()
        self.tables.value = seen.tables()
        self.figures.value = seen.figures()
        self.status.value = view.setting(move, perf_counter() - begun)

    def pin(self) -> None:
        """Compare what follows with the setting as it is now."""
        self._asked.at_once()
        if self.last is not None:
            self.tuner.pin(self.last)
            self.refresh()

    def unpin(self) -> None:
        """Compare with nothing."""
        self.tuner.pin(None)
        self.refresh()

    def reset(self) -> None:
        """Put every control where the scenario has it."""
        for knob in self.tuner.knobs:
            self.controls[knob.key].value = _shown(knob)
        self._asked.at_once()

    def save(self) -> None:
        """Write a scenario with the present setting under the name in the box."""
        self._asked.at_once()
        if self.last is None:
            return
        try:
            path = self.tuner.save(self.last, self.name.value, self.folder)
        except AllocationError as error:
            self.message.value = view.refusal(error)
        else:
            self.message.value = view.success(f"Saved: {path}")

    def _left(self) -> w.VBox:
        parts: list[w.Widget] = []
        for group, knobs in groupby(self.tuner.knobs, key=lambda knob: knob.group):
            parts += [_title(group), *(self.controls[knob.key] for knob in knobs)]
        parts += [
            _title("Compare with"),
            self.pin_line,
            w.HBox([self.pin_button, self.unpin_button]),
            self.reset_button,
        ]
        parts += [_title("Save"), self.name, self.save_button, self.message]
        return w.VBox(parts, layout={"flex": "0 0 336px", "padding": "0 12px 0 0"})

    def _right(self) -> w.VBox:
        return w.VBox([self.status, self._results], layout={"flex": "1 1 0", "min_width": "0", "overflow": "hidden"})

    def _listen(self) -> None:
        for control in self.controls.values():
            control.observe(lambda _: self._asked.ask(), "value")
        for button, act in (
            (self.pin_button, self.pin),
            (self.unpin_button, self.unpin),
            (self.reset_button, self.reset),
            (self.save_button, self.save),
        ):
            button.on_click(lambda _, act=act: act())

    def _advance(self) -> Any:
        """Tells that a move is under way, and how far, now and then."""
        if self.tiles.value:
            self.status.value = view.working()
        shown = perf_counter()

        def advance(done: int, total: int) -> None:
            nonlocal shown
            if perf_counter() - shown >= _SHOW_EVERY_S:
                shown = perf_counter()
                self.status.value = view.working(done, total)

        return advance

    def _enable(self) -> None:
        """What cannot be done, or would change nothing, is greyed out."""
        values = self.values
        for key, control in self.controls.items():
            if key == RATE or key.startswith("policy.overbooking.by_category."):
                control.disabled = values[METHOD] != "constant"
            if key in (DEPTH, ADMISSION):
                control.disabled = not values[QUEUE]
        self.pin_button.disabled = self.save_button.disabled = self.last is None
        self.unpin_button.disabled = self.tuner.pinned is None
        self.pin_line.value = view.pin_line(self.tuner)


def _title(text: str) -> w.HTML:
    return w.HTML(view.block(f"<h3>{escape(text)}</h3>"), layout={"width": "318px"})


def _button(text: str, tooltip: str, icon: str) -> w.Button:
    return w.Button(description=text, tooltip=tooltip, icon=icon, layout={"width": "auto"})


def _shown(knob: Knob) -> Any:
    """What a control shows at first."""
    return knob.text(knob.start) if knob.options else float(knob.start)


def _value(knob: Knob, control: w.Widget) -> Any:
    # Menus hold texts: a slider of options cannot hold None, which is a queue without a limit.
    return dict(knob.options)[control.value] if knob.options else control.value


def _control(knob: Knob) -> w.Widget:
    """The control of a knob."""
    common: dict[str, Any] = {"description": knob.label, "tooltip": knob.hint, "style": _LABEL, "layout": _CONTROL}
    if knob.options:
        kind = w.SelectionSlider if knob.key == DEPTH else w.Dropdown
        return kind(options=[text for text, _ in knob.options], value=_shown(knob), **common)
    numbers = {"value": float(knob.start), "min": float(knob.low), "max": float(knob.high)}
    if knob.step is None:
        return w.BoundedFloatText(**numbers, step=1, **common)
    return w.FloatSlider(**numbers, step=float(knob.step), readout_format=".3f", **common)
