"""ibapi's decoder, except where it would drop a message without a word."""

from typing import Any

from ibapi.decoder import Decoder


class CarefulDecoder(Decoder):
    """ibapi logs and forgets a message whose number of fields it does not expect.

    Here, fields that a newer server appends are ignored, and too few of them are an error that
    the client reports.
    """

    def interpretWithSignature(self, fields: tuple[bytes, ...], handleInfo: Any) -> None:
        wanted = len(handleInfo.wrapperParams)
        if len(fields) < wanted:
            raise ValueError(f"{len(fields)} fields where {wanted} were expected")
        super().interpretWithSignature(fields[:wanted], handleInfo)
