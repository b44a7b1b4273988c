"""Messages about procedures that are known by their form: a tracking key, "anula la reclamación", "dejar la pregunta"."""

import re

from bot.identity.identifiers import Kind, find_identifiers
from bot.procedures.tracking_keys import find_key, has_misread_key

TRACK, CANCEL, COMPLAINT = "procedures_track", "procedure_cancel", "complaint"
LEAVE_QUESTION, REGISTRATION_UPDATE = "leave_question", "registration_update"

_LONGEST_WITH_KEY, _LONGEST, _LONGEST_UPDATE = 200, 80, 400
_LEAD = (
    r"(?:(?:HOLA|Y|VALE|OK|PUES|AHORA|AL FINAL|MEJOR|POR FAVOR|PORFA|QUIERO|QUISIERA|QUERIA|DESEO|NECESITO|PUEDES|PODEIS|ME GUSTARIA"
    r"|VOY A|YA NO QUIERO|YA NO HACE FALTA) )*"
)
_END_IT = (
    r"(?:ANUL(?:A|AR|AME|ARME|AD)|CANCEL(?:A|AR|AME|ARME|AD)|RETIR(?:A|AR|O|AD)|ELIMIN(?:A|AR|AD)|BORR(?:A|AR|AD)"
    r"|DESIST(?:O|IR) DE|RENUNCIO A|DAR DE BAJA)"
)
_WHICH = r"(?: (?:LA|EL|MI|ESA|ESE|ESTA|ESTE|UNA|UN|DE|OTRA))*"
_THING = r"(?:RECLA\w{3,9}|(?:QU|K|Q)EJA|GESTI\w{2,4}|TRAMITE|CONSULTA|PREGUNTA|SOLICI\w{2,4}|PETIC\w{2,4}|ACTUALI\w{3,7}|EXPEDIENTE)(?: .{1,40})?"
_CANCEL = re.compile(rf"{_LEAD}{_END_IT}{_WHICH} {_THING}")
_CANCEL_WITH_KEY = re.compile(rf"{_LEAD}{_END_IT}\b")
_LEAVE = re.compile(
    rf"{_LEAD}(?:DEJ(?:A|AR|O|ARLE|AROS|ARTE|ARLES|ADLE)|MAND(?:A|AR|ARLE|ALE)|ENVI(?:A|AR|ARLE|ALE)|PAS(?:A|AR|ARLE|ALE|ADLE))"
    r"(?: (?:LA|MI|UNA|ESTA|ESA|LE))* (?:PREGUNTA|CONSULTA|DUDA)"
    r"(?: (?:POR ESCRITO|AL EQUIPO|PARA EL EQUIPO|A ALGUIEN|A UNA PERSONA|PARA QUE .{1,40}))*"
)
_COMPLAIN = re.compile(
    r"(?:HOLA |BUENAS |BUENOS DIAS |BUENAS TARDES |POR FAVOR )*"
    r"(?:QUIERO|KIERO|QIERO|QUISIERA|QUERRIA|QUERIA|QUEREMOS|DESEO|DESEAMOS|VENGO A|VOY A|NECESITO|ME GUSTARIA) "
    r"(?:(?:PONER|PRESENTAR|FORMULAR|INTERPONER|HACER|ABRIR|REGISTRAR|TRAMITAR)(?: OS| UNA| LA)* (?:RECLA\w{3,9}|(?:QU|K|Q)EJA)"
    r"|RECLAMAR|QUEJARME|QUEJARNOS)\b"
)
_CHARGED_WRONG = re.compile(
    r"\b(?:ME|NOS|LES?) (?:(?:HAS?|HAN|HABEIS|ESTAIS|ESTAN|VOLVEIS A|VUELVEN A)(?: VUELTO A)? (?:COBRA|CARGA|FACTURA|PASA)(?:DO|NDO|R)"
    r"|(?:COBRA|CARGA|FACTURA|PASA)(?:STEIS|RON|IS|N))\b"
    r"(?: \w+){0,5}? (?:DOS VECES|2 VECES|TRES VECES|EL DOBLE|DOBLE|POR DUPLICADO|DUPLICAD[AO]S?|DE MAS|DEMASIADO)\b"
)
"""What nobody tells for any other reason than to have it put right."""
_HOW_IT_GOES = re.compile(
    r"(?:HOLA |Y |OYE |BUENAS |A VER )*(?:(?:QUIERO |QUISIERA |ME GUSTARIA )?(?:SABER|VER|MIRAR|DECIRME|DIME|MIRA) )?"
    r"(?:COMO (?:VA|VAN|ESTA|SIGUE|LLEVAIS|HA IDO)|EN QUE (?:ESTADO |PUNTO |FASE )?(?:ESTA|ANDA|QUEDO|HA QUEDADO|SE HALLA)"
    r"|QUE (?:PASA|HAY|SE SABE|ES|HA PASADO) (?:CON|DE)|HAY (?:ALGO|NOVEDADES) (?:DE|EN|CON))"
    r"(?: (?:LO|LA|EL|LAS|LOS|MI|MIS|ESA|ESE|DE|DEL))*"
    r" (?:RECLA\w{3,9}|(?:QU|K|Q)EJAS?|GESTI\w{2,6}|TRAMITES?|CONSULTAS?|PREGUNTAS?|SOLICI\w{2,6}|PETIC\w{2,6}|ACTUALI\w{3,9}|MIO|NUESTRO)"
    r"(?: (?:QUE|DE|DEL|CON|SOBRE) .{1,40})?"
)
_OF_THAT_THING = re.compile(
    r"(?:Y|OYE|HOLA|BUENAS|PERO|VALE|ALGO|QUE HAY)(?: (?:DE|QUE HAY DE|SE SABE ALGO DE))? LO DE (?:(?:LA|EL|MI|ESA|ESE) )*"
    r"(?:RECLA\w{3,9}|(?:QU|K|Q)EJA|GESTI\w{2,4}|TRAMITE|CONSULTA|SOLICI\w{2,4}|PETIC\w{2,4})"
)
"""As people ask how it goes who have complained before; with more words it would be the complaint itself."""
_UPDATE = re.compile(
    rf"{_LEAD}ACTUALIZ(?:A|AR|AD|ALO|ALA|ARLO|ARLA|ADLO|ADLA|AMELO|ADMELO|ARLOS)"
    r"(?: (?:(?:LA|MI|NUESTRA|EL|LOS|DATOS|DEL?) )*(?:CUENTA|ALTA|REGISTRO|REPRESENTANTE))?"
    r"(?: (?:AHORA|YA|AQUI|AQUI MISMO|VOSOTROS|POR FAVOR|PORFA|DE CIF A NIF|DEL CIF AL NIF))*"
)
_ABOUT_REGISTRATION = re.compile(r"\b(?:ALTA|REGISTR|ACTUALIZ|PAS[AEO]|CAMBI|CIF\b|REPRESENTANTE)")
_ABOUT_OTHERS = re.compile(r"\b(?:AUTORI[ZC]|CONTACTO|CLIENTE|FACTURA|RECIBO|CONTRATO|PERMISO|LECTURA|COMUNIDAD)")


