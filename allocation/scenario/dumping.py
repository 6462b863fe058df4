"""Scenarios and policies as YAML that reads back equal."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from decimal import Decimal
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.representer import SafeRepresenter

from allocation.engine.policy import Policy
from allocation.scenario.schema import Scenario

_WIDTH = 10**6
"""No text is broken into lines: what breaks it would leave a space at the end of each."""
_ONE_LINE = 80
"""Longest mapping or list, in characters, that is written in one line."""
_ALWAYS = frozenset({"behaviour", "policy", "timezone", "tiers", "overbooking", "rate", "shape"})
"""Written even where they are the default, for the reader."""


def dump_scenario(scenario: Scenario) -> str:
    """A scenario as YAML that ``parse_scenario`` reads back to an equal one; defaults are left out."""
    return _yaml(_sparse(scenario))


def dump_policy(policy: Policy) -> str:
    """A policy as YAML in the form of RULES.md section 10, with every key."""
    return _yaml(_full(policy))


def _sparse(value: object) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        if isinstance(value, Policy):
            return _full(value)
        kept = [f for f in fields(value) if f.name in _ALWAYS or getattr(value, f.name) != _default(f)]
        return {f.name: _sparse(getattr(value, f.name)) for f in kept}
    return _collection(value, _sparse)


def _full(value: object) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _full(getattr(value, f.name)) for f in fields(value)}
    return _collection(value, _full)


def _collection(value: object, inner: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: inner(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [inner(item) for item in value]
    return value


def _default(field: Field[Any]) -> object:
    return field.default_factory() if field.default_factory is not MISSING else field.default


class _Representer(SafeRepresenter):
    """Writes decimals with their digits, dates as the reader takes them, and what is short in one line."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        """Write everything out: the reader takes no aliases."""
        return True

    def represent_mapping(self, tag: Any, mapping: Any, flow_style: Any = None) -> MappingNode:
        """A mapping; in one line where it is short and flat."""
        node: MappingNode = super().represent_mapping(tag, mapping, flow_style)
        node.flow_style = _is_short([part for pair in node.value for part in pair])
        return node

    def represent_sequence(self, tag: Any, sequence: Any, flow_style: Any = None) -> SequenceNode:
        """A list; in one line where it is short and flat."""
        node: SequenceNode = super().represent_sequence(tag, sequence, flow_style)
        node.flow_style = _is_short(node.value)
        return node


def _is_short(nodes: list[Any]) -> bool:
    if not all(isinstance(node, ScalarNode) or node.flow_style for node in nodes):
        return False
    return len(nodes) == 0 or sum(_length(node) for node in nodes) <= _ONE_LINE


def _length(node: Any) -> int:
    if isinstance(node, ScalarNode):
        return len(node.value) + 2
    parts = [part for pair in node.value for part in (pair if isinstance(pair, tuple) else (pair,))]
    return 2 + sum(_length(part) for part in parts)


def _text(representer: SafeRepresenter, value: str) -> ScalarNode:
    # Only between double quotes are the rarer line breaks (U+0085, U+2028) written so that they survive.
    # The reader takes a question mark at the start for the mark of a key, and a colon for that of a value.
    style = None if value.isprintable() and not value.startswith(("?", ":")) else '"'
    node: ScalarNode = representer.represent_scalar("tag:yaml.org,2002:str", value, style=style)
    return node


def _decimal(representer: SafeRepresenter, value: Decimal) -> ScalarNode:
    text = format(value, "f")
    node: ScalarNode = representer.represent_scalar(f"tag:yaml.org,2002:{'float' if '.' in text else 'int'}", text)
    return node


def _moment(representer: SafeRepresenter, value: dt.date) -> ScalarNode:
    node: ScalarNode = representer.represent_scalar("tag:yaml.org,2002:timestamp", value.isoformat())
    return node


_Representer.add_representer(str, _text)
_Representer.add_representer(Decimal, _decimal)
_Representer.add_representer(dt.date, _moment)
_Representer.add_representer(dt.datetime, _moment)


def _yaml(data: object) -> str:
    writer = YAML(typ="safe", pure=True)
    writer.Representer = _Representer
    writer.default_flow_style = False
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    writer.width = _WIDTH
    writer.allow_unicode = True
    stream = io.StringIO()
    writer.dump(data, stream)
    return stream.getvalue()
