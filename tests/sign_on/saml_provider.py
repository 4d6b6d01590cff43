"""A SAML identity provider: answers that are sound, and answers that are forged."""

import base64
import secrets
import zlib
from datetime import datetime, timedelta
from functools import cache
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml import methods
from signxml.algorithms import CanonicalizationMethod
from signxml.signer import XMLSigner

from kept import clock

ISSUER = "https://idp.example/entity"
SIGN_IN = "https://idp.example/sso"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"


@cache
def key(name: str) -> tuple[bytes, bytes]:
    """Return a private key and its own certificate, PEM."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name}.example")])
    now = clock.now()
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(private, hashes.SHA256())
    )
    return (
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        made.public_bytes(serialization.Encoding.PEM),
    )


def request_of(address: str) -> etree._Element:
    """Return the request that a browser carries to the provider."""
    packed = parse_qs(urlsplit(address).query)["SAMLRequest"][0]
    return etree.fromstring(zlib.decompress(base64.b64decode(packed), wbits=-15))


def assertion(
    *,
    at: datetime,
    answers: str,
    back: str,
    entity: str,
    subject: str = "saml-subject",
    mail: str = "newcomer@corp.example",
    groups: tuple[str, ...] = ("support",),
    issuer: str = ISSUER,
    lasts: timedelta = timedelta(minutes=5),
) -> etree._Element:
    """Return an assertion, not signed yet."""

    def moment(instant: datetime) -> str:
        return instant.strftime("%Y-%m-%dT%H:%M:%SZ")

    begins, ends = moment(at - timedelta(minutes=1)), moment(at + lasts)
    members = "".join(f"<saml:AttributeValue>{each}</saml:AttributeValue>" for each in groups)
    told = f"""<saml:Assertion xmlns:saml="{SAML}" ID="a{secrets.token_hex(8)}" Version="2.0"
 IssueInstant="{moment(at)}"><saml:Issuer>{issuer}</saml:Issuer>
 <saml:Subject><saml:NameID>{subject}</saml:NameID>
 <saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">
 <saml:SubjectConfirmationData Recipient="{back}" NotOnOrAfter="{ends}"
 {f'InResponseTo="{answers}"' if answers else ""}/></saml:SubjectConfirmation></saml:Subject>
 <saml:Conditions NotBefore="{begins}" NotOnOrAfter="{ends}">
 <saml:AudienceRestriction><saml:Audience>{entity}</saml:Audience></saml:AudienceRestriction>
 </saml:Conditions>
 <saml:AuthnStatement AuthnInstant="{moment(at)}"/>
 <saml:AttributeStatement>
 <saml:Attribute Name="mail"><saml:AttributeValue>{mail}</saml:AttributeValue></saml:Attribute>
 <saml:Attribute Name="displayName"><saml:AttributeValue>New Comer</saml:AttributeValue>
 </saml:Attribute><saml:Attribute Name="groups">{members}</saml:Attribute>
 </saml:AttributeStatement></saml:Assertion>"""
    return etree.fromstring(told)


def signed(element: etree._Element, by: str = "idp") -> etree._Element:
    """Return the element with the provider's signature in it."""
    private, certificate = key(by)
    signer = XMLSigner(
        method=methods.enveloped,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    return signer.sign(
        element, key=private, cert=certificate.decode(), reference_uri=element.get("ID")
    )


def response(*inside: etree._Element, status: str = "Success", back: str = "") -> etree._Element:
    """Return a response around assertions, not signed yet."""
    told = etree.fromstring(
        f"""<samlp:Response xmlns:samlp="{PROTOCOL}" ID="r{secrets.token_hex(8)}" Version="2.0">
 <samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:{status}"/>
 </samlp:Status></samlp:Response>"""
    )
    if back:
        told.set("Destination", back)
    for each in inside:
        told.append(each)
    return told


def posted(element: etree._Element | bytes) -> dict[str, str]:
    """Return the form that the browser posts."""
    raw = element if isinstance(element, bytes) else etree.tostring(element)
    return {"SAMLResponse": base64.b64encode(raw).decode()}
