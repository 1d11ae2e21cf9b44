"""The control API of Microsoft's half: consent, folders, rules, delta links, lifecycle events."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from simulator import control_models as models
from simulator.control_body import Refused, taken
from simulator.mailbox import Copy
from simulator.microsoft import consent, contacts, folders, identity
from simulator.microsoft.box import Box, Contact, Folder, NoFolder
from simulator.microsoft.grants import MicrosoftClient
from simulator.post import Account
from simulator.world import World

Endpoint = Callable[[Request], Awaitable[Response]]


class MicrosoftControl:
    """The routes, bound to one world and to the control API's ways to find accounts and mails."""

    def __init__(
        self, world: World, found: Callable[[Request], Account], copy: Callable[[Request], Copy]
    ) -> None:
        """Keep them."""
        self.world, self._any_account, self._copy = world, found, copy

    def routes(self) -> list[tuple[str, str, Endpoint]]:
        """Return verb, path and endpoint of every route."""
        one = "/accounts/{address}/microsoft"
        return [
            ("GET", "/microsoft-clients", self.clients),
            ("PUT", "/microsoft-clients", self.set_clients),
            ("POST", "/microsoft-consent", self.consent),
            ("POST", "/microsoft-adminconsent", self.admin_consent),
            ("GET", "/microsoft-push", self.push),
            ("GET", one, self.show),
            ("POST", f"{one}/folders", self.add_folder),
            ("POST", f"{one}/rules", self.add_rule),
            ("DELETE", f"{one}/rules", self.clear_rules),
            ("POST", f"{one}/expire-delta", self.expire_delta),
            ("POST", f"{one}/lifecycle", self.lifecycle),
            ("POST", f"{one}/end-sessions", self.end_sessions),
            ("POST", f"{one}/disabled", self.set_disabled),
            ("POST", f"{one}/step-up", self.step_up),
            ("POST", f"{one}/contacts", self.add_contact),
            ("PATCH", f"{one}/contacts/{{id}}", self.change_contact),
            ("DELETE", f"{one}/contacts/{{id}}", self.remove_contact),
            ("POST", f"{one}/contact-folders", self.add_contact_folder),
            ("DELETE", f"{one}/contact-folders/{{id}}", self.remove_contact_folder),
            ("POST", "/accounts/{address}/messages/{id}/move", self.move),
        ]

    async def clients(self, _request: Request) -> Response:
        """List the applications registered at Microsoft."""
        known = self.world.microsoft.grants.state.clients.values()
        return JSONResponse({"clients": [asdict(client) for client in known]})

    async def set_clients(self, request: Request) -> Response:
        """Register exactly these applications."""
        wanted = await taken(request, models.MicrosoftClients)
        self.world.microsoft.grants.state.clients = {
            one.id: MicrosoftClient(one.id, one.secret, one.redirect_uris, one.name, one.state)
            for one in wanted.clients
        }
        self.world.touched()
        return await self.clients(request)

    async def consent(self, request: Request) -> Response:
        """Answer an authorization URL as an account's user."""
        wanted = await taken(request, models.MicrosoftConsent)
        account = self.world.post.find(wanted.account)
        if account is None or not identity.is_microsofts(account):
            raise Refused(404, f"no Microsoft account: {wanted.account}")
        try:
            ask = consent.read(self.world, *_split(wanted.authorize_url, "/oauth2/"))
            outcome = consent.decide(self.world, ask, account, password=wanted.password, deny=wanted.deny)
        except consent.Blocked as blocked:
            raise Refused(400, str(blocked)) from blocked
        except consent.WrongPassword as wrong:
            raise Refused(400, "wrong password") from wrong
        except consent.NeedsAdmin as needed:
            if not wanted.back_from_admin_page:
                raise Refused(403, "Need admin approval") from needed
            outcome = consent.needs_admin(self.world, ask)
        return JSONResponse({"redirect_url": outcome.url, "fields": outcome.fields})

    async def admin_consent(self, request: Request) -> Response:
        """Answer an admin consent URL as the administrator of an account's tenant."""
        wanted = await taken(request, models.AdminConsent)
        account = self.world.post.find(wanted.account)
        if account is None or not identity.is_microsofts(account):
            raise Refused(404, f"no Microsoft account: {wanted.account}")
        try:
            ask = consent.read_admin(self.world, *_split(wanted.adminconsent_url, "/v2.0/"))
            tenant = identity.tenant_id(account)
            outcome = consent.decide_for_tenant(self.world, ask, tenant, deny=wanted.deny)
        except consent.Blocked as blocked:
            raise Refused(400, str(blocked)) from blocked
        return JSONResponse({"redirect_url": outcome.url})

    async def push(self, _request: Request) -> Response:
        """Show subscriptions, what waits and what was tried."""
        return JSONResponse(asdict(self.world.microsoft.push.state))

    async def show(self, request: Request) -> Response:
        """Show an account's folders, rules, contacts and subscriptions."""
        account, box = self._found(request)
        known = self.world.microsoft.push.state.subscriptions.values()
        return JSONResponse(
            {
                "object_id": identity.object_id(account),
                "tenant_id": identity.tenant_id(account),
                "folders": [asdict(folder) for folder in box.folders.values()],
                "items": [asdict(item) for item in box.items.values()],
                "rules": [asdict(rule) for rule in box.rules],
                "contacts": [asdict(contact) for contact in box.contacts.values()],
                "subscriptions": [asdict(one) for one in known if one.address == account.address],
            }
        )

    async def add_folder(self, request: Request) -> Response:
        """Make a folder."""
        _account, box = self._found(request)
        wanted = await taken(request, models.NewFolder)
        parent = self._folder(box, wanted.parent)
        folder = box.add_folder(wanted.name, parent.id, self.world.post.next_number())
        self.world.touched()
        return JSONResponse(asdict(folder), 201)

    async def add_rule(self, request: Request) -> Response:
        """Add a rule that moves arriving mail; an unknown folder is made."""
        _account, box = self._found(request)
        wanted = await taken(request, models.NewRule)
        if not wanted.from_contains and not wanted.subject_contains:
            raise Refused(400, "from_contains or subject_contains: one of them must say something")
        try:
            folder = _folder_named(box, wanted.folder)
        except NoFolder:
            top = box.place("msgfolderroot")
            folder = box.add_folder(wanted.folder, top.id, self.world.post.next_number())
        rule = folders.add_rule(box, wanted.name, folder.id, wanted.from_contains, wanted.subject_contains)
        self.world.touched()
        return JSONResponse(asdict(rule), 201)

    async def clear_rules(self, request: Request) -> Response:
        """Remove every rule."""
        self._found(request)[1].rules.clear()
        self.world.touched()
        return Response(status_code=204)

    async def move(self, request: Request) -> Response:
        """Move a mail into a folder, as its owner would."""
        account, box = self._found(request)
        copy = self._copy(request)
        folder = self._folder(box, (await taken(request, models.Move)).folder)
        item = self.world.microsoft.move(account, copy.id, folder.id)
        self.world.touched()
        return JSONResponse(asdict(item))

    async def expire_delta(self, request: Request) -> Response:
        """Make every delta link until now too old."""
        account, _box = self._found(request)
        self.world.microsoft.forget_deltas(account)
        self.world.touched()
        return Response(status_code=204)

    async def lifecycle(self, request: Request) -> Response:
        """Send a lifecycle event and do what it says."""
        account, _box = self._found(request)
        wanted = await taken(request, models.Lifecycle)
        push = self.world.microsoft.push
        meant = [
            one
            for one in push.state.subscriptions.values()
            if one.address == account.address and wanted.subscription_id in (None, one.id)
        ]
        if not meant:
            raise Refused(404, "no such subscription")
        for one in meant:
            push.lifecycle(one, account, wanted.event)
        return JSONResponse({"subscriptions": [one.id for one in meant]})

    async def end_sessions(self, request: Request) -> Response:
        """End every refresh token of the account, as an administrator's reset does."""
        account, _box = self._found(request)
        number = (await taken(request, models.EndSessions)).number
        self.world.microsoft.grants.end_sessions(account.address, number)
        self.world.touched()
        return Response(status_code=204)

    async def set_disabled(self, request: Request) -> Response:
        """Disable the account in its directory, or enable it again."""
        account, _box = self._found(request)
        wanted = await taken(request, models.Disabled)
        state = self.world.microsoft.grants.state
        others = [address for address in state.disabled if address != account.address]
        state.disabled = [*others, account.address] if wanted.disabled else others
        self.world.touched()
        return Response(status_code=204)

    async def step_up(self, request: Request) -> Response:
        """Want a sign-in with claims of the account from now on, as a new policy of its directory does."""
        account, _box = self._found(request)
        state = self.world.microsoft.grants.state
        state.stepping_up = [*{*state.stepping_up, account.address}]
        self.world.touched()
        return Response(status_code=204)

    async def add_contact(self, request: Request) -> Response:
        """Put a person into the address book."""
        account, box = self._found(request)
        wanted = await taken(request, models.NewContact)
        number, now_ms = self.world.post.next_number(), self.world.clock.now_ms()
        contact = contacts.add(box, wanted.fields, number, now_ms, _contact_folder(box, wanted.folder))
        self.world.microsoft.push.tell_contact(account, "created", contact.id, contact.number)
        self.world.touched()
        return JSONResponse(asdict(contact), 201)

    async def change_contact(self, request: Request) -> Response:
        """Write fields of a person in the address book anew, or put them into another folder."""
        account, box = self._found(request)
        contact = _contact(box, request)
        wanted = await taken(request, models.NewContact)
        if wanted.folder is not None:
            contacts.move(box, contact, _contact_folder(box, wanted.folder), self.world.post.next_number())
        number, now_ms = self.world.post.next_number(), self.world.clock.now_ms()
        contacts.change(box, contact, wanted.fields, number, now_ms)
        self.world.microsoft.push.tell_contact(account, "updated", contact.id, contact.number)
        self.world.touched()
        return JSONResponse(asdict(contact))

    async def remove_contact(self, request: Request) -> Response:
        """Take a person out of the address book."""
        account, box = self._found(request)
        contact = _contact(box, request)
        number = self.world.post.next_number()
        contacts.remove(box, contact, number)
        self.world.microsoft.push.tell_contact(account, "deleted", contact.id, number)
        self.world.touched()
        return Response(status_code=204)

    async def add_contact_folder(self, request: Request) -> Response:
        """Make a folder of the address book."""
        _account, box = self._found(request)
        wanted = await taken(request, models.NewContactFolder)
        parent = _contact_folder(box, wanted.parent)
        folder = contacts.add_folder(box, wanted.name, parent, self.world.post.next_number())
        self.world.touched()
        return JSONResponse(asdict(folder), 201)

    async def remove_contact_folder(self, request: Request) -> Response:
        """Take a folder of the address book away, with everybody in it."""
        _account, box = self._found(request)
        contacts.remove_folder(box, box.contact_folders[_contact_folder(box, request.path_params["id"])])
        self.world.touched()
        return Response(status_code=204)

    def _found(self, request: Request) -> tuple[Account, Box]:
        account = self._any_account(request)
        if not identity.is_microsofts(account):
            raise Refused(404, f"no Microsoft account: {account.address}")
        return account, self.world.microsoft.box(account)

    def _folder(self, box: Box, name: str) -> Folder:
        try:
            return _folder_named(box, name)
        except NoFolder as missing:
            raise Refused(404, f"no such folder: {name[:200]}") from missing


def _folder_named(box: Box, name: str) -> Folder:
    """Return a folder by id, well-known name, or the name that its owner sees."""
    shown = next((one for one in box.folders.values() if one.name.lower() == name.lower()), None)
    return shown if shown is not None else box.place(name)


def _split(url: str, mark: str) -> tuple[str, dict[str, str]]:
    """Return the authority of a login URL and its query."""
    parts = urlsplit(url)
    return parts.path.partition(mark)[0].rpartition("/")[2].lower(), dict(parse_qsl(parts.query))


def _contact(box: Box, request: Request) -> Contact:
    contact = box.contacts.get(request.path_params["id"])
    if contact is None:
        raise Refused(404, "no such contact")
    return contact


def _contact_folder(box: Box, id: str | None) -> str:
    if id and id not in box.contact_folders:
        raise Refused(404, "no such contact folder")
    return id or ""
