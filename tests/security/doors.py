"""Every address of the pages with what is posted there; the map of all attacks.

A door is an address with `{things}` of the stock in it, and a body that its form would send. A
route or an act without a door fails `test_matrix`, so what is new is attacked from its first day.
"""

from dataclasses import dataclass, field

from tests.security.stock import Stock

Body = dict[str, str]


@dataclass(frozen=True, slots=True)
class Door:
    """One request. `name` is the route, with the act after a colon where it has several."""

    name: str
    path: str
    body: Body | None = None
    anybody: bool = False
    """Whether it is open without a session."""
    own: bool = False
    """Whether everybody has one of their own: it names nothing of a desk."""

    @property
    def method(self) -> str:
        return "GET" if self.body is None else "POST"

    def at(self, held: Stock, **changed: object) -> tuple[str, Body]:
        """Return address and body with the things of a stock filled in."""
        things = {**held.named(), **changed}
        body = {name: text.format(**things) for name, text in (self.body or {}).items()}
        return self.path.format(**things), body


@dataclass(frozen=True, slots=True)
class Nouns:
    """Doors that share an address: `nouns` are (act, body)."""

    name: str
    path: str
    nouns: tuple[tuple[str, Body], ...]
    names: str = ""
    """The form's field that names the act, where the address does not."""
    with_all: Body = field(default_factory=dict)

    def doors(self) -> tuple[Door, ...]:
        return tuple(
            Door(
                f"{self.name}:{noun}",
                self.path if self.names else f"{self.path}/{noun}",
                {**({self.names: noun} if self.names else {}), **self.with_all, **body},
            )
            for noun, body in self.nouns
        )


