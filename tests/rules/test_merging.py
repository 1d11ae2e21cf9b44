"""Merge fields: what is filled in, what is refused, and that no template costs more than it is long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.merging import BadTemplate, Merger, MissingField, Templates, fields_of

DANA = fields_of("Dana  Okafor", "dana@okafor.co", None)


def filled(text: str, fields: dict[str, str] = DANA) -> str:
    said = Merger(Templates("Hi", text, None)).fill(fields).text
    assert said is not None
    return said


def test_fields_are_filled_in() -> None:
    assert (
        filled("Dear {{ first_name }} {{ last_name }} <{{ email }}>") == "Dear Dana Okafor <dana@okafor.co>"
    )


@pytest.mark.parametrize("text", ["{{ company }}", "{{ company | upcase }}", "{{ 'at ' | append: company }}"])
def test_a_field_that_the_contact_lacks_is_named(text: str) -> None:
    with pytest.raises(MissingField, match=r"^company$"):
        filled(text)


def test_a_default_and_a_condition_do_without_the_field() -> None:
    assert filled("{{ company | default: 'your team' }}") == "your team"
    assert filled("{% if company %}at {{ company }}{% else %}there{% endif %}") == "there"


def test_values_are_escaped_in_html_and_only_there() -> None:
    fields = fields_of("<b>Bo</b>", "bo@x.example", None)
    said = Merger(Templates("{{ name }}", "{{ name }}", "<p>{{ name }}</p>")).fill(fields)

    assert (said.subject, said.text) == ("<b>Bo</b>", "<b>Bo</b>")
    assert said.html == "<p>&lt;b&gt;Bo&lt;/b&gt;</p>"


def test_a_value_cannot_break_out_of_the_subject() -> None:
    said = Merger(Templates("For {{ company }}", "x", None)).fill({"company": "A\r\nBcc: e@evil.example"})

    assert said.subject == "For A Bcc: e@evil.example"


@pytest.mark.parametrize(
    "text",
    [
        "{% for i in (1..100000000) %}x{% endfor %}",
        "{% tablerow i in (1..9) %}x{% endtablerow %}",
        "{% assign a = 'b' %}",
        "{% capture a %}b{% endcapture %}",
        "{% include 'etc/passwd' %}",
        "{% render 'etc/passwd' %}",
        "{% liquid assign a = 1 %}",
        "{{ name | replace: 'a', 'aaaa' }}",
        "{{ name",
        "{% if name %}",
        "{{ 'x' | base64_decode }}",
    ],
)
def test_what_could_loop_read_or_grow_is_no_template(text: str) -> None:
    with pytest.raises(BadTemplate):
        filled(text)


def test_what_is_too_long_is_refused() -> None:
    with pytest.raises(BadTemplate, match="at most"):
        filled("x" * 200_001)


@given(st.text(max_size=80), st.dictionaries(st.sampled_from(["name", "company"]), st.text(max_size=30)))
def test_any_template_is_filled_in_or_refused(text: str, fields: dict[str, str]) -> None:
    try:
        said = Merger(Templates(text, text, text)).fill(fields)
    except (BadTemplate, MissingField):
        return
    assert "\n" not in said.subject and "\r" not in said.subject


@given(st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"]), max_size=60))
def test_a_value_is_never_read_as_a_template(value: str) -> None:
    assert filled("{{ name }}", {"name": "{{ company }}" + value}) == "{{ company }}" + value
