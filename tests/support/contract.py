"""Everything that is wire format, read from the code: names, queues, ids, messages and their fields.

`python -m tests.support.contract` writes it down anew; a release's names are never changed, only added to.
"""

import json
import types
from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from typing import Any, Union, get_args, get_origin
from uuid import UUID

from temporalio import activity, workflow

from domain.signing import sign_queue
from domain.wire import Message
from signer.signing import SigningActivities
from tests.support.assembly import built_anywhere
from tests.support.world_checks import WORKFLOWS
from workers.checking import SEARCH_ATTRIBUTES
from workers.registry import PROCESSES
from workflows import names

NETWORK = "eip155:1"
GOLDEN = Path(__file__).parents[1] / "replay" / "contract.json"


def contract() -> dict[str, Any]:
    """The whole contract as plain JSON values."""
    found = activities()
    messages = set(_models(type_ for definition in found.values() for type_ in _types(definition)))
    for cls in WORKFLOWS:
        messages |= set(_models(_workflow_types(cls)))
    return {
        "namespaces": [names.BETS_NAMESPACE, names.MONEY_NAMESPACE],
        "queues": sorted(
            {f"{work.namespace}/{work.queue}" for work in _works()}
            | {f"{names.MONEY_NAMESPACE}/{sign_queue(NETWORK)}"}
        ),
        "workflow_ids": _ids(),
        "search_attributes": sorted(SEARCH_ATTRIBUTES),
        "workflows": {_definition(cls).name: _workflow(cls) for cls in WORKFLOWS},
        "activities": {name: _signature(definition) for name, definition in sorted(found.items())},
        "messages": {model.__name__: _fields(model) for model in sorted(messages, key=_name)},
        "words": {
            words.__name__: [str(word.value) for word in words]
            for words in sorted(_words(messages), key=_name)
        },
    }


def activities() -> dict[str, Any]:
    """Definition of every activity by name, the signer's included."""
    definitions: dict[str, Any] = {}
    for name, process in PROCESSES.items():
        built = built_anywhere(name)
        for work in process.queues([NETWORK]):
            for method in work.activities(built):
                definition = activity._Definition.must_from_callable(method)
                definitions[str(definition.name)] = definition
    for method in (
        SigningActivities.sign,
        SigningActivities.forbid_signing,
        SigningActivities.confirm_addresses,
    ):
        definition = activity._Definition.must_from_callable(method)
        definitions[str(definition.name)] = definition
    return definitions


def as_text() -> str:
    """The contract as the golden file holds it."""
    return json.dumps(contract(), indent=1, sort_keys=True) + "\n"


def _works() -> list[Any]:
    return [work for process in PROCESSES.values() for work in process.queues([NETWORK])]


def _ids() -> dict[str, str]:
    zero = UUID(int=0)
    return {
        "player": names.player_workflow_id(1, "external"),
        "address": names.address_workflow_id(17, "eip155"),
        "seeds": names.seed_rotation_workflow_id(17, "key"),
        "bet": names.bet_workflow_id(1, zero),
        "deposit": names.deposit_workflow_id(NETWORK, "0xaa", "log-0"),
        "withdrawal": names.withdrawal_workflow_id(zero),
        "sweep": names.sweep_workflow_id(zero),
        "funding": names.funding_workflow_id(zero),
        "move": names.move_workflow_id(zero),
        "feed": names.feed_workflow_id(NETWORK),
        "address_pool": names.address_pool_workflow_id("eip155"),
        "stuck_finder": names.stuck_finder_id(),
        "planner": names.planner_id(),
    }


def _definition(cls: type) -> Any:  # noqa: ANN401 - the SDK's private class
    return workflow._Definition.must_from_class(cls)


def _workflow(cls: type) -> dict[str, Any]:
    definition = _definition(cls)
    return {
        "takes": _shown_all(definition.arg_types),
        "gives": _shown(definition.ret_type),
        "updates": {
            str(name): {"takes": _shown_all(update.arg_types), "gives": _shown(update.ret_type)}
            for name, update in sorted(definition.updates.items())
        },
        "signals": {
            str(name): _shown_all(signal.arg_types) for name, signal in sorted(definition.signals.items())
        },
    }


def _workflow_types(cls: type) -> list[Any]:
    definition = _definition(cls)
    parts = [definition, *definition.updates.values()]
    found = [type_ for part in parts for type_ in _types(part)]
    return found + [type_ for signal in definition.signals.values() for type_ in signal.arg_types or []]


def _types(definition: Any) -> list[Any]:  # noqa: ANN401 - the SDK's private classes
    return [*(definition.arg_types or []), definition.ret_type]


def _signature(definition: Any) -> dict[str, Any]:  # noqa: ANN401 - the SDK's private class
    return {"takes": _shown_all(definition.arg_types), "gives": _shown(definition.ret_type)}


def _models(found: Iterable[Any]) -> Iterable[type[Message]]:
    for type_ in found:
        if isinstance(type_, type) and issubclass(type_, Message):
            yield type_
            yield from _models(field.annotation for field in type_.model_fields.values())
        else:
            yield from _models(get_args(type_))


def _words(messages: Iterable[type[Message]]) -> set[type[Enum]]:
    """Enumerations that messages carry: their values are wire format too."""
    parts = [field.annotation for model in messages for field in model.model_fields.values()]
    flat = {part for annotation in parts for part in (annotation, *get_args(annotation))}
    return {part for part in flat if isinstance(part, type) and issubclass(part, Enum)}


def _name(cls: type) -> str:
    return cls.__name__


def _fields(model: type[Message]) -> dict[str, Any]:
    """Each field as it is written in JSON, with its default if it may be missing."""
    properties = model.model_json_schema(mode="serialization").get("properties", {})
    return {
        name: {key: value for key, value in schema.items() if key not in {"title", "description"}}
        for name, schema in sorted(properties.items())
    }


def _shown_all(found: Iterable[Any] | None) -> list[str]:
    return [_shown(type_) for type_ in found or []]


def _shown(type_: Any) -> str:  # noqa: ANN401 - any annotation
    if get_origin(type_) in {Union, types.UnionType}:
        return " | ".join(sorted(_shown(part) for part in get_args(type_)))
    if get_args(type_):
        inner = ", ".join("..." if part is Ellipsis else _shown(part) for part in get_args(type_))
        return f"{getattr(get_origin(type_), '__name__', get_origin(type_))}[{inner}]"
    return "None" if type_ in {None, type(None)} else str(getattr(type_, "__name__", type_))


if __name__ == "__main__":
    GOLDEN.write_text(as_text(), encoding="utf-8")
