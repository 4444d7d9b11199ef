"""Whether generated PromQL stays inside the bounds that the operator set."""

import re

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_SELECTOR = re.compile(r"\{([^{}]*)\}")
_BETWEEN_STRINGS = re.compile(r"[\w:{}()\[\],=~!<>+\-*/. ]*", re.ASCII)


def assert_confined(text: str, *, forced: str, namespace: str) -> None:
    """Nothing but the strings is the user's, and each selector demands what it has to."""
    strings = _STRING.findall(text)
    assert _BETWEEN_STRINGS.fullmatch(_STRING.sub("", text)), text
    numbered = iter(range(len(strings)))
    outline = _STRING.sub(lambda _: f"<{next(numbered)}>", text)
    selectors = _SELECTOR.findall(outline)
    assert selectors, text
    for selector in selectors:
        inside = re.sub(r"<(\d+)>", lambda found: strings[int(found[1])], selector)
        assert inside.endswith(forced), text
        assert re.match(rf'(?:exported_|pod_)?namespace="{namespace}",', inside), text
