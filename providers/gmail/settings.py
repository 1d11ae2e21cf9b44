"""Where Google is and who we are to it. The defaults are the real Google's: a simulator differs by these.

Source: https://developers.google.com/identity/protocols/oauth2/web-server and Google's own
OpenID configuration, https://accounts.google.com/.well-known/openid-configuration
"""

from dataclasses import dataclass, field

from pydantic import SecretStr


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleSettings:
    """One OAuth client of one Google Cloud project; URLs are complete, `api_root` ends with a slash."""

    client_id: str
    client_secret: SecretStr = field(repr=False)
    redirect_uri: str
    auth_url: str = "https://accounts.google.com/o/oauth2/v2/auth"
    token_url: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address, not a secret
    revoke_url: str = "https://oauth2.googleapis.com/revoke"
    jwks_url: str = "https://www.googleapis.com/oauth2/v3/certs"
    userinfo_url: str = "https://openidconnect.googleapis.com/v1/userinfo"
    api_root: str = "https://gmail.googleapis.com/"
    people_root: str = "https://people.googleapis.com/"
    contacts: bool = False
    """Whether consents also ask to read contacts, which a user may decline without harm."""
    pubsub_topic: str | None = None
    """`projects/<project>/topics/<topic>`; None where no push can arrive: polling does everything then."""
    push_audience: str = ""
    push_service_account_email: str = ""

    def __post_init__(self) -> None:
        if not (self.api_root.endswith("/") and self.people_root.endswith("/")):
            raise ValueError("roots must end with a slash, or the client drops their last path segment")
