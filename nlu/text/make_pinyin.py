"""Writes pinyin.txt, the table of sounds (读音): `python -m nlu.text.make_pinyin`.

Needs pypinyin, which only developers have.
"""

import sys
from pathlib import Path


def lines() -> list[str]:
    """Return one line per sound: the toneless syllable, then the characters that are read so."""
    from pypinyin import Style, lazy_pinyin

    by_sound: dict[str, list[str]] = {}
    for code in range(0x4E00, 0x9FA6):
        char = chr(code)
        try:
            char.encode("gb2312")
        except UnicodeEncodeError:
            continue
        sound = lazy_pinyin(char, style=Style.NORMAL, v_to_u=False)[0]
        if sound.isascii() and sound.isalpha():
            by_sound.setdefault(sound, []).append(char)
    return [f"{sound} {''.join(chars)}\n" for sound, chars in sorted(by_sound.items())]


def main() -> None:
    """Write the table beside this file."""
    target = Path(__file__).with_name("pinyin.txt")
    text = "# Made by nlu/text/make_pinyin.py; do not edit.\n" + "".join(lines())
    target.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{target}: {len(text.splitlines()) - 1} sounds\n")


if __name__ == "__main__":
    main()