OPEN = (
    Door("sign-in", "/sign-in", anybody=True),
    Door("sign-in", "/sign-in", {"address": "x@y.example", "password": "wrong"}, anybody=True),
    Door("second-factor", "/sign-in/second", {"code": "123456"}, anybody=True),
    Door("passkey-options", "/sign-in/passkey/options", {}, anybody=True),
    Door("passkey-sign-in", "/sign-in/passkey", {}, anybody=True),
    Door("sign-on", "/sign-in/with/nobody", {}, anybody=True),
    Door("sign-on-back", "/sign-in/with/nobody/back", anybody=True),
    Door("sign-on-proven", "/sign-in/with/nobody/proven", anybody=True),
    Door("forgotten", "/forgotten", {"address": "x@y.example"}, anybody=True),
    Door("reset", "/reset/wrong", {"new": "a", "again": "a"}, anybody=True),
    Door("invitation", "/invitation/wrong-wrong-wrong-wrong", {"new": "a"}, anybody=True),
    Door("customer-answer", "/c/1-wrong", anybody=True),
    Door("customer-answer", "/c/1-wrong", {"answer": "confirm"}, anybody=True),
    Door("remote-picture", "/remote-pictures/wrong", anybody=True),
    Door("live", "/live", anybody=True),
    Door("healthz", "/healthz", anybody=True),
    Door("readyz", "/readyz", anybody=True),
    Door("api-metrics", "/metrics", anybody=True),
    Door("help-articles", "/help/{desk}/articles?words=Dana", anybody=True),
    Door("help-article", "/help/{desk}/articles/{article}", anybody=True),
    Door(
        "help-picture", "/help/{desk}/articles/{article}/pictures/{article_picture}", anybody=True
    ),
    Door("rota-feed", "/rota/feed/wrong.ics", anybody=True),
    Door("scim", "/scim/v2/Users", anybody=True),
    Door("sign-out", "/sign-out", {}, anybody=True),
)
OWN = tuple(
    Door(name, path, own=True)
    for name, path in (
        ("queue", "/"), ("account", "/account"), ("macros", "/macros"), ("tags", "/tags"),
        ("views", "/views"), ("view-counts", "/views/counts"), ("notices", "/notices"),
        ("duties", "/duties"), ("search", "/search?q=Dana"), ("wallboard", "/wallboard"),
        ("search-suggestions", "/search/suggestions?q=Dana"), ("outbox", "/outbox"),
        ("colleagues", "/colleagues?desk=small&q=a"), ("availability", "/availability"),
        ("outages", "/outages"), ("quarantine", "/quarantine"), ("customers", "/customers"),
        ("customer-pairs", "/customers/duplicates"), ("profile-reviews", "/customers/reviews"),
        ("customer-imports", "/customers/imports"), ("households", "/households"),
        ("organisations", "/organisations"), ("pages", "/pages"),
    )
)  # fmt: skip
SEEN = tuple(
    Door(name, path)
    for name, path in (
        ("ticket", "/tickets/{ticket}"), ("acts", "/tickets/{ticket}/messages"),
        ("texts", "/tickets/{ticket}/texts?macro={macro}"),
        ("room", "/tickets/{ticket}/room?seen=1"),
        ("what-if", "/tickets/{ticket}/what-if?act=wait"),
        ("suggestions", "/tickets/{ticket}/suggestions"),
        ("call-back", "/tickets/{ticket}/call/{address}"),
        ("proof", "/tickets/{ticket}/commitments/{commitment}/proof"),
        ("message-html", "/messages/{message}/frame"), ("attachment", "/attachments/{attachment}"),
        ("picture", "/attachments/{picture}/picture"), ("upload", "/uploads/{upload}"),
        ("sop", "/sop/{desk}"), ("duty", "/duties/{duty}"), ("bulk-act", "/bulk/{bulk}"),
        ("customer", "/customers/{customer}"), ("customer-act", "/customers/{customer}/notes"),
        ("customer-export", "/customers/{customer}.json"),
        ("customer-table", "/customers/of/{desk}.csv"),
        ("customer-import", "/customers/imports/{import}"),
        ("household", "/households/{household}"),
        ("organisation", "/organisations/{organisation}"),
        ("people", "/admin/people?desk={desk}"), ("access-review", "/admin/review?desk={desk}"),
        ("audit", "/admin/audit"), ("rota", "/rota?desk={desk}"), ("page", "/pages/{page}"),
        ("knowledge", "/knowledge?desk={desk}"), ("article", "/knowledge/{article}"),
        ("article-new", "/knowledge/new?desk={desk}"),
        ("article-edit", "/knowledge/{article}/edit"),
        ("article-version", "/knowledge/{article}/versions/1"),
        ("article-picture", "/knowledge/pictures/{article_picture}"),
    )
)  # fmt: skip
ON_TICKET = Nouns("acts", "/tickets/{ticket}", (
    ("messages", {"text": "Dear", "key": "k1"}), ("steps", {"step": "write_attempt", "what": "x",
     "worked": "yes"}),
    ("acknowledgements", {"notice": "{notice}"}),
    ("approval-decisions", {"kind": "refund", "decision": "approve"}),
    ("acceptances", {}), ("triage", {"severity": "P2"}), ("severities", {"to": "P2",
     "reason": "calm"}),
    ("assignments", {"agent": "{agent}"}),
    ("escalations", {"to": "L2", "reason": "beyond_me", "tried": "x"}),
    ("waits", {"who": "customer"}), ("promises", {"what": "update", "due": "{soon}"}),
    ("attempts", {}), ("approvals", {"kind": "refund", "amount": "150.00"}),
    ("payments", {"kind": "refund", "amount": "5.00"}), ("flags", {"flag": "storm"}),
    ("resolutions", {}), ("confirmations", {}), ("closures", {}), ("reopenings", {}),
    ("spam", {}), ("undone-replies", {"reply": "{reply}"}),
    ("named-drafts", {"text": "x", "name": "mine", "kind": "public"}),
    ("draft-acts", {"choice": "take:{draft}"}), ("room-lines", {"text": "hello", "key": "k2"}),
    ("macro-runs", {"macro": "{macro}", "key": "k3"}), ("outage-ties", {}),
    ("verifications", {"method": "by voice", "passed": "yes"}),
    ("identity-codes", {"address": "{address}"}), ("identity-answers", {"kind": "pin",
     "told": "1234"}),
    ("identity-calls", {"address": "{address}", "passed": "yes"}), ("identity-failures", {}),
    ("purchase-choices", {"purchase": "{purchase}"}),
    ("links", {"other": "{second}", "kind": "child_of"}), ("link-endings", {"link": "{link}"}),
    ("merges", {"into": "{second}"}), ("merge-endings", {"merged": "{second}"}),
    ("splits", {"message-{message}": "yes", "subject": "Apart"}), ("tags", {"tag": "news"}),
    ("tag-endings", {"tag": "dana tag"}), ("times", {"minutes": "5"}),
    ("time-endings", {"entry": "{entry}"}), ("follows", {}), ("unfollowings", {}),
    ("solved-by", {"article": "{article}"}),
    ("solved-by-endings", {"article": "{article}"}),
    ("none-found", {}),
    ("snoozes", {"until": "{soon}"}), ("wakings", {}),
))  # fmt: skip
ON_CUSTOMER = Nouns("customer-act", "/customers/{customer}", (
    ("profile", {"name": "New"}), ("addresses", {"kind": "email", "value": "n@example.com"}),
    ("preferred", {"address": "{address}"}), ("address-removals", {"address": "{address}"}),
    ("standing", {"tier": ""}), ("purchases", {"product": "Bulb"}),
    ("purchase-removals", {"purchase": "{purchase}"}), ("notes", {"text": "x"}),
    ("note-removals", {"note": "{customer_note}"}), ("households", {"name": "H", "role": "son"}),
    ("organisations", {"name": "O"}),
    ("household-leavings", {"household": "{household}", "role": "elder"}),
    ("organisation-leavings", {"organisation": "{organisation}"}), ("pins", {"pin": "4711"}),
    ("authenticators", {}), ("merges", {"other": "{other_customer}"}),
    ("merge-undos", {"merge": "{merge}"}), ("erasures", {"sure": "erase"}),
), with_all={"desk": "{desk}"})  # fmt: skip
ON_ACCOUNT = Nouns("account-act", "/account", (
    ("password", {"old": "x", "new": "y", "again": "y"}), ("authenticator", {"code": "1"}),
    ("authenticator-removal", {}), ("recovery-codes", {}), ("passkey-question", {}),
    ("passkeys", {}), ("passkey-removal", {"passkey": "{passkey}"}),
    ("sessions", {"which": "none"}),
    ("tokens", {"place": "{desk} agent", "name": "t", "days": "5"}),
    ("token-removal", {"token": "{token}"}), ("identity-removal", {"identity": "{identity}"}),
    ("preferences", {"language": "en", "theme": ""}),
))  # fmt: skip
ON_PEOPLE = Nouns("people", "/admin/people", (
    ("invitation", {"email": "i@example.com", "name": "I", "role": "agent"}),
    ("withdrawal", {"invitation": "{invitation}"}),
    ("change", {"membership": "{membership}", "role": "guest"}),
    ("end", {"membership": "{membership}"}), ("factors", {"agent": "{agent}"}),
    ("provider", {"slug": "new", "kind": "oidc", "name": "N", "issuer": "https://i.example",
     "client": "c", "secret": "s"}),
    ("provider-switch", {"provider": "{provider}", "on": ""}),
), names="noun", with_all={"desk": "{desk}"})  # fmt: skip
ON_AVAILABILITY = Nouns("availability", "/availability", (
    ("availability", {"agent": "{agent}", "availability": "busy"}),
    ("terms", {"agent": "{agent}", "desk": "{desk_id}", "most": "3"}),
    ("telephone", {"telephone": "123456"}), ("stale", {"desk": "{desk_id}", "hours": "5"}),
    ("taking-back", {"ticket": "{ticket}"}), ("leaving", {"ticket": "{ticket}"}),
), names="noun")  # fmt: skip
SENT = tuple(
    Door(name, path, body)
    for name, path, body in (
        ("draft", "/tickets/{ticket}/drafts", {"text": "x", "kind": "public"}),
        ("uploads", "/tickets/{ticket}/uploads", {}),
        ("remarks", "/tickets/{ticket}/remarks", {"text": "x"}),
        ("presence", "/tickets/{ticket}/presence", {"intent": "viewing"}),
        ("upload", "/uploads/{upload}", {"ticket": "{ticket}"}),
        ("macros:write", "/macros", {"desk": "{desk}", "name": "n", "text": "t"}),
        ("macros:change", "/macros", {"desk": "{desk}", "macro": "{macro}", "name": "n",
         "text": "t"}),
        ("macros:remove", "/macros", {"desk": "{desk}", "macro": "{macro}", "what": "remove"}),
        ("tag:rename", "/tags/{tag}", {"name": "renamed"}),
        ("tag:retire", "/tags/{tag}", {"do": "retire"}),
        ("sop-signature", "/sop/{desk}/signatures", {"hash": "{policy}"}),
        ("views", "/views", {"name": "v", "query": "severity=P1", "audience": "desk:{desk}"}),
        ("view-order", "/views/order", {"order": "{view}"}),
        ("view:delete", "/views/{view}", {"do": "delete"}),
        ("view:bring-back", "/views/{view}", {"do": "bring-back"}),
        ("view:up", "/views/{view}", {"do": "up"}), ("view:down", "/views/{view}", {"do": "down"}),
        ("view:change", "/views/{view}", {"do": "change", "name": "w"}),
        ("bulk", "/bulk", {"act": "resolve", "ticket": "{ticket}", "step": "preview"}),
        ("bulk-act:do", "/bulk/{bulk}", {"act": "follow", "ticket": "{ticket}"}),
        ("bulk-act:undo", "/bulk/{bulk}", {"do": "undo"}),
        ("notices:seen", "/notices", {"do": "seen"}),
        ("notices:acknowledge", "/notices", {"do": "acknowledge", "notice": "{notice}"}),
        ("notices:choose", "/notices", {"do": "choose", "page": "bell"}),
        ("duty", "/duties/{duty}", {}),
        ("outages", "/outages", {"desk": "{desk}", "name": "o"}),
        ("outage-ending", "/outages/{outage}/ending", {}),
        ("quarantine", "/quarantine", {"raw": "{raw}", "decision": "discard"}),
        ("customer-new", "/customers/new", {"desk": "{desk}", "name": "N"}),
        ("customer-pairs", "/customers/duplicates",
         {"one": "{customer}", "other": "{other_customer}", "decision": "two"}),
        ("profile-reviews", "/customers/reviews", {"task": "{review_task}"}),
        ("customer-imports", "/customers/imports", {"desk": "{desk}"}),
        ("customer-import:check", "/customers/imports/{import}", {"act": "check",
         "column-0": "name"}),
        ("customer-import:drop", "/customers/imports/{import}", {"act": "drop"}),
        ("page:acknowledge", "/pages/{page}", {}),
        ("page:call", "/pages/{page}", {"try": "{try}", "result": "reached"}),
        ("article-misses", "/knowledge/misses", {"miss": "{miss}", "desk": "{desk}"}),
        ("article-new", "/knowledge/new", {"desk": "{desk}", "title": "T", "body": "B",
         "kind": "solution", "audience": "internal", "language": "en", "review_days": "90"}),
        ("article-edit", "/knowledge/{article}/edit", {"title": "T", "body": "B",
         "kind": "solution", "audience": "internal", "language": "en", "review_days": "90"}),
        ("household:join", "/households/{household}",
         {"act": "join", "customer": "{other_customer}", "role": "son"}),
        ("household:leave", "/households/{household}",
         {"act": "leave", "customer": "{customer}", "role": "elder"}),
        ("household:change", "/households/{household}", {"name": "x"}),
        ("organisation:join", "/organisations/{organisation}",
         {"act": "join", "customer": "{other_customer}"}),
        ("organisation:leave", "/organisations/{organisation}",
         {"act": "leave", "customer": "{customer}"}),
        ("organisation:change", "/organisations/{organisation}", {"name": "x"}),
        ("access-review:begin", "/admin/review", {"desk": "{desk}", "noun": "review"}),
        ("access-review:decide", "/admin/review", {"desk": "{desk}", "row": "{decision}",
         "decision": "kept"}),
    )
)  # fmt: skip
ON_ROTA = Nouns("rota", "/rota", (
    ("rotas", {"name": "R", "kind": "duty", "person-1": "{agent}", "starts_on": "2026-01-05",
     "handover": "09:00"}),
    ("layers", {"rota": "{rota}", "person-1": "{agent}", "starts_on": "2026-01-05",
     "handover": "09:00", "rung": "2"}),
    ("covers", {"layer": "{layer}", "agent": "{agent}", "from": "{soon}", "to": "{later}"}),
    ("endings", {"rota": "{rota}"}), ("layer-endings", {"layer": "{layer}"}),
    ("cover-endings", {"cover": "{cover}"}), ("feeds", {"rota": "{rota}"}),
    ("feed-endings", {"feed": "{feed}"}),
), names="noun", with_all={"desk": "{desk}"})  # fmt: skip
ON_ARTICLE = Nouns("article-act", "/knowledge/{article}", (
    ("submissions", {}), ("returns", {"why": "thin"}), ("publications", {}),
    ("restorations", {"version": "1"}), ("discards", {}), ("retirements", {}),
    ("returns-to-use", {}), ("reviews", {}), ("votes", {"vote": "useful"}),
))  # fmt: skip
PLACES = (ON_TICKET, ON_CUSTOMER, ON_ACCOUNT, ON_PEOPLE, ON_AVAILABILITY, ON_ROTA, ON_ARTICLE)
DOORS: tuple[Door, ...] = (
    *OPEN, *OWN, *SEEN, *SENT, *(door for place in PLACES for door in place.doors()),
)  # fmt: skip
