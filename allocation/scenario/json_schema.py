"""The JSON Schema of scenario files, for editors: made from the dataclasses and shipped beside them."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import PydanticJsonSchemaWarning

from allocation.scenario.schema import Scenario

SCHEMA_FILE = Path(__file__).with_name("scenario.schema.json")
"""The shipped schema; the first line of a scenario file names it."""


def scenario_json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a scenario file.

    It knows keys, types and choices; what must hold across fields is checked when a scenario is loaded.
    """
    with warnings.catch_warnings():
        # Defaults that JSON cannot say (a whole policy) are left out of the schema.
        warnings.simplefilter("ignore", PydanticJsonSchemaWarning)
        schema = TypeAdapter(Scenario).json_schema()
    header = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Scenario of a product launch",
    }
    return {**schema, **header}


def schema_text() -> str:
    """The schema as the shipped file holds it."""
    return json.dumps(scenario_json_schema(), indent=2, sort_keys=True) + "\n"
