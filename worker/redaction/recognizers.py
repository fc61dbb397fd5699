"""What Presidio looks for: its own recognizers where they fit speech, and some for numbers and addresses as spoken.

Its recognizers of e-mail addresses and URLs ask the public suffix list, which is fetched when first needed; those here
go by form alone, which also takes a name that was misheard. Patterns are of no language; the words around one that make
a weak one count are those of six. Every repetition has a bound, so that no text takes long.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from presidio_analyzer import AnalyzerEngine, EntityRecognizer, Pattern, PatternRecognizer, RecognizerRegistry
from presidio_analyzer.context_aware_enhancers import LemmaContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine
from presidio_analyzer.predefined_recognizers import (
    CreditCardRecognizer,
    EsNifRecognizer,
    IbanRecognizer,
    IpRecognizer,
    ItFiscalCodeRecognizer,
    NhsRecognizer,
    PhoneRecognizer,
    PlPeselRecognizer,
    UkNinoRecognizer,
    UsSsnRecognizer,
)

from core.pii import PiiKind

_LANGUAGE: Final = "xx"
_WORDS_BEFORE: Final = 8
_WORDS_BEHIND: Final = 6
"""How far from a weak pattern a word may stand that makes it count."""

# ruff: noqa: RUF001 (the dashes of other keyboards are what is meant)
_AT: Final = r"(?:at|ät|arroba|arobase|chiocciola|apenstaartje|klammeraffe|małpa|\(at\)|\[at\])"
_DOT: Final = r"(?:dot|punkt|point|punto|ponto|punt|kropka|\(dot\)|\[dot\])"
_JOINT: Final = (
    rf"(?:\s+(?:{_DOT}|underscore|dash|hyphen|minus|plus|unterstrich|bindestrich|tiret|guion|trattino)\s+|\.)"
)
_ATOM: Final = r"[\w+-]{1,64}"
_SPELT: Final = r"(?<!['’])(?:\b[^\W_](?:[\s,.-]{1,3}|\b)){3,40}"
"""Letters one by one."""
_LOCAL: Final = rf"(?:{_SPELT}|{_ATOM}(?:{_JOINT}{_ATOM}){{0,8}})"
_LABEL: Final = rf"(?!{_AT}\b)[\w-]{{1,63}}"
_SPOKEN_DOMAIN: Final = (
    rf"{_LABEL}(?:\s+(?!{_DOT}\b){_LABEL}){{0,2}}(?:\s*{_JOINT}{_LABEL}){{0,6}}?\s+{_DOT}\s+[^\W\d_]{{2,24}}"
)
_DOMAIN: Final = rf"(?:{_SPOKEN_DOMAIN}|{_LABEL}(?:\.{_LABEL}){{0,6}}\.[^\W\d_]{{2,24}})"
_NOBODY: Final = (
    "me|us|you|him|her|them|it|look|looks|looking|looked|is|are|was|were|be|been|find|found|visit|meet|available|online|"
    "live|website|site|page|blog|store|shop|more|information|out|here|there|up|over|down|back|work|works|worked|working|"
    "employed|job|jobs|sold|order|stay|hosted|and|or|that|this|buy|check|read|only|not|see|one|people|everyone|team|"
    "engineer|published|posted|listed|free|today|now|again|start|started|learn|starting|download|register|sign|login"
)
"""Words that stand before `at` where it means a place, not a sign."""

_PROVIDERS: Final = "gmail|googlemail|yahoo|hotmail|outlook|icloud|proton|protonmail|aol|gmx|web|live|msn|mail"
"""Where people have addresses of their own, which many say as if they were names."""

_MAIL_WORDS: Final = ["mail", "write", "address", "contact", "reach", "send", "adresse", "schreib", "correo", "écri"]
_PHONE_WORDS: Final = [
    "phone", "telephone", "mobile", "cell", "call", "dial", "fax", "reach", "ring", "text", "try", "whatsapp",
    "telefon", "handy", "mobil", "nummer", "anrufen", "erreich", "rufnummer",
    "téléphone", "numéro", "portable", "appel", "joindre",
    "teléfono", "telefono", "móvil", "llam", "cellulare", "chiam", "telefone", "celular", "ligue",
    "telefoon", "bel ", "bereik",
]  # fmt: skip
_CARD_WORDS: Final = [
    "card",
    "credit",
    "charge",
    "debit",
    "visa",
    "mastercard",
    "amex",
    "karte",
    "carte",
    "tarjeta",
    "carta",
    "cartão",
]

_DIGITS: Final = {
    word: str(digit)
    for words in (
        "zero one two three four five six seven eight nine",
        "null eins zwei drei vier fünf sechs sieben acht neun",
        "zéro un deux trois quatre cinq six sept huit neuf",
        "cero uno dos tres cuatro cinco seis siete ocho nueve",
    )
    for digit, word in enumerate(words.split())
} | {"oh": "0", "o": "0", "nought": "0", "zwo": "2", "une": "1"}
_REPEATS: Final = {"double": 2, "triple": 3}
_DIGIT: Final = rf"(?:(?:{'|'.join(_REPEATS)})\s+)?(?:{'|'.join(_DIGITS)}|\d{{1,4}})"
_SPOKEN_NUMBER: Final = rf"\b{_DIGIT}(?:[\s,.–-]+{_DIGIT}){{4,24}}\b"
_LEAST_SPOKEN: Final = 5
"""Digits said one by one that make a number of several groups a spoken one."""


def analyzer(phone_regions: Sequence[str]) -> AnalyzerEngine:
    """Return an analyzer for the kinds that have patterns; its entities are named as `PiiKind`."""
    recognizers: list[EntityRecognizer] = list(_recognizers(phone_regions))
    return AnalyzerEngine(
        registry=RecognizerRegistry(recognizers=recognizers, supported_languages=[_LANGUAGE]),
        nlp_engine=_Tokens(),
        supported_languages=[_LANGUAGE],
        context_aware_enhancer=LemmaContextAwareEnhancer(
            context_prefix_count=_WORDS_BEFORE, context_suffix_count=_WORDS_BEHIND
        ),
    )


def _recognizers(phone_regions: Sequence[str]) -> Iterator[EntityRecognizer]:
    def of(kind: PiiKind) -> dict[str, Any]:
        return {"supported_entity": kind.value, "supported_language": _LANGUAGE}

    yield CreditCardRecognizer(context=_CARD_WORDS, **of(PiiKind.CARD))
    yield _GroupedCard(patterns=[_GROUPED_CARD], context=_CARD_WORDS, **of(PiiKind.CARD))
    yield _SpokenCard(patterns=[_SPOKEN], context=_CARD_WORDS, **of(PiiKind.CARD))
    yield PatternRecognizer(patterns=_MISHEARD_CARDS, context=_CARD_WORDS, **of(PiiKind.CARD))
    yield IbanRecognizer(**of(PiiKind.IBAN))
    yield PatternRecognizer(patterns=_EMAILS, context=_MAIL_WORDS, **of(PiiKind.EMAIL))
    yield PhoneRecognizer(supported_regions=tuple(phone_regions), context=_PHONE_WORDS, **of(PiiKind.PHONE))
    yield _LoosePhone(patterns=_PHONES, context=_PHONE_WORDS, **of(PiiKind.PHONE))
    yield _SpokenPhone(patterns=[_SPOKEN], context=_PHONE_WORDS, **of(PiiKind.PHONE))
    yield IpRecognizer(**of(PiiKind.IP))
    yield PatternRecognizer(patterns=_URLS, **of(PiiKind.URL))
    yield UsSsnRecognizer(**of(PiiKind.US_SSN))
    yield _SpokenSsn(patterns=[_SPOKEN], **of(PiiKind.US_SSN))
    yield PatternRecognizer(patterns=[_MISHEARD_SSN], context=UsSsnRecognizer.CONTEXT, **of(PiiKind.US_SSN))
    yield NhsRecognizer(**of(PiiKind.UK_NHS))
    yield UkNinoRecognizer(**of(PiiKind.UK_NINO))
    yield EsNifRecognizer(**of(PiiKind.ES_NIF))
    yield ItFiscalCodeRecognizer(**of(PiiKind.IT_FISCAL_CODE))
    yield PlPeselRecognizer(**of(PiiKind.PL_PESEL))


_SPOKEN_ENDS: Final = "com|org|net|info|gov|edu|eu|io|dev|app|ai|co|uk|de|fr|es|it|nl"
_WRITTEN_ENDS: Final = f"{_SPOKEN_ENDS}|biz|mil|at|ch|be|pl|pt|br|in|us|ca|au|nz|jp|cn|ru|se|no|dk|fi|ie|cz|gr|tv|me"
_BEHIND_VERB: Final = r"(?<=\b(?:at|to|is|it's|ist|est|es|è)[,:]?\s)"
_EMAILS: Final = [
    Pattern("written", r"\b[\w.!#$%&'*+/=?^`{|}~-]{1,64}\s?@\s?[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}", 0.9),
    Pattern("written, its dots spoken", rf"\b{_LOCAL}\s*@\s*{_DOMAIN}\b", 0.9),
    Pattern("spoken", rf"\b(?!(?:{_NOBODY})\s+{_AT}\b){_LOCAL}\s+{_AT}\s+{_DOMAIN}\b", 0.6),
    Pattern(
        "of several words",
        rf"{_BEHIND_VERB}(?:\w+\s+){{1,3}}{_AT}\s+(?:{_PROVIDERS})(?:\s+{_DOT}\s+|\.)\w+\b",
        0.7,
    ),
    # Where addresses are spoken of, what else Whisper makes of one: several words, or all of it a host's name.
    Pattern("spoken, about an address", rf"\b{_LOCAL}\s+{_AT}\s+{_DOMAIN}\b", 0.1),
    Pattern("several words, about an address", rf"{_BEHIND_VERB}(?:\w+\s+){{1,3}}{_AT}\s+{_DOMAIN}\b", 0.1),
    Pattern(
        "host, about an address", rf"\b(?!www\.)[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{0,8}}\.(?:{_WRITTEN_ENDS})\b", 0.1
    ),
]
_URLS: Final = [
    Pattern("scheme", r"\bhttps?\s?:\s?/\s?/\s?\S+[\w/]", 0.9),
    Pattern("www", r"\bwww\.\S+\w", 0.9),
    Pattern("host", rf"(?<![@\w.-])(?:[\w-]{{1,63}}\.){{1,8}}(?:{_WRITTEN_ENDS})\b(?:/[\w./?%&=#~-]*[\w/])?", 0.6),
    Pattern(
        "spoken",
        rf"\b[\w-]{{1,63}}(?:\s+{_DOT}\s+[\w-]{{1,63}}){{0,6}}?\s+{_DOT}\s+(?:{_SPOKEN_ENDS})\b(?!\s+{_DOT}\b)(?:\s+slash\s+[\w-]+)*",
        0.6,
    ),
]
_PHONES: Final = [
    Pattern(
        "somebody's number",
        r"(?<=\b(?:my|your|his|her|our|their)\s(?:\w+\s){0,2}number(?:'s|\sis|\swas)?[:,]?\s)"
        r"\(?\d(?:[\s().,-]{0,2}\d){5,14}(?!\d)",
        0.6,
    ),
    Pattern("digits", r"(?<![\d$€£#])\(?\+?\d(?:[\s().,-]{0,3}\d){6,14}(?![\d%])", 0.05),
]
_GROUPED_CARD: Final = Pattern("groups", r"\b[3-6]\d{3}(?:[\s,.–-]+\d{4}){3}\b", 0.1)
_MISHEARD_CARDS: Final = [
    Pattern("digits", r"(?<!\d)\d(?:[\s,.–-]{0,2}\d){11,18}(?!\d)", 0.05),
    Pattern("very many digits", r"(?<!\d)[3-6](?:[\s,.–-]{0,2}\d){14,19}(?!\d)", 0.4),
]
"""Whisper drops and doubles digits of long numbers: the check digit is wrong, the rest is somebody's."""
_MISHEARD_SSN: Final = Pattern("digits", r"(?<!\d)\d(?:[\s.-]?\d){8,9}(?!\d)", 0.05)
_SPOKEN: Final = Pattern("digit by digit", _SPOKEN_NUMBER, 0.3)


