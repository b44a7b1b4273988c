"""What is left of a sentence while its parts are read and taken away one after the other."""

from __future__ import annotations

import re


class Rest:
    """What of a sentence is not understood yet; what is taken leaves a sign that ends a clause."""

    def __init__(self, text: str) -> None:
        self.text = text.replace("|", " ")

    def take(self, start: int, end: int) -> None:
        """Take a span away."""
        self.text = f"{self.text[:start]}{'|' * (end - start)}{self.text[end:]}"

    def taken(self, pattern: re.Pattern[str]) -> bool:
        """Take every match away; whether there was one."""
        found = [match.span() for match in pattern.finditer(self.text)]
        for start, end in found:
            self.take(start, end)
        return bool(found)
