"""The simulator as a process of its own, for any test: start it, speak to it over HTTP, end it."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.loopback import UNENCRYPTED

ROOT = Path(__file__).parent.parent
CLIENT_ID, CLIENT_SECRET = "bothways-demo.apps.simulator", "simulator-secret"
SECONDS_TO_START = 15.0
MICROSOFT_CLIENT_ID = "b07bbd27-1f2a-4c35-9d5e-5d1a7e0c2f10"
MICROSOFT_CLIENT_SECRET = CLIENT_SECRET
Json = dict[str, Any]


class SimulatorRefused(AssertionError):
    """The simulator answered a control request with an error; the message is its sentence."""


@dataclass(frozen=True)
class Simulator:
    """A running simulator: `google_url` and `microsoft_url` are the providers' roots, with a slash."""

    url: str
    google_url: str
    control: httpx.AsyncClient
    process: asyncio.subprocess.Process

    @property
    def microsoft_url(self) -> str:
        """Microsoft's root, with a slash."""
        return f"{self.url}/microsoft/"

    @property
    def graph_url(self) -> str:
        """Graph's root, without a slash: paths as `/me/messages` follow."""
        return f"{self.url}/microsoft/graph/v1.0"

    def microsoft_authority(self, tenant: str = "common") -> str:
        """Return an authority as MSAL wants it: https, although the simulator speaks http."""
        return f"{self.url.replace('http://', 'https://', 1)}/microsoft/login/{tenant}"

    async def ask(self, verb: str, path: str, body: object = None, **params: str) -> Json:
        """Do one control request.

        Raises:
            SimulatorRefused: the answer is an error.
        """
        answer = await self.control.request(verb, path, json=body, params=params)
        if answer.is_error:
            raise SimulatorRefused(f"{verb} {path}: {answer.status_code} {answer.text[:500]}")
        return dict(answer.json()) if answer.content else {}

    async def create_account(self, address: str, name: str = "", kind: str = "outside") -> Json:
        """Make a person: `kind` is google, microsoft, microsoft-personal, outside or unknown."""
        return await self.ask("POST", "/accounts", {"address": address, "name": name, "kind": kind})

    async def deliver(self, sender: str, to: str | Sequence[str], **mail: Any) -> Json:
        """Let an account send a mail; `mail` is what POST /accounts/{address}/messages takes."""
        recipients = [to] if isinstance(to, str) else list(to)
        return await self.ask("POST", f"/accounts/{sender}/messages", {"to": recipients, **mail})

    async def reply_as(self, account: str, message_id: str, text: str, **mail: Any) -> Json:
        """Let an account answer a mail of its mailbox, named by its id there."""
        return await self.ask(
            "POST", f"/accounts/{account}/messages", {"reply_to": message_id, "text": text, **mail}
        )

    async def mailbox(self, address: str, label: str | None = None) -> list[Json]:
        """Return the mails of a mailbox, newest first."""
        params = {} if label is None else {"label": label}
        return list((await self.ask("GET", f"/accounts/{address}/messages", **params))["messages"])

    async def message(self, address: str, message_id: str) -> Json:
        """Return one mail with bodies, headers and attachments."""
        return await self.ask("GET", f"/accounts/{address}/messages/{message_id}")

    async def relabel(
        self, address: str, message_id: str, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> Json:
        """Put labels on a mail and take others off, as its owner would."""
        return await self.ask(
            "PATCH",
            f"/accounts/{address}/messages/{message_id}",
            {"add_labels": list(add), "remove_labels": list(remove)},
        )

    async def deliveries(self, **wanted: str) -> list[Json]:
        """Return what was delivered or bounced; filters: message_id, recipient, sender, header and value."""
        return list((await self.ask("GET", "/deliveries", **wanted))["deliveries"])

    async def journal(self, **wanted: str) -> list[Json]:
        """Return the provider requests seen; filters: account, method (the method or operation id)."""
        return list((await self.ask("GET", "/journal", **wanted))["requests"])

    async def set_dials(self, **dials: Any) -> Json:
        """Set every dial: those not named get their defaults."""
        return await self.ask("PUT", "/dials", dials)

    async def add_fault(self, fault: str, method: str = "*", **more: Any) -> Json:
        """Add one fault for a method id or path glob; `account` limits it to one mailbox."""
        match = {"method": method, "account": more.pop("account", None)}
        return await self.ask("POST", "/dials/faults", {"fault": fault, "match": match, **more})

    async def set_push(self, url: str, **settings: str) -> Json:
        """Say where Pub/Sub notifications are posted."""
        return await self.ask("PUT", "/push", {"url": url, **settings})

    async def allow_redirect(self, *redirect_uris: str) -> None:
        """Register redirect URIs for the demo client."""
        known = (await self.ask("GET", "/clients"))["clients"]
        for client in known:
            if client["id"] == CLIENT_ID:
                client["redirect_uris"] = list(dict.fromkeys([*client["redirect_uris"], *redirect_uris]))
        await self.ask("PUT", "/clients", {"clients": known})

    async def change_password(self, address: str, password: str) -> None:
        """Change an account's password, which ends the tokens with Gmail scopes."""
        await self.ask("POST", f"/accounts/{address}/password", {"password": password})

    async def revoke(self, address: str) -> None:
        """Withdraw an account's consent."""
        await self.ask("POST", f"/accounts/{address}/revoke", {})

    async def consent(
        self,
        authorize_url: str,
        account: str,
        scopes: Sequence[str] | None = None,
        *,
        deny: bool = False,
        password: str = "simulator",
    ) -> str:
        """Answer an authorization URL as the account's user; return the redirect URL with code or error."""
        body = {
            "authorize_url": authorize_url,
            "account": account,
            "deny": deny,
            "password": password,
            "scopes": None if scopes is None else list(scopes),
        }
        return str((await self.ask("POST", "/consent", body))["redirect_url"])

    async def allow_microsoft_redirect(self, *redirect_uris: str) -> None:
        """Register redirect URIs for the demo client at Microsoft."""
        known = (await self.ask("GET", "/microsoft-clients"))["clients"]
        for client in known:
            if client["id"] == MICROSOFT_CLIENT_ID:
                client["redirect_uris"] = list(dict.fromkeys([*client["redirect_uris"], *redirect_uris]))
        await self.ask("PUT", "/microsoft-clients", {"clients": known})

    async def microsoft_consent(
        self,
        authorize_url: str,
        account: str,
        *,
        deny: bool = False,
        password: str = "simulator",
        back_from_admin_page: bool = True,
    ) -> str:
        """Answer a Microsoft authorization URL as the account's user; return the redirect URL."""
        body = {
            "authorize_url": authorize_url,
            "account": account,
            "deny": deny,
            "password": password,
            "back_from_admin_page": back_from_admin_page,
        }
        return str((await self.ask("POST", "/microsoft-consent", body))["redirect_url"])

    async def admin_consent(self, adminconsent_url: str, account: str, *, deny: bool = False) -> str:
        """Answer an admin consent URL as the tenant's administrator; return the redirect URL."""
        body = {"adminconsent_url": adminconsent_url, "account": account, "deny": deny}
        return str((await self.ask("POST", "/microsoft-adminconsent", body))["redirect_url"])

    async def microsoft_account(self, address: str) -> Json:
        """Return a Microsoft account's ids, folders, items, rules, contacts and subscriptions."""
        return await self.ask("GET", f"/accounts/{address}/microsoft")

    async def microsoft_push(self) -> Json:
        """Return all subscriptions, waiting notifications and attempts."""
        return await self.ask("GET", "/microsoft-push")

    async def add_folder(self, address: str, name: str, parent: str = "msgfolderroot") -> Json:
        """Make a mail folder."""
        body = {"name": name, "parent": parent}
        return await self.ask("POST", f"/accounts/{address}/microsoft/folders", body)

    async def add_rule(
        self, address: str, folder: str, *, sender: Sequence[str] = (), subject: Sequence[str] = ()
    ) -> Json:
        """Add an inbox rule that moves mail into a folder, which is made if it is unknown."""
        body = {"folder": folder, "from_contains": list(sender), "subject_contains": list(subject)}
        return await self.ask("POST", f"/accounts/{address}/microsoft/rules", body)

    async def move(self, address: str, message_id: str, folder: str) -> Json:
        """Move a mail, named by its id in the control API, into a folder."""
        return await self.ask("POST", f"/accounts/{address}/messages/{message_id}/move", {"folder": folder})

    async def expire_delta(self, address: str) -> None:
        """Make every delta link until now too old."""
        await self.ask("POST", f"/accounts/{address}/microsoft/expire-delta")

    async def lifecycle(self, address: str, event: str, subscription_id: str | None = None) -> None:
        """Send missed, subscriptionRemoved or reauthorizationRequired, and do what it says."""
        body = {"event": event, "subscription_id": subscription_id}
        await self.ask("POST", f"/accounts/{address}/microsoft/lifecycle", body)

    async def end_sessions(self, address: str, number: int = 50173) -> None:
        """End the account's refresh tokens with an AADSTS number."""
        await self.ask("POST", f"/accounts/{address}/microsoft/end-sessions", {"number": number})

    async def step_up(self, address: str) -> None:
        """Let the directory want another sign-in of the account, with claims."""
        await self.ask("POST", f"/accounts/{address}/microsoft/step-up", {})

    async def disable(self, address: str, *, disabled: bool = True) -> None:
        """Disable the account in its directory, or enable it."""
        await self.ask("POST", f"/accounts/{address}/microsoft/disabled", {"disabled": disabled})

    async def add_contact(self, address: str, **fields: Any) -> Json:
        """Put a person into the address book, by Graph's field names."""
        return await self.ask("POST", f"/accounts/{address}/microsoft/contacts", {"fields": fields})

    async def reset(self, *, seed: bool = False) -> None:
        """Empty the world; clients and push settings stay."""
        await self.ask("POST", "/reset", {"seed": seed})


def command(**options: object) -> list[str]:
    """Return the command line: `seed=True`, `state=path`, `redirect_uri=[...]` become options."""
    words = [sys.executable, "-m", "simulator", "--port", str(options.pop("port", 0))]
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        for one in value if isinstance(value, list | tuple) else [value]:
            if one is True:
                words.append(flag)
            elif one not in (None, False):
                words += [flag, str(one)]
    return words


@asynccontextmanager
async def running_simulator(**options: object) -> AsyncIterator[Simulator]:
    """Start `python -m simulator` on a free port and end it afterwards."""
    process = await asyncio.create_subprocess_exec(
        *command(**options), cwd=ROOT, stdout=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL
    )
    assert process.stdout is not None
    try:
        line = (await asyncio.wait_for(process.stdout.readline(), SECONDS_TO_START)).decode()
        assert "listening on " in line, f"the simulator did not start: {line!r}"
        url = line.rsplit(" ", 1)[1].strip()
        async with httpx.AsyncClient(
            base_url=url, verify=UNENCRYPTED, trust_env=False, timeout=20
        ) as control:
            yield Simulator(url, f"{url}/google/", control, process)
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 10)
            except TimeoutError:
                process.kill()
        await process.communicate()
