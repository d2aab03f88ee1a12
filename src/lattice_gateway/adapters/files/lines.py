"""The line of a file on which a field stands.

In: the text of a document and the path of a field. Out: a line, counted from 1 within the text. Only what is wrong is
looked up, so this parses the text once more instead of burdening every reading.
"""

import re
from collections.abc import Mapping
from typing import Final

import yaml

_LOADER: Final = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_INDEX = re.compile(r"\[(\d+)\]")


def compose(text: bytes, last: int) -> Mapping[int, yaml.Node]:
    """The documents of ``text`` by the line they begin on, up to the one that begins on line ``last``."""
    roots: dict[int, yaml.Node] = {}
    try:
        for root in yaml.compose_all(text, _LOADER):
            roots[root.start_mark.line + 1] = root
            if root.start_mark.line + 1 >= last:
                break
    except yaml.YAMLError:
        return roots
    return roots


def line_of(root: yaml.Node, path: str) -> int:
    """The line of ``path`` (``spec.rules[0].name``); of a field that is missing the line of what should hold it."""
    node: yaml.Node | None = root
    line: int = root.start_mark.line + 1
    while node is not None:
        node, path, line = _step(node, path, line)
    return line


def _step(node: yaml.Node, path: str, line: int) -> tuple[yaml.Node | None, str, int]:
    """The next node on the way, what is left of the path, and the best line known; None: the way ends here."""
    match node:
        case yaml.MappingNode():
            fields = [(key, value) for key, value in node.value if _begins_with(path, str(key.value))]
            if fields:
                key, value = max(fields, key=lambda field: len(field[0].value))
                return value, path[len(key.value) :].removeprefix("."), key.start_mark.line + 1
        case yaml.SequenceNode() if index := _INDEX.match(path):
            if int(index[1]) < len(node.value):
                item = node.value[int(index[1])]
                return item, path[index.end() :].removeprefix("."), item.start_mark.line + 1
    return None, path, line


def _begins_with(path: str, key: str) -> bool:
    """Whether a path goes on with a field; keys such as annotations hold dots themselves."""
    return bool(key) and path.startswith(key) and path[len(key) : len(key) + 1] in {"", ".", "["}
