"""Which conversation a Telegram message belongs to, and where its answer goes."""

from dataclasses import dataclass

from storage.records import ChatId

CHANNEL = "telegram"


@dataclass(frozen=True, slots=True)
class Address:
    """A place in Telegram: a chat, in forums a topic (话题), and in groups the member who is spoken to.

    As text (`ChatId.user`): `<chat>`, `<chat>/<topic>`, `<chat>@<member>`, `<chat>/<topic>@<member>`.
    Numbers of groups are negative. Members of a group have a conversation each, so that nobody answers a
    question put to somebody else.
    """

    chat: int
    topic: int | None = None
    member: int | None = None

    @property
    def is_group(self) -> bool:
        """Whether others read along."""
        return self.chat < 0

    @property
    def chat_id(self) -> ChatId:
        """The key of the conversation."""
        topic = "" if self.topic is None else f"/{self.topic}"
        member = "" if self.member is None else f"@{self.member}"
        return ChatId(CHANNEL, f"{self.chat}{topic}{member}")

    @classmethod
    def parse(cls, user: str) -> "Address":
        """The inverse of `chat_id`; raises ValueError for anything else."""
        place, _, member = user.partition("@")
        chat, _, topic = place.partition("/")
        return cls(int(chat), int(topic) if topic else None, int(member) if member else None)
