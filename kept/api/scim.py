"""SCIM 2.0 under /scim/v2: the RFC's forms by scim2-models, the desk's rules by its services.

The desk is the token's. What a directory tells beyond what we keep is taken and forgotten; the
published schemas say what is kept.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from pydantic import ValidationError
from scim2_models import (
    AuthenticationScheme,
    Bulk,
    ChangePassword,
    Context,
    Error,
    ETag,
    Filter,
    Group,
    GroupMember,
    GroupMembership,
    Meta,
    Patch,
    PatchOp,
    Reference,
    Required,
    Resource,
    ResourceType,
    ResponseParameters,
    Schema,
    SCIMException,
    ScimFilter,
    ServiceProviderConfig,
    Sort,
    User,
)

from kept import clock
from kept.api import limits
from kept.api.reading import LARGEST
from kept.records.queries.directory import (
    DirectoryGroup,
    DirectoryUser,
    directory_groups,
    directory_users,
)
from kept.services import directory, permissions, tokens
from kept.services.errors import DeskError
from kept.services.tokens import Holder

log = logging.getLogger(__name__)
CONTENT_TYPE = "application/scim+json"
PAGE = 100
SEARCH = ".search"
KEPT = {
    "User": {"userName", "displayName", "active", "groups"},
    "Group": {"displayName", "members"},
}
"""The attributes that the published schemas name."""
Query = dict[str, str]


class Unable(Exception):
    """An answer that is an error of the RFC."""

    def __init__(self, status: int, detail: str, kind: str | None = None) -> None:
        super().__init__(detail)
        self.error = Error(status=status, detail=detail, scim_type=kind)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of a directory."""

    holder: Holder
    at: datetime
    body: dict[str, Any]
    query: Query


@csrf_exempt
def scim(request: HttpRequest, path: str = "") -> HttpResponse:
    """Answer every address below /scim/v2."""
    try:
        return _answer(request, path.strip("/"))
    except Unable as unable:
        return _told(unable.error, unable.error.status or 400)
    except SCIMException as wrong:
        return _told(wrong.to_error(), wrong.status)
    except ValidationError as wrong:
        words = "; ".join(each["msg"] for each in wrong.errors()[:3])[:500]
        return _told(Error(status=400, scim_type="invalidValue", detail=words), 400)
    except DeskError as error:
        kind = {409: "uniqueness", 422: "invalidValue"}.get(error.status)
        status = 400 if error.status == 422 else error.status
        return _told(Error(status=status, scim_type=kind, detail=error.sentence), status)


def _answer(request: HttpRequest, path: str) -> HttpResponse:
    asked = _read(request)
    noun, _, rest = path.partition("/")
    if path.endswith(SEARCH):
        return _searched(request, path, asked)
    if noun in DISCOVERED:
        if request.method != "GET":
            raise Unable(405, "Here: GET.")
        return _discovered(noun, rest, asked.query)
    kind = KINDS.get(noun)
    if kind is None or "/" in rest:
        raise Unable(404, "There is nothing at this address.")
    if rest:
        return kind.one(request.method or "", _number(rest), asked)
    if request.method == "GET":
        return kind.listed(asked)
    if request.method == "POST":
        return kind.created(asked)
    raise Unable(405, "Here: GET, POST.")


def _searched(request: HttpRequest, path: str, asked: Asked) -> HttpResponse:
    """Answer a search that is posted: of one kind, or of both at the root."""
    noun = path.removesuffix(SEARCH).strip("/")
    kinds = list(KINDS.values()) if not noun else [KINDS[noun]] if noun in KINDS else []
    if request.method != "POST" or not kinds:
        raise Unable(405 if kinds else 404, "Search by POST.")
    query = {
        name: ",".join(value) if isinstance(value, list) else str(value)
        for name, value in asked.body.items()
        if name != "schemas"
    }
    found = [each for kind in kinds for each in kind.matching(asked.holder.desk, query)]
    return _page(found, query)


def _read(request: HttpRequest) -> Asked:
    at = clock.now()
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    holder = tokens.holder(secret.strip(), at=at) if scheme.lower() == "bearer" else None
    if holder is None:
        raise Unable(401, "Send a token that is in force.")
    if limits.spend(holder.token).over:
        raise Unable(429, "Too many requests in this minute.")
    if not holder.may("people"):
        raise Unable(403, "This token lacks the scope people.")
    who = permissions.standing(holder.agent, holder.desk)
    permissions.require(who, "manage_access", permissions.policy_of(who))
    body: Any = {}
    if request.method in ("POST", "PUT", "PATCH"):
        if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
            raise Unable(413, "The body is too large.")
        try:
            body = json.loads(request.body or b"{}")
        except (ValueError, RecursionError):
            raise Unable(400, "The body is not JSON.", "invalidSyntax") from None
        if not isinstance(body, dict):
            raise Unable(400, "The body is no object.", "invalidSyntax")
    return Asked(holder=holder, at=at, body=body, query=request.GET.dict())


