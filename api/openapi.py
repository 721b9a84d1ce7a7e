"""Makes the OpenAPI document say what the door does: every refusal is a declared problem document."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.arrivals import REQUEST_ID_HEADER
from api.schemas.problems import Problem

_UNUSED_SCHEMAS = ("HTTPValidationError", "ValidationError")
_REQUEST_ID = {
    "description": "Names this request in our logs, workflows and postings.",
    "schema": {"type": "string"},
}


def complete(app: FastAPI) -> None:
    """Replace the application's document by the complete one, made at its first use."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _complete(
                get_openapi(
                    title=app.title, version=app.version, description=app.description, routes=app.routes
                )
            )
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's documented way to extend the document


def _complete(document: dict[str, Any]) -> dict[str, Any]:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in _UNUSED_SCHEMAS:
        schemas.pop(name, None)
    schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(schemas["Problem"].pop("$defs", {}))
    for path in document["paths"].values():
        for operation in path.values():
            _complete_operation(operation)
    return document


def _complete_operation(operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    for status in [status for status, response in responses.items() if _is_frameworks_own(response)]:
        del responses[status]
    for status, response in responses.items():
        headers = response.setdefault("headers", {})
        headers[REQUEST_ID_HEADER] = _REQUEST_ID
        if status == "503":
            headers["Retry-After"] = {"description": "Seconds.", "schema": {"type": "string"}}
        if status == "401":
            headers["WWW-Authenticate"] = {"schema": {"type": "string"}}


def _is_frameworks_own(response: dict[str, Any]) -> bool:
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    return str(schema.get("$ref", "")).endswith("/HTTPValidationError")
