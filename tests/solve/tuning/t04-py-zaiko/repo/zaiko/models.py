from dataclasses import asdict, dataclass, field
from typing import List


@dataclass
class Item:
    code: str
    name: str
    unit: str = "個"
    minimum: int = 0


@dataclass
class Movement:
    """One line of the history; quantity is negative when goods leave."""

    date: str
    code: str
    quantity: int
    note: str = ""


@dataclass
class SlipLine:
    code: str
    quantity: int


@dataclass
class Slip:
    kind: str
    date: str
    partner: str = ""
    lines: List[SlipLine] = field(default_factory=list)


def to_dict(thing):
    return asdict(thing)
