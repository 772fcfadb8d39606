"""The gateway of this process, if it is a gateway worker: how its tasks find it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ibportal.gateway.gateway import Gateway

gateway: "Gateway | None" = None
