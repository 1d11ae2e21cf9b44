"""Where Microsoft is and who we are to it. The defaults are the worldwide cloud's; others differ by these.

Source: https://learn.microsoft.com/en-us/entra/identity-platform/authentication-national-cloud,
https://learn.microsoft.com/en-us/graph/deployments
"""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pydantic import SecretStr


@dataclass(frozen=True, slots=True, kw_only=True)
class MicrosoftSettings:
    """One app registration in Microsoft Entra ID."""

    client_id: str
    client_secret: SecretStr = field(repr=False)
    redirect_uri: str
    authority: str = "https://login.microsoftonline.com"
    """The sign-in service, without a tenant and without a slash at its end."""
    tenant: str = "common"
    """`common` (work and personal), `organizations`, `consumers`, or one tenant's id."""
    graph_root: str = "https://graph.microsoft.com/v1.0/"
    upload_hosts: frozenset[str] = frozenset({"outlook.office.com", "outlook.office365.com"})
    """Where Graph may send us to with large files, beside its own host; over https only."""
    contacts: bool = False
    """Whether consents also ask to read contacts."""
    push_url: str | None = None
    """Where Graph can reach `/hooks/graph`; None where no push can arrive: polling does everything then."""

    def __post_init__(self) -> None:
        if not self.graph_root.endswith("/"):
            raise ValueError("graph_root must end with a slash, or its last segment would be lost")
        if self.authority.endswith("/"):
            raise ValueError("authority must not end with a slash")

    @property
    def keys_url(self) -> str:
        """Where the keys are that id tokens are signed with."""
        return f"{self.authority}/{self.tenant}/discovery/v2.0/keys"

    def issuer(self, tenant_id: str) -> str:
        """Who must have issued an id token of this tenant; `common` itself issues none.

        It is a name, and always https, as OpenID Connect Core 1.0 section 2 has it.
        """
        return f"https://{self.authority.partition('://')[2]}/{tenant_id}/v2.0"

    def may_upload_to(self, url: str) -> bool:
        """Whether a place that Graph named may be given a file: Graph's own host, or a listed one."""
        try:
            there, here = urlsplit(url), urlsplit(self.graph_root)
        except ValueError:
            return False
        if there.username or there.password:
            return False
        if (there.scheme, there.netloc) == (here.scheme, here.netloc):
            return True
        return there.scheme == "https" and there.netloc in self.upload_hosts
