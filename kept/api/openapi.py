"""The OpenAPI 3.1 document, made of the routes and of the very structs that validate."""

import re
from functools import lru_cache
from typing import Any

import msgspec

from kept import __version__
from kept.api.asked import NoQuery
from kept.api.calls import Route
from kept.api.problems import CONTENT_TYPE, TITLES, Problem

REFERENCE = "#/components/schemas/{name}"
_PATH = re.compile(r"\{(\w+)\}")
SAYS = """Everything a desk does, for programs. Errors are problem documents; a refusal of the
policy names its clause. Every POST may carry an Idempotency-Key. See docs/api.md."""


@lru_cache(maxsize=1)
def document(routes: tuple[Route, ...]) -> bytes:
    """Return the description of every route."""
    kinds = [Problem, *(kind for route in routes for kind in (route.body, route.answer) if kind)]
    _, schemas = msgspec.json.schema_components(dict.fromkeys(kinds), ref_template=REFERENCE)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    told = {
        "openapi": "3.1.0",
        "info": {"title": "Kept", "version": __version__, "description": SAYS},
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }
    return msgspec.json.encode(told)


def _operation(route: Route) -> dict[str, Any]:
    refusals = [400, 401, 403, 404, 429, 503]
    if route.method == "POST":
        refusals += [409, 411, 413, 415, 422]
    elif route.query is not None:
        refusals.append(422)
    answer = {"application/json": {"schema": _reference(route.answer)}}
    told: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.says,
        "tags": [route.tag],
        "parameters": [*_path_parameters(route.path), *_query_parameters(route)],
        "responses": {
            str(route.status): {"description": route.says, "content": answer},
            **{str(status): _refusal(status) for status in sorted(refusals)},
        },
    }
    if route.body is not None:
        told["parameters"].append(_KEY)
        needed = any(field.required for field in msgspec.structs.fields(route.body))
        told["requestBody"] = {
            "required": needed,
            "content": {"application/json": {"schema": _reference(route.body)}},
        }
    return told


def _reference(kind: Any) -> dict[str, str]:
    return {"$ref": REFERENCE.format(name=kind.__name__)}


def _refusal(status: int) -> dict[str, Any]:
    content = {CONTENT_TYPE: {"schema": _reference(Problem)}}
    return {"description": TITLES[status], "content": content}


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": _PATHS[name]}
        for name in _PATH.findall(path)
    ]


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    if route.query in (None, NoQuery):
        return []
    schema = next(iter(msgspec.json.schema_components([route.query])[1].values()))
    needed = set(schema.get("required", ()))
    return [
        {"name": name, "in": "query", "required": name in needed, "schema": _without_null(each)}
        for name, each in schema["properties"].items()
    ]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a value in an address, where nothing is said by leaving it out."""
    choices = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(choices) == 1:
        schema = choices[0]
    if "enum" in schema:
        schema = schema | {"enum": [each for each in schema["enum"] if each is not None]}
    return {name: value for name, value in schema.items() if name != "default" or value}


_PATHS: dict[str, dict[str, Any]] = {
    "number": {"type": "integer", "minimum": 1, "maximum": 10**18 - 1},
    "commitment": {"type": "string", "minLength": 1},
    "desk": {"type": "string", "pattern": "^[a-z0-9-]{1,40}$"},
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    "description": "Sent again with the same key and body, a request has no second effect.",
}
