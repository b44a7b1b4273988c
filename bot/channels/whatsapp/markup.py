"""The small Markdown of our answers in WhatsApp's own marks, and long texts in pieces."""

from __future__ import annotations

import re

INLINE = re.compile(r"\*\*(.+?)\*\*|\[([^\]]+)\]\(([^)\s]+)\)", re.DOTALL)
BULLET = re.compile(r"^(\s*)[-*] +", re.MULTILINE)
QUOTE = re.compile(r"^>(?= )", re.MULTILINE)
# A mark that could open or close something: one that touches a letter on one side only.
MARK = re.compile(r"(?<![^\W_])[*_~`](?=\S)|(?<=\S)[*_~`](?![^\W_])")
ADDRESS = re.compile(r"(?:https?://|www\.)\S+|[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{1,190}")
AFTER_ADDRESS = re.compile(r"[.,;:](?:[ \t]+|(?=\n|$))")
UNSEEN = "\N{WORD JOINER}"
ENDS = (re.compile(r"\n\s*\n"), re.compile(r"\n"), re.compile(r"(?<=[.!?…;:])\s+"), re.compile(r"\s+"))
SMALLEST_SHARE = 3


def whatsapp_text(markdown: str) -> str:
    """The text as WhatsApp writes it: bold, bullets, plain addresses; marks of the text itself stay what they are."""
    lines = BULLET.sub(r"\1• ", markdown)
    written, end = [], 0
    for match in INLINE.finditer(lines):
        written += [_literal(lines[end : match.start()]), _marked(match)]
        end = match.end()
        closing = AFTER_ADDRESS.match(lines, end)
        if closing and written[-1].endswith(
            match.group(3) or "\0"
        ):  # a full stop could be taken for a part of the address
            written.append("\n" if lines[closing.end() : closing.end() + 1].strip() else "")
            end = closing.end()
    return "".join([*written, _literal(lines[end:])]).strip()


def _marked(match: re.Match[str]) -> str:
    bold, label, address = match.groups()
    if bold is not None:
        return _bold(whatsapp_text(bold))
    return _link(label, address)


def _bold(text: str) -> str:
    """WhatsApp's bold ends with the line."""
    return "\n".join(f"*{line.strip()}*" if line.strip() else line for line in text.split("\n"))


def _link(label: str, address: str) -> str:
    """Phones make numbers and mailboxes pressable by themselves; of our pages the whole address is shown."""
    scheme, _, rest = address.partition(":")
    if scheme == "tel":
        return label
    target = rest if scheme == "mailto" else address
    return target if label.strip() == target else f"{_literal(label)}: {target}"


def _literal(text: str) -> str:
    """Marks that would format what nobody meant to format are parted from their letters by something unseen."""
    written, end = [], 0
    for address in ADDRESS.finditer(text):
        written += [_parted(text[end : address.start()]), address.group()]
        end = address.end()
    return "".join([*written, _parted(text[end:])])


def _parted(text: str) -> str:
    return QUOTE.sub(UNSEEN + ">", MARK.sub(lambda mark: UNSEEN + mark.group() + UNSEEN, text))


def pieces(text: str, longest: int) -> list[str]:
    """The text in pieces of at most `longest` characters, cut where a reader would pause."""
    found = []
    while len(text) > longest:
        cut = _cut(text, longest)
        found.append(text[:cut].strip())
        text = text[cut:].strip()
    return [piece for piece in [*found, text] if piece]


def split_end(text: str, longest: int) -> tuple[str, str]:
    """What goes before, and an end of at most `longest` characters that begins where a reader would pause."""
    if len(text) <= longest:
        return "", text
    start = len(text) - longest
    for end in ENDS:
        places = [match.end() for match in end.finditer(text) if match.end() >= start and text[match.end() :].strip()]
        if places:
            return text[: places[0]].strip(), text[places[0] :].strip()
    return text[:start], text[start:]


def _cut(text: str, longest: int) -> int:
    """Paragraphs, lines, sentences, words, and at last anywhere; not so early that many small pieces come of it."""
    for end in ENDS:
        places = [match.end() for match in end.finditer(text, 0, longest) if match.start() >= longest // SMALLEST_SHARE]
        if places:
            return places[-1]
    return longest


def shortened(title: str, longest: int) -> str:
    """A title that fits: whole, or cut after a word and marked as cut."""
    if len(title) <= longest:
        return title
    kept = title[: longest - 1]
    words = kept.rpartition(" ")[0] if title[longest - 1] != " " else kept
    words = re.sub(r"(?: (?:de|del|el|la|los|las|a|al|y|o|en|con|un|una|mi|tu|por|para))+$", "", words.rstrip(" ,.:;"))
    return (words if len(words) * 2 >= longest else kept.rstrip()) + "…"
