"""The matcher: near-exact phrases, bands, two wishes, other tasks, other languages."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from locales.catalog import HOME
from locales.strict_yaml import LocaleError, load
from nlu.text.confidence import Confidence
from nlu.text.features import spoken
from nlu.text.learning import named_words
from nlu.text.lexicon import THESAURUS, Intent
from nlu.text.triggers import pieces, triggers
from nlu.text.understanding import Understander
from nlu.text.wishes import split_wishes
from tests.nlu.text.matching import TODAY, understand, understander


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("88", "smalltalk.bye"),
        ("?", "help.menu"),
        ("？？", "help.menu"),
        ("TD", "notify.unsubscribe"),
        ("好的", "confirm.yes"),
        ("👍", "confirm.yes"),
        ("不是", "confirm.no"),
        ("转人工", "agent.handoff"),
        ("轉人工", "agent.handoff"),
        ("26312000000771530482", "invoice.status"),
        ("thank you", "smalltalk.thanks"),
        ("はい", "confirm.yes"),
    ],
)
def test_closed_phrases_and_bare_numbers_are_certain(text: str, intent: str) -> None:
    found = understand(text)
    assert (found.intent, found.action) == (intent, "answer")
    assert found.confidence >= 0.9


@pytest.mark.parametrize(
    ("text", "intent", "second"),
    [
        ("我的发票审批到哪一步了，另外怎么转人工客服", "invoice.status", "agent.handoff"),
        ("转人工，另外帮我打开提醒", "agent.handoff", "notify.subscribe"),
    ],
)
def test_the_second_of_two_wishes_is_kept(text: str, intent: str, second: str) -> None:
    found = understand(text)
    assert (found.intent, found.second) == (intent, second)


def test_thanks_are_no_second_wish() -> None:
    assert understand("转人工，还有谢谢").second is None
    assert split_wishes("还有发票吗") is None


def test_dangerous_intents_need_more_and_emergencies_less() -> None:
    bands = Confidence(answer=0.6, clarify=0.2)
    assert bands.action(Intent("x"), 0.7) == "answer"
    assert bands.action(Intent("x", danger=True), 0.7) == "clarify"
    assert bands.action(Intent("x"), 0.5) == "clarify"
    assert bands.action(Intent("x", emergency=True), 0.5) == "answer"
    assert bands.action(Intent("x"), 0.1) == "refuse"


def test_chances_are_chances() -> None:
    intents = ("a", "out_of_scope", "b")
    chances = Confidence().chances(intents, np.array([0.5, -0.5, -1], dtype=np.float32))
    assert sum(chances) == pytest.approx(1)
    assert chances[0] > chances[2]
    none_of_ours = Confidence().chances(intents, np.array([-1, 0.5, -1], dtype=np.float32))
    assert none_of_ours[1] > 0.5 > chances[1]


def test_a_forced_language_is_kept() -> None:
    assert understand("発票", language="zh").language == "zh"


def test_a_fourth_language_is_a_folder(tmp_path: Path) -> None:
    home = tmp_path / "locales"
    for source in HOME.glob("*/*.yaml"):
        (home / source.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(source, home / source.parent.name / source.name)
    shutil.copy(HOME / "intents.yaml", home / "intents.yaml")
    shutil.copytree(Path(__file__).parent / "fourth_language", home / "de")
    understander = Understander.load(home)
    found = understander.understand("wo bleibt denn meine Rechnung", today=TODAY)
    assert (found.language, found.intent) == ("de", "invoice.status")
    assert understander.understand("where is my invoice", today=TODAY).language == "en"
    slots = understander.understand(
        "die Papierrechnung vom 3. März über mehr als 500 Euro", today=TODAY
    ).slots
    assert slots["date"] == {"from": "2026-03-03", "to": "2026-03-03"}
    assert (slots["amount_min"], slots["kind"]) == (500, ["paper"])


def test_an_unknown_intent_in_a_language_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "xx").mkdir()
    (tmp_path / "intents.yaml").write_text("intents: {a: {means: x}}", encoding="utf-8")
    (tmp_path / "xx" / "examples.yaml").write_text("b: [hello]", encoding="utf-8")
    with pytest.raises(LocaleError, match="unknown intent 'b'"):
        Understander.load(tmp_path)


def test_a_broken_expression_names_its_concept(tmp_path: Path) -> None:
    (tmp_path / "xx").mkdir()
    (tmp_path / "intents.yaml").write_text("intents: {a: {means: x}}", encoding="utf-8")
    (tmp_path / "xx" / "examples.yaml").write_text("a: [hello]", encoding="utf-8")
    (tmp_path / "xx" / "concepts.yaml").write_text("greeting: ['hel(lo']", encoding="utf-8")
    with pytest.raises(LocaleError, match="concept greeting"):
        Understander.load(tmp_path)


@pytest.mark.parametrize("suffix", ["json", "yaml"])
def test_the_matcher_learns_any_other_task(tmp_path: Path, suffix: str) -> None:
    task = {
        "light.on": ["turn on the light", "lights on please", "make it bright", "switch the lamp on"],
        "light.off": ["turn off the light", "lights out", "make it dark", "switch the lamp off"],
        "music": ["play a song", "put some jazz on", "play music", "i want to hear a tune"],
    }
    file = tmp_path / f"task.{suffix}"
    file.write_text(json.dumps(task), encoding="utf-8")
    other = Understander.of_examples(file)
    assert other.understand("please turn the lamp off", today=TODAY).intent == "light.off"
    assert other.understand("play some jazz music", today=TODAY).intent == "music"


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("please be silent", "mute"),
        ("erase my appointment", "event.delete"),
        ("purchase a seat for boston", "ticket"),
        ("帮我查下去三亚的航班", "机票"),
        ("得了肺炎要注意啥", "看病"),
    ],
)
def test_everyday_words_that_mean_the_same_help_other_tasks(tmp_path: Path, text: str, intent: str) -> None:
    task = {
        "mute": ["mute the volume", "be quiet now"],
        "louder": ["turn the volume up", "increase the sound"],
        "event.delete": ["remove the meeting from my calendar", "delete this event"],
        "event.add": ["add a meeting to my calendar", "create an event"],
        "ticket": ["buy a train ticket to london", "book me a ticket"],
        "机票": ["北京到上海的机票", "明天飞往广州的飞机"],
        "看病": ["感冒怎么治疗", "头痛吃什么药"],
    }
    file = tmp_path / "task.json"
    file.write_text(json.dumps(task), encoding="utf-8")
    assert Understander.of_examples(file).understand(text, today=TODAY).intent == intent


def test_the_thesaurus_holds_each_word_once_a_group() -> None:
    for name, words in load(THESAURUS).items():
        assert len(set(words)) == len(words) > 1, name


def test_the_name_of_an_intent_is_an_example_too(tmp_path: Path) -> None:
    task = {
        "card_arrival": ["where is it", "it has not come", "still waiting"],
        "exchangeRate": ["what do i get for a euro", "how many yen", "pounds to dollars"],
        "打开空调": ["太热了", "热死了"],
    }
    file = tmp_path / "task.json"
    file.write_text(json.dumps(task), encoding="utf-8")
    other = Understander.of_examples(file)
    assert other.understand("the arrival of my card", today=TODAY).intent == "card_arrival"
    assert other.understand("which exchange rates", today=TODAY).intent == "exchangeRate"
    assert other.understand("把空调打开", today=TODAY).intent == "打开空调"


def test_names_that_say_nothing_are_no_examples() -> None:
    assert named_words(["intent_1", "intent_2", "intent_3"]) == {}
    assert named_words(["qa_maths", "qa_stock"]) == {"qa_maths": ("maths",), "qa_stock": ("stock",)}


def test_another_task_is_never_given_an_intent_that_it_does_not_have(tmp_path: Path) -> None:
    file = tmp_path / "task.json"
    file.write_text(
        json.dumps({"a": ["turn left", "go left"], "b": ["turn right", "go right"]}), encoding="utf-8"
    )
    found = Understander.of_examples(file).understand("quantum chromodynamics", today=TODAY)
    assert found.intent in ("a", "b")
    assert {guess.intent for guess in found.alternatives} == {"a", "b"}
    assert found.action != "answer"


def test_another_task_answers_what_is_clear(tmp_path: Path) -> None:
    task = {
        "weather": [
            "will it rain today",
            "is it going to rain in york",
            "rain forecast for leeds",
            "how much rain falls",
        ],
        "music": ["play a song by anna", "play some jazz", "put on a song", "play the next song please"],
        "alarm": ["wake me at seven", "set an alarm for six", "alarm at nine please", "cancel my alarm"],
    }
    file = tmp_path / "task.json"
    file.write_text(json.dumps(task), encoding="utf-8")
    other = Understander.of_examples(file)
    for text, intent in (("will it rain in bath", "weather"), ("play a song by bob", "music")):
        found = other.understand(text, today=TODAY)
        assert (found.intent, found.action) == (intent, "answer")


@pytest.mark.slow
def test_a_large_task_fits(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    syllables = [
        first + second for first in "bdfgklmnprst" for second in ("a", "e", "i", "o", "u", "an", "or")
    ]
    words = ["".join(random.choice(syllables, 2)) for _ in range(1500)]
    task: dict[str, list[str]] = {}
    for intent in range(60):
        own = random.choice(words, 12)
        task[f"intent {intent}"] = [
            " ".join([*random.choice(own, 3), *random.choice(words, 4)]) for _ in range(90)
        ]
    asked = {intent: sentences.pop() for intent, sentences in task.items()}
    file = tmp_path / "task.json"
    file.write_text(json.dumps(task), encoding="utf-8")
    other = Understander.of_examples(file)
    right = sum(other.understand(text, today=TODAY).intent == intent for intent, text in asked.items())
    assert right >= 0.8 * len(asked)


def test_sellers_can_be_exchanged() -> None:
    from nlu.text.sellers import SellerIndex

    known = understander().with_sellers(SellerIndex.build(["云岫酒店管理(杭州)有限公司"]))
    found = known.understand("查下云岫酒店上个月开的票", today=TODAY)
    assert "seller" in found.slots
    assert found.intent == "invoice.search"


def test_skipping_expressions_by_their_characters_skips_no_match() -> None:
    patterns = [
        pattern
        for language in understander().lexicon.languages
        for alternatives in language.concepts.values()
        for pattern in alternatives
    ]
    texts = (
        understander().matcher.classifier.near["zh"].texts
        + understander().matcher.classifier.near["en"].texts
    )
    for pattern in patterns:
        needed = triggers(pattern)
        if needed:
            regex = re.compile(pattern)
            assert all(needed & pieces(text) for text in texts if regex.search(text)), pattern


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [
        ("丢.{0,2}票", {"丢"}),
        ("(找|寻)不.", {"找", "寻"}),
        ("a?b*", set()),
        ("[了着]?丢", {"丢"}),
        ("丢|遗失", {"丢", "遗失"}),
        ("(?=丢)..", set()),
        ("[^a]x{0,3}", set()),
        ("x{2}", {"x"}),
        (r"\blost in the (post|mail)", {"los"}),
        ("(can't|cannot) find", {"fin"}),
    ],
)
def test_what_an_expression_needs(pattern: str, needed: set[str]) -> None:
    assert triggers(pattern) == needed


@pytest.mark.parametrize(
    "text", ["发票", "发票？", "發票", "你好，发票", "invoice", "my receipts", "請求書", "発票の件"]
)
def test_a_thing_without_a_wish_offers_the_three_most_wanted(text: str) -> None:
    found = understand(text)
    assert found.action == "clarify"
    assert [guess.intent for guess in found.alternatives[:3]] == [
        "invoice.status",
        "invoice.search",
        "invoice.submit",
    ]


def test_what_only_sounds_like_a_concept_counts_where_nothing_else_is_written() -> None:
    concepts = understander().matcher.reader.concepts
    assert "theft" in concepts.fired("我的包被透了", spoken("我的包被透了"))
    assert "theft" not in concepts.fired("手把手的图", spoken("手把手的图"))
