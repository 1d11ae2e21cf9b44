"""Addresses on the web, read strictly: one host, whoever looks."""

import pytest

from rules.web_addresses import BadWebAddress, joined, read_web_address


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("https://crm.example/hook?x=1#part", "https://crm.example/hook?x=1"),
        ("HTTPS://CRM.Example", "https://crm.example/"),
        ("https://crm.example:443/a", "https://crm.example/a"),
        ("http://crm.example:8080/a", "http://crm.example:8080/a"),
        ("https://[2001:DB8::1]:8443/a", "https://[2001:db8::1]:8443/a"),
        ("https://bücher.example/ä?ö", "https://xn--bcher-kva.example/%C3%A4?%C3%B6"),
        ("https://a.example/%41%2f", "https://a.example/%41%2f"),
        ("https://2130706433/", "https://2130706433/"),
    ],
)
def test_an_address_is_read_as_browsers_do(text: str, written: str) -> None:
    assert str(read_web_address(text)) == written


@pytest.mark.rule("R32")
@pytest.mark.parametrize(
    "text",
    [
        *("", "crm.example", "ftp://a.example/", "file:///etc/passwd", "javascript:alert(1)", "https://"),
        *("https://user@a.example/", "https://a.example@evil.example/", "https://a.example\\@evil.example/"),
        *(
            "https://a.example/ x",
            "https://a.example/\r\nx: y",
            "https://a.example/\x00",
            "https://a.example:0/",
        ),
        *("https://a.example:99999/", "https://a%2eexample/", "https://[::1", "https://a..example\u3002/ /"),
        "https://" + "a" * 2000 + ".example/",
    ],
)
def test_what_two_readers_could_read_differently_is_no_address(text: str) -> None:
    with pytest.raises(BadWebAddress):
        read_web_address(text)


def test_a_redirect_leads_where_its_base_says() -> None:
    base = read_web_address("https://a.example/x/y?z")

    assert str(joined(base, "../w")) == "https://a.example/w"
    assert str(joined(base, "//b.example/w")) == "https://b.example/w"
    with pytest.raises(BadWebAddress):
        joined(base, "data:image/png;base64,xx")
