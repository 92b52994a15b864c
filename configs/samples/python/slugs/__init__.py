"""Names for addresses."""

import re

from text_unidecode import unidecode


def slug(title: str, longest: int = 60) -> str:
    """The title as it may stand in an address: `Über uns` is `uber-uns`."""
    words = re.findall(r"[a-z0-9]+", unidecode(title).lower())
    return "-".join(words)[:longest].rstrip("-")
