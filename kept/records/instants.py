"""Between the policy's whole microseconds and PostgreSQL's timestamps."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def instant(moment: datetime) -> int:
    """Return the policy's instant of an aware datetime."""
    return (moment - EPOCH) // MICROSECOND


def moment(at: int) -> datetime:
    """Return the aware datetime of a policy's instant."""
    return EPOCH + timedelta(microseconds=at)


def moment_or_none(at: int | None) -> datetime | None:
    """Return the datetime of an instant that may be absent."""
    return None if at is None else moment(at)
