"""What risk refuses, as people and programs are told."""

from django.utils.translation import gettext as _

from apps.lib.errors import PortalError
from apps.risk.models import GateDecision
from apps.risk.sentences import sentences_of


class GateRefused(PortalError):
    """The gate said no. `code` is the first refusal's, the sentence has all of them."""

    status = 409

    def __init__(self, decision: GateDecision) -> None:
        refusals = decision.refusals
        super().__init__(
            sentences_of(refusals),
            remedy=_("Each number and its limit are stored with the decision, on the risk page."),
        )
        self.code = str(refusals[0]["code"]) if refusals else "gate"
        self.decision = decision
