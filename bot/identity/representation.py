"""What a person says when asked whether somebody is still the representative: yes, no, or neither."""

import re

from bot.identity.identifier_cues import folded

_QUESTION = re.compile(r"[?¿]|^\W*(?:COMO|QUE(?! VA\b)|QUIEN|CUANDO|DONDE|CUAL|CUANTO|POR QUE|PUEDO|QUIERO|NECESITO)\b")
_NOTHING_CHANGED = re.compile(
    r"\bNO (?:HA |HEMOS |LO HEMOS )?CAMBI|\bSIN CAMBIOS\b|\bNO, (?:SIGUE|SIGO|ES EL MISMO|ES LA MISMA)\b"
)
_NO_LONGER = re.compile(
    r"\bYA NO\b|\bNO (?:LO (?:ES|SOY|SE[AR]+)|ES EL MISMO|ES LA MISMA|SIGUE|SIGO|CONTINUA)\b|\bHA CAMBIADO\b|\bCAMBI(?:O|AMOS)\b"
    r"|\bOTR[AO] (?:PERSONA|REPRESENTANTE)\b|\bES OTR[AO]\b|\bDEJO DE\b|\bJUBIL|\bFALLECI|\bMURIO\b|\bSE FUE\b|\bSE MARCHO\b"
)
_YES = re.compile(
    r"^\W*(?:SI+|CLARO|CORRECTO|EXACTO|ASI ES|EFECTIVAMENTE|POR SUPUESTO|VALE)\b|\bSIG(?:UE|O)\b|\bEL MISMO\b|\bLA MISMA\b|\bCONTINU[AO]\b|\bTODAVIA\b|\bAUN\b"
)
_NO = re.compile(r"^\W*(?:NO+|NEGATIVO|QUE VA)\b")
_LONGEST_STATEMENT = 120


def still_represents(text: str) -> bool | None:
    """True for "sí, sigue siéndolo", False for "ya no"; None for a question and for what says neither."""
    said = folded(text.strip())
    if len(said) > _LONGEST_STATEMENT or _QUESTION.search(said):
        return None
    if _NO_LONGER.search(said) and not _NOTHING_CHANGED.search(said):
        return False
    if _NOTHING_CHANGED.search(said) or _YES.search(said):
        return True
    return False if _NO.search(said) else None
