"""Friendly doubts about a connection's settings: unusual is not wrong; pure."""

USUAL_PORTS = {
    7496: ("TWS", "live"),
    7497: ("TWS", "paper"),
    4001: ("IB Gateway", "live"),
    4002: ("IB Gateway", "paper"),
}


def port_hint(*, port: int, mode: str) -> str:
    """A sentence when the port usually belongs to the other mode, else empty."""
    program, usual = USUAL_PORTS.get(port, ("", mode))
    if usual == mode:
        return ""
    right = next(p for p, known in USUAL_PORTS.items() if known == (program, mode))
    return (
        f"Port {port} is usually {program} in {usual} mode, but this connection says {mode}: "
        f"{mode} is usually {right}. The portal checks the account before it trusts either."
    )


def is_paper_account(code: str) -> bool:
    """IB's paper account ids start with D."""
    return code.startswith("D")
