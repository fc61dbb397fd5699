"""What a job may ask to be redacted: the kinds of personal data, as clients, workers and results name them."""

from enum import StrEnum


class PiiKind(StrEnum):
    """A kind of personal data, the surest first: what is several at once is called by the first."""

    CARD = "card"
    """Number of a payment card, with a valid check digit (Luhn)."""
    IBAN = "iban"
    """International bank account number, with valid check digits."""
    US_SSN = "us_ssn"
    """Social security number of the United States."""
    UK_NHS = "uk_nhs"
    """Number of the British health service, with a valid check digit."""
    UK_NINO = "uk_nino"
    """British national insurance number."""
    ES_NIF = "es_nif"
    """Spanish tax number, with a valid check letter."""
    IT_FISCAL_CODE = "it_fiscal_code"
    """Italian fiscal code, with a valid check letter."""
    PL_PESEL = "pl_pesel"
    """Polish identification number, with a valid check digit."""
    EMAIL = "email"
    IP = "ip"
    URL = "url"
    PHONE = "phone"
    NAME = "name"
    """Name of a person."""
    LOCATION = "location"
    """Name of a place."""

    @property
    def placeholder(self) -> str:
        """What stands in the transcript instead."""
        return f"[{self.upper()}]"

    @property
    def needs_model(self) -> bool:
        """Whether no pattern finds it, only a model that recognises names."""
        return self in {PiiKind.NAME, PiiKind.LOCATION}


PATTERN_KINDS = tuple(kind for kind in PiiKind if not kind.needs_model)
MODEL_KINDS = tuple(kind for kind in PiiKind if kind.needs_model)