def procedure_topic(text: str, said: str) -> str:
    """The topic that the form of a message says, or nothing; `said` is the text in capitals without accents or signs."""
    is_short = len(text) <= _LONGEST
    if len(text) <= _LONGEST_WITH_KEY and find_key(text):
        return CANCEL if _CANCEL_WITH_KEY.match(said) else TRACK
    if is_short and has_misread_key(text):
        return TRACK
    if is_short and _CANCEL.fullmatch(said):
        return CANCEL
    if is_short and (_HOW_IT_GOES.fullmatch(said) or _OF_THAT_THING.fullmatch(said)):
        return TRACK
    if is_short and _LEAVE.fullmatch(said):
        return LEAVE_QUESTION
    if _COMPLAIN.match(said) or _CHARGED_WRONG.search(said):
        return COMPLAINT
    return REGISTRATION_UPDATE if _is_update(text, said) else ""


def _is_update(text: str, said: str) -> bool:
    """Whether it is "actualízalo", or a company's and a person's identifier in a sentence about the registration."""
    if len(text) <= _LONGEST and _UPDATE.fullmatch(said):
        return True
    if len(text) > _LONGEST_UPDATE or not _ABOUT_REGISTRATION.search(said) or _ABOUT_OTHERS.search(said):
        return False
    found = [one.kind for one in find_identifiers(text) if one.problem is None]
    return Kind.CIF in found and any(kind.is_person for kind in found)
