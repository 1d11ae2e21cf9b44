"""What the control API takes, as models that refuse unknown names and impossible values."""

import base64
import binascii
from typing import Annotated, Literal

from pydantic import Field, field_validator

from simulator.compose import Enclosure, Letter
from simulator.dials import Strict
from simulator.post import FIRST_PASSWORD, Kind

Password = Annotated[str, Field(min_length=1, max_length=200)]
Short = Annotated[str, Field(max_length=2_000)]


class NewAccount(Strict):
    """A person to make."""

    address: Short
    name: Short = ""
    kind: Kind = "outside"
    password: Password = FIRST_PASSWORD


class NewAlias(Strict):
    """A send-as address to add."""

    address: Short
    name: Short = ""
    verification_status: Literal["accepted", "pending"] = "accepted"
    is_default: bool = False


class NewPassword(Strict):
    """The account's next password."""

    password: Password


class Revoke(Strict):
    """Whose access to end: one client's, or everybody's."""

    client_id: str | None = None


class File(Strict):
    """An attachment, its content in base64."""

    filename: Short
    content_type: Short = ""
    content_base64: str

    @field_validator("content_base64")
    @classmethod
    def is_base64(cls, value: str) -> str:
        """Refuse what is no base64."""
        try:
            base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ValueError("not base64") from error
        return value


class NewMail(Strict):
    """A mail to write: new, an answer (`reply_to`), a forward (`forward`), or `raw_base64` as it is."""

    to: list[Short] = Field(default=[])
    cc: list[Short] = Field(default=[])
    bcc: list[Short] = Field(default=[])
    subject: Short = ""
    text: str = ""
    html: str = ""
    headers: dict[str, Short] = Field(default={})
    attachments: list[File] = Field(default=[])
    message_id: Short | None = None
    reply_to: str | None = None
    reply_all: bool = False
    forward: str | None = None
    raw_base64: str | None = None

    @property
    def letter(self) -> Letter:
        """The mail as the composer takes it."""
        files = [
            Enclosure(file.filename, file.content_type, base64.b64decode(file.content_base64))
            for file in self.attachments
        ]
        return Letter(
            list(self.to),
            list(self.cc),
            list(self.bcc),
            self.subject,
            self.text,
            self.html,
            files,
            dict(self.headers),
        )


class Relabel(Strict):
    """Labels to put on and take off a mail."""

    add_labels: list[Short] = Field(default=[])
    remove_labels: list[Short] = Field(default=[])


class ClientModel(Strict):
    """A registered OAuth client."""

    id: Short
    secret: Short
    redirect_uris: list[Short]
    name: Short = "Bothways"
    project: Short = "bothways-demo"
    state: Literal["active", "deleted"] = "active"


class Clients(Strict):
    """All registered clients; those left out are unregistered."""

    clients: list[ClientModel]


class Push(Strict):
    """Where notifications go; what is left out keeps its value."""

    url: Short | None = None
    audience: Short | None = None
    service_account: Short | None = None
    subscription: Short | None = None
    topics: list[Short] | None = None


class Consent(Strict):
    """What the user of an account answers to an authorization URL; `scopes` None ticks everything."""

    authorize_url: Annotated[str, Field(max_length=20_000)]
    account: Short
    scopes: list[Short] | None = None
    password: str = FIRST_PASSWORD
    deny: bool = False


class MicrosoftClientModel(Strict):
    """A registered application at Microsoft."""

    id: Short
    secret: Short
    redirect_uris: list[Short]
    name: Short = "Bothways"
    state: Literal["active", "secret_expired", "deleted"] = "active"


class MicrosoftClients(Strict):
    """All registered applications at Microsoft; those left out are unregistered."""

    clients: list[MicrosoftClientModel]


class MicrosoftConsent(Strict):
    """What the user of an account answers to an authorization URL of Microsoft's.

    `back_from_admin_page` returns from "Need admin approval" instead of failing there.
    """

    authorize_url: Annotated[str, Field(max_length=20_000)]
    account: Short
    password: str = FIRST_PASSWORD
    deny: bool = False
    back_from_admin_page: bool = True


class AdminConsent(Strict):
    """What a tenant's administrator answers to an admin consent URL; `account` names the tenant."""

    adminconsent_url: Annotated[str, Field(max_length=20_000)]
    account: Short
    deny: bool = False


class NewRule(Strict):
    """A rule of an inbox that moves; `folder` is a name or an id, and is made if unknown."""

    folder: Short
    name: Short = "Rule"
    from_contains: list[Short] = Field(default=[])
    subject_contains: list[Short] = Field(default=[])


class Move(Strict):
    """Where to move a mail: a folder's name, well-known name or id."""

    folder: Short


class NewFolder(Strict):
    """A folder to make, below the top or another folder."""

    name: Annotated[str, Field(min_length=1, max_length=255)]
    parent: Short = "msgfolderroot"


class Lifecycle(Strict):
    """A lifecycle event for one subscription of the account, or for all."""

    event: Literal["missed", "subscriptionRemoved", "reauthorizationRequired"]
    subscription_id: str | None = None


class EndSessions(Strict):
    """The number of the error that the refresh tokens answer from now on."""

    number: Annotated[int, Field(ge=1)] = 50173


class Disabled(Strict):
    """Whether the account is disabled in its directory."""

    disabled: bool = True


class NewContact(Strict):
    """A contact's fields, by Graph's names, and the folder it is in, by its id; empty for the default one."""

    fields: dict[str, object] = Field(default={})
    folder: str | None = None


class NewContactFolder(Strict):
    """A folder of the address book; `parent` is another's id, or empty for the default one."""

    name: Short
    parent: str = ""


class Reset(Strict):
    """Whether the emptied world gets the demo's people and mail."""

    seed: bool = False
