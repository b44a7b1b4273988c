"""Which requests a person takes over by rule, as company.yml says."""

from __future__ import annotations

import re

from bot.company import Company
from bot.procedures.model import Kind
from bot.settings import BadSetting

SETTING = "hand_over_after"


def handed_over(company: Company) -> frozenset[Kind]:
    """The kinds of requests after whose sending a person takes over. Raises BadSetting for a word that is none of them."""
    words = re.split(r"[\s,]+", company.get(SETTING, "").strip())
    known = {kind.value for kind in Kind if kind is not Kind.HANDOFF}
    unknown = [word for word in words if word and word not in known]
    if unknown:
        raise BadSetting(f"COMPANY_FILE: {SETTING}: {unknown[0]} is no request; use {', '.join(sorted(known))}")
    return frozenset(Kind(word) for word in words if word)