class Kind:
    """What Users and Groups have in common: find, list, make, replace, patch, remove."""

    model: type[Resource[Any]]

    def found(self, desk: int, number: int | None = None) -> list[Resource[Any]]:
        raise NotImplementedError

    def saved(self, told: Any, number: int | None, asked: Asked) -> int:
        raise NotImplementedError

    def removed(self, number: int, asked: Asked) -> None:
        raise NotImplementedError

    def get(self, desk: int, number: int) -> Resource[Any]:
        found = self.found(desk, number) if number else []
        if not found:
            raise Unable(404, "There is no such resource.")
        return found[0]

    def matching(self, desk: int, query: Query) -> list[Resource[Any]]:
        """Return what a filter lets through."""
        everything = self.found(desk)
        if not query.get("filter"):
            return everything
        wanted = ScimFilter[self.model](query["filter"][:1000])  # type: ignore[name-defined]  # the model of the kind
        return [each for each in everything if wanted.match(each)]

    def listed(self, asked: Asked) -> HttpResponse:
        return _page(self.matching(asked.holder.desk, asked.query), asked.query)

    def created(self, asked: Asked) -> HttpResponse:
        told = self.model.model_validate(asked.body, scim_ctx=Context.RESOURCE_CREATION_REQUEST)
        number = self.saved(told, None, asked)
        made = self.get(asked.holder.desk, number)
        response = _resource(made, 201, Context.RESOURCE_CREATION_RESPONSE, asked.query)
        response["Location"] = str(made.meta.location) if made.meta else ""
        return response

    def one(self, method: str, number: int, asked: Asked) -> HttpResponse:
        known = self.get(asked.holder.desk, number)
        context = Context.RESOURCE_QUERY_RESPONSE
        match method:
            case "GET":
                return _resource(known, 200, context, asked.query)
            case "PUT":
                told = self.model.model_validate(
                    asked.body, scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST
                )
                self.saved(told, number, asked)
                context = Context.RESOURCE_REPLACEMENT_RESPONSE
            case "PATCH":
                patch = PatchOp[self.model].model_validate(  # type: ignore[name-defined]  # the model of the kind
                    asked.body, scim_ctx=Context.RESOURCE_PATCH_REQUEST
                )
                patch.patch(known)
                self.saved(known, number, asked)
                context = Context.RESOURCE_PATCH_RESPONSE
            case "DELETE":
                self.removed(number, asked)
                return HttpResponse(status=204)
            case _:
                raise Unable(405, "Here: GET, PUT, PATCH, DELETE.")
        return _resource(self.get(asked.holder.desk, number), 200, context, asked.query)


class Users(Kind):
    """People of the desk's directory."""

    model = User

    def found(self, desk: int, number: int | None = None) -> list[Resource[Any]]:
        return [_user(each) for each in directory_users(desk, user=number)]

    def saved(self, told: User[Any], number: int | None, asked: Asked) -> int:
        mails = [each for each in told.emails or [] if each.value]
        first = next((each for each in mails if each.primary), mails[0] if mails else None)
        named = told.name.formatted if told.name else ""
        entry = directory.Entry(
            user_name=told.user_name or "",
            display=told.display_name or named or "",
            email=str(first.value) if first else "",
            external=told.external_id or "",
            is_active=told.active is not False,
        )
        return directory.save_user(
            asked.holder.desk, entry, user=number, by=asked.holder.agent, at=asked.at
        )

    def removed(self, number: int, asked: Asked) -> None:
        directory.remove_user(asked.holder.desk, number, by=asked.holder.agent, at=asked.at)


class Groups(Kind):
    """Groups of the desk's directory."""

    model = Group

    def found(self, desk: int, number: int | None = None) -> list[Resource[Any]]:
        return [_group(each) for each in directory_groups(desk, group=number)]

    def saved(self, told: Group, number: int | None, asked: Asked) -> int:
        return directory.save_group(
            asked.holder.desk, told.display_name or "", external=told.external_id or "",
            people=[_number(each.value or "") for each in told.members or []],
            group=number, by=asked.holder.agent, at=asked.at,
        )  # fmt: skip

    def removed(self, number: int, asked: Asked) -> None:
        directory.remove_group(asked.holder.desk, number, by=asked.holder.agent, at=asked.at)


KINDS: dict[str, Kind] = {"Users": Users(), "Groups": Groups()}


def _user(row: DirectoryUser) -> User[Any]:
    return User(
        id=str(row.id), external_id=row.external or None, user_name=row.user_name,
        display_name=row.display or None, active=row.is_active,
        groups=[
            GroupMembership(
                value=str(group), display=name, type="direct",
                ref=Reference(f"{_root()}/Groups/{group}"),
            )
            for group, name in row.groups
        ] or None,
        meta=_meta("User", f"Users/{row.id}", row.made_at, row.changed_at),
    )  # fmt: skip