class _GroupedCard(CreditCardRecognizer):
    """Cards whose groups are parted by commas, as Whisper writes a number that is read slowly."""

    def validate_result(self, pattern_text: str) -> bool:
        return super().validate_result("".join(re.findall(r"\d", pattern_text)))


class _SpokenCard(CreditCardRecognizer):
    """Cards said digit by digit."""

    def validate_result(self, pattern_text: str) -> bool:
        digits = _spoken_digits(pattern_text)
        return 13 <= len(digits) <= 19 and super().validate_result(digits)  # noqa: PLR2004 - ISO/IEC 7812


class _SpokenSsn(UsSsnRecognizer):
    """Social security numbers said digit by digit, where they are called that."""

    def invalidate_result(self, pattern_text: str) -> bool:
        digits = _spoken_digits(pattern_text)
        return len(digits) != 9 or super().invalidate_result(digits)  # noqa: PLR2004 - of every such number


class _SpokenPhone(PatternRecognizer):
    """Phone numbers said digit by digit; shorter ones only near a word that tells of a phone."""

    def validate_result(self, pattern_text: str) -> bool | None:
        digits = _spoken_digits(pattern_text)
        if not 7 <= len(digits) <= 15 or _counts(digits):  # noqa: PLR2004 - subscriber numbers; E.164
            return False
        return True if len(digits) >= 10 else None  # noqa: PLR2004 - with an area


