"""The dials: every fault and every odd habit that a test or a person may switch on while it runs.

A fault hits requests whose method and account match, `times` times (null: until removed), with a
probability. Provider-neutral; a provider surface turns a fault's `body` into its own error.
Source: the fault plan of security.md (section 3) and the error list of gmail.md (section 8).
"""

import random
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

FaultKind = Literal[
    "status",
    "hang_before",
    "hang_after",
    "drop_before",
    "drop_after",
    "half_answer",
    "html_body",
    "slow",
    "gzip_bomb",
]
TEN_YEARS_SECONDS = 315_360_000
Seconds = Annotated[float, Field(ge=0, le=86_400 * 400)]
Probability = Annotated[float, Field(ge=0, le=1)]


class Strict(BaseModel):
    """A model that refuses names it does not know."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)


class Match(Strict):
    """Which requests: a glob over the method id, or over the path where it begins with a slash."""

    method: str = "*"
    account: str | None = None

    def fits(self, method_id: str, path: str, account: str | None) -> bool:
        """Tell whether a request is meant."""
        subject = path if self.method.startswith("/") else method_id
        same_account = self.account is None or (account or "").lower() == self.account.lower()
        return same_account and fnmatchcase(subject, self.method)


class Fault(Strict):
    """One fault; `effect` says whether a `status` or `html_body` comes instead of the effect or with it."""

    match: Match = Match()
    fault: FaultKind
    times: Annotated[int, Field(ge=0)] | None = 1
    probability: Probability = 1
    code: Annotated[int, Field(ge=200, le=599)] = 503
    body: str = "backendError"
    retry_after_seconds: Seconds | None = None
    effect: Literal["none", "before_answer", "late"] = "none"
    seconds: Seconds = 1
    size_bytes: Annotated[int, Field(ge=1, le=1 << 31)] = 200_000_000


class Quota(Strict):
    """Quota units as counted per minute; `error` names the body that is answered when they are used up."""

    enabled: bool = True
    per_user_per_minute: Annotated[int, Field(ge=1)] = 6_000
    per_project_per_minute: Annotated[int, Field(ge=1)] = 1_200_000
    concurrent_per_user: Annotated[int, Field(ge=1)] | None = None
    error: str = "queriesPerMinute"


class MicrosoftDials(Strict):
    """What only Microsoft's half knows; README.md explains each."""

    admin_consent: Literal["not_needed", "required", "required_with_requests"] = "not_needed"
    old_refresh_tokens: Literal["stay", "end"] = "stay"
    continuous_access_evaluation: bool = False
    concurrent_per_mailbox: Annotated[int, Field(ge=1)] | None = 4
    requests_per_10_minutes: Annotated[int, Field(ge=0)] = 10_000
    upload_bytes_per_5_minutes: Annotated[int, Field(ge=0)] = 150_000_000
    retry_after_seconds: Annotated[int, Field(ge=1, le=3600)] | None = 10
    latency_seconds: Seconds = 0
    transport_lag_seconds: Seconds = 0
    sent_item_id: Literal["kept", "new"] = "kept"
    draft_sent_twice: Literal["refused", "sent_again"] = "refused"
    delta_lag_seconds: Seconds = 0
    delta_empty_pages: Annotated[int, Field(ge=0, le=50)] = 0
    delta_repeats: bool = False
    moves_are_stamped: bool = True
    most_per_page: Annotated[int, Field(ge=1)] = 1000
    delta_forgets_returned: bool = True
    delta_reset: Literal[
        "SyncStateNotFound", "syncStateNotFound", "syncStateInvalid", "resyncRequired", "ResyncRequired"
    ] = "SyncStateNotFound"
    delta_reset_status: Literal[400, 404, 410] = 410
    push_batch_seconds: Seconds = 0
    reauthorize_before_seconds: Seconds = 0
    subscription_hours: Annotated[int, Field(ge=1)] = 168


class Dials(Strict):
    """All dials with their defaults: a well-behaved provider, a fast post, no lag."""

    faults: list[Fault] = []
    clock_offset_seconds: Annotated[float, Field(ge=-TEN_YEARS_SECONDS, le=TEN_YEARS_SECONDS)] = 0
    message_id_mode: Literal["kept", "rewritten"] = "kept"
    access_token_lifetime_seconds: Annotated[int, Field(ge=1)] = 3599
    rotate_refresh_tokens: bool = False
    testing_mode: bool = False
    refresh_token_cap: Annotated[int, Field(ge=1)] = 100
    ask_password: bool = False
    quota: Quota = Quota()
    daily_send_limit: Annotated[int, Field(ge=0)] = 2_000
    delivery_lag_seconds: Seconds = 0
    search_lag_seconds: Seconds = 0
    sent_lag_seconds: Seconds = 0
    history_expired_before: Annotated[int, Field(ge=0)] = 0
    history_empty_pages: Annotated[int, Field(ge=0, le=50)] = 0
    list_most_per_page: Annotated[int, Field(ge=1)] = 500
    push_lag_seconds: Seconds = 0
    push_duplicates: Annotated[int, Field(ge=0, le=50)] = 0
    push_reorder: bool = False
    push_loss: Probability = 0
    push_one_per_second: bool = False
    push_retry_first_seconds: Annotated[float, Field(gt=0)] = 1
    push_ack_deadline_seconds: Annotated[float, Field(gt=0)] = 10
    spam_from: list[str] = []
    auto_replies: dict[str, str] = {}
    auto_create_mailboxes: bool = True
    mail_from_outside_waits: bool = False
    microsoft: MicrosoftDials = MicrosoftDials()


class Switchboard:
    """Holds the dials as they are set now, and spends faults."""

    def __init__(self) -> None:
        """Start with the defaults."""
        self.now = Dials()

    def fault_for(self, method_id: str, path: str, account: str | None) -> Fault | None:
        """Return the first fault that hits this request, and count it."""
        for fault in self.now.faults:
            if fault.times == 0 or not fault.match.fits(method_id, path, account):
                continue
            if fault.probability < 1 and random.random() >= fault.probability:
                continue
            if fault.times is not None:
                fault.times -= 1
            return fault
        return None
