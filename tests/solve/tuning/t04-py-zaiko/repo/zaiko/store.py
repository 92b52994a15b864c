"""The warehouse as a JSON file."""

import json
import os

from .errors import ZaikoError
from .models import Item, Movement, to_dict
from .warehouse import Warehouse

VERSION = 1


def dump(warehouse):
    return {
        "version": VERSION,
        "items": [to_dict(warehouse.items[code]) for code in sorted(warehouse.items)],
        "stock": dict(sorted(warehouse.stock.items())),
        "history": [to_dict(movement) for movement in warehouse.history],
    }


def restore(data):
    if data.get("version") != VERSION:
        raise ZaikoError(f"対応していないデータです (version {data.get('version')})")
    warehouse = Warehouse()
    for entry in data["items"]:
        item = Item(**entry)
        warehouse.items[item.code] = item
        warehouse.stock[item.code] = int(data["stock"].get(item.code, 0))
    warehouse.history = [Movement(**entry) for entry in data["history"]]
    return warehouse


def load(path):
    if not os.path.exists(path):
        return Warehouse()
    with open(path, encoding="utf-8") as f:
        return restore(json.load(f))


def save(warehouse, path):
    temporary = path + ".tmp"
    with open(temporary, "w", encoding="utf-8") as f:
        json.dump(dump(warehouse), f, ensure_ascii=False, indent=1)
        f.write("\n")
    os.replace(temporary, path)