class _LoosePhone(PatternRecognizer):
    """Digits in any grouping, where they are called a phone number."""

    def invalidate_result(self, pattern_text: str) -> bool:
        return all(re.fullmatch(r"(?:19|20)\d\d", group) for group in re.findall(r"\d+", pattern_text))


def _spoken_digits(text: str) -> str:
    """Return the digits of a number, empty unless most are said one by one."""
    digits: list[str] = []
    spoken = 0
    repeats = 1
    for item in re.findall(r"\w+", text.lower()):
        if item in _REPEATS:
            repeats = _REPEATS[item]
            continue
        spoken += 1 if len(item) == 1 or item in _DIGITS else 0
        digits.append(_DIGITS.get(item, item) * repeats)
        repeats = 1
    return "".join(digits) if spoken >= _LEAST_SPOKEN else ""


def _counts(digits: str) -> bool:
    """Tell whether somebody counts, up or down."""
    return digits in "01234567890" or digits in "09876543210"


class _Tokens(NlpEngine):
    """What Presidio needs to see the words before a number: tokens. No model, and nothing kept of the text."""

    def load(self) -> None:
        """Do nothing: there is nothing to load."""

    def is_loaded(self) -> bool:
        """Say that it is ready."""
        return True

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        """Return the text's tokens; each is its own lemma."""
        found = list(re.finditer(r"\w+|[^\w\s]", text))
        words = [each.group() for each in found]
        return NlpArtifacts(
            entities=[],
            tokens=words,  # type: ignore[arg-type] # of a Doc nothing is asked but its tokens' lengths
            tokens_indices=[each.start() for each in found],
            lemmas=words,
            nlp_engine=self,
            language=language,
        )

    def process_batch(
        self, texts: Iterable[str], language: str, batch_size: int = 1, n_process: int = 1, **_: object
    ) -> Iterator[tuple[str, NlpArtifacts]]:
        """Return each text with its tokens."""
        del batch_size, n_process
        return ((text, self.process_text(text, language)) for text in texts)

    def is_stopword(self, word: str, language: str) -> bool:
        """Know none."""
        del word, language
        return False

    def is_punct(self, word: str, language: str) -> bool:
        """Tell whether a token is a mark between words."""
        del language
        return not any(character.isalnum() for character in word)

    def get_supported_entities(self) -> list[str]:
        """Return none: it names nothing."""
        return []

    def get_supported_languages(self) -> list[str]:
        """Return the code for all of them."""
        return [_LANGUAGE]
