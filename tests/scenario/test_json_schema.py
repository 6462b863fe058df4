"""The shipped JSON Schema says what the dataclasses say."""

import json

import jsonschema
import pytest
from ruamel.yaml import YAML

from allocation.scenario import SCHEMA_FILE, list_scenarios, scenario_folder, scenario_json_schema
from allocation.scenario.json_schema import schema_text


@pytest.fixture(scope="module")
def validator():
    schema = scenario_json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def shipped(name):
    # As an editor reads it: text keys, dates as text.
    data = YAML(typ="safe", pure=True).load((scenario_folder() / f"{name}.yaml").read_text())
    return json.loads(json.dumps(text_keys(data), default=str))


def text_keys(value):
    if isinstance(value, dict):
        return {str(key): text_keys(item) for key, item in value.items()}
    return [text_keys(item) for item in value] if isinstance(value, list) else value


def test_the_shipped_file_is_what_the_dataclasses_give():
    assert SCHEMA_FILE.read_text() == schema_text()


@pytest.mark.parametrize("name", list_scenarios())
def test_every_shipped_scenario_is_accepted_and_names_the_schema(validator, name):
    validator.validate(shipped(name))
    first = (scenario_folder() / f"{name}.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=../allocation/scenario/scenario.schema.json"


@pytest.mark.parametrize(
    "section",
    [(), ("policy",), ("policy", "overbooking"), ("demand",), ("demand", "arrivals"), ("supply", 0)],
)
def test_an_unknown_key_is_refused(validator, section):
    data = shipped("console-realistic")
    holder = data
    for key in section:
        holder = holder[key]
    holder["overboking"] = 1
    assert not validator.is_valid(data)


def test_a_wrong_value_is_refused(validator):
    data = shipped("iphone-15-pro")
    data["policy"]["hold"] = "provisionally"
    assert not validator.is_valid(data)
