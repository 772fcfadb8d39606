"""Sessions in the database as the framework keeps them, read by a query that is compiled once."""

from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session

from apps.lib import clock
from apps.lib.prepared import Whole

SESSION = Whole(
    Session, lambda key, at: Session.objects.filter(session_key=key, expire_date__gt=at)
)


class SessionStore(db.SessionStore):
    def _get_session_from_db(self) -> Any:
        found = SESSION.first(key=str(self.session_key), at=clock.now())
        if found is None:
            self._session_key = None
        return found
