"""The one base error that reaches users: a code, a sentence, a remedy."""

from collections.abc import Mapping, Sequence


class PortalError(Exception):
    """Raise a subclass with a stable `code`; pages, API and tasks show sentence and remedy."""

    code = "error"
    status = 400

    def __init__(self, sentence: str, *, remedy: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.remedy = remedy

    def as_dict(self) -> dict[str, str]:
        return {"code": self.code, "message": self.sentence, "remedy": self.remedy}


class NotAllowed(PortalError):
    code = "not_allowed"
    status = 403


class NotFound(PortalError):
    code = "not_found"
    status = 404


class Unavailable(PortalError):
    """A part the request needs is not there right now; trying later may help."""

    code = "unavailable"
    status = 503


class Invalid(PortalError):
    """The input does not make sense; `fields` has the sentences for each field."""

    code = "invalid"

    def __init__(self, sentence: str, *, fields: Mapping[str, Sequence[str]]) -> None:
        super().__init__(sentence)
        self.fields = {name: [str(text) for text in texts] for name, texts in fields.items()}
