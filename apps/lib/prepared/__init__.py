"""Queries without the cost of making them anew: compiled once, asked together, kept while true.

Making the SQL of a queryset costs several times what running it does. The database gives the rows
of each query as one text (JSON): that costs a third of fetching every value by itself, and a text
that is the same as before says that nothing has changed.
"""

from apps.lib.prepared.change import insert_once, update, update_all
from apps.lib.prepared.compiled import Row, Value
from apps.lib.prepared.insert import insert, insert_all
from apps.lib.prepared.keep import Kept, Pick, Picked, Raw, Whole
from apps.lib.prepared.queries import Asked, Prepared, together
from apps.lib.prepared.same import Derived, Same

__all__ = [
    "Asked",
    "Derived",
    "Kept",
    "Pick",
    "Picked",
    "Prepared",
    "Raw",
    "Row",
    "Same",
    "Value",
    "Whole",
    "insert",
    "insert_all",
    "insert_once",
    "together",
    "update",
    "update_all",
]
