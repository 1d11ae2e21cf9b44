"""Who an account is to Microsoft: directory (tenant), object id, and which authorities let it sign in.

Source: https://learn.microsoft.com/en-us/entra/identity-platform/id-token-claims-reference (tid, oid; the
tenant of personal accounts) and /v2-oauth2-auth-code-flow (common, organizations, consumers, or a tenant).
"""

import uuid

from simulator.post import Account

PERSONAL_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"
SHARED_AUTHORITIES = ("common", "organizations", "consumers")
KINDS = ("microsoft", "microsoft-personal")


def is_microsofts(account: Account) -> bool:
    """Tell whether the account has a mailbox at Microsoft."""
    return account.kind in KINDS


def is_personal(account: Account) -> bool:
    """Tell whether it is an Outlook.com account, not one of work or school."""
    return account.kind == "microsoft-personal"


def tenant_id(account: Account) -> str:
    """Return the GUID of the account's directory; one for each domain, and one for all personal accounts."""
    return PERSONAL_TENANT if is_personal(account) else tenant_of_domain(domain_of(account))


def tenant_of_domain(domain: str) -> str:
    """Return the GUID of a domain's directory."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, domain))


def domain_of(account: Account) -> str:
    """Return the domain of the account's address."""
    return account.address.rpartition("@")[2]


def object_id(account: Account) -> str:
    """Return the `oid`; personal accounts have one that begins with zeros."""
    if is_personal(account):
        digits = f"{int(account.subject) % (1 << 64):016x}"
        return f"00000000-0000-0000-{digits[:4]}-{digits[4:]}"
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"microsoft {account.subject}"))


def pairwise_subject(account: Account, client_id: str) -> str:
    """Return the `sub`, which is another one for every client."""
    return uuid.uuid5(uuid.NAMESPACE_OID, f"{client_id} {account.subject}").hex


def admits(authority: str, account: Account) -> bool:
    """Tell whether an account may sign in at `common`, `organizations`, `consumers` or a tenant."""
    match authority.lower():
        case "common":
            return True
        case "organizations":
            return not is_personal(account)
        case "consumers":
            return is_personal(account)
        case named:
            return named in (tenant_id(account), domain_of(account))
