"""The catalogue of controls as a Markdown table, from the code; pure."""

from decimal import Decimal

from apps.risk.checks import ORDER
from apps.risk.policy import POLICIES, Parameter

BEGIN = "<!-- made by manage.py risk_table: begin -->"
END = "<!-- made by manage.py risk_table: end -->"


def table() -> str:
    """All forty codes with scope, defaults and meaning."""
    rows = ["| # | code | scope | defaults | refuses or halts when |", "|---|---|---|---|---|"]
    for number, code in enumerate(ORDER, start=1):
        policy = POLICIES[code]
        defaults = "; ".join(_told(parameter) for parameter in policy.parameters) or "–"
        meaning = policy.meaning.replace("|", "\\|")
        rows.append(f"| {number} | `{code}` | {policy.scope} | {defaults} | {meaning} |")
    return "\n".join(rows)


def placed(text: str) -> str:
    """The page with the table between its marks renewed. Raises ValueError without the marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page needs the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def _told(parameter: Parameter) -> str:
    if parameter.of_nlv is not None:
        first = f"{_number(parameter.of_nlv * 100)} % of net liquidation"
        kinds = {kind: f"{_number(share * 100)} %" for kind, share in parameter.by_kind.items()}
    else:
        first = _value(parameter, parameter.default)
        kinds = {kind: _value(parameter, value) for kind, value in parameter.by_kind.items()}
    more = ", ".join(f"{kind} {value}" for kind, value in kinds.items())
    return f"{parameter.name} {first}{f' ({more})' if more else ''}"


def _value(parameter: Parameter, value: Decimal | str | None) -> str:
    if value is None:
        return "none"
    if isinstance(value, str):
        return value or "any"
    if parameter.unit == "share":
        return f"{_number(value * 100)} %"
    unit = {"seconds": " s", "minutes": " min"}.get(parameter.unit, "")
    return f"{_number(value)}{unit}"


def _number(value: Decimal) -> str:
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
