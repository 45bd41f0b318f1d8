"""Two wishes in one message (一句两事): where the first ends and the second begins."""

import re

_CONNECTORS = re.compile(
    r"[,，。.;；!！?？\s]*(?:另外|还有就是|还有|顺便再|顺便|顺带|再就是|对了|同时|以及|并且|然后再|另|順便|順帶|還有|對了|"
    r"\band (?=(?:please )?(?:remind|tell|notify|find|show|list|export|send) )|\band also\b|\balso,? |\bby the way\b|\bbtw\b|\band then\b|\bplus,? |\banother thing\b|"
    r"それと|それから|ついでに|あと、|あとは|また、|加えて|そして)[,，、:：\s]*",
    re.IGNORECASE,
)
_SHORTEST = 3


def split_wishes(text: str) -> tuple[str, str] | None:
    """Return the parts before and after the connector (另外, and also, それと) between two wishes, if any."""
    for found in _CONNECTORS.finditer(text):
        first, second = text[: found.start()].strip(), text[found.end() :].strip()
        if len(first) >= _SHORTEST and len(second) >= _SHORTEST:
            return first, second
    return None
