"""A customer's HTML mail in a frame that can do nothing, and the pictures it may show there.

Pictures inside the mail travel in the page itself. Those of other servers stay blocked until
somebody asks; then the desk fetches them, so their senders never meet the reader's browser.
"""

import base64
import re
from html import unescape

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from kept.channels.egress import NotFetched, fetch_picture
from kept.channels.mail.html import for_page, has_remote_images
from kept.records.pictures import picture_type
from kept.records.queries.conversation import inline_files, message_html
from kept.web.render import agent_id
from kept.web.sign_in import signed_in

FRAME = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src {images}; sandbox allow-popups;"
    " frame-ancestors 'self'"
)
SHELL = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Message</title>'
    '<base target="_blank"><meta name="referrer" content="no-referrer"><style>'
    "body{{margin:8px;background:#fff;color:#1b1b1b;font:16px/1.5 system-ui,sans-serif;"
    "overflow-wrap:anywhere}}img{{max-width:100%;height:auto}}table{{max-width:100%}}"
    "</style></head><body>{body}</body></html>"
)
SALT = "kept.remote-picture"
GOOD_FOR_SECONDS = 900
MOST_PICTURES = 40
LARGEST_INLINE = 2_000_000
_REMOTE = re.compile(r' data-remote-src="([^"]{1,5000})"')


@require_safe
@signed_in
@xframe_options_sameorigin
def message_frame(request: HttpRequest, number: int) -> HttpResponse:
    """Show sanitised HTML with nothing from outside, or its pictures once somebody asks."""
    html = message_html(agent_id(request), number)
    if html is None:
        raise Http404
    images = "data:"
    if request.GET.get("images") == "show" and has_remote_images(html):
        html = _through_the_desk(html, agent_id(request), number)
        images = f"data: {request.scheme}://{request.get_host()}"
    response = HttpResponse(SHELL.format(body=for_page(html, _inline(number))))
    response["Content-Security-Policy"] = FRAME.format(images=images)
    response["Referrer-Policy"] = "no-referrer"
    return response


@require_safe
def remote_picture(request: HttpRequest, token: str) -> HttpResponse:
    """Fetch one picture of one mail for the reader who asked for it.

    The frame has no origin, hence no session: the signed token says who reads and which picture,
    never an address, so nobody can have the desk fetch what no mail names.
    """
    try:
        agent, number, place = signing.loads(token, salt=SALT, max_age=GOOD_FOR_SECONDS)
        html = message_html(agent, number)
        address = unescape(_REMOTE.findall(html or "")[place])
        body, kind = fetch_picture(address)
    except (signing.BadSignature, IndexError, NotFetched) as problem:
        raise Http404 from problem
    response = HttpResponse(body, content_type=kind)
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["Cache-Control"] = "private, max-age=900"
    return response


def _through_the_desk(html: str, agent: int, number: int) -> str:
    count = 0

    def place(match: re.Match[str]) -> str:
        nonlocal count
        token = signing.dumps([agent, number, count], salt=SALT)
        count += 1
        if count > MOST_PICTURES:
            return match[0]
        return f' loading="lazy" src="{reverse("remote-picture", args=(token,))}"'

    return _REMOTE.sub(place, html)


def _inline(number: int) -> dict[str, str]:
    """Return the mail's own pictures by their Content-ID, as addresses that hold them whole."""
    addresses = {}
    for cid, body in inline_files(number, largest=LARGEST_INLINE):
        kind = picture_type(body)
        if kind is not None:
            addresses[cid] = f"data:{kind};base64,{base64.b64encode(body).decode('ascii')}"
    return addresses
