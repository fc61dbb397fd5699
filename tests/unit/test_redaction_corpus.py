"""What is found in sentences of our own, written as Whisper writes speech, and what is left alone.

`[kind: text]` marks what must go; a sentence without a mark must stay as it is.
"""

import re
import socket
from collections import Counter

import pytest

from core.pii import PATTERN_KINDS, PiiKind
from worker.redaction.finder import Found, PiiFinder

FINDER = PiiFinder(name_model=None, phone_regions=("US", "GB", "DE", "FR", "ES", "IT", "IN", "BR"))
MARK = re.compile(r"\[(\w+): ([^\]]+)\]")

PERSONAL = """\
You can write to [email: john.smith@example.com] at any time.
You can write to [email: john at example dot com], and I will answer.
My e-mail is [email: john dot smith at example dot com].
Send it to [email: info at acme corp dot com] please.
My address is [email: j o h n at example dot com].
It is [email: J-O-H-N at example.com].
[email: Mary underscore Jones at mail dot example dot org] is mine.
Contact [email: sales@example.co.uk] or [email: support @ example.com].
Please email [email: us at example dot com].
Send any mail to [email: reading room at library.org] today.
Please write to [email: John.SmithetExample.com] or to nobody.
My email address is [email: john.smith.example.com].
You can email me at [email: jane doe 42 at gmail dot com].
Meine Adresse ist [email: anna punkt schmidt at beispiel punkt de].
Mi correo es [email: juan arroba ejemplo punto com].
Mon adresse est [email: marie point durand arobase exemple point fr].
Call me at [phone: 212-555-0123].
Call me at [phone: (212) 555-5555] tomorrow.
My phone number is [phone: 555-0132].
My number is [phone: 415, 555, 0132].
You can reach me at [phone: +44 20 7946 0958].
Ring [phone: 020 7946 0958] after nine.
The number is [phone: four one five five five five oh one three two].
Call [phone: double five five, one two three four].
Dial [phone: 4-1-5-5-5-5-0-1-3-2].
Meine Telefonnummer ist [phone: 030 12345678].
Mein Handy ist [phone: 0171 2345678].
Mon numéro est le [phone: 01 42 68 53 00].
My card number is [card: 4111 1111 1111 1111].
My card is [card: 4111-1111-1111-1111], expires next year.
Use [card: 4111, 1111, 1111, 1111], please.
My card number is for [card: 1111-11111111111], I believe.
Charge it to [card: 555555555555544444].
It is [card: 378282246310005], an American one.
[card: Four one one one one one one one one one one one one one one one].
The IBAN is [iban: DE89 3704 0044 0532 0130 00].
[iban: GB82 WEST 1234 5698 7654 32] is the account.
My social security number is [us_ssn: 536-90-4399].
My social security number is [us_ssn: five three six, nine zero, four three nine nine].
The social is [us_ssn: 457-555-5462].
If nobody answers, try [phone: 55552671].
NHS number [uk_nhs: 943 476 5919].
Her national insurance number is [uk_nino: AB 12 34 56 C].
Su DNI es [es_nif: 12345678Z].
Il codice fiscale è [it_fiscal_code: RSSMRA85T10A562S].
Mój PESEL to [pl_pesel: 44051401359].
The server at [ip: 192.168.10.1] is down.
Visit [url: www.example.com] or [url: https://example.org/path].
Go to [url: example dot com slash help].
""".splitlines()

ORDINARY = """\
In 1999 and 2024 we met at nine.
Call me at nine.
Call me at 9:30, or call me in 2019.
Chapter 12, verse 14, page 301.
It cost $1,200,000 or 1.200.000 euros.
From 2019 to 2024, 365 days a year.
In 2019, 2020, 2021 and 2022 sales grew.
He looked at me. Go on.
One two three four five six seven eight nine ten.
The years 1914, 1918, 1939 and 1945 matter.
The ISBN is 978-3-16-148410-0.
Order 20240117 was shipped.
At 10:30 or 14:45 on 12/05/2024.
He was born on 1990-05-12.
The population is 8,336,817.
I was there at St. Mary's and then left.
She is at home. No problem.
They scored 21-17, 15-21 and 11-9.
Version 3.11.7 came out.
Flight 1234 leaves from gate 56 at 7:45.
Add 200 grams, 350 millilitres and 12 eggs.
The coordinates are 52.5200, 13.4050.
Press one for sales, two for support, three for billing.
Meet at the dot on the map.
What is the point at stake, at this point in time?
Ten, nine, eight, seven, six, five, four, three, two, one, zero.
The train left at midnight, and the platform was empty.
We sold 1,250 units at 49.99 each in the first quarter of 2023.
Room 404, floor 3, building 12.
The phone rang twice at two.
""".splitlines()


def found(sentence: str) -> list[tuple[str, str]]:
    return [
        (each.kind.value, sentence[each.start : each.end])
        for each in FINDER.find(sentence, PATTERN_KINDS, language="en")
    ]


@pytest.mark.parametrize("marked", PERSONAL)
def test_personal_data_is_found_whole_and_called_by_its_kind(marked: str) -> None:
    assert found(MARK.sub(r"\2", marked)) == MARK.findall(marked)


@pytest.mark.parametrize("sentence", ORDINARY)
def test_ordinary_numbers_and_words_are_left_alone(sentence: str) -> None:
    assert found(sentence) == []


def test_every_kind_with_a_pattern_is_in_the_corpus() -> None:
    assert {kind for marked in PERSONAL for kind, _ in MARK.findall(marked)} == set(PATTERN_KINDS)


def test_only_what_is_asked_for_is_looked_for() -> None:
    text = "Write to john@example.com or call 212-555-0123."
    assert FINDER.find(text, [PiiKind.EMAIL], language="en") == [Found(PiiKind.EMAIL, 9, 25)]
    assert Counter(each.kind for each in FINDER.find(text, [PiiKind.PHONE], language="en")) == {PiiKind.PHONE: 1}


def test_nobody_is_asked_over_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*asked: object, **_: object) -> None:
        raise AssertionError(asked)

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    fresh = PiiFinder(name_model=None, phone_regions=("US",))
    text = "Write to john@example.com, call 212-555-0123, or see www.example.org."
    assert [each.kind.value for each in fresh.find(text, PATTERN_KINDS, language="en")] == ["email", "phone", "url"]
