"""Members, links, factors, signatures and reviews: the rights of people, and their end."""

from datetime import timedelta

import pyotp
import pytest
from django.db import IntegrityError, connection, transaction

from kept.policy import compile_sop, rights
from kept.records.models import (
    AccessEvent,
    Agent,
    ApiToken,
    CadenceTask,
    Membership,
    OneTimeLink,
    Outbox,
)
from kept.records.queries.members import members as members_of
from kept.records.queries.members import reviews, unsigned
from kept.services import (
    access_reviews,
    conversation,
    factors,
    members,
    passwords,
    people,
    policies,
    signing,
    tokens,
)
from kept.services.errors import Conflict, NotAllowed, NotFound, NotValid, Refused
from kept.services.members import Post
from tests.people import MONDAY, PASSWORD, Cast, dana_asks, raise_the_curtain
from tests.sop import SMALL

LATER = MONDAY + timedelta(hours=1)
SIGNED = (
    SMALL
    + """
## Following this {#follow}
Everyone signs the version in force every year. {#sign}
```yaml rule
cadence: read_and_sign
every: 1y
role: agent
for_each: agent
```
Access is reviewed every quarter. {#review}
```yaml rule
cadence: access_review
every: 3 months
role: manager
```
"""
)
NEWCOMER = "new@kept.example"


@pytest.fixture
def signing_cast(db: None) -> Cast:
    return raise_the_curtain(SIGNED)


def token_in(link: str) -> str:
    return link.rsplit("/", 1)[1]


def invited(cast: Cast, role: str = "agent") -> str:
    return token_in(
        members.invite("small", email=NEWCOMER, name="New", post=Post(role=role), by=cast.bo,
                       at=MONDAY)
    )  # fmt: skip


def place_of(agent: int, role: str = "agent") -> int:
    return Membership.objects.get(agent_id=agent, role=role, ended_at=None).pk


# Invitations --------------------------------------------------------------------------------


def test_an_invitation_makes_a_member_once(cast: Cast) -> None:
    token = invited(cast)
    agent = members.accept(token, name="New Person", password=PASSWORD, at=LATER)
    assert people.sign_in(NEWCOMER, PASSWORD) == agent
    assert Membership.objects.get(agent_id=agent).role == "agent"
    with pytest.raises(NotFound):
        members.accept(token, name="Again", password=PASSWORD, at=LATER)
    mail = Outbox.objects.get(kind="access")
    assert token in mail.payload["text"] and mail.recipient == NEWCOMER
    assert not OneTimeLink.objects.filter(token_hash=token.encode()).exists()


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "null", "x" * 5000, "\x00" * 43])
def test_a_token_that_was_never_given_opens_nothing(cast: Cast, token: str) -> None:
    invited(cast)
    with pytest.raises(NotFound):
        members.accept(token, name="X", password=PASSWORD, at=LATER)
    with pytest.raises(NotFound):
        passwords.reset(token, new=PASSWORD, at=LATER)


def test_an_invitation_is_dead_after_a_week_when_withdrawn_or_replaced(cast: Cast) -> None:
    old, new = invited(cast), invited(cast)
    with pytest.raises(NotFound):
        members.accept(old, name="X", password=PASSWORD, at=LATER)
    with pytest.raises(NotFound):
        members.accept(new, name="X", password=PASSWORD, at=MONDAY + timedelta(days=7))
    link = OneTimeLink.objects.get(used_at=None)
    with pytest.raises(NotFound):
        members.withdraw(link.pk, by=cast.eve, at=LATER)
    members.withdraw(link.pk, by=cast.chen, at=LATER)
    with pytest.raises(NotFound):
        members.accept(new, name="X", password=PASSWORD, at=LATER)


def test_an_invitation_to_somebody_known_needs_their_own_sign_in(cast: Cast) -> None:
    token = token_in(
        members.invite("small", email="eve@kept.example", name="", post=Post(role="agent"),
                       by=cast.bo, at=MONDAY)
    )  # fmt: skip
    with pytest.raises(Conflict):
        members.accept(token, name="Eve", password=PASSWORD, at=LATER)
    with pytest.raises(NotAllowed):
        members.accept_as(token, by=cast.amira, at=LATER)
    members.accept_as(token, by=cast.eve, at=LATER)
    assert Membership.objects.filter(agent_id=cast.eve, desk_id=cast.desk).exists()


