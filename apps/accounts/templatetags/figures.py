"""Template tags for figures: each writes the data attributes that the browser code binds to."""

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.accounts import book, figures

register = template.Library()


@register.filter
def figure(value: Any, name: str) -> str:
    return figures.figure(value, name)


@register.filter
def sign(value: Any) -> str:
    return figures.sign(value)


@register.filter
def class_of(row: book.Row) -> str:
    return book.class_of(row) if row else ""


@register.filter
def detail_of(row: book.Row) -> str:
    return book.detail_of(row) if row else ""


@register.filter
def group_of(card: book.Row) -> str:
    return book.group_of(card) if card else ""


@register.filter
def price_format(row: book.Row) -> str:
    return figures.price_format(row["sec_type"]) if row else "price"


@register.simple_tag
def bound(element: str, state: book.Row, field: str, name: str, css: str = "") -> SafeString:
    """An element that shows one field and that the browser keeps up to date."""
    value = state.get(field) if state else None
    signed = figures.FORMATS[name].signed
    return format_html(
        '<{0} class="num {1}" data-field="{2}" data-format="{3}" data-value="{4}"'
        ' data-sign="{5}">{6}</{0}>',
        element,
        css,
        field,
        name,
        "" if value is None else value,
        figures.sign(value) if signed else "",
        figures.figure(value, name),
    )
