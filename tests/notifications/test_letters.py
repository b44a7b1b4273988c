"""What recipients read: every template, with details that fit and with some that are meant to hurt."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from jinja2 import TemplateError, UndefinedError

from bot.notifications.rendering import Letter, details_of, render
from tests.notifications.letters import COMPANY, CONTACT, LETTERS, LINK, UNDO, templates

EVIL = "<b onclick='x()'>\"Ana\" & co</b>\r\nBcc: otra@example.com\n\nhttps://malo.example"


class Reader(HTMLParser):
    """Collects the addresses of links and the text of a page; void elements apart, every tag has to be closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)
        self.links += [str(value) for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def letter_of(template: str) -> Letter:
    return render(COMPANY, template, LETTERS[template])


def test_every_mail_is_tested() -> None:
    assert set(LETTERS) == templates()


@pytest.mark.parametrize("template", LETTERS)
def test_a_mail_is_complete(template: str) -> None:
    letter = letter_of(template)
    page = Reader(letter.html)
    assert page.open == []
    assert 5 < len(letter.subject) <= 70
    assert "\n" not in letter.subject
    assert letter.subject in page.text
    for part in (letter.subject, letter.text, letter.html):
        assert not re.search(r"[{}]|Undefined|None", part)
    assert COMPANY["company_name"] in letter.text
    assert COMPANY["agency_mailbox"] in letter.text


@pytest.mark.parametrize("template", LETTERS)
def test_both_parts_say_the_same(template: str) -> None:
    letter = letter_of(template)
    page = Reader(letter.html)
    shown = {line for line in letter.text.splitlines() if line.startswith("https://")}
    assert shown == {value for value in LETTERS[template].values() if value in (LINK, UNDO)}
    assert {link for link in page.links if link.startswith("https://")} == shown
    read = " ".join(page.text.split())
    for paragraph in letter.text.partition("\n\nUn saludo")[0].split("\n"):
        assert paragraph.strip().removesuffix(":") in read


@pytest.mark.parametrize("template", LETTERS)
def test_a_text_has_no_gaps_and_no_loose_blanks(template: str) -> None:
    text = letter_of(template).text
    assert not re.search(r"\n\n\n|[ \t]+\n|^\s", text)
    assert text.endswith("\n")


@pytest.mark.parametrize("template", LETTERS)
def test_exactly_the_details_it_asks_for_are_enough(template: str) -> None:
    assert details_of(template) == LETTERS[template].keys()
    for name in LETTERS[template]:
        with pytest.raises(UndefinedError):
            render(COMPANY, template, {key: value for key, value in LETTERS[template].items() if key != name})


FREE_TEXT = [
    (t, name) for t, d in LETTERS.items() for name in d if name in ("name", "client", "person", "agency", "what")
]


@pytest.mark.parametrize(("template", "name"), FREE_TEXT)
def test_a_value_adds_neither_markup_nor_lines(template: str, name: str) -> None:
    evil, plain = render(COMPANY, template, {**LETTERS[template], name: EVIL}), letter_of(template)
    assert Reader(evil.html).tags == Reader(plain.html).tags
    assert len(evil.text.splitlines()) == len(plain.text.splitlines())
    assert "\n" not in evil.subject
    assert "\r" not in evil.subject


def test_days_moments_and_roles_are_said_as_people_say_them() -> None:
    assert "el 22 de noviembre de 2026 a las 13:05" in letter_of("sign_in_notice").text
    assert "El acceso termina el 31 de diciembre de 2026." in letter_of("contact_invited").text
    assert "autorización de solo lectura" in letter_of("contact_added_holder").text


@pytest.mark.parametrize("template", ["contact_invited", "contact_added_holder", "contact_changed_holder"])
def test_an_access_without_an_end_speaks_of_none(template: str) -> None:
    letter = render(COMPANY, template, {**LETTERS[template], "until": None})
    assert "termina" not in letter.text + letter.html
    assert not re.search(r"\n\n\n", letter.text)


def test_a_role_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(KeyError):
        render(
            COMPANY,
            "contact_invited",
            {**CONTACT, "link": LINK, "role": "owner", "manager": None, "is_representative": False},
        )


def test_a_mail_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(TemplateError):
        render(COMPANY, "nothing", {})
    with pytest.raises(ValueError, match="no mail is called nothing"):
        details_of("nothing")