def _group(row: DirectoryGroup) -> Group:
    return Group(
        id=str(row.id), external_id=row.external or None, display_name=row.name,
        members=[
            GroupMember(value=str(user), ref=Reference(f"{_root()}/Users/{user}"),
                        type="User")
            for user, name in row.members
        ] or None,
        meta=_meta("Group", f"Groups/{row.id}", row.made_at, row.changed_at),
    )  # fmt: skip


def _meta(kind: str, place: str, made: datetime | None, changed: datetime | None) -> Meta:
    return Meta(
        resource_type=kind, created=made, last_modified=changed, location=f"{_root()}/{place}"
    )


def _config() -> ServiceProviderConfig:
    return ServiceProviderConfig(
        patch=Patch(supported=True),
        bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
        filter=Filter(supported=True, max_results=PAGE),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=False),
        etag=ETag(supported=False),
        authentication_schemes=[
            AuthenticationScheme(
                type=AuthenticationScheme.Type.oauthbearertoken, name="Bearer token", primary=True,
                description="A token of Kept with the scope people.",
            )
        ],
        meta=_meta("ServiceProviderConfig", "ServiceProviderConfig", None, None),
    )  # fmt: skip


def _schemas() -> list[Schema]:
    found = []
    for model in (User, Group):
        schema = model.to_schema()
        name = schema.name or ""
        schema.attributes = [
            each for each in schema.attributes or [] if each.name in KEPT.get(name, ())
        ]
        for each in schema.attributes:
            if each.name == "members":
                each.sub_attributes = [
                    sub for sub in each.sub_attributes or [] if sub.name != "display"
                ]
            if each.name == "active":
                each.required = Required.true
        schema.meta = _meta("Schema", f"Schemas/{schema.id}", None, None)
        found.append(schema)
    return found


def _types() -> list[ResourceType]:
    found = []
    for model in (User, Group):
        kind = ResourceType.from_resource(model)
        kind.meta = _meta("ResourceType", f"ResourceTypes/{kind.id}", None, None)
        found.append(kind)
    return found


DISCOVERED: dict[str, Callable[[], list[Any]]] = {
    "ServiceProviderConfig": lambda: [_config()],
    "Schemas": lambda: list(_schemas()),
    "ResourceTypes": lambda: list(_types()),
}


def _discovered(noun: str, rest: str, query: Query) -> HttpResponse:
    found = DISCOVERED[noun]()
    if noun == "ServiceProviderConfig" and not rest:
        return _resource(found[0], 200, Context.RESOURCE_QUERY_RESPONSE, {})
    if query.get("filter"):
        raise Unable(403, "The schemas are not filtered.")
    if not rest:
        return _list(found, len(found), 1, {})
    for each in found:
        if each.id == rest:
            return _resource(each, 200, Context.RESOURCE_QUERY_RESPONSE, {})
    raise Unable(404, "There is no such resource.")


def _chosen(query: Query) -> ResponseParameters[Any] | None:
    wanted = {
        name: query[name] for name in ("attributes", "excludedAttributes") if query.get(name)
    }
    return ResponseParameters.model_validate(wanted) if wanted else None


def _resource(told: Resource[Any], status: int, context: Context, query: Query) -> HttpResponse:
    return _json(told.model_dump(scim_ctx=context, response_parameters=_chosen(query)), status)


def _page(found: list[Resource[Any]], query: Query) -> HttpResponse:
    start = max(_whole(query, "startIndex", 1), 1)
    count = min(max(_whole(query, "count", PAGE), 0), PAGE)
    return _list(found[start - 1 : start - 1 + count], len(found), start, query)


def _list(page: list[Any], total: int, start: int, query: Query) -> HttpResponse:
    context = Context.RESOURCE_QUERY_RESPONSE
    told: dict[str, Any] = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": len(page),
        "Resources": [
            each.model_dump(scim_ctx=context, response_parameters=_chosen(query)) for each in page
        ],
    }
    return _json(told, 200)


def _told(error: Error, status: int) -> HttpResponse:
    response = _json(error.model_dump(), int(status))
    if int(status) == 401:
        response["WWW-Authenticate"] = 'Bearer realm="kept"'
    return response


def _json(told: Any, status: int) -> HttpResponse:
    return HttpResponse(json.dumps(told), content_type=CONTENT_TYPE, status=status)


def _number(written: str) -> int:
    return int(written) if written.isascii() and written.isdigit() and len(written) < 18 else 0


def _whole(query: Query, name: str, default: int) -> int:
    try:
        return int(query.get(name, default))
    except ValueError:
        raise Unable(400, f"{name} is not a number.", "invalidValue") from None


def _root() -> str:
    return f"{settings.KEPT_URL}/scim/v2"
