"""The OpenAPI document is the contract: complete, without loose ends, and without a number for money."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from api.app import Listener
from api.errors import TABLE
from tests.support.door import scripted_door

MONEY = {
    "amount",
    "stake",
    "payout",
    "fee",
    "available",
    "locked",
    "owed",
    "in_play",
    "pending_withdrawal",
    "change",
    "version",
}


async def _document(listener: Listener) -> dict[str, Any]:
    door = await scripted_door(listener)
    answer = await door.get("/openapi.json")
    document: dict[str, Any] = answer.json()
    return document


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def _nodes(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _nodes(child)


@pytest.mark.parametrize("listener", Listener)
async def test_every_refusal_is_a_declared_problem_document(listener: Listener) -> None:
    """Each status above 399 of each route has the problem schema, and its description names real codes."""
    for name, operation in _operations(await _document(listener)):
        refusals = {status: answer for status, answer in operation["responses"].items() if int(status) >= 400}
        assert {"400", "413", "500", "503"} <= set(refusals), name
        for status, answer in refusals.items():
            schema = answer["content"]["application/problem+json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}, name
            for part in answer["description"].split("; "):
                assert TABLE[part.partition(":")[0]].status == int(status), (name, part)


@pytest.mark.parametrize("listener", Listener)
async def test_every_reference_of_the_document_leads_somewhere(listener: Listener) -> None:
    """No schema is missing, and the framework's own error shape is gone."""
    document = await _document(listener)
    names = {node["$ref"].rpartition("/")[2] for node in _nodes(document) if "$ref" in node}
    assert names <= set(document["components"]["schemas"])
    assert "HTTPValidationError" not in json.dumps(document)


@pytest.mark.parametrize("listener", Listener)
async def test_everything_but_health_names_its_callers(listener: Listener) -> None:
    """Whoever reads the document knows which credential a route takes."""
    document = await _document(listener)
    schemes = {
        name
        for name, operation in _operations(document)
        for need in operation.get("security", [])
        for name in need
    }
    assert schemes == {"player token" if listener is Listener.PLAYER else "operator key"}
    for name, operation in _operations(document):
        assert bool(operation.get("security")) is ("/health/" not in name), name


@pytest.mark.parametrize("listener", Listener)
async def test_money_and_versions_are_text_everywhere(listener: Listener) -> None:
    """No schema has a JSON number with a fraction, and none an amount that a browser would round."""
    schemas = (await _document(listener))["components"]["schemas"]
    assert all(node.get("type") != "number" for node in _nodes(schemas))
    seen = set()
    for schema in schemas.values():
        for name, field in schema.get("properties", {}).items():
            if name in MONEY:
                seen.add(name)
                assert "string" in {node.get("type") for node in _nodes(field)}, name
                assert "integer" not in {node.get("type") for node in _nodes(field)}, name
    assert seen


@pytest.mark.parametrize("listener", Listener)
async def test_every_route_says_what_it_does(listener: Listener) -> None:
    """Each operation has a sentence and an id of its own."""
    operations = dict(_operations(await _document(listener)))
    assert all(operation["description"].endswith(".") for operation in operations.values())
    assert len({operation["operationId"] for operation in operations.values()}) == len(operations)


async def test_no_route_stands_on_two_listeners_except_health() -> None:
    """What players can reach and what operators can reach do not overlap."""
    player = {name for name, _ in _operations(await _document(Listener.PLAYER))}
    operator = {name for name, _ in _operations(await _document(Listener.OPERATOR))}
    assert player & operator == {"GET /health/live", "GET /health/ready"}
