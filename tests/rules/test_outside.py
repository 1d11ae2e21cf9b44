"""Which addresses a workspace's sender may stand at."""

import pytest

from rules.outside import allowed

pytestmark = pytest.mark.rule("R32")


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1"),
        *("224.0.0.1", "255.255.255.255", "::1", "::", "fc00::1", "fe80::1%eth0", "::ffff:127.0.0.1"),
        *("64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1", "nonsense", "127.1", ""),
    ],
)
def test_what_is_inside_is_refused(address: str) -> None:
    assert not allowed(address, 587)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_what_is_outside_may_be_reached_at_mail_ports_alone(address: str) -> None:
    assert allowed(address, 587)
    assert not allowed(address, 6379)


def test_the_operator_may_list_networks() -> None:
    assert allowed("10.1.2.3", 1025, ("10.0.0.0/8",))
    assert not allowed("10.1.2.3", 1025, ("10.2.0.0/16",))
    assert allowed("::ffff:10.1.2.3", 1025, ("10.0.0.0/8",))
