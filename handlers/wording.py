"""From a reply to words: the edge where keys and values become a message."""

from handlers.core import Reply
from locales.catalog import Catalog
from storage.records import ChatId, Choice, Outgoing


def render(reply: Reply, chat: ChatId, language: str, catalog: Catalog) -> Outgoing:
    """The reply in words of `language`. Raises KeyError for a key that no language file has."""
    return Outgoing(
        chat=chat,
        text=catalog.text(reply.key, language, **reply.values),
        choices=tuple(
            Choice(catalog.text(button.key, language, **button.values), button.action)
            for button in reply.buttons
        ),
        key=reply.key,
        language=language,
        file=reply.file,
        file_name=reply.file_name,
    )