@pytest.mark.parametrize("password", ["short", "password1234", "123456789012"])
def test_a_weak_password_is_refused_and_the_link_stays_good(cast: Cast, password: str) -> None:
    token = invited(cast)
    with pytest.raises(NotValid):
        members.accept(token, name="X", password=password, at=LATER)
    members.accept(token, name="X", password=PASSWORD, at=LATER)


# Who may give what --------------------------------------------------------------------------


def test_an_agent_manages_nobody_and_an_outsider_learns_nothing(cast: Cast) -> None:
    place = place_of(cast.chen, "manager")
    with pytest.raises(NotAllowed):
        members.end(place, by=cast.amira, at=LATER)
    with pytest.raises(NotFound):
        members.end(place, by=cast.eve, at=LATER)
    with pytest.raises(NotAllowed):
        members.invite("small", email=NEWCOMER, name="", post=Post(role="agent"), by=cast.amira,
                       at=LATER)  # fmt: skip
    assert members_of(cast.amira, "small", at=LATER) is None
    assert members_of(cast.eve, "small", at=LATER) is None


def test_nobody_raises_or_ends_themselves(cast: Cast) -> None:
    place = place_of(cast.bo, "lead")
    with pytest.raises(NotAllowed):
        members.change(place, post=Post(role="manager"), by=cast.bo, at=LATER)
    with pytest.raises(NotAllowed):
        members.invite("small", email="bo@kept.example", name="", post=Post(role="manager"),
                       by=cast.bo, at=LATER)  # fmt: skip
    assert place_of(cast.bo, "lead") == place


def test_nobody_gives_more_than_they_have() -> None:
    text = SMALL.replace("id: manager,", "id: manager, may: [activate_policy, erase],")
    policy = compile_sop(text).policy
    assert policy is not None
    assert rights.may_give(policy, ["lead"], "agent")
    assert not rights.may_give(policy, ["lead"], "manager")
    assert not rights.may_give(policy, ["agent"], "agent")
    ranked = compile_sop(SMALL.replace("name: Lead, level: L2", "name: Lead, level: L1")).policy
    assert ranked is not None and not rights.may_give(ranked, ["lead"], "manager")


