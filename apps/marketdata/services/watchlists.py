"""Watchlists: made, renamed, filled and emptied by their owners."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.lib import clock
from apps.lib.errors import Invalid
from apps.marketdata.models import Instrument, Watchlist, WatchlistItem
from apps.marketdata.services.streams import stream_wake_all

ITEMS_LIMIT = 500


def watchlist_create(*, user: AbstractBaseUser, name: str) -> Watchlist:
    """Raises Invalid when the user has one of this name."""
    return _saved(Watchlist(user_id=user.pk, name=name.strip(), created_at=clock.now()))


def watchlist_rename(watchlist: Watchlist, *, name: str) -> Watchlist:
    watchlist.name = name.strip()
    return _saved(watchlist)


def watchlist_delete(watchlist: Watchlist) -> None:
    user = watchlist.user
    with transaction.atomic():
        watchlist.delete()
        stream_wake_all(user)


def watchlist_add(watchlist: Watchlist, *, instrument: Instrument) -> WatchlistItem:
    """At the end of the list; adding twice changes nothing."""
    with transaction.atomic():
        Watchlist.objects.select_for_update(no_key=True).get(pk=watchlist.pk)
        last = watchlist.items.aggregate(last=Max("position"))["last"]
        position = 0 if last is None else last + 1
        if watchlist.items.count() >= ITEMS_LIMIT:
            text = _("A watchlist holds no more than %(limit)s instruments.")
            raise Invalid(
                text % {"limit": ITEMS_LIMIT}, fields={"con_id": [_("The list is full.")]}
            )
        item, created = WatchlistItem.objects.get_or_create(
            watchlist=watchlist, instrument=instrument, defaults={"position": position}
        )
        if created:
            stream_wake_all(watchlist.user)
    return item


def watchlist_remove(watchlist: Watchlist, *, con_id: int) -> None:
    with transaction.atomic():
        if watchlist.items.filter(instrument=con_id).delete()[0]:
            stream_wake_all(watchlist.user)


def watchlist_arrange(watchlist: Watchlist, *, con_ids: list[int]) -> None:
    """The named ones first, in this order; the others keep theirs behind them."""
    rank = {con_id: place for place, con_id in enumerate(con_ids)}
    with transaction.atomic():
        items = list(watchlist.items.select_for_update(no_key=True))
        items.sort(key=lambda item: rank.get(item.instrument_id, len(rank)))
        for place, item in enumerate(items):
            item.position = place
        WatchlistItem.objects.bulk_update(items, ["position"])
        stream_wake_all(watchlist.user)


def _saved(watchlist: Watchlist) -> Watchlist:
    try:
        watchlist.full_clean()
    except ValidationError as error:
        fields: dict[str, Any] = error.message_dict
        raise Invalid(_("The watchlist cannot be saved like this."), fields=fields) from error
    watchlist.save()
    return watchlist
