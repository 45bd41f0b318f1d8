"""A person's own data (个人信息): what is kept, and requests for a copy or for erasure.

Today a person carries them out; what is written down here is the request with its reference.
"""

from fapiao.policy import rule
from handlers.contact import ways
from handlers.core import Button, Outcome, Services, Turn
from handlers.feedback import reference_of
from handlers.menu import agreed
from handlers.topics import cited
from locales.catalog import BEIJING
from storage import notices
from storage.notices import Fact


async def export(turn: Turn, services: Services) -> Outcome:
    """Say what is kept and write the request for a copy down (查阅、复制)."""
    reference = await _requested(turn, services, "export")
    return turn.say(
        "privacy.export",
        Button("choice.privacy.delete", "privacy:delete"),
        Button("button.menu", "help"),
        reference=reference,
        ways=ways(services),
    )


async def delete(turn: Turn, services: Services) -> Outcome:
    """Say what can be erased and what the law keeps (删除), and ask before writing the request down."""
    return turn.ask(
        "privacy.delete_ask",
        Button("privacy.delete_yes", "privacy:delete_yes"),
        Button("button.cancel", "cancel"),
        awaiting="privacy_delete",
        sources=cited(rule("archives_30_years"), turn),
    )


async def confirm_delete(turn: Turn, services: Services) -> Outcome | None:
    """Awaited `privacy_delete`: only a clear yes counts."""
    match agreed(turn):
        case True:
            return await _delete(turn, services)
        case False:
            return turn.say("privacy.delete_kept")
    return None


async def button(turn: Turn, services: Services) -> Outcome:
    """The buttons `privacy:export`, `privacy:delete` and `privacy:delete_yes`."""
    match turn.argument:
        case "delete_yes" if turn.conversation.awaiting == "privacy_delete":
            return await _delete(turn, services)
        case "delete" | "delete_yes":  # a yes from an old message is asked again
            return await delete(turn, services)
    return await export(turn, services)


async def _delete(turn: Turn, services: Services) -> Outcome:
    reference = await _requested(turn, services, "delete")
    return turn.say(
        "privacy.delete_done", Button("button.menu", "help"), reference=reference, ways=ways(services)
    )


async def _requested(turn: Turn, services: Services, kind: str) -> str:
    """Keep one request a chat, kind and day; asked again on that day, it is the same one."""
    day = turn.now.astimezone(BEIJING).date()
    key = f"privacy:{kind}:{turn.message.chat}:{day.isoformat()}"
    reference = reference_of(key)
    value = {
        "kind": kind,
        "reference": reference,
        "chat": str(turn.message.chat),
        "employee": turn.viewer.employee_id,
    }
    await services.store.write(notices.keep_fact, Fact(key, value, turn.now))
    return reference
