"""What the tests of the matcher share: one understander, learnt once a process, and noise for sentences."""

import random
from collections.abc import Callable
from datetime import date
from functools import cache

from nlu.text.features import sounds
from nlu.text.normal import simplified
from nlu.text.understanding import Understander, Understanding
from tests.sentences.scoring import Row, rows

TODAY = date(2026, 11, 25)
Noise = Callable[[str, random.Random], str]


@cache
def understander() -> Understander:
    """The understander of the product's own language files."""
    return Understander.load()


def understand(text: str, language: str | None = None) -> Understanding:
    """What a sentence means on the day of the tests."""
    return understander().understand(text, today=TODAY, language=language)


@cache
def dev(language: str) -> tuple[Row, ...]:
    """The development half of one language; the other half is only for publishing."""
    return tuple(row for row in rows(language) if row.half == "dev")


def right(language: str, noise: Noise | None = None) -> float:
    """Share of the development half, in percent, whose intent is understood, with noise in each sentence."""
    dice = random.Random(7)
    hits = 0
    for row in dev(language):
        said = noise(row.say, dice) if noise is not None else row.say
        hits += understand(said).intent == row.intent
    return 100 * hits / len(dev(language))


@cache
def _traditional() -> dict[int, str]:
    # 后 is 後 and 后 at once: only characters with one traditional form are turned back.
    forms: dict[str, list[str]] = {}
    for code, char in simplified().items():
        forms.setdefault(char, []).append(chr(code))
    return {ord(char): old[0] for char, old in forms.items() if len(old) == 1 and len(char) == 1}


def traditional(text: str, _: random.Random) -> str:
    """The sentence in traditional characters."""
    return text.translate(_traditional())


def full_width(text: str, _: random.Random) -> str:
    """The sentence with full-width letters, as Chinese and Japanese keyboards type them."""
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


def emoji(text: str, dice: random.Random) -> str:
    """The sentence with emoji before and behind."""
    return f"{dice.choice('😀🙏😭')}{text}{dice.choice('🙏😂🔥')}{dice.choice('😭👀💦')}"


def fillers(text: str, dice: random.Random) -> str:
    """The sentence with politeness around it; nobody puts it around a single word."""
    if len(text) < 5:
        return text
    return (
        dice.choice(["请问一下，", "您好，", "麻烦您，", "不好意思，"])
        + text
        + dice.choice(["啊", "呀", "，谢谢", "哈"])
    )


@cache
def _homophones() -> dict[str, str]:
    # Keyboards offer the common characters first: level one of GB 2312.
    by_sound: dict[str, str] = {}
    for code, sound in sounds().items():
        if "\xb0" <= chr(chr(code).encode("gb2312")[0]) <= "\xd7":
            by_sound[sound] = by_sound.get(sound, "") + chr(code)
    return by_sound


def two_homophones(text: str, dice: random.Random) -> str:
    """The sentence with two characters replaced by others of the same sound."""
    chars = list(text)
    places = [
        at for at, char in enumerate(chars) if len(_homophones().get(sounds().get(ord(char), ""), "")) > 1
    ]
    for at in dice.sample(places, min(2, len(places))):
        others = _homophones()[sounds()[ord(chars[at])]].replace(chars[at], "")
        chars[at] = dice.choice(others)
    return "".join(chars)


def one_typo(text: str, dice: random.Random) -> str:
    """The sentence with one letter of a longer word swapped, dropped, doubled or changed."""
    words = text.split(" ")
    places = [at for at, word in enumerate(words) if word.isalpha() and word.isascii() and len(word) >= 4]
    if not places:
        return text
    at = dice.choice(places)
    word, where = words[at], dice.randrange(1, len(words[at]) - 1)
    words[at] = dice.choice(
        [
            word[:where] + word[where + 1] + word[where] + word[where + 2 :],
            word[:where] + word[where + 1 :],
            word[:where] + word[where] + word[where:],
            word[:where] + dice.choice("aeionrst") + word[where + 1 :],
        ]
    )
    return " ".join(words)
