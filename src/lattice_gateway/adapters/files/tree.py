"""A directory tree: which files it holds, what they contain, read again only where they changed.

In: a directory and the tree read before. Out: a new ``Tree``. Files and directories whose name begins with a dot are
not read; symbolic links are followed, so a ConfigMap volume (``..data``) is read through the links beside it.
"""

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final, TypeAlias

from lattice_gateway.adapters.files.contents import SUFFIXES, FileContent, read_content, unreadable
from lattice_gateway.engine.feed import Problem

YOUNG: Final = 100_000_000
"""Nanoseconds: a file that changed so shortly before it was read may change again without a new time stamp."""

Signature: TypeAlias = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file as last read; ``signature`` None: read it again, whatever its time stamps say."""

    signature: Signature | None
    content: FileContent


@dataclass(frozen=True, slots=True)
class Tree:
    """A directory tree as read.

    ``files`` by path relative to the root, in path order. ``blind`` are directories that could not be listed (empty
    text: the root itself) and ``problems`` says why.
    """

    files: Mapping[str, ReadFile] = field(default_factory=dict)
    blind: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()

    @property
    def settled(self) -> bool:
        """Whether time stamps alone will show the next change."""
        return all(file.signature is not None for file in self.files.values())


def read_tree(root: Path, before: Tree, now_ns: int) -> Tree:
    """The tree under ``root``; ``now_ns`` is the time since the epoch, as file time stamps count it. Never raises."""
    listing = _Listing()
    files = dict(sorted(_walk(root, PurePosixPath(), listing, frozenset())))
    read = {name: _read(name, path, before.files.get(name), now_ns) for name, path in files.items()}
    found = {name: file for name, file in read.items() if file is not None}
    return Tree(found, frozenset(listing.blind), tuple(listing.problems))


@dataclass(slots=True)
class _Listing:
    """What a walk could not see."""

    blind: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def _walk(
    directory: Path, relative: PurePosixPath, listing: _Listing, above: frozenset[tuple[int, int]]
) -> Iterator[tuple[str, Path]]:
    """Files under ``directory``; ``above`` are the directories on the way here, so that a circle of links ends."""
    try:
        place = directory.stat()
        entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
    except OSError as error:
        name = "" if relative == PurePosixPath() else str(relative)
        listing.blind.append(name)
        listing.problems.append(
            Problem(file=name, message=f"the directory {directory} cannot be read: {error.strerror}")
        )
        return
    here = (place.st_dev, place.st_ino)
    if here in above:
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        below, path = relative / entry.name, Path(entry.path)
        if _is_directory(entry):
            yield from _walk(path, below, listing, above | {here})
        elif path.suffix.lower() in SUFFIXES:
            yield str(below), path


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _read(name: str, path: Path, before: ReadFile | None, now_ns: int) -> ReadFile | None:
    """The file, taken from ``before`` where its signature is the same; None if it vanished meanwhile."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return ReadFile((0, 0, 0, 0, 0), unreadable(name, "found no regular file, expected YAML or JSON"))
        signature = _signature(status)
        if before is not None and before.signature == signature:
            return before
        data = path.read_bytes()
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not path.is_symlink():
            return None
        return ReadFile(None, unreadable(name, f"cannot be read: {error.strerror or error}"))
    young = now_ns - max(status.st_mtime_ns, status.st_ctime_ns) < YOUNG
    content = read_content(name, data, before.content if before else None)
    return ReadFile(None if young else signature, content)


def _signature(status: os.stat_result) -> Signature:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
