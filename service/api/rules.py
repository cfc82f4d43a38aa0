"""GET /rules: what the rules say, as JSON for machines and as plain pages for people."""

from collections.abc import Iterable
from html import escape
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from msgspec import json

from service.api.media import HTML, JSON, page_type
from service.api.refusals import NotFound, Refusal, described
from service.evaluation import Site
from service.knowledge.pages import (
    Entry,
    Page,
    entries,
    heading,
    kinds,
    pages,
    source_line,
)

router = APIRouter(tags=["rules"])

_FORMS: dict[str, Any] = {"content": {JSON: {}, HTML: {}}}


@router.get(
    "/rules",
    summary="All rules, by kind, and what must be known of the set as a whole",
    response_class=Response,
    responses={
        200: _FORMS | {"description": "The list, as JSON or, where it is preferred, as a page"},
        **described(
            {
                400: "There is no such kind, or no such query parameter",
                406: "The caller takes neither JSON nor a page",
            }
        ),
    },
    openapi_extra={
        "parameters": [
            {
                "name": "kind",
                "in": "query",
                "description": "Lists rules of this kind alone: cause, link, finding ...",
                "schema": {"type": "string"},
            }
        ]
    },
)
def catalog(request: Request) -> Response:
    site: Site = request.app.state.site
    known = kinds(site.knowledge)
    if set(request.query_params) - {"kind"}:
        raise Refusal(HTTPStatus.BAD_REQUEST, "There is no such query parameter; there is kind.")
    kind = request.query_params.get("kind", "")
    if kind and kind not in known:
        text = f"There is no such kind; there are {', '.join(known)}."
        raise Refusal(HTTPStatus.BAD_REQUEST, text)
    listed = entries(site.knowledge, kind)
    ruleset = site.knowledge.ruleset
    body = {
        "version": ruleset.version,
        "digest": site.knowledge.digest,
        "intended_use": ruleset.intended_use,
        "about": ruleset.about,
        "source_attributes": ruleset.source_attributes,
        "rules": listed,
    }
    return _answer(request, site, json.encode(body), _catalog_html(site, listed))


@router.get(
    "/rules/{rule:path}",  # noqa: FAST003 - see below
    summary="One rule in plain language: limits, sources, doubts, what to check, review",
    response_class=Response,
    responses={
        200: _FORMS | {"description": "The rules with that id, one for each kind that has it"},
        **described({404: "Nothing has that id", 406: "The caller takes neither JSON nor a page"}),
    },
    # Said by hand: of a parameter that the framework reads, it says that it may be refused.
    openapi_extra={
        "parameters": [
            {
                "name": "rule",
                "in": "path",
                "required": True,
                "description": "The id, as flags name it: hyponatremia, LINK/lithium ...",
                "schema": {"type": "string", "minLength": 1},
            }
        ]
    },
)
def one(request: Request) -> Response:
    site: Site = request.app.state.site
    found = pages(site.knowledge, request.path_params["rule"], snomed=site.snomed)
    if not found:
        raise NotFound("No rule has this id; GET /rules lists them.")
    body = {
        "intended_use": site.knowledge.ruleset.intended_use,
        "source_attributes": "/rules",
        "rules": found,
    }
    return _answer(request, site, json.encode(body), _pages_html(site, found))


def _answer(request: Request, site: Site, data: bytes, page: str) -> Response:
    headers = {"ETag": f'W/"{site.knowledge.digest}"', "Vary": "Accept"}
    wanted = page_type(request.headers.getlist("accept"))
    if wanted is None:
        text = f"The answer is {JSON} or {HTML}; Accept takes neither."
        raise Refusal(HTTPStatus.NOT_ACCEPTABLE, text)
    return Response(page if wanted == HTML else data, headers=headers, media_type=wanted)


def _catalog_html(site: Site, listed: Iterable[Entry]) -> str:
    ruleset = site.knowledge.ruleset
    told = {**ruleset.about, **ruleset.source_attributes}
    about = "".join(f"<dt>{_words(key)}</dt><dd>{escape(text)}</dd>" for key, text in told.items())
    rows = "".join(
        f"<tr><td>{escape(row.kind)}</td>"
        f'<td><a href="/rules/{quote(row.id)}">{escape(row.id)}</a></td>'
        f"<td>{escape(row.name)}</td><td>{row.version}</td><td>{escape(row.status)}</td></tr>"
        for row in listed
    )
    head = "<tr><th>kind</th><th>id</th><th>name</th><th>version</th><th>status</th></tr>"
    return _html(site, "Rules", f"<dl>{about}</dl><table>{head}{rows}</table>")


def _words(key: str) -> str:
    return escape(key.replace("_", " "))


def _pages_html(site: Site, found: Iterable[Page]) -> str:
    parts = []
    for page in found:
        parts.append(f"<h2>{escape(page.name)}</h2><p>{escape(f'{page.kind} {page.id}')}</p>")
        parts.append(f"<p>{escape(heading(page))}</p>")
        parts += [_list(section.heading, section.lines) for section in page.sections]
        parts.append(_list("Sources", map(source_line, page.sources)))
    parts.append('<p><a href="/rules">All rules</a></p>')
    return _html(site, "Rule", "".join(parts))


def _list(title: str, lines: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<h3>{escape(title)}</h3><ul>{items}</ul>" if items else ""


def _html(site: Site, title: str, body: str) -> str:
    use = escape(site.knowledge.ruleset.intended_use)
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f"<title>Myoflag: {title}</title></head><body><h1>Myoflag: {title}</h1>"
        f"<p>{use}</p>{body}</body></html>"
    )
