"""An OpenID provider on loopback: real HTTP, real signatures, and lies on request.

`lies` says in what it is not honest, so that each check of ours is tried by what it is for.
"""

import base64
import hashlib
import json
import secrets
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

from kept import clock

CLIENT, SECRET = "kept-desk", "a-client-secret-nobody-guesses"


@dataclass
class Provider:
    """What the provider knows, and how it lies."""

    subject: str = "subject-1"
    claims: dict[str, Any] = field(default_factory=dict)
    lies: set[str] = field(default_factory=set)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "k1"}))
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": "https://elsewhere.example" if "discovery" in self.lies else self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }

    def authorize(self, query: dict[str, str]) -> str:
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        state = "another" if "state" in self.lies else query["state"]
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': state})}"

    def token(self, form: dict[str, str], authorization: str) -> dict[str, str] | None:
        """Answer a code once, to the client it was made for, with the verifier it was made by."""
        made = self.codes.pop(form.get("code", ""), None)
        pair = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        if made is None or unquote(pair) != f"{CLIENT}:{SECRET}":
            return None
        challenge = hashlib.sha256(form["code_verifier"].encode()).digest()
        told = base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()
        if made["code_challenge"] != told or form["redirect_uri"] != made["redirect_uri"]:
            return None
        return {"access_token": "x", "token_type": "Bearer", "id_token": self.id_token(made)}

    def id_token(self, made: dict[str, str]) -> str:
        now = int(clock.now().timestamp())
        claims = {
            "iss": "https://elsewhere.example" if "iss" in self.lies else self.issuer,
            "aud": ["another-client"] if "aud" in self.lies else CLIENT,
            "sub": self.subject,
            "nonce": "another" if "nonce" in self.lies else made["nonce"],
            "iat": now - 7200 if "old" in self.lies else now,
            "exp": now - 3600 if "old" in self.lies else now + 300,
            **self.claims,
        }
        if "azp" in self.lies:
            claims |= {"aud": [CLIENT, "another"], "azp": "another"}
        if "none" in self.lies:
            return f"{_part({'alg': 'none'})}.{_part(claims)}."
        if "shared" in self.lies:
            return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET))
        key = RSAKey.generate_key(2048, {"kid": "k1"}) if "key" in self.lies else self.key
        return jwt.encode({"alg": "RS256", "kid": "k1"}, claims, key)


def _part(told: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(told).encode()).rstrip(b"=").decode()


def serve(provider: Provider) -> ThreadingHTTPServer:
    """Serve a provider on a free port until it is shut down."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            place = urlsplit(self.path)
            provider.asked.append(place.path)
            query = {name: values[0] for name, values in parse_qs(place.query).items()}
            if place.path == "/authorize":
                self.send_response(302)
                self.send_header("Location", provider.authorize(query))
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif place.path == "/keys":
                self._answer(KeySet([provider.key]).as_dict(private=False))
            else:
                self._answer(provider.discovery())

        def do_POST(self) -> None:
            provider.asked.append(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            told = provider.token(form, self.headers.get("Authorization", ""))
            self._answer(told or {"error": "invalid_grant"}, 200 if told else 400)

        def _answer(self, told: Any, status: int = 200) -> None:
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