def test_a_change_is_in_the_log_and_the_log_cannot_be_changed(cast: Cast) -> None:
    members.change(place_of(cast.amira), post=Post(role="lead", level="L2"), by=cast.chen,
                   at=LATER)  # fmt: skip
    line = AccessEvent.objects.get(kind="membership_changed")
    assert (line.by_id, line.whom_id, line.what["was"]) == (cast.chen, cast.amira, "agent")
    for forged in ("UPDATE access_event SET kind = 'x'", "DELETE FROM access_event"):
        with (
            pytest.raises(IntegrityError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(forged)


# Tokens -------------------------------------------------------------------------------------


def test_a_token_never_outlives_the_role_it_was_made_for(cast: Cast) -> None:
    made = tokens.create("small", role="agent", name="mine", at=MONDAY, owner=cast.amira,
                         scopes=["read"])  # fmt: skip
    holder = tokens.holder(made.secret, at=LATER)
    assert holder and holder.may("read") and not holder.may("reply")
    members.end(place_of(cast.amira), by=cast.bo, at=LATER)
    assert tokens.holder(made.secret, at=LATER) is None
    assert ApiToken.objects.get(pk=made.id).revoked_at == LATER


def test_a_token_is_for_ones_own_role_and_known_scopes_only(cast: Cast) -> None:
    for role, desk in (("lead", "small"), ("agent", "other")):
        with pytest.raises(NotFound):
            tokens.create(desk, role=role, name="x", at=MONDAY, owner=cast.amira)
    with pytest.raises(NotValid):
        tokens.create("small", role="agent", name="x", at=MONDAY, owner=cast.amira,
                      scopes=["everything"])  # fmt: skip
    made = tokens.create("small", role="agent", name="x", at=MONDAY, owner=cast.amira)
    with pytest.raises(NotFound):
        tokens.revoke_own(made.id, by=cast.bo, at=LATER)


def test_disabling_the_owner_ends_the_token_at_once(cast: Cast) -> None:
    made = tokens.create("small", role="agent", name="x", at=MONDAY, owner=cast.amira)
    people.disable(cast.amira, at=LATER)
    assert tokens.holder(made.secret, at=LATER) is None


# The second factor --------------------------------------------------------------------------


def code_of(secret: str, at: object) -> str:
    return pyotp.TOTP(secret).at(at)  # type: ignore[arg-type]


def test_a_code_counts_once_and_an_older_one_never_again(cast: Cast) -> None:
    enrolment = factors.begin_authenticator(cast.amira, at=MONDAY)
    assert not factors.factors_of(cast.amira).is_asked, "not before its first code"
    with pytest.raises(NotValid):
        factors.confirm_authenticator(cast.amira, "000000", at=MONDAY)
    codes = factors.confirm_authenticator(cast.amira, code_of(enrolment.secret, MONDAY), at=MONDAY)
    assert len(set(codes)) == 10
    assert not factors.check(cast.amira, code_of(enrolment.secret, MONDAY), at=MONDAY)
    code = code_of(enrolment.secret, LATER)
    assert not factors.check(cast.bo, code, at=LATER)
    assert factors.check(cast.amira, code, at=LATER)
    assert not factors.check(cast.amira, code, at=LATER + timedelta(seconds=20))
    before = code_of(enrolment.secret, LATER - timedelta(seconds=30))
    assert not factors.check(cast.amira, before, at=LATER)
    far = LATER + timedelta(minutes=5)
    assert not factors.check(cast.amira, code_of(enrolment.secret, LATER), at=far)


def test_a_recovery_code_works_once_for_its_person(cast: Cast) -> None:
    enrolment = factors.begin_authenticator(cast.amira, at=MONDAY)
    first, second, *_ = factors.confirm_authenticator(
        cast.amira, code_of(enrolment.secret, MONDAY), at=MONDAY
    )
    assert not factors.check(cast.bo, first, at=LATER)
    assert factors.check(cast.amira, first.upper().replace("-", " "), at=LATER)
    assert not factors.check(cast.amira, first, at=LATER)
    factors.fresh_recovery_codes(cast.amira, at=LATER)
    assert not factors.check(cast.amira, second, at=LATER)


# Passwords ----------------------------------------------------------------------------------


def test_a_reset_link_works_once_and_for_an_hour(cast: Cast) -> None:
    passwords.ask_reset("Amira@kept.example ", at=MONDAY)
    text = Outbox.objects.get(kind="access").payload["text"]
    token = text.split("/reset/")[1].split()[0]
    with pytest.raises(NotFound):
        passwords.reset(token, new=PASSWORD, at=MONDAY + timedelta(hours=1))
    with pytest.raises(NotValid):
        passwords.reset(token, new="short", at=MONDAY)
    assert passwords.reset(token, new=PASSWORD, at=MONDAY) == cast.amira
    with pytest.raises(NotFound):
        passwords.reset(token, new=PASSWORD + "!", at=MONDAY)
    assert people.sign_in("amira@kept.example", PASSWORD) == cast.amira


def test_asking_for_a_stranger_leaves_nothing(cast: Cast) -> None:
    passwords.ask_reset("nobody@kept.example", at=MONDAY)
    people.disable(cast.eve, at=MONDAY)
    passwords.ask_reset("eve@kept.example", at=MONDAY)
    assert not Outbox.objects.filter(kind="access").exists()
    assert not OneTimeLink.objects.exists()


def test_a_flood_of_resets_sends_three(cast: Cast) -> None:
    for _ in range(6):
        passwords.ask_reset("amira@kept.example", at=MONDAY)
    assert Outbox.objects.filter(kind="access").count() == 3


# Read and sign ------------------------------------------------------------------------------


def reply(cast: Cast, number: int) -> None:
    conversation.reply(number, by=cast.amira, at=LATER, text="We look into it.")


def test_who_has_not_signed_reads_but_does_not_act(signing_cast: Cast) -> None:
    cast, number = signing_cast, dana_asks()
    with pytest.raises(Refused) as refused:
        reply(cast, number)
    assert refused.value.because.clause == "small.follow.sign"
    asked = signing.asked_of("small")
    assert asked
    signing.sign(cast.desk, version=asked.version, by=cast.amira, at=LATER)
    reply(cast, number)
    assert unsigned(cast.desk, asked.version) == ("Bo", "Chen")
    line = AccessEvent.objects.get(kind="sop_signed")
    assert (line.by_id, line.what["hash"]) == (cast.amira, asked.version)


def test_a_new_version_asks_again_and_an_old_page_signs_nothing(signing_cast: Cast) -> None:
    cast, number = signing_cast, dana_asks()
    asked = signing.asked_of("small")
    assert asked
    signing.sign(cast.desk, version=asked.version, by=cast.amira, at=MONDAY)
    newer = policies.propose("small", SIGNED.replace("1.0.0", "1.1.0"), by=cast.bo, at=LATER)
    policies.activate(newer.pk, by=cast.chen, at=LATER)
    with pytest.raises(Refused):
        reply(cast, number)
    with pytest.raises(Conflict):
        signing.sign(cast.desk, version=asked.version, by=cast.amira, at=LATER)
    with pytest.raises(NotFound):
        signing.sign(cast.desk, version=newer.hash, by=cast.eve, at=LATER)


def test_a_desk_that_asks_for_no_signature_lets_everybody_work(cast: Cast) -> None:
    assert signing.asked_of("small") is None
    reply(cast, dana_asks())


def test_a_persons_token_acts_only_once_the_person_signed(signing_cast: Cast) -> None:
    cast, number = signing_cast, dana_asks()
    own = tokens.create("small", role="agent", name="x", at=MONDAY, owner=cast.amira)
    program = tokens.create("small", role="agent", name="y", at=MONDAY)
    conversation.reply(number, by=program.agent, at=LATER, text="By a program.")
    with pytest.raises(Refused):
        conversation.reply(number, by=own.agent, at=LATER, text="By my token.")


# The access review --------------------------------------------------------------------------


def test_a_review_decides_each_place_by_another_and_settles_the_cadence(
    signing_cast: Cast,
) -> None:
    cast = signing_cast
    task = CadenceTask.objects.create(
        desk_id=cast.desk, name="access_review", subject="", period_start=MONDAY,
        due_at=MONDAY + timedelta(days=90), clause="small.follow.review", role="manager",
    )  # fmt: skip
    review = access_reviews.begin("small", by=cast.bo, at=LATER)
    assert access_reviews.begin("small", by=cast.chen, at=LATER) == review
    found = reviews(cast.bo, "small")
    assert found and found[0].clause == "small.follow.review"
    rows = {one.name: one.id for one in found[0].decisions}
    with pytest.raises(NotAllowed):
        access_reviews.decide(rows["Bo"], keep=True, by=cast.bo, at=LATER)
    with pytest.raises(NotFound):
        access_reviews.decide(rows["Bo"], keep=True, by=cast.eve, at=LATER)
    access_reviews.decide(rows["Amira"], keep=False, by=cast.bo, at=LATER)
    access_reviews.decide(rows["Chen"], keep=True, by=cast.bo, at=LATER)
    assert not Membership.objects.filter(agent_id=cast.amira, ended_at=None).exists()
    task.refresh_from_db()
    assert task.done_at is None
    access_reviews.decide(rows["Bo"], keep=True, by=cast.chen, at=LATER)
    task.refresh_from_db()
    assert task.done_at == LATER and task.evidence["ended"] == 1
    with pytest.raises(Conflict):
        access_reviews.decide(rows["Bo"], keep=False, by=cast.chen, at=LATER)
    assert reviews(cast.amira, "small") is None and reviews(cast.eve, "small") is None


def test_lost_factors_are_removed_by_who_leads_all_of_the_persons_desks(cast: Cast) -> None:
    enrolment = factors.begin_authenticator(cast.amira, at=MONDAY)
    factors.confirm_authenticator(cast.amira, code_of(enrolment.secret, MONDAY), at=MONDAY)
    people.add_membership(cast.amira, "other", role="agent")
    with pytest.raises(NotFound):
        members.remove_factors(cast.amira, by=cast.bo, at=LATER)
    people.end_memberships(cast.amira, "other", at=LATER)
    members.remove_factors(cast.amira, by=cast.bo, at=LATER)
    assert not factors.factors_of(cast.amira).is_asked
    with pytest.raises(NotAllowed):
        members.remove_factors(cast.bo, by=cast.bo, at=LATER)
    assert Agent.objects.get(pk=cast.amira).is_active
