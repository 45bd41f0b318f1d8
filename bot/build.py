"""The one place that wires: from settings to a program that can be started and stopped."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from bot import metrics, office
from bot.accounts import accounts
from bot.channels.wechat.adapter import WeChat
from bot.delivery import Delivery
from bot.demo import CONTACT
from bot.jobs import Jobs
from bot.live import Live
from bot.outside.speech import SpeechEndpoint
from bot.settings import Settings, secret
from handlers.assistant import Assistant
from handlers.core import AttachmentError, Channel, Services
from locales.catalog import HOME, Catalog
from nlu.document.pool import Reader
from nlu.text.sellers import SellerIndex
from nlu.text.understanding import Understander
from storage import documents, invoices, outbox
from storage.database import StoreUnavailableError
from storage.outbox import Sweep
from storage.records import Attachment, Message, Outgoing
from storage.store import Store

if TYPE_CHECKING:
    from bot.channels.telegram.adapter import Telegram

LIVE = frozenset({"web", "terminal"})  # their users read the transcript itself
_STOP_SECONDS = 10.0
_LARGEST_FILE = 20_000_000  # bytes, of a document that a user sends
_NOTICE_SECONDS = 5
_SELLER_SECONDS = 300

_log = structlog.get_logger()


@dataclass(slots=True)
class Program:
    """All that runs; made by `build`, alive inside `running`."""

    settings: Settings
    store: Store
    catalog: Catalog
    services: Services
    assistant: Assistant
    live: Live
    jobs: Jobs
    reader: Reader
    wechat: WeChat | None
    telegram: "Telegram | None"
    deliveries: tuple[Delivery, ...]
    demo_employee: int | None = None


def utc_now() -> datetime:
    """The clock."""
    return datetime.now(UTC)


async def build(settings: Settings) -> Program:
    """Open the database and make the parts; nothing is received or sent yet.

    Raises SettingsError, StoreSetupError or LocaleError.
    """
    wechat_account, telegram_account = accounts(settings)
    catalog = Catalog.load()
    loading = asyncio.create_task(
        asyncio.to_thread(Understander.load, cache=settings.data_dir / "understanding")
    )
    try:
        store = await Store.open(settings.database)
    except BaseException:
        await asyncio.gather(loading, return_exceptions=True)
        raise
    try:
        understander = await loading
    except BaseException:
        await store.close()
        raise
    live = Live()
    companies = tuple((company.name, company.tax_id) for company in settings.companies)
    reader = Reader(engine=settings.ocr_engine, workers=settings.ocr_workers, companies=companies)
    channels: dict[str, Channel] = {}
    deliveries: list[Delivery] = []

    async def fetch(message: Message, attachment: Attachment) -> bytes:
        channel = channels.get(message.chat.channel)
        if channel is not None:
            return await channel.fetch(attachment, _LARGEST_FILE)
        kept = await store.read(documents.document, attachment.ref)
        if kept is None:
            raise AttachmentError("gone")
        return kept.content

    async def read_document(reference: str) -> bytes | None:
        kept = await store.read(documents.document, reference)
        return None if kept is None else kept.content

    def wake() -> None:
        for delivery in deliveries:
            delivery.wake()

    services = Services(
        store=store,
        catalog=catalog,
        understander=understander,
        now=utc_now,
        reader=reader,
        transcriber=_speech(settings),
        fetch=fetch,
        companies=companies,
        contact=settings.contact or (CONTACT if settings.demo else {}),
        demo=settings.demo,
    )
    assistant = Assistant(
        services, live=LIVE, on_change=live.change, on_queued=wake, on_turn=metrics.count_turn
    )
    assistant.services = services = replace(services, tell=assistant.tell)

    async def keep(key: str, outgoing: Outgoing) -> None:
        await store.write(outbox.push, assistant.pushed(key, outgoing))
        wake()

    wechat = telegram = None
    if wechat_account is not None:
        wechat = WeChat(wechat_account, assistant, catalog, keep, read_document)
    if telegram_account is not None:
        from bot.channels.telegram.adapter import Telegram
        from bot.channels.telegram.commands import load_commands

        telegram = Telegram(telegram_account, assistant, load_commands(HOME), read_document)
    for channel in (wechat, telegram):
        if channel is not None:
            channels[channel.name] = channel
            deliveries.append(Delivery(store, channel, utc_now, assistant.silence))
    return Program(
        settings=settings,
        store=store,
        catalog=catalog,
        services=services,
        assistant=assistant,
        live=live,
        jobs=Jobs(assistant, _NOTICE_SECONDS),
        reader=reader,
        wechat=wechat,
        telegram=telegram,
        deliveries=tuple(deliveries),
    )


@contextlib.asynccontextmanager
async def running(program: Program) -> AsyncIterator[None]:
    """Serve: channels, outbox, jobs and reader are at work inside this block, and end in order after it."""
    await _after_a_crash(program)
    tasks = [asyncio.create_task(delivery.run()) for delivery in program.deliveries]
    tasks.append(asyncio.create_task(_keep_sellers(program)))
    tasks.append(asyncio.create_task(asyncio.to_thread(program.services.understander.warm)))
    if program.store.shared:
        address = program.store.url.set(drivername="postgresql").render_as_string(hide_password=False)
        tasks.append(asyncio.create_task(program.live.follow_database(address)))
    await program.reader.start()
    channels = [channel for channel in (program.wechat, program.telegram) if channel is not None]
    for channel in channels:
        await channel.start()
    program.jobs.start()
    clerk = await office.serve(program.store, program.settings)
    try:
        yield
    finally:
        program.jobs.stop()
        if clerk is not None:
            clerk.close()
        for channel in channels:
            await channel.stop()
        await program.assistant.finish(_STOP_SECONDS)
        for delivery in program.deliveries:
            await delivery.finish(_STOP_SECONDS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await program.reader.stop()
        if isinstance(program.services.transcriber, SpeechEndpoint):
            await program.services.transcriber.aclose()
        await program.store.close()


async def _after_a_crash(program: Program) -> None:
    """On one node nobody else can hold what the last process left in the middle."""
    now = program.services.now()
    if program.store.shared:
        return
    doubtful = await program.store.write(outbox.sweep, Sweep(now + timedelta(days=1)))
    if doubtful:
        _log.warning("in_doubt", count=doubtful)
    task = asyncio.create_task(program.assistant.recover(now + timedelta(days=1)))
    _background.add(task)
    task.add_done_callback(_background.discard)


_background: set[asyncio.Task[int]] = set()


async def _keep_sellers(program: Program) -> None:
    """Bring the sellers of the database to the understander, again every few minutes."""
    while True:
        try:
            names = await program.store.read(invoices.sellers)
        except StoreUnavailableError:
            _log.warning("sellers_put_off")
        else:
            program.services.understander.sellers = await asyncio.to_thread(SellerIndex.build, names)
        await asyncio.sleep(_SELLER_SECONDS)


def _speech(settings: Settings) -> SpeechEndpoint | None:
    if settings.speech_url is None:
        return None
    return SpeechEndpoint(
        url=settings.speech_url, api_key=secret(settings.speech_key) or "", model=settings.speech_model
    )
