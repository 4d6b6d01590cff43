"""SAML 2.0, web browser SSO: requests by redirect, signed answers by POST.

Only what the signature covers is read, as the verifier hands it back: an assertion wrapped
around, beside or inside the signed one does not exist here. No entity, no DTD, no address of
the answer is ever followed.
"""

import base64
import secrets
import zlib
from datetime import datetime, timedelta
from urllib.parse import urlencode

from cryptography.x509 import load_pem_x509_certificate
from lxml import etree
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from kept.channels.sign_on.proving import NotProven, Waiting
from kept.policy.words import Frozen
from kept.services.identities import Claims, Provider

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
NAMES = {"saml": SAML, "samlp": PROTOCOL}
LARGEST = 400_000
SKEW = timedelta(minutes=2)
MAIL = {
    "email", "mail", "emailaddress", "urn:oid:0.9.2342.19200300.100.1.3",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
}  # fmt: skip
NAME = {
    "name", "displayname", "urn:oid:2.16.840.1.113730.3.1.241",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
}  # fmt: skip
GROUPS = {
    "groups", "memberof", "urn:oid:1.3.6.1.4.1.5923.1.5.1.1",
    "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups",
}  # fmt: skip


class Proof(Frozen, frozen=True, kw_only=True):
    """What one assertion proves, and what it must be matched with."""

    claims: Claims
    assertion: str
    answers: str
    """The id of the request it answers; empty where nobody asked."""
    until: datetime


def begin(provider: Provider, waiting: Waiting, *, entity: str, back: str, at: datetime) -> str:
    """Return where the browser goes to prove who it is."""
    request = (
        f'<samlp:AuthnRequest xmlns:samlp="{PROTOCOL}" xmlns:saml="{SAML}" '
        f'ID="{waiting.state}" Version="2.0" IssueInstant="{at:%Y-%m-%dT%H:%M:%SZ}" '
        'ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST">'
        "<saml:Issuer/></samlp:AuthnRequest>"
    )
    root = etree.fromstring(request)
    root.set("Destination", provider.address)
    root.set("AssertionConsumerServiceURL", back)
    root[0].text = entity
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(etree.tostring(root)) + packer.flush()
    query = urlencode({"SAMLRequest": base64.b64encode(packed).decode()})
    return f"{provider.address}{'&' if '?' in provider.address else '?'}{query}"


def new_id() -> str:
    """Return an id that nobody can guess; XML wants it to begin with a letter."""
    return f"k{secrets.token_hex(20)}"


def read(provider: Provider, answer: str, *, entity: str, back: str, at: datetime) -> Proof:
    """Return what a posted answer proves; raise NotProven for everything that is not sound."""
    signed = _signed(provider, answer)
    if signed.tag == f"{{{PROTOCOL}}}Response":
        status = signed.find("samlp:Status/samlp:StatusCode", NAMES)
        if status is None or status.get("Value") != SUCCESS:
            raise NotProven("the provider says no")
        if signed.get("Destination", back) != back:
            raise NotProven("meant for another address")
        assertions = signed.findall("saml:Assertion", NAMES)
        if len(assertions) != 1:
            raise NotProven("not exactly one assertion")
        return _proof(provider, assertions[0], entity=entity, back=back, at=at)
    if signed.tag == f"{{{SAML}}}Assertion":
        return _proof(provider, signed, entity=entity, back=back, at=at)
    raise NotProven("what is signed is no assertion")


def _signed(provider: Provider, answer: str) -> etree._Element:
    """Return the element that the provider's certificate signed, read from the signed bytes."""
    if len(answer) > LARGEST:
        raise NotProven("too large")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        raw = base64.b64decode(answer, validate=False)
        root = etree.fromstring(raw, parser)
        if root.getroottree().docinfo.doctype or b"<!ENTITY" in raw:
            raise NotProven("a document type")
        certificate = load_pem_x509_certificate(provider.certificate.encode())
        verified = XMLVerifier().verify(
            root, x509_cert=certificate, expect_config=SignatureConfiguration()
        )
    except (SignXMLException, etree.LxmlError, ValueError, TypeError) as wrong:
        raise NotProven(f"not signed by this provider: {wrong}") from wrong
    if isinstance(verified, list) or verified.signed_xml is None:
        raise NotProven("not one signed element")
    return verified.signed_xml


