"""The warehouse: what is there, and how it came to be there."""

from .errors import Shortage, UnknownItem, ZaikoError
from .models import Item, Movement


class Warehouse:
    def __init__(self):
        self.items = {}
        self.stock = {}
        self.history = []

    def add_item(self, code, name, unit="個", minimum=0):
        if code in self.items:
            raise ZaikoError(f"登録済みの品番です: {code}")
        if minimum < 0:
            raise ZaikoError("最低在庫は 0 以上にしてください")
        self.items[code] = Item(code, name, unit, minimum)
        self.stock[code] = 0
        return self.items[code]

    def item(self, code):
        try:
            return self.items[code]
        except KeyError:
            raise UnknownItem(code) from None

    def quantity(self, code):
        self.item(code)
        return self.stock[code]

    def receive(self, code, quantity, date, note=""):
        self.item(code)
        self._check(quantity)
        self._move(code, quantity, date, note)

    def ship(self, code, quantity, date, note=""):
        self.item(code)
        self._check(quantity)
        if self.stock[code] < quantity:
            raise Shortage(code, quantity, self.stock[code])
        self._move(code, -quantity, date, note)

    def count(self, code, counted, date, note=""):
        """Correct the stock to what was counted; returns the difference."""
        if counted < 0:
            raise ZaikoError("数量は 0 以上にしてください")
        difference = counted - self.quantity(code)
        if difference:
            self._move(code, difference, date, note or "棚卸")
        return difference

    def below_minimum(self):
        return [item for code, item in sorted(self.items.items()) if self.stock[code] < item.minimum]

    def history_of(self, code):
        self.item(code)
        return [movement for movement in self.history if movement.code == code]

    def _check(self, quantity):
        if quantity < 1:
            raise ZaikoError("数量は 1 以上にしてください")

    def _move(self, code, quantity, date, note):
        self.stock[code] += quantity
        self.history.append(Movement(date, code, quantity, note))
