"""How to reach a person (联系方式, 找人工): the company's own ways, the tax hotline, first aid in a loss."""

from fapiao.policy import OFFICIAL_HELP
from handlers.core import Button, Outcome, Services, Turn
from locales.catalog import Phrase

# In the order in which people try them. Settings may hold none, some or all.
_WAYS = ("person", "phone", "email", "wechat", "hours")


def ways(services: Services) -> tuple[Phrase, ...]:
    """The company's contact ways as lines; one line that says so where none is set."""
    lines = tuple(
        Phrase(f"contact.way.{name}", {"value": services.contact[name]})
        for name in _WAYS
        if services.contact.get(name)
    )
    return lines or (Phrase("contact.none"),)


def official() -> Phrase:
    """The line of the tax service hotline (纳税服务热线)."""
    return Phrase("contact.official", {"number": OFFICIAL_HELP})


async def info(turn: Turn, services: Services) -> Outcome:
    """Phone, mail and hours (联系方式)."""
    return turn.say(
        "contact.info",
        Button("button.faq", "faq"),
        Button("button.menu", "help"),
        ways=ways(services),
        official=official(),
    )


async def handoff(turn: Turn, services: Services) -> Outcome:
    """Say how to reach a person (转人工).

    Does not call `turn.hand_off`: no agent desk exists yet, so the chat would wait for somebody who never
    comes, and the bot would be silent meanwhile.
    """
    return turn.say(
        "contact.handoff",
        Button("choice.agent.emergency", "emergency"),
        Button("button.faq", "faq"),
        Button("button.menu", "help"),
        ways=ways(services),
        official=official(),
    )


async def emergency(turn: Turn, services: Services) -> Outcome:
    """What to do at once about theft, fraud or a lost special invoice (紧急情况), without asking back."""
    return turn.say(
        "contact.emergency",
        Button("faq.lost.title", "faq:lost"),
        Button("account.unbind_button", "account:unbind"),
        Button("button.menu", "help"),
        ways=ways(services),
        number=OFFICIAL_HELP,
    )
