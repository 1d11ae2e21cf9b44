"""The people and the mail that a demo begins with."""

from datetime import timedelta

from simulator import compose
from simulator.mailbox import Copy
from simulator.post import Account
from simulator.world import World

USERS = [("ann@example-co.test", "Ann Berg"), ("ben@example-co.test", "Ben Holm")]
MICROSOFT_USER = ("mei@lindqvist-co.test", "Mei Lindqvist")
PERSONAL_USER = ("noor@outlook-sim.test", "Noor Haddad")
CUSTOMERS = [
    ("dana@okafor-roofing.test", "Dana Okafor"),
    ("luis@marquez-dental.test", "Luis Márquez"),
    ("priya@lakeview-yoga.test", "Priya Raman"),
    ("tom@harbor-movers.test", "Tom Whitaker"),
    ("mei@jadegarden-catering.test", "Mei Lin"),
    ("oskar@nordlys-solar.test", "Oskar Dahl"),
    ("fatima@elbadry-law.test", "Fatima El Badry"),
    ("george@papadakis-auto.test", "George Papadakis"),
    ("hannah@brightpaws-vet.test", "Hannah Schäfer"),
    ("kwame@mensah-fitness.test", "Kwame Mensah"),
    ("sofia@rossi-interiors.test", "Sofia Rossi"),
    ("yuki@tanaka-ceramics.test", "Yuki Tanaka"),
]
STRANGER = ("deals@bargain-blast.test", "Bargain Blast")
ROOF = """Hi Ann,

the storm took about twenty shingles off the north side of our workshop. Could you send somebody this week?
I attach the measurements from the last job.

Thanks,
Dana
"""
VISIT = """Hi Dana,

Thursday at 9 works for us. Ben comes by with the drone, it takes half an hour.

Ann
"""
THANKS = """Perfect, the gate will be open. There is a dog, but he only barks.

Dana
"""
TABLES = """Hello Ben,

we are opening a second room in March and need six tables. What is the lead time at the moment?

Sofia
"""
BOOKING = """Good morning,

can we move our Tuesday session to the afternoon? My flight was changed.

Kwame
"""
TILES = """Dear Mei,

the first twelve tiles are fired. Shall I send them to the studio or to the shop?

Yuki
"""
TILES_ANSWER = """Dear Yuki,

to the studio, please. I am there until six.

Mei
"""
POSTER = """Hello Noor,

the poster for the open day looks lovely. Could the dog be a little bigger?

Hannah
"""
OFFER = "THIS WEEK ONLY: everything must go. Unsubscribe at the bottom of a page that does not exist."


def fill(world: World) -> None:
    """Make the demo's people, and a few conversations between them, some hours old."""
    post = world.post
    people = {address: post.open_account(address, name, "google") for address, name in USERS}
    people |= {address: post.open_account(address, name, "outside") for address, name in CUSTOMERS}
    people[STRANGER[0]] = post.open_account(*STRANGER, "unknown")
    mei = post.open_account(*MICROSOFT_USER, "microsoft")
    noor = post.open_account(*PERSONAL_USER, "microsoft-personal")
    ann, ben = people["ann@example-co.test"], people["ben@example-co.test"]
    dana = people["dana@okafor-roofing.test"]
    plan = compose.Enclosure(
        "north-side.csv", "text/csv", b"side,length_m,height_m\nnorth,14.2,5.8\neast,9.6,5.8\n"
    )
    _write(
        world,
        dana,
        30,
        compose.Letter([ann.address], subject="Storm damage, north side", text=ROOF, enclosures=[plan]),
    )
    _answer(world, ann, 28, VISIT)
    _answer(world, dana, 27, THANKS)
    _write(
        world,
        people["sofia@rossi-interiors.test"],
        20,
        compose.Letter([ben.address], [ann.address], subject="Six tables for March", text=TABLES),
    )
    _write(
        world,
        people["kwame@mensah-fitness.test"],
        5,
        compose.Letter([ann.address], subject="Tuesday", text=BOOKING),
    )
    yuki = people["yuki@tanaka-ceramics.test"]
    _write(world, yuki, 9, compose.Letter([mei.address], subject="Sample tiles", text=TILES))
    _answer(world, mei, 8, TILES_ANSWER)
    _write(
        world,
        people["hannah@brightpaws-vet.test"],
        6,
        compose.Letter([noor.address], subject="Poster", text=POSTER),
    )
    _write(world, people[STRANGER[0]], 2, compose.Letter([ann.address], subject="Last chance!!!", text=OFFER))


def _write(
    world: World, account: Account, hours_ago: float, letter: compose.Letter, thread_id: str | None = None
) -> None:
    offset = world.clock.offset
    world.clock.offset = offset - timedelta(hours=hours_ago)
    domain = account.address.rpartition("@")[2]
    pen = compose.Pen(account.name, account.address, world.clock.now(), world.post.new_message_id(domain))
    world.post.submit(account, compose.written(pen, letter), thread_id=thread_id)
    world.clock.offset = offset


def _answer(world: World, account: Account, hours_ago: float, text: str) -> None:
    """Answer the latest mail of the account's mailbox."""
    latest: Copy = world.post.mailbox(account).newest_first()[0]
    letter = compose.reply_to(
        world.contents.raw[latest.content], compose.Letter(text=text), account.addresses, to_all=False
    )
    _write(world, account, hours_ago, letter, latest.thread_id)
