"""Messages that only mean something after what was said before: "la segunda", "más", "en excel", "123 456"."""

import re
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_NAME_KEY, INTENT_RANKING_KEY, PREDICTED_CONFIDENCE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.assistant.nlu.paper_cues import paper_topic
from bot.assistant.nlu.procedure_cues import procedure_topic
from bot.identity.identifier_cues import folded
from bot.questions.detail import detail_asked
from bot.questions.orders import says_only_an_order

FOLLOW_UP, CODE_GIVEN = "follow_up", "code_given"
NOTICES, DEVICES, RECALL, HOW_LONG = "notices", "devices", "recall", "how_long"

_CODE = re.compile(
    r"\W*(?:(?:EL |MI )?(?:CODIGO|CLAVE)(?: (?:QUE ME (?:HA LLEGADO|HABEIS MANDADO)))?(?: ES)?[ :]*|(?:ES|SON) (?:EL )?)?"
    r"[0-9]{3}[ .-]?[0-9]{3}\W*"
)
_LEAD = (
    r"(?:(?:Y|VALE|OK|PUES|AHORA|SOLO|POR FAVOR|PORFA|A VER|DAME|DIME|QUIERO|QUIERO VER|VER|VEAMOS|ENSENAME|MUESTRAME|MANDAME|"
    r"PASAME|SACAME|ABRE|ABREME|DESCARGA|DESCARGAR|DESCARGAME|BAJA|BAJAME) )*"
)
_PLACE = r"(?:(?:EL|LA|LAS|LOS)(?: NUMERO)? )?(?:[0-9]{1,2}|PRIMER[AO]|SEGUND[AO]|TERCER[AO]|CUART[AO]|QUINT[AO]|SEXT[AO]|ULTIM[AO])"
_FOLLOW_UPS = (
    _PLACE + r"(?: (?:Y|DE) " + _PLACE + r")?(?: EN (?:UN )?(?:PDF|EXCEL|ZIP))?",
    r"(?:(?:ALGUN[AO]S? )?MAS|(?:LAS|LOS) SIGUIENTES|SIGUIENTES|LAS ANTERIORES|LOS ANTERIORES|(?:LA )?(?:OTRA|SIGUIENTE|ANTERIOR) PAGINA)",
    r"(?:TODAS? )?(?:EN|EL|UN|COMO)(?: UN)? (?:EXCEL|PDF|ZIP|CSV|HOJA DE CALCULO)",
    r"(?:ABRE|DESCARGA|PASA|MANDA|ENSENA|BAJA|SACA)(?:ME)?L[AO]S?(?: TODAS| TODOS)?(?: EN (?:UN )?(?:PDF|ZIP|EXCEL))?",
    r"AHORA (?:LAS|LOS) DE .{2,40}",
    r"(?:LAS |LA )?DE (?:GAS|LUZ|ELECTRICIDAD)|SOLO (?:LAS )?(?:DE )?(?:GAS|LUZ|ELECTRICIDAD)",
    r"(?:RE)?(?:ENVIA|MANDA|ENVIAR|MANDAR|REENVIAR)(?:LE|SELA|ME)?(?: OTRA VEZ| DE NUEVO)? (?:LA|OTRA) INVITACION(?: OTRA VEZ| DE NUEVO)?",
    r"(?:ANUL|RETIR)(?:A|AR|E)L[AO]",
    r"TODAS|TODOS|(?:SUS|ESAS) FACTURAS|SUS CONTRATOS|LA MAS (?:CARA|ALTA|GRANDE|RECIENTE|ANTIGUA)",
)
_FOLLOW_UP = re.compile(
    r"\W*" + _LEAD + r"(?:" + "|".join(f"(?:{each})" for each in _FOLLOW_UPS) + r")(?: POR FAVOR| PORFA| GRACIAS)?\W*"
)
_OVERDUE = (
    r"(?:FACTURAS? (?:VENCID|IMPAGAD|FUERA DE PLAZO|PASAD)\w*(?: DE PLAZO)?"
    r"|FACTURAS? (?:QUE )?(?:(?:SE )?(?:ME )?(?:PAS[AE]|VEN(?:ZA|CE)|CADU(?:QUE|CA))N?(?: DE(?:L)? (?:PLAZO|FECHA))?"
    r"|(?:SE )?(?:QUED[AE]|EST[AE])N? (?:SIN PAGAR|VENCIDA|IMPAGADA|FUERA DE PLAZO)S?)"
    r"|(?:SE )?(?:ME )?(?:PAS[AE]|VEN(?:ZA|CE)|CADU(?:QUE|CA))N? (?:DE PLAZO )?(?:(?:UNA|ALGUNA|LAS?|EL PLAZO DE (?:UNA|ALGUNA)) )?FACTURAS?)"
)
_SESSION = r"(?:SE[SC]I?ON(?:ES)?|SESSION(?:ES)?)"
_SESSIONS = rf"(?:{_SESSION}|DIS?P\w{{1,3}}SITI[VB]OS?|APARATOS?|CHATS?|MO[VB]ILES|ORDENADORES)"
_WHERE = (
    r"(?:(?:DEL?|EN)(?: EL| LA| MI)? )?"
    r"(?:MO[VB]IL|TELEFONO|CELULAR|TELEGRAM|TELEGRAN|(?:WH?|GU)[AT]T?S+H?AP*\w*|ORDENADOR|PC|WEB|CHAT WEB|NAVEGADOR)"
)
_NOTICES = r"(?:A[VB]ISOS?|NOTIFICACI?ON(?:ES)?)"
_OPEN = r"(?:A[VB]I?ERT[AO]S?|INICIAD[AO]S?|CONECTAD[AO]S?|DENTRO|VINCULAD[AO]S?)"
_OF_THE_CHAT = (
    (
        NOTICES,
        rf"SILEN[CSZ]I?O|{_NOTICES} (?:NO|SI)|(?:NO|SI) {_NOTICES}|(?:YA )?NO QUIERO (?:RECIBIR )?(?:MAS )?(?:LOS )?{_NOTICES}"
        rf"|(?:SI )?QUIERO (?:RECIBIR |TENER )?(?:LOS )?{_NOTICES}(?: OTRA VEZ| DE NUEVO)?|(?:SIN|BASTA DE|NI UN|NO MAS) (?:MAS )?{_NOTICES}"
        rf"|(?:YA )?NO ME (?:A[VB]ISES|(?:MANDES|ENVIES) (?:MAS )?{_NOTICES})(?: MAS)?|(?:DEJAD?|PARAD?) DE (?:AVISARME|(?:MANDAR|ENVIAR)(?:ME)? {_NOTICES})"
        rf"|A[VB]ISAME (?:OTRA VEZ|AQUI|POR AQUI|DE NUEVO)|VUELVE A (?:AVISARME|(?:MANDAR|ENVIAR)(?:ME)?(?: LOS)? {_NOTICES})"
        rf"|(?:QUITA|DESACTIVA|APAGA|CALLA|ACTIVA|PON|ENCIENDE)(?:R|ME)?(?: LOS)? {_NOTICES}"
        r"|(?:(?:YA )?NO (?:QUIERO QUE )?)?(?:QUIERO QUE |PUEDES |PODRIAS )?(?:AVISA(?:R|ME|NOS|RME|RNOS)?|ME (?:AVISES|AVISAS|AVISE))"
        r"(?: MAS)? (?:DE|CUANDO|SI|CADA VEZ QUE)(?: (?:LAS?|UNA|ALGUNA|MIS))? "
        + _OVERDUE
        + r"|(?:QUITA|DESACTIVA|APAGA|ACTIVA|PON|QUIERO|(?:YA )?NO QUIERO)(?:R|ME)?(?: MAS)?(?: LOS| EL| UN)? AVISOS?"
        r" (?:DE|CUANDO|PARA)(?: (?:LAS?|UNA|ALGUNA|MIS))? (?:" + _OVERDUE + r"|FACTURAS?)",
    ),
    (
        DEVICES,
        rf"(?:Y )?(?:EN )?(?:DONDE|(?:QUE|Q|K|CUALES|CUANTOS) (?:SITIOS|DIS?P\w{{1,3}}SITI[VB]OS|APARATOS|CHATS|MO[VB]ILES))"
        rf" (?:TENGO|ESTA|ESTOY|HE)(?: LA| MI| LAS)?(?: {_SESSIONS})? ?{_OPEN}(?: LA| MI| LAS)?(?: {_SESSION})?"
        rf"|(?:(?:CUALES SON|VER|DIME|QUE|ENSENAME) )?(?:MIS )?{_SESSIONS}(?: TENGO)? {_OPEN}"
        r"|QUIEN (?:HA ENTRADO|ENTRA|ESTA DENTRO|SE HA CONECTADO) CON MI (?:USUARIO|CUENTA|NIF|CLAVE)"
        rf"|(?:CIERRA|CIERA|CERRAR|CIERRAME|TERMINA|DESCONECTA)(?: LA| MI| EL)?(?: {_SESSION})? {_WHERE}"
        rf"|(?:CIERRA|CERRAR|CIERRAME|TERMINA)(?: TODAS)? (?:LAS |MIS )?(?:OTRAS|DEMAS)(?: {_SESSION})?|CIERRA(?:ME)? TODAS LAS {_SESSION}"
        rf"|(?:CIERRA|CERRAR|CIERRAME)(?: LA| MI)? {_SESSION} EN (?:TODOS?|LOS DEMAS|LOS OTROS)(?: LOS)?(?: LADOS?| SITIOS?| PARTES?| {_SESSIONS})?",
    ),
    (
        RECALL,
        r"DE QUE (?:HABLABAMOS|ESTABAMOS HABLANDO|HEMOS HABLADO)|(?:QUE|Q) TE (?:PEDI|PREGUNTE|ESTABA PIDIENDO|DIJE)(?: ANTES)?"
        rf"(?: {_WHERE})?"
        r"|(?:SIGAMOS|SEGUIMOS|CONTINUAMOS|CONTINUEMOS) (?:DONDE|POR DONDE|CON LO QUE) (?:LO DEJAMOS|ESTABAMOS|IBAMOS)|POR DONDE IBAMOS"
        r"|(?:SIGUE|SIGO|SIGAMOS|SEGUIMOS|CONTINUA|CONTINUAMOS|RETOMA|RETOMAMOS|VAMOS) CON LO"
        rf" (?:(?:QUE (?:TE )?(?:PEDI|PREGUNTE|DIJE|HABLAMOS|ESTABA) )?{_WHERE}|DE (?:ANTES|AYER|ESTA MANANA))",
    ),
)
_THAT = (
    r"(?:(?:ESO|ESTO|TODO|TODO ESO|EL TRAMITE|LA GESTION|LA RESPUESTA|VOSOTROS|NORMALMENTE|MAS O MENOS|MUCHO|YA|EN TOTAL"
    r"|(?:EN|PARA|POR) (?:SABER ALGO|TENER RESPUESTA|[A-Z]{2,}[AEI]R)(?:ME|LO|LA|SE|NOS)?"
    r"(?: LISTO| HECHO)?|DE RESPUESTA) ?)*"
)
_WHEN_ANSWERED = (
    r"(?:(?:Y|OYE|PERO|VALE|UNA COSA|PERDONA|ANTES|DIME|POR CIERTO) )*"
    r"(?:(?:EN |MAS O MENOS )?(?:CU|KU|Q)ANT[OA](?:S DIAS| TIEMPO)? (?:(?:ME|SE|OS|SUELEN?|SOLEIS|VAIS A|VAN A|VA A|PUEDEN?|PODEIS|LO|LA|HAY QUE"
    r"|TENGO QUE|TOCA|ES LO QUE) )*(?:TARD\w+|DEMOR\w+|LLEVA|DURA|ESPERAR|CONTEST\w+|RESPOND\w+)"
    r"|(?:TARDA|TARDAIS|TARDAN|TARDARA|TARDAREIS)(?= MUCHO)"
    r"|(?:PARA )?CUANDO (?:(?:ME|NOS|LO|LA) )*(?:CONTEST\w+|RESPOND\w+|DECIS ALGO|SABRE ALGO|TENDRE(?: LA)? RESPUESTA|ESTARA(?: LISTO| HECHO)?)"
    r"|(?:QUE|CUAL ES EL|HAY ALGUN) PLAZO(?: (?:HAY|TENEIS|TIENE|ES))?)"
    rf" ?{_THAT}"
)
"""Without the name of what takes so long; with it, it is a question about that topic."""
_OF_THE_CHAT_FORMS = tuple(
    (intent, re.compile(rf"\W*(?:{form})(?: (?:POR FAVOR|PORFA|GRACIAS))?\W*"))
    for intent, form in (*_OF_THE_CHAT, (HOW_LONG, _WHEN_ANSWERED))
)
_LONGEST = 60
_LONGEST_OF_ALL = 2000


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class FollowUpReader(GraphComponent, IntentClassifier):
    """Read by their form, not learnt: such messages are too short for a topic, and their words belong to every topic.

    Those that have a topic ("¿y las de febrero?") keep it; the action of the topic sees that they go on from something.
    """

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "FollowUpReader":
        """Build the component; it has nothing to configure or to load."""
        del config, model_storage, resource, execution_context  # Rasa passes them by name
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets the intent of such messages, certain; all others keep theirs."""
        for message in messages:
            intent = intent_of(message.get(TEXT) or "")
            if intent:
                certain = {INTENT_NAME_KEY: intent, PREDICTED_CONFIDENCE_KEY: 1.0}
                message.set(INTENT, certain, add_to_output=True)
                message.set(INTENT_RANKING_KEY, [certain], add_to_output=True)
        return messages


def intent_of(text: str) -> str:
    """`code_given`, `follow_up`, one of those about the chat itself, a topic of procedures or of papers, or nothing."""
    said = " ".join(re.sub(r"[¿?¡!,;.:]", " ", folded(text)).split()) if len(text) <= _LONGEST_OF_ALL else ""
    topic = procedure_topic(text, said) or paper_topic(text, said)
    if topic or len(text) > _LONGEST:
        return topic
    said = " ".join(re.sub(r"[¿?¡!,;]", " ", folded(text)).split())
    if _CODE.fullmatch(said):
        return CODE_GIVEN
    for intent, form in _OF_THE_CHAT_FORMS:
        if form.fullmatch(said):
            return intent
    is_follow_up = _FOLLOW_UP.fullmatch(said) or says_only_an_order(text) or detail_asked(text)
    return FOLLOW_UP if is_follow_up else ""
