"""The tables. Only records and services may import them; the pages read views from queries."""

from kept.records.models.access import ApiToken, IdempotentAnswer
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
from kept.records.models.identity import CustomerAuthenticator, CustomerPin, IdentityCheck
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
from kept.records.models.people import Agent, Membership, Shift
from kept.records.models.reads import PersonalRead
from kept.records.models.sending import Notification, Outbox
from kept.records.models.sign_ins import SignInTry
from kept.records.models.tagging import Tag, TicketTag, TimeEntry
from kept.records.models.tickets import Draft, Ticket
from kept.records.models.work import Alarm, Heartbeat, Lift

__all__ = [
    "Agent",
    "Alarm",
    "ApiToken",
    "ApprovalRow",
    "Attachment",
    "CadenceTask",
    "CommitmentRow",
    "Customer",
    "CustomerAddress",
    "CustomerAuthenticator",
    "CustomerDesk",
    "CustomerImport",
    "CustomerMerge",
    "CustomerNote",
    "CustomerPair",
    "CustomerPin",
    "Desk",
    "Draft",
    "Erasure",
    "Heartbeat",
    "Household",
    "HouseholdMember",
    "IdempotentAnswer",
    "IdentityCheck",
    "ImportChunk",
    "ImportRow",
    "Journal",
    "KeptText",
    "Lift",
    "Mailbox",
    "Membership",
    "Message",
    "MessageIdSeen",
    "Notification",
    "Organisation",
    "OrganisationMember",
    "Outage",
    "OutageContact",
    "Outbox",
    "Payment",
    "PersonalRead",
    "PolicyProposal",
    "PolicyVersion",
    "Purchase",
    "RawMessage",
    "ReplyToken",
    "Shift",
    "SignInTry",
    "StepEvidence",
    "Tag",
    "Ticket",
    "TicketLink",
    "TicketTag",
    "TimeEntry",
]
