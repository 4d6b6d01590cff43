"""The tables. Only records and services may import them; the pages read views from queries."""

from kept.records.models.access import ApiToken, IdempotentAnswer
from kept.records.models.audit import AccessEvent, AccessReview, ReviewDecision, SopSignature
from kept.records.models.customer_changes import (
    CustomerImport,
    CustomerMerge,
    CustomerPair,
    Erasure,
    ImportChunk,
    ImportRow,
)
from kept.records.models.customers import (
    Customer,
    CustomerAddress,
    CustomerDesk,
    CustomerNote,
    Household,
    HouseholdMember,
    Organisation,
    OrganisationMember,
    Purchase,
)
from kept.records.models.desks import Desk, Mailbox, PolicyProposal, PolicyVersion
from kept.records.models.factors import (
    Authenticator,
    OneTimeLink,
    Passkey,
    Preference,
    RecoveryCode,
    Spent,
)
from kept.records.models.identities import Identity, IdentityProvider, ScimGroup, ScimUser
from kept.records.models.identity import CustomerAuthenticator, CustomerPin, IdentityCheck
from kept.records.models.knowledge import (
    Article,
    ArticleDraft,
    ArticlePicture,
    ArticleReads,
    ArticleUse,
    ArticleVersion,
    ArticleVote,
    ArticleWord,
    SearchMiss,
)
from kept.records.models.ledger import (
    ApprovalRow,
    CadenceTask,
    CommitmentRow,
    Journal,
    KeptText,
    Payment,
    StepEvidence,
)
from kept.records.models.links import TicketLink
from kept.records.models.mail import (
    Attachment,
    Message,
    MessageIdSeen,
    RawMessage,
    ReplyToken,
)
from kept.records.models.outages import Outage, OutageContact
from kept.records.models.pages import Page, PageTry
from kept.records.models.people import Agent, Membership, Shift
from kept.records.models.reads import PersonalRead
from kept.records.models.rotas import CalendarFeed, Rota, RotaLayer, RotaOverride
from kept.records.models.routing import (
    AvailabilityChange,
    MovedTicket,
    RoutingChoice,
    WorkTerms,
)
from kept.records.models.sending import Notification, Outbox
from kept.records.models.sessions import Session
from kept.records.models.sign_ins import SignInTry
from kept.records.models.tagging import Tag, TicketTag, TimeEntry
from kept.records.models.tickets import Draft, Ticket
from kept.records.models.work import Alarm, Heartbeat, Lift
from kept.records.models.working import (
    AgentChoice,
    BulkAct,
    Follow,
    Mention,
    NoticeChoice,
    SavedView,
    Snooze,
    ViewPlace,
)
from kept.records.models.writing import (
    LeavingReply,
    Macro,
    Presence,
    RoomLine,
    RoomRead,
    Upload,
)

__all__ = [
    "AccessEvent", "AccessReview", "Agent", "AgentChoice", "Alarm", "ApiToken", "ApprovalRow",
    "Article", "ArticleDraft", "ArticlePicture", "ArticleReads", "ArticleUse", "ArticleVersion",
    "ArticleVote", "ArticleWord", "Attachment", "Authenticator", "AvailabilityChange", "BulkAct",
    "CadenceTask", "CalendarFeed", "CommitmentRow", "Customer", "CustomerAddress",
    "CustomerAuthenticator", "CustomerDesk", "CustomerImport", "CustomerMerge", "CustomerNote",
    "CustomerPair", "CustomerPin", "Desk", "Draft", "Erasure", "Follow", "Heartbeat",
    "Household", "HouseholdMember", "IdempotentAnswer", "Identity", "IdentityCheck",
    "IdentityProvider", "ImportChunk", "ImportRow", "Journal", "KeptText", "LeavingReply",
    "Lift", "Macro", "Mailbox", "Membership", "Mention", "Message", "MessageIdSeen",
    "MovedTicket", "NoticeChoice", "Notification", "OneTimeLink", "Organisation",
    "OrganisationMember", "Outage", "OutageContact", "Outbox", "Page", "PageTry", "Passkey",
    "Payment", "PersonalRead", "PolicyProposal", "PolicyVersion", "Preference", "Presence",
    "Purchase", "RawMessage", "RecoveryCode", "ReplyToken", "ReviewDecision", "RoomLine",
    "RoomRead", "Rota", "RotaLayer", "RotaOverride", "RoutingChoice", "SavedView", "ScimGroup",
    "ScimUser", "SearchMiss", "Session", "Shift", "SignInTry", "Snooze", "SopSignature", "Spent",
    "StepEvidence", "Tag", "Ticket", "TicketLink", "TicketTag", "TimeEntry", "Upload",
    "ViewPlace", "WorkTerms",
]  # fmt: skip
