"""A directory tree: which files it holds, what they contain, read again only where they changed.

In: a directory and the tree read before. Out: a new ``Tree``. Files and directories whose name begins with a dot are
not read, nor is a state directory; symbolic links are followed, so a ConfigMap volume (``..data``) is read through the
links beside it.
"""

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Final, TypeAlias

from lattice_gateway.adapters.files.contents import SUFFIXES, FileContent, read_content, unreadable
from lattice_gateway.adapters.files.records import JOURNAL
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

    ``files`` by path relative to the root, in path order; ``directories`` likewise. ``blind`` are directories that
    could not be listed (empty text: the root itself) and ``problems`` says why. ``linked``: there are symbolic links
    in it, so that a file can change without a notice under its own path.
    """

    files: Mapping[str, ReadFile] = field(default_factory=dict)
    directories: frozenset[str] = frozenset()
    blind: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()
    linked: bool = False

    @property
    def young(self) -> tuple[str, ...]:
        """Files whose next change their time stamps may not show."""
        return tuple(name for name, file in self.files.items() if file.signature is None)


def read_tree(root: Path, before: Tree, now_ns: int) -> Tree:
    """The tree under ``root``; ``now_ns`` is the time since the epoch, as file time stamps count it. Never raises."""
    walk = _Walk()
    walk.enter(str(root), "", frozenset())
    read = {name: _read(name, path, before.files.get(name), now_ns) for name, path in sorted(walk.files)}
    return Tree(
        files={name: file for name, file in read.items() if file is not None},
        directories=frozenset(walk.directories),
        blind=frozenset(walk.blind),
        problems=tuple(walk.problems),
        linked=walk.linked,
    )


def reread(root: Path, before: Tree, paths: Iterable[str], now_ns: int) -> Tree | None:
    """The tree after nothing but ``paths`` (absolute) changed; None where only a walk can tell.

    That is where a path is or was a directory, is new, gone or a link, or where the tree holds links.
    """
    if before.linked or before.blind:
        return None
    names = {path.removeprefix(f"{root}/") for path in paths}
    changed = {name: _plain_file(root / name) for name in names if _may_matter(root, name, before)}
    if not all(path and name in before.files for name, path in changed.items()):
        return None
    read = {name: _read(name, path, before.files[name], now_ns) for name, path in changed.items() if path}
    found = {name: file for name, file in read.items() if file is not None}
    return replace(before, files={**before.files, **found}) if len(found) == len(changed) else None


def _may_matter(root: Path, name: str, before: Tree) -> bool:
    """Whether a path can change a tree without links: hidden ones and temporary files of editors cannot."""
    path = PurePosixPath(name)
    if path.is_absolute() or name in before.directories:
        return True
    if any(part.startswith(".") for part in path.parts):
        return False
    return path.suffix.lower() in SUFFIXES or (root / path).is_dir()


def _plain_file(path: Path) -> str | None:
    """The path, if a regular file and no link is there."""
    try:
        return str(path) if stat.S_ISREG(path.lstat().st_mode) else None
    except OSError:
        return None


@dataclass(slots=True)
class _Walk:
    """What was found on the way through a tree: files as (relative, absolute) path, directories and obstacles."""

    files: list[tuple[str, str]] = field(default_factory=list)
    directories: list[str] = field(default_factory=list)
    blind: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    linked: bool = False

    def enter(self, directory: str, name: str, above: frozenset[tuple[int, int]]) -> None:
        """Lists a directory and those below; ``above`` are those on the way here, so that a circle of links ends."""
        try:
            place = os.stat(directory)
            entries = list(os.scandir(directory))
        except OSError as error:
            self.blind.append(name)
            message = f"the directory {directory} cannot be read: {error.strerror}"
            self.problems.append(Problem(file=name, message=message))
            return
        here = (place.st_dev, place.st_ino)
        if here in above or any(entry.name == JOURNAL for entry in entries):
            return
        self.directories.append(name)
        for entry in entries:
            if not entry.name.startswith("."):
                self._take(entry, f"{name}/{entry.name}" if name else entry.name, above | {here})

    def _take(self, entry: os.DirEntry[str], name: str, above: frozenset[tuple[int, int]]) -> None:
        self.linked = self.linked or entry.is_symlink()
        if _is_directory(entry):
            self.enter(entry.path, name, above)
        elif PurePosixPath(entry.name).suffix.lower() in SUFFIXES:
            self.files.append((name, entry.path))


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _read(name: str, path: str, before: ReadFile | None, now_ns: int) -> ReadFile | None:
    """The file, taken from ``before`` where its signature is the same; None if it vanished meanwhile."""
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            return ReadFile((0, 0, 0, 0, 0), unreadable(name, "found no regular file, expected YAML or JSON"))
        signature = _signature(status)
        if before is not None and before.signature == signature:
            return before
        data = Path(path).read_bytes()
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not os.path.islink(path):
            return None
        return ReadFile(None, unreadable(name, f"cannot be read: {error.strerror or error}"))
    young = now_ns - max(status.st_mtime_ns, status.st_ctime_ns) < YOUNG
    content = read_content(name, data, before.content if before else None)
    return ReadFile(None if young else signature, content)


def _signature(status: os.stat_result) -> Signature:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
