"""Pictures in mail: their own are shown, others only when asked for, and then by the desk."""

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address

import pytest
from django.test import Client

from kept.channels.egress import LARGEST, NotFetched, fetch_picture, is_public
from kept.channels.mail.html import sanitise
from kept.records.models import Attachment, Message
from kept.records.pictures import picture_type
from tests.web.reading import kept_values

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
INNER = ("127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
         "224.0.0.1", "255.255.255.255", "::1", "fe80::1", "fd00::1", "::ffff:127.0.0.1",
         "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:7f00:1::", "ff02::1")  # fmt: skip


class Elsewhere(BaseHTTPRequestHandler):
    """Another server: a picture, a page that calls itself one, a redirect, too much."""

    def do_GET(self) -> None:
        answers = {
            "/pixel.png?a=1": (200, PIXEL),
            "/page.png": (200, b"<script>alert(1)</script>"),
            "/moved.png": (302, PIXEL),
            "/large.png": (200, PIXEL + b"\x00" * LARGEST),
        }
        status, body = answers.get(self.path, (404, b""))
        self.send_response(status)
        self.send_header("Content-Type", "image/png")
        self.send_header("Location", "http://127.0.0.1/")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *told: object) -> None:
        """Stay quiet in the tests' output."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def letter(ticket: int) -> int:
    message = Message.objects.filter(ticket_id=ticket).first()
    assert message
    html = '<p>See <img src="cid:one@x"><img src="cid:two@x"><img src="https://out.example/a.png">'
    Message.objects.filter(pk=message.pk).update(html=sanitise(html))
    for cid, body in (("one@x", PIXEL), ("two@x", b"<svg onload=alert(1)>")):
        Attachment.objects.create(
            message=message, filename="a.png", content_type="image/png", size=len(body),
            sha256=b"", body=body, inline_cid=cid,
        )  # fmt: skip
    return message.pk


def test_pictures_of_the_mail_itself_are_shown_and_only_pictures(
    amira: Client, letter: int
) -> None:
    frame = amira.get(f"/messages/{letter}/frame")
    shown = frame.content.decode()
    assert shown.count('src="data:image/png;base64,') == 1
    assert "svg" not in shown
    assert ' src="https://out.example' not in shown
    assert "img-src data:;" in frame["Content-Security-Policy"]


def test_pictures_of_others_come_through_the_desk_when_asked_for(
    amira: Client, eve: Client, letter: int
) -> None:
    frame = amira.get(f"/messages/{letter}/frame?images=show")
    shown = kept_values(frame)
    assert re.search(r'src="/remote-pictures/[^"]+"', shown)
    assert ' src="https://out.example' not in shown
    assert "https:" not in frame["Content-Security-Policy"]
    assert eve.get(f"/messages/{letter}/frame?images=show").status_code == 404
    assert Client().get("/remote-pictures/forged:token").status_code == 404


def test_a_picture_elsewhere_is_fetched_and_nothing_else_is(elsewhere: str) -> None:
    def anywhere(*_: object) -> bool:
        return True

    assert fetch_picture(f"{elsewhere}/pixel.png?a=1", may_reach=anywhere) == (PIXEL, "image/png")
    for place in ("/page.png", "/moved.png", "/large.png", "/none.png"):
        with pytest.raises(NotFetched):
            fetch_picture(elsewhere + place, may_reach=anywhere)
    with pytest.raises(NotFetched):
        fetch_picture(f"{elsewhere}/pixel.png?a=1")


@pytest.mark.parametrize("address", INNER)
def test_no_address_inside_is_ever_reached(address: str) -> None:
    assert not is_public(ip_address(address), 80)


@pytest.mark.parametrize(
    "address",
    [
        "http://2130706433/a.png", "http://0x7f000001/a.png", "http://0177.0.0.1/a.png",
        "http://localhost./a.png", "http://[::ffff:127.0.0.1]/a.png", "ftp://127.0.0.1/a.png",
        "http://user:word@93.184.216.34/a.png", "http://93.184.216.34:25/a.png", "http:///a.png",
        "file:///etc/passwd", "http://[oops/a.png",
    ],
)  # fmt: skip
def test_disguised_and_odd_addresses_are_refused_before_any_connection(address: str) -> None:
    with pytest.raises(NotFetched):
        fetch_picture(address)


def test_a_public_web_server_may_be_asked() -> None:
    assert is_public(ip_address("93.184.216.34"), 443)
    assert is_public(ip_address("2606:4700::1"), 443)
    assert not is_public(ip_address("93.184.216.34"), 22)


def test_what_is_no_raster_picture_has_no_type() -> None:
    assert picture_type(b"<svg xmlns=") is None
    assert picture_type(b"RIFF1234WEBPVP8 ") == "image/webp"
