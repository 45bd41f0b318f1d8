"""The tables hold everything: no intent without a handler, no button that leads nowhere."""

import re
from pathlib import Path

from handlers import menu, routes
from locales.catalog import HOME
from locales.strict_yaml import load

_BUTTON = re.compile(r'Button\(\s*f?"[^"]+",\s*f?"([a-z_]+)(?::[^"]*)?"', re.DOTALL)
_OWN = {"intent"}  # served by the router itself


def test_every_intent_has_a_handler() -> None:
    intents = set(load(HOME / "intents.yaml")["intents"]) - {"out_of_scope"}
    assert intents == set(routes.BY_INTENT)


def test_every_button_of_a_handler_is_served() -> None:
    sources = "".join(path.read_text("utf-8") for path in Path(menu.__file__).parent.glob("*.py"))
    actions = set(_BUTTON.findall(sources))
    assert len(actions) > 20
    assert actions - set(routes.BY_ACTION) - _OWN == set()


def test_every_entry_of_the_menus_is_served() -> None:
    names = {action.partition(":")[0] for _, action, _ in menu.MENU}
    for path in HOME.glob("*/menu.yaml"):
        document = load(path)
        names |= set(document["commands"])
        names |= {entry["action"] for column in document["menu"] for entry in column["items"]}
    assert names - set(routes.BY_ACTION) == set()


def test_every_awaited_value_has_a_parser() -> None:
    sources = "".join(path.read_text("utf-8") for path in Path(menu.__file__).parent.glob("*.py"))
    assert set(re.findall(r'awaiting="([a-z_]+)"', sources)) - set(routes.BY_AWAITED) == set()
