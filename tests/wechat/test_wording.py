"""Text within 2,048 bytes: nothing lost, nothing taken for markup."""

import re
import xml.etree.ElementTree as ElementTree
from urllib.parse import unquote

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.wechat.wording import TEXT_BYTES, clean, link, parts, passive, size, with_links
from storage.records import ChatId, Choice, Outgoing

CHAT = ChatId("wechat", "oUser")
TEXTS = st.text(st.sampled_from("发票已开具。，\n A.b!？😀]>&"), max_size=3000)
ACTIONS = st.from_regex(r"[a-z]{1,8}(:[!-~]{1,40})?", fullmatch=True)
CHOICES = st.lists(st.builds(Choice, st.text(min_size=1, max_size=40), ACTIONS), max_size=12)
_BLANK = re.compile(r"\s+")


def test_parts_end_with_sentences_and_are_few() -> None:
    text = "这是一句话，有点长。" * 300
    found = parts(text)
    assert "".join(found) == text
    assert all(part.endswith("。") for part in found)
    assert len(found) == -(-size(text) // TEXT_BYTES)


@given(TEXTS)
@settings(max_examples=200, deadline=None)
def test_nothing_is_lost_and_no_part_is_too_long(text: str) -> None:
    found = parts(text)
    assert all(0 < size(part) <= TEXT_BYTES and part.strip() for part in found)
    assert _BLANK.sub("", "".join(found)) == _BLANK.sub("", clean(text))


@given(TEXTS, CHOICES)
@settings(max_examples=200, deadline=None)
def test_buttons_fit_and_are_whole(text: str, choices: list[Choice]) -> None:
    for part in with_links(text, choices):
        assert 0 < size(part) <= TEXT_BYTES
        assert part.count("<a href=") == part.count("</a>")


@given(st.lists(st.tuples(TEXTS, CHOICES), max_size=4))
@settings(max_examples=200, deadline=None)
def test_one_reply_and_its_rest_hold_all_answers(answers: list[tuple[str, list[Choice]]]) -> None:
    outgoing = [Outgoing(CHAT, text, tuple(choices)) for text, choices in answers]
    layout = passive(outgoing, "还有")
    assert size(layout.text) <= TEXT_BYTES
    assert len(layout.rest) <= 1
    first = re.sub(r"<a href=.*?</a>", "", layout.text).removesuffix("\n\n还有" if layout.rest else "")
    words = first + "".join(clean(rest.text) for rest in layout.rest)
    assert _BLANK.sub("", words) == _BLANK.sub("", "".join(clean(text) for text, _ in answers))


def test_many_buttons_under_a_short_text_follow_in_the_rest() -> None:
    choices = tuple(Choice(f"第{number}张发票", f"status:{number}") for number in range(30))
    layout = passive([Outgoing(CHAT, "请选择", choices)], "还有")
    assert layout.text == "请选择\n\n还有"
    assert layout.rest[0].choices == choices


def test_markup_is_shown_as_text() -> None:
    assert (
        clean("<a href='x'>点我</a> 1 < 2 <3 <!-- --> <?xml")
        == "＜a href='x'>点我＜/a> 1 < 2 <3 ＜!-- --> ＜?xml"
    )
    assert clean("a\x00b\x08c\ud800d\r\ne\rf") == "abcd\ne\nf"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60))
@settings(max_examples=200, deadline=None)
def test_a_button_is_one_link_whatever_its_label(label: str) -> None:
    made = link(Choice(label, "status:1"))
    assert made.count("<") == made.count(">") == 2
    element = ElementTree.fromstring(made.replace("&", "&amp;"))
    content = element.get("href", "").removeprefix("weixin://bizmsgmenu?msgmenucontent=")
    assert unquote(content.removesuffix("&msgmenuid=status:1")) == (element.text or "")
