"""Markup of mails: nothing runs, nothing is fetched unasked, cleaning twice changes nothing."""

from pathlib import Path

import pytest

from kept.channels.mail.html import for_page, has_remote_images, sanitise, to_text

MESSAGES = Path(__file__).parent / "messages"

HOSTILE = [
    '<img src=x onerror="window.__pwn=1">',
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    '<a href="java\nscript:alert(1)">a</a>',
    '<a href="&#106;avascript:alert(1)">a</a>',
    '<a href=" data:text/html;base64,PHNjcmlwdD4=">a</a>',
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1"
    " onerror=alert(1)&gt;'>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "<math><annotation-xml encoding='text/html'><style><img src=x onerror=alert(1)></style>",
    "<form action=http://canary.example><button formaction='javascript:alert(1)'>b</form>",
    "<div style='position:fixed;background:url(http://canary.example)'>x</div>",
    "<style>@import 'http://canary.example';</style>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<base href='http://canary.example/'><meta http-equiv=refresh content='0;url=x'>",
    "<img src='http://canary.example/p.gif'><img srcset='http://canary.example/q.gif 1x'>",
    "<video src='http://canary.example/v'></video><audio src='http://canary.example/a'>",
    "<img data-remote-src='javascript:alert(1)'><img data-remote-src='http://x\"onerror=1'>",
    "<a href='//canary.example'>x</a><a href='/sign-out'>y</a>",
    "text \0 with <b\0>zero</b>",
    "<p title='unclosed",
]


@pytest.mark.parametrize("markup", HOSTILE)
def test_hostile_markup_is_inert_and_stays_so(markup: str) -> None:
    once = sanitise(markup)
    lowered = once.lower()
    for word in ("<script", "onerror=", "onload=", "javascript:", "data:text", "<svg", "<math",
                 "<style", "style=", "<form", "<iframe", "<base", "<meta", ' src="http',
                 "srcset", "<video", "<audio", 'href="/'):  # fmt: skip
        if f'"{word}' not in lowered:
            assert word not in lowered.replace("&lt;", ""), once
    assert sanitise(once) == once


def test_remote_images_wait_until_they_are_asked_for() -> None:
    clean = sanitise('<p><img src="https://cdn.example.net/a.png?x=1&amp;y=2" alt="a"></p>')
    assert has_remote_images(clean)
    assert " src=" not in for_page(clean, {})
    shown = for_page(clean, {}, remote_images=True)
    assert ' src="https://cdn.example.net/a.png?x=1&amp;y=2"' in shown
    assert "no-referrer" in shown


def test_inline_images_get_the_address_of_their_attachment() -> None:
    clean = sanitise('<img src="cid:one@x"><img src="cid:gone@x">')
    shown = for_page(clean, {"one@x": "/attachments/7"})
    assert 'src="/attachments/7"' in shown
    assert "cid:" not in shown


def test_text_of_markup_keeps_lists_links_and_quotation() -> None:
    text = to_text(
        "<h1>Hello</h1><p>one<br>two</p><ul><li>a</li><li>b</li></ul>"
        "<blockquote><p>said <i>before</i></p></blockquote><pre>x  y\n z</pre>"
    )
    assert text == "Hello\n\none\ntwo\n\n- a\n- b\n\n> said before\n\nx  y\n z"
