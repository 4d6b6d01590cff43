"""From a request to an answer: token, limit, form, act. One view serves every route.

What fails is said as a problem document, and a bug of ours says nothing but that it is one.
"""

import logging
import re
from collections.abc import Callable, Mapping

import msgspec
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from kept import clock
from kept.api import limits, problems, reading, reads, verbs
from kept.api.asked import NoQuery, Nothing
from kept.api.calls import Call, Route
from kept.api.openapi import document
from kept.api.problems import Unusable, answer_of, problem
from kept.services import repeats, tokens
from kept.services.errors import DeskError, Refused
from kept.services.repeats import Answer
from kept.services.retrying import retried
from kept.services.whole import together

log = logging.getLogger(__name__)
ROUTES: tuple[Route, ...] = (*reads.ROUTES, *verbs.ROUTES)
KEY = re.compile(r"[!-~]{1,255}")
JSON = "application/json"
View = Callable[..., HttpResponse]


def paths() -> dict[str, dict[str, Route]]:
    """Return the routes by path and method."""
    found: dict[str, dict[str, Route]] = {}
    for route in ROUTES:
        found.setdefault(route.path, {})[route.method] = route
    return found


def view_of(methods: Mapping[str, Route]) -> View:
    """Return the view of one path."""

    @csrf_exempt
    def view(request: HttpRequest, **path: str) -> HttpResponse:
        route = methods.get("GET" if request.method == "HEAD" else request.method or "")
        if route is None:
            allowed = ", ".join(sorted({*methods, *(["HEAD"] if "GET" in methods else [])}))
            told = problem(405, "no_method", f"Here: {allowed}.")
            return _response(answer_of(told), {"Allow": allowed})
        return _said(lambda: _served(request, route, path))

    return view


@csrf_exempt
def describe(request: HttpRequest) -> HttpResponse:
    """Answer the OpenAPI document, to anybody: it holds nothing of any desk."""
    if request.method not in ("GET", "HEAD"):
        told = problem(405, "no_method", "Here: GET, HEAD.")
        return _response(answer_of(told), {"Allow": "GET, HEAD"})
    return _response(Answer(status=200, content_type=JSON, body=document(ROUTES)), {})


@csrf_exempt
def nothing_here(request: HttpRequest, **path: str) -> HttpResponse:
    """Answer an address that the API does not have."""
    return _response(answer_of(problems.NOTHING), {})


def _said(serve: Callable[[], HttpResponse]) -> HttpResponse:
    try:
        return serve()
    except (OperationalError, InterfaceError):
        log.exception("the database failed an API request")
        return _response(answer_of(problems.NO_DATABASE), {"Retry-After": "5"})
    except Exception:
        log.exception("an API request failed")
        return _response(answer_of(problems.OUR_MISTAKE), {})


def _served(request: HttpRequest, route: Route, path: dict[str, str]) -> HttpResponse:
    at = clock.now()
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    holder = tokens.holder(secret.strip(), at=at) if scheme.lower() == "bearer" else None
    if holder is None:
        asking = {"WWW-Authenticate": 'Bearer realm="kept"'}
        return _response(answer_of(problems.UNKNOWN_TOKEN), asking)
    allowance = limits.spend(holder.token)
    headers = allowance.headers()
    if allowance.over:
        told = problem(429, "too_many", f"Ask again in {allowance.resets_in} seconds.")
        return _response(answer_of(told), headers)
    if not holder.may(route.scope):
        told = problem(403, "no_scope", f"This token lacks the scope {route.scope}.")
        return _response(answer_of(told), headers)
    try:
        body = reading.body_of(request) if route.body else b""
        call = Call(
            holder=holder,
            at=at,
            number=reading.read_number(path.get("number", "")),
            path={name: value.replace("\0", "") for name, value in path.items()},
            query=reading.read_query(request, route.query or NoQuery),
            body=reading.read_body(body, route.body or Nothing),
            key=_key(request) if route.method == "POST" else "",
        )
        if call.key:
            answer, replayed = _once(route, call, request.path, body)
            headers |= {"Idempotent-Replayed": "true"} if replayed else {}
        else:
            answer = _done(route, call)
    except Unusable as wrong:
        answer = answer_of(wrong.problem)
    return _response(answer, headers)


def _key(request: HttpRequest) -> str:
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return ""
    if not KEY.fullmatch(key):
        raise Unusable(400, "bad_key", "An Idempotency-Key has 1 to 255 visible characters.")
    return key


def _done(route: Route, call: Call) -> Answer:
    """Act or read; a foreseen failure is an answer like any other."""
    try:
        told = route.run(call)
    except DeskError as error:
        return answer_of(problems.of_error(error))
    return Answer(status=route.status, content_type=JSON, body=msgspec.json.encode(told))


def _once(route: Route, call: Call, path: str, body: bytes) -> tuple[Answer, bool]:
    """Act once for a key; the answer commits with the effect it tells of."""
    token = call.holder.token

    def attempt() -> tuple[Answer, bool]:
        with together():
            earlier = repeats.earlier(token, path, call.key, body)
            if earlier is not None:
                return earlier, True
            answer, has_effect = _tried(route, call)
            if has_effect:
                repeats.keep(token, path, call.key, body, answer, at=call.at)
        return answer, False

    try:
        return retried(attempt)
    except DeskError as error:
        return answer_of(problems.of_error(error)), False


def _tried(route: Route, call: Call) -> tuple[Answer, bool]:
    """Act; a refusal stands in the journal, so it is an effect too."""
    try:
        told = route.run(call)
    except Refused as refusal:
        return answer_of(problems.of_error(refusal)), True
    except DeskError as error:
        return answer_of(problems.of_error(error)), False
    body = msgspec.json.encode(told)
    return Answer(status=route.status, content_type=JSON, body=body), True


def _response(answer: Answer, headers: Mapping[str, str]) -> HttpResponse:
    response = HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)
    response["Cache-Control"] = "no-store"
    response["Vary"] = "Authorization"
    for name, value in headers.items():
        response[name] = value
    return response