def _proof(
    provider: Provider, assertion: etree._Element, *, entity: str, back: str, at: datetime
) -> Proof:
    if _text(assertion, "saml:Issuer") != provider.issuer:
        raise NotProven("another issuer")
    until = _in_time(assertion, at)
    wanted = assertion.findall("saml:Conditions/saml:AudienceRestriction", NAMES)
    if not wanted or not all(
        entity in [_all_text(each) for each in one.findall("saml:Audience", NAMES)]
        for one in wanted
    ):
        raise NotProven("another audience")
    if assertion.find("saml:AuthnStatement", NAMES) is None:
        raise NotProven("says nothing of a sign-in")
    name = assertion.find("saml:Subject/saml:NameID", NAMES)
    subject = _all_text(name) if name is not None else ""
    if name is None or not 0 < len(subject) <= 255 or name.get("Format") == TRANSIENT:
        raise NotProven("no lasting subject")
    number = assertion.get("ID") or ""
    if not number:
        raise NotProven("an assertion without an id")
    told = _attributes(assertion)
    return Proof(
        claims=Claims(
            issuer=provider.issuer,
            subject=subject,
            email=_first(told, MAIL)[:254],
            email_verified=True,
            name=_first(told, NAME)[:200],
            groups=tuple(each for key in sorted(GROUPS & told.keys()) for each in told[key]),
        ),
        assertion=number,
        answers=_confirmed(assertion, back, at),
        until=until,
    )


def _confirmed(assertion: etree._Element, back: str, at: datetime) -> str:
    """Return the request that a bearer confirmation answers."""
    for one in assertion.findall("saml:Subject/saml:SubjectConfirmation", NAMES):
        told = one.find("saml:SubjectConfirmationData", NAMES)
        if one.get("Method") != BEARER or told is None or told.get("Recipient") != back:
            continue
        ends = _instant(told.get("NotOnOrAfter"))
        if ends is not None and at < ends + SKEW and told.get("NotBefore") is None:
            return told.get("InResponseTo") or ""
    raise NotProven("no confirmation for this address and time")


def _in_time(assertion: etree._Element, at: datetime) -> datetime:
    conditions = assertion.find("saml:Conditions", NAMES)
    if conditions is None:
        raise NotProven("no conditions")
    begins, ends = _instant(conditions.get("NotBefore")), _instant(conditions.get("NotOnOrAfter"))
    if ends is None or at >= ends + SKEW or (begins is not None and at < begins - SKEW):
        raise NotProven("out of date")
    return ends + SKEW


def _instant(written: str | None) -> datetime | None:
    if not written:
        return None
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        raise NotProven("a time that is none") from None
    if moment.tzinfo is None:
        raise NotProven("a time without a zone")
    return moment


def _attributes(assertion: etree._Element) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in assertion.findall("saml:AttributeStatement/saml:Attribute", NAMES):
        values = [_all_text(each)[:300] for each in one.findall("saml:AttributeValue", NAMES)]
        found.setdefault((one.get("Name") or "").lower(), []).extend(values[:500])
    return found


def _first(told: dict[str, list[str]], names: set[str]) -> str:
    return next((told[name][0] for name in sorted(names) if told.get(name)), "")


def _text(element: etree._Element, path: str) -> str:
    found = element.find(path, NAMES)
    return _all_text(found) if found is not None else ""


def _all_text(element: etree._Element) -> str:
    # All of it: a comment in the middle must not end a name early.
    return "".join(str(part) for part in element.itertext(None)).strip()
