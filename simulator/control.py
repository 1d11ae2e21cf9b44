"""The control API: JSON over HTTP for tests and demos. README.md documents every route with an example.

Bad input is answered with 400 or 404 and a sentence that says what is wrong; it never becomes a 500.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator import control_models as models
from simulator import people, seed
from simulator.compose import NotWritable
from simulator.control_body import Refused, taken
from simulator.control_microsoft import MicrosoftControl
from simulator.control_people import PeopleControl
from simulator.dials import Dials, Fault
from simulator.google import consent
from simulator.google.grants import Client
from simulator.google.pubsub import PushSettings
from simulator.mailbox import Copy, NotThere
from simulator.post import Account, AddressTaken, Alias
from simulator.world import World

Json = dict[str, object]


class Control:
    """The routes, bound to one world."""

    def __init__(self, world: World) -> None:
        """Keep the world."""
        self.world = world

    def routes(self) -> list[Route]:
        """Return every route of the control API."""
        one = "/accounts/{address}"
        mail = one + "/messages/{id}"
        table: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
            ("GET", "/health", self.health),
            ("POST", "/reset", self.reset),
            ("GET", "/accounts", self.accounts),
            ("POST", "/accounts", self.create_account),
            ("GET", one, self.account),
            ("POST", one + "/aliases", self.add_alias),
            ("POST", one + "/password", self.password),
            ("POST", one + "/revoke", self.revoke),
            ("POST", one + "/expire-history", self.expire_history),
            ("GET", one + "/messages", self.messages),
            ("POST", one + "/messages", self.write),
            ("GET", mail, self.message),
            ("GET", mail + "/raw", self.raw),
            ("PATCH", mail, self.relabel),
            ("DELETE", mail, self.delete),
            ("GET", "/deliveries", self.deliveries),
            ("DELETE", "/deliveries", self.clear_deliveries),
            ("GET", "/journal", self.journal),
            ("DELETE", "/journal", self.clear_journal),
            ("GET", "/dials", self.dials),
            ("PUT", "/dials", self.set_dials),
            ("PATCH", "/dials", self.turn_dials),
            ("DELETE", "/dials", self.reset_dials),
            ("POST", "/dials/faults", self.add_fault),
            ("GET", "/clients", self.clients),
            ("PUT", "/clients", self.set_clients),
            ("GET", "/push", self.push),
            ("PUT", "/push", self.set_push),
            ("POST", "/consent", self.consent),
        ]
        table += PeopleControl(self.world, self._found).routes()
        table += MicrosoftControl(self.world, self._found, self._copy).routes()
        return [Route(path, self._safe(endpoint), methods=[verb]) for verb, path, endpoint in table]

    def _safe(
        self, endpoint: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                return await endpoint(request)
            except Refused as refused:
                return JSONResponse({"error": str(refused)}, refused.status)
            except (NotWritable, AddressTaken) as wrong:
                return JSONResponse({"error": str(wrong)}, 400)
            except NotThere as missing:
                return JSONResponse({"error": f"no such message: {missing}"}, 404)

        return answer

    async def health(self, _request: Request) -> Response:
        """Say that it runs."""
        return JSONResponse({"status": "ok", "accounts": len(self.world.post.state.accounts)})

    async def reset(self, request: Request) -> Response:
        """Empty the world, and fill it again where asked."""
        wanted = await taken(request, models.Reset)
        self.world.reset()
        if wanted.seed:
            seed.fill(self.world)
        return JSONResponse({"status": "ok"})

    async def accounts(self, _request: Request) -> Response:
        """List all accounts."""
        return JSONResponse(
            {"accounts": [self._account(one) for one in self.world.post.state.accounts.values()]}
        )

    async def create_account(self, request: Request) -> Response:
        """Make an account."""
        wanted = await taken(request, models.NewAccount)
        account = self.world.post.open_account(wanted.address, wanted.name, wanted.kind)
        account.password = wanted.password
        self.world.touched()
        return JSONResponse(self._account(account), 201)

    async def account(self, request: Request) -> Response:
        """Show one account."""
        return JSONResponse(self._account(self._found(request)))

    async def add_alias(self, request: Request) -> Response:
        """Give an account a send-as address."""
        account = self._found(request)
        wanted = await taken(request, models.NewAlias)
        self.world.post.add_alias(
            account, Alias(wanted.address, wanted.name, wanted.verification_status, wanted.is_default)
        )
        self.world.touched()
        return JSONResponse(self._account(account), 201)

    async def password(self, request: Request) -> Response:
        """Change the password, which ends the tokens with Gmail scopes."""
        account = self._found(request)
        people.change_password(self.world, account, (await taken(request, models.NewPassword)).password)
        return JSONResponse(self._account(account))

    async def revoke(self, request: Request) -> Response:
        """End one client's access, or everybody's."""
        account = self._found(request)
        people.revoke(self.world, account, (await taken(request, models.Revoke)).client_id)
        return JSONResponse(self._account(account))

    async def expire_history(self, request: Request) -> Response:
        """Make every cursor until now too old."""
        mailbox = self.world.post.mailbox(self._found(request))
        mailbox.number = self.world.post.next_number()
        mailbox.forget_changes(mailbox.number)
        self.world.touched()
        return JSONResponse({"history_id": str(mailbox.number)})

    async def messages(self, request: Request) -> Response:
        """List a mailbox, newest first."""
        label = request.query_params.get("label")
        copies = self.world.post.mailbox(self._found(request)).newest_first()
        found = [copy for copy in copies if label is None or label in copy.labels]
        return JSONResponse({"messages": [people.shown(self.world, copy) for copy in found]})

    async def write(self, request: Request) -> Response:
        """Send a mail as the account."""
        account = self._found(request)
        copy = people.write(self.world, account, await taken(request, models.NewMail))
        return JSONResponse(people.shown(self.world, copy), 201)

    async def message(self, request: Request) -> Response:
        """Show one mail whole."""
        return JSONResponse(people.shown_whole(self.world, self._copy(request)))

    async def raw(self, request: Request) -> Response:
        """Return one mail as bytes."""
        return Response(self.world.contents.raw[self._copy(request).content], media_type="message/rfc822")

    async def relabel(self, request: Request) -> Response:
        """Put labels on a mail and take others off."""
        account, copy = self._found(request), self._copy(request)
        wanted = await taken(request, models.Relabel)
        self.world.post.relabel(account, copy.id, set(wanted.add_labels), set(wanted.remove_labels))
        self.world.touched()
        return JSONResponse(people.shown(self.world, copy))

    async def delete(self, request: Request) -> Response:
        """Delete a mail for good."""
        self.world.post.delete(self._found(request), self._copy(request).id)
        self.world.touched()
        return Response(status_code=204)

    async def deliveries(self, request: Request) -> Response:
        """List what was delivered or bounced."""
        wanted = request.query_params
        header, value = wanted.get("header", "").lower(), wanted.get("value")
        found = [
            delivery
            for delivery in self.world.post.state.deliveries
            if wanted.get("message_id") in (None, delivery.internet_message_id)
            and wanted.get("recipient") in (None, delivery.recipient)
            and wanted.get("sender") in (None, delivery.sender)
            and (not header or (header in delivery.headers and value in (None, delivery.headers[header])))
        ]
        return JSONResponse({"deliveries": [asdict(delivery) for delivery in found]})

    async def clear_deliveries(self, _request: Request) -> Response:
        """Forget the deliveries."""
        self.world.post.state.deliveries.clear()
        return Response(status_code=204)

    async def journal(self, request: Request) -> Response:
        """List the provider requests."""
        account, method = request.query_params.get("account"), request.query_params.get("method")
        found = [
            entry
            for entry in self.world.journal.entries
            if account in (None, entry.account) and method in (None, entry.method)
        ]
        return JSONResponse({"requests": [asdict(entry) for entry in found]})

    async def clear_journal(self, _request: Request) -> Response:
        """Forget the provider requests."""
        self.world.journal.clear()
        return Response(status_code=204)

    async def dials(self, _request: Request) -> Response:
        """Show the dials."""
        return JSONResponse(self.world.dials.now.model_dump(mode="json"))

    async def set_dials(self, request: Request) -> Response:
        """Set all dials."""
        return self._set(await taken(request, Dials))

    async def turn_dials(self, request: Request) -> Response:
        """Set the named dials."""
        wanted = await taken(request, Dials)
        named = {name: getattr(wanted, name) for name in wanted.model_fields_set}
        return self._set(self.world.dials.now.model_copy(update=named))

    async def reset_dials(self, _request: Request) -> Response:
        """Set every dial to its default."""
        return self._set(Dials())

    async def add_fault(self, request: Request) -> Response:
        """Add one fault behind the others."""
        self.world.dials.now.faults.append(await taken(request, Fault))
        self.world.touched()
        return JSONResponse(self.world.dials.now.model_dump(mode="json"), 201)

    async def clients(self, _request: Request) -> Response:
        """List the OAuth clients."""
        return JSONResponse(
            {"clients": [asdict(client) for client in self.world.grants.state.clients.values()]}
        )

    async def set_clients(self, request: Request) -> Response:
        """Register exactly these OAuth clients."""
        wanted = await taken(request, models.Clients)
        self.world.grants.state.clients = {
            client.id: Client(
                client.id, client.secret, client.redirect_uris, client.name, client.project, client.state
            )
            for client in wanted.clients
        }
        self.world.touched()
        return await self.clients(request)

    async def push(self, _request: Request) -> Response:
        """Show where push goes, what was tried, and what waits."""
        state = self.world.pubsub.state
        return JSONResponse(
            {
                "settings": asdict(state.settings),
                "waiting": [asdict(notice) for notice in state.waiting],
                "attempts": [asdict(attempt) for attempt in state.attempts],
                "dropped": state.dropped,
            }
        )

    async def set_push(self, request: Request) -> Response:
        """Say where push goes."""
        wanted = await taken(request, models.Push)
        merged = {**asdict(self.world.pubsub.state.settings), **wanted.model_dump(exclude_unset=True)}
        url = merged["url"] or ""
        if url and urlsplit(url).scheme not in ("http", "https"):
            raise Refused(400, "url: must begin with http:// or https://")
        self.world.push_settings(PushSettings(**{**merged, "url": url}))
        self.world.touched()
        return await self.push(request)

    async def consent(self, request: Request) -> Response:
        """Answer an authorization URL as an account's user."""
        wanted = await taken(request, models.Consent)
        account = self.world.post.find(wanted.account)
        if account is None or account.kind != "google":
            raise Refused(404, f"no Google account: {wanted.account}")
        try:
            ask = consent.read(self.world, dict(parse_qsl(urlsplit(wanted.authorize_url).query)))
            url = consent.decide(
                self.world,
                ask,
                account,
                permissions=wanted.scopes,
                password=wanted.password,
                deny=wanted.deny,
            )
        except consent.Blocked as blocked:
            raise Refused(400, str(blocked)) from blocked
        except consent.WrongPassword as wrong:
            raise Refused(400, "wrong password") from wrong
        return JSONResponse({"redirect_url": url})

    def _set(self, dials: Dials) -> Response:
        self.world.turn(dials)
        return JSONResponse(dials.model_dump(mode="json"))

    def _found(self, request: Request) -> Account:
        account = self.world.post.find(request.path_params["address"])
        if account is None:
            raise Refused(404, f"no such account: {request.path_params['address'][:200]}")
        return account

    def _copy(self, request: Request) -> Copy:
        return self.world.post.mailbox(self._found(request)).copy(request.path_params["id"])

    def _account(self, account: Account) -> Json:
        mailbox = self.world.post.mailbox(account)
        unread = sum(1 for copy in mailbox.copies.values() if {"UNREAD", "INBOX"} <= copy.labels)
        shown: Json = json.loads(json.dumps(asdict(account)))
        granted = [*self.world.grants.state.granted, *self.world.microsoft.grants.state.granted]
        allowed = [name.partition(" ")[0] for name in granted if name.partition(" ")[2] == account.address]
        return {
            **shown,
            "messages": len(mailbox.copies),
            "unread": unread,
            "history_id": str(mailbox.number),
            "allowed_clients": allowed,
        }
