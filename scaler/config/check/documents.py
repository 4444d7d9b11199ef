"""The documents of a YAML file, with the line of every key."""

from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import yaml

from scaler.config.check.finding import Code, Finding
from scaler.config.structure import join

# What PyYAML lets pass of int(), of date() and of its own look-ups.
_UNCAUGHT = (ValueError, LookupError, AttributeError, TypeError, OverflowError, RecursionError)


@attrs.frozen(kw_only=True)
class Document:
    """One document, or one item of a list of Kubernetes objects.

    `lines` and `texts` map the path of each key to its line and, where it is a scalar, to the text
    that was written, which YAML may have made something else of. `base` is the path of `raw`.
    """

    file: str
    number: int
    raw: Any
    lines: Mapping[str, int]
    texts: Mapping[str, str]
    repeated: tuple[str, ...] = ()
    base: str = ""

    def line(self, path: str) -> int:
        """The line of the key at `path`, or of the nearest one above it."""
        here = join(self.base, path) if path else self.base
        while here not in self.lines and here:
            here = here[: max(here.rfind("."), here.rfind("["), 0)]
        return self.lines.get(here, 0)

    def text(self, path: str) -> str | None:
        """The scalar at `path` as it was written."""
        return self.texts.get(join(self.base, path))

    def finding(self, code: Code, says: str, *, at: str = "", **more: Any) -> Finding:
        """A finding about the key at `at` of this document."""
        place = {"file": self.file, "document": self.number, "line": self.line(at)}
        return Finding(code=code, says=says, **{"key": at, **place, **more})


def documents(text: bytes, *, file: str) -> tuple[list[Document], list[Finding]]:
    """Every document with something in it; what comes after a mistake of YAML is not read."""
    found: list[Document] = []
    loader = yaml.SafeLoader(b"")
    try:
        loader = yaml.SafeLoader(text)
        while loader.check_node():
            found.extend(_document(loader, file=file, number=len(found) + 1))
    except (yaml.YAMLError, *_UNCAUGHT) as error:
        mark = getattr(error, "problem_mark", None)
        why = getattr(error, "problem", None) or str(error) or type(error).__name__
        says = f"is not YAML: {' '.join(why.split())}"
        line = mark.line + 1 if mark else 0
        broken = Finding(
            code=Code.UNREADABLE,
            says=says,
            do="correct it; a Helm template must be rendered first",
            file=file,
            document=len(found) + 1,
            line=line,
        )
        return found, [broken]
    finally:
        loader.dispose()
    return found, [_repeated(document, path) for document in found for path in document.repeated]


def _document(loader: yaml.SafeLoader, *, file: str, number: int) -> Iterator[Document]:
    node = loader.get_node()
    places = _Places()
    if node is not None:
        places.take(node, "")
    raw = loader.construct_document(node)
    if raw is not None:
        yield Document(
            file=file,
            number=number,
            raw=raw,
            lines=places.lines,
            texts=places.texts,
            repeated=tuple(places.repeated),
        )


def _repeated(document: Document, path: str) -> Finding:
    says = "is given twice, and only one of them counts"
    return document.finding(Code.REPEATED, says, at=path, do="give it once")


@attrs.define
class _Places:
    """Where everything is. A node that is referred to again keeps its first place."""

    lines: dict[str, int] = attrs.field(factory=dict)
    texts: dict[str, str] = attrs.field(factory=dict)
    repeated: list[str] = attrs.field(factory=list)
    _taken: set[int] = attrs.field(factory=set)

    def take(self, node: yaml.Node, path: str) -> None:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.ScalarNode):
            self.texts[path] = node.value
        if id(node) in self._taken:
            return
        self._taken.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                self.take(item, f"{path}[{index}]")
        elif isinstance(node, yaml.MappingNode):
            self._take_mapping(node, path)

    def _take_mapping(self, node: yaml.MappingNode, path: str) -> None:
        seen = set()
        for key, value in node.value:
            here = join(path, str(key.value))
            if here in seen:
                self.repeated.append(here)
            seen.add(here)
            self.lines[here] = key.start_mark.line + 1
            self.take(value, here)
