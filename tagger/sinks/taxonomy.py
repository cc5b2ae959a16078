"""The user's own genres: which ones exist, what is a kind of what, and what ours are called there.

Formats: `genres.txt` and `genres-tree.yaml` as in beets' plugin lastgenre ("Canonicalization"), and a map:

    genres   one genre a line; blank lines and lines that begin with "#" do not count
    tree     YAML lists of genres; a genre with finer ones below it is a mapping from it to their list
    map      a YAML mapping from each of our genres to one of the user's, or to null: never write it
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tagger.errors import SettingsError
from tagger.records import Score, Standing, Verdict
from tagger.sinks.tags import spelling

_MOST_BYTES = 1 << 20  # beets' tree has 16 kB
_DEEPEST = 50  # beets' tree has 4 levels; far below what YAML's recursion stands
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True)
class Taxonomy:
    """The user's genres; all keys are those of `spelling.key`.

    Attributes:
        allowed: Which genres may be written; None for all.
        parents: The genres right above a genre, in the order of the file.
        map: What a genre of ours is called, as a key; None for one that is never to be written.
        spellings: How the user spells a genre, where a file shows it.
    """

    allowed: frozenset[str] | None = None
    parents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    map: Mapping[str, str | None] = field(default_factory=dict)
    spellings: Mapping[str, str] = field(default_factory=dict)

    def translate(self, verdict: Verdict, refusal: Callable[[Iterable[str], float], str]) -> Verdict:
        """Say a verdict in the user's genres.

        A genre that is not among them becomes the nearest that is above it. Genres that become one add up. One
        with none above it keeps its own name, and if that is the strongest, nothing is named.

        Args:
            verdict: What was heard, with or without a genre.
            refusal: Told which of our genres became the strongest, and its share, says why that is not named;
                empty if it is.
        """
        if self == Taxonomy():
            return verdict
        ours = {spelling.key(score.genre): score.genre for score in verdict.scores}
        scores = self._summed(verdict.scores, ours)
        top, reason = scores[0], ""
        if not self.allows(top.genre):
            reason = f"{top.genre} is not among your genres"
        else:
            reason = refusal(self._joined(top.genre, ours), top.probability)
        standing = verdict.standing
        if standing is not None:
            album = dataclasses.replace(standing.album, scores=self._summed(standing.album.scores, ours))
            standing = Standing(album, self._summed(standing.own, ours))
        genre = None if reason else top.genre
        return dataclasses.replace(verdict, scores=scores, genre=genre, reason=reason, standing=standing)

    def allows(self, genre: str) -> bool:
        """Whether a genre, ours or the user's, may be written, if need be as another."""
        return self._target(spelling.key(genre)) is not None

    def threshold(self, before: Verdict, after: Verdict, asked: Callable[[str], float]) -> float:
        """Confidence from which a translated verdict is sure: the highest of those that became its strongest.

        Args:
            before: The verdict in our genres.
            after: What `translate` made of it.
            asked: Tells the confidence from which one of our genres is sure, 0 to 1.
        """
        ours = {spelling.key(score.genre): score.genre for score in before.scores}
        return max(map(asked, self._joined(after.scores[0].genre, ours)))

    def is_broader(self, one: str, other: str) -> bool:
        """Whether the first genre is above the second in the tree."""
        below = spelling.key(other)
        return spelling.key(one) in [key for key in self._upwards(below) if key != below]

    def _summed(self, scores: tuple[Score, ...], ours: Mapping[str, str]) -> tuple[Score, ...]:
        """Probabilities under the user's names, strongest first."""
        shares: dict[str, list[float]] = {}
        for score in scores:
            shares.setdefault(self._name(score.genre, ours), []).append(score.probability)
        sums = [Score(genre, min(1.0, math.fsum(parts))) for genre, parts in shares.items()]
        return tuple(sorted(sums, key=lambda score: -score.probability))

    def _joined(self, name: str, ours: Mapping[str, str]) -> list[str]:
        """Our genres that have this name there."""
        return [genre for genre in ours.values() if self._name(genre, ours) == name]

    def _name(self, genre: str, ours: Mapping[str, str]) -> str:
        """What a genre of ours is called: as the user spells it, else as we do, else as titles are spelled."""
        target = self._target(spelling.key(genre))
        if target is None:
            return genre
        users = self.spellings.get(target, "")
        if target in self.map.values() or users != users.lower():
            return users
        return ours.get(target) or spelling.titled(users)

    def _target(self, key: str) -> str | None:
        """The key that a genre is written as; None if it is not to be written."""
        mapped = self.map.get(key, key)
        if mapped is None or self.allowed is None:
            return mapped
        return next((above for above in self._upwards(mapped) if above in self.allowed), None)

    def _upwards(self, key: str) -> Iterator[str]:
        """A genre and all above it, the nearest first."""
        level, seen = [key], {key}
        while level:
            yield from level
            above = dict.fromkeys(parent for one in level for parent in self.parents.get(one, ()))
            level = [parent for parent in above if parent not in seen]
            seen.update(level)


def load(genres: Path | None = None, tree: Path | None = None, map: Path | None = None) -> Taxonomy:
    """Read the user's genres from any of the three files.

    Args:
        genres: Allowed genres; all of the tree if None.
        tree: Finer genres below broader ones.
        map: Our genres by the user's names.

    Raises:
        SettingsError: A file cannot be read, or is not of its format.
    """
    names = _lines(genres) if genres else []
    edges = _tree(tree) if tree else []
    mapped = _map(map) if map else {}
    in_tree = [name for _, name in edges]
    targets = [name for name in mapped.values() if name is not None]
    allowed = names or in_tree
    return Taxonomy(
        allowed=frozenset(_keys(allowed)) if allowed else None,
        parents=_parents(edges, tree) if tree else {},
        map={spelling.key(one): other and spelling.key(other) for one, other in mapped.items()},
        spellings={spelling.key(name): name for name in reversed([*targets, *names, *in_tree])},
    )


def _lines(path: Path) -> list[str]:
    """Genres of a list."""
    lines = [line.strip() for line in _text(path).splitlines()]
    for number, line in enumerate(lines, 1):
        if not spelling.is_storable(line) and not line.startswith("#"):
            raise SettingsError(
                f"{path}: line {number}: a name with a control character: {line!r}",
                hint="write one genre a line",
            )
    if names := [line for line in lines if line and not line.startswith("#")]:
        return names
    raise SettingsError(f"{path}: there is no genre in it", hint="write one genre a line")


def _map(path: Path) -> dict[str, str | None]:
    """Our names and the user's, None for null."""
    root = _yaml(path)
    if not isinstance(root, yaml.MappingNode):
        raise _wrong(path, root, "not a map of genres", "write lines such as `Hip-Hop: Rap`")
    found: dict[str, str | None] = {}
    seen: set[str] = set()
    for ours, users in root.value:
        if not isinstance(ours, yaml.ScalarNode) or not isinstance(users, yaml.ScalarNode):
            raise _wrong(
                path, users, "more than one genre", "give each genre one name, or null to never write it"
            )
        if spelling.key(ours.value) in seen:
            raise _wrong(path, ours, f"{ours.value} is there twice", "keep one of the lines")
        seen.add(spelling.key(ours.value))
        is_null = users.style is None and users.value in _NULLS
        if not is_null:
            _check_writable(users, path, "write null if it is never to be written")
        found[ours.value.strip()] = None if is_null else users.value.strip()
    finals = {spelling.key(one): other for one, other in found.items()}
    for name in filter(None, found.values()):
        further = finals.get(spelling.key(name), name)
        if further is None or not spelling.same(further, name):
            raise SettingsError(
                f"{path}: {name} is itself mapped", hint="map each genre to its last name at once"
            )
    return found


def _tree(path: Path) -> list[tuple[str | None, str]]:
    """Genres and what is right above each."""
    root = _yaml(path)
    if isinstance(root, yaml.ScalarNode):
        raise _wrong(path, root, "not a tree of genres", "write `- name` for each, indented below broader ones")
    return list(_edges(root, path))


def _edges(node: yaml.Node, path: Path, above: str | None = None) -> Iterator[tuple[str | None, str]]:
    """Each genre of a tree, after the one right above it."""
    if isinstance(node, yaml.ScalarNode):
        if name := node.value.strip():
            _check_writable(node, path, "write a name on one line")
            yield above, name
    elif isinstance(node, yaml.SequenceNode):
        for entry in node.value:
            yield from _edges(entry, path, above)
    elif isinstance(node, yaml.MappingNode):
        for name_node, finer in node.value:
            if not isinstance(name_node, yaml.ScalarNode) or not name_node.value.strip():
                raise _wrong(path, name_node, "a genre without a name", "write `- name:` above finer genres")
            _check_writable(name_node, path, "write a name on one line")
            yield above, name_node.value.strip()
            yield from _edges(finer, path, name_node.value.strip())


def _parents(edges: Iterable[tuple[str | None, str]], path: Path) -> dict[str, tuple[str, ...]]:
    """The genres right above each genre, by keys."""
    above: dict[str, dict[str, None]] = {}
    for parent, name in edges:
        parents = above.setdefault(spelling.key(name), {})
        if parent is not None and not spelling.same(parent, name):
            parents[spelling.key(parent)] = None
    found = {key: tuple(parents) for key, parents in above.items()}
    tree = Taxonomy(parents=found)
    for _, name in edges:
        if any(tree.is_broader(name, parent) for parent in found[spelling.key(name)]):
            raise SettingsError(f"{path}: {name} is above itself", hint="give it one place in the tree")
    return found


def _yaml(path: Path) -> yaml.Node:
    """The nodes of a YAML file; texts stay as written, so that `on` and `2` are genres like any other."""
    text = _text(path)
    try:
        _check_harmless(text, path)
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # PyYAML lets escapes beyond Unicode through
        mark = getattr(error, "problem_mark", None)
        place = f" in line {mark.line + 1}" if mark else ""
        what = getattr(error, "problem", None) or "a character that is not allowed"
        raise SettingsError(f"{path}: not valid YAML{place}: {what}", hint="check the indentation") from error
    if root is None or root.value == "":
        raise SettingsError(f"{path}: there is no genre in it", hint="leave out the option if none is needed")
    return root


def _check_harmless(text: str, path: Path) -> None:
    """Refuse what a short file could fill all memory with."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.BaseLoader):
        if isinstance(event, yaml.AliasEvent):
            raise SettingsError(f"{path}: YAML's aliases (*name) are not read", hint="write the genres out")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise SettingsError(f"{path}: nested too deeply", hint="check the brackets and the indentation")


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        text = data.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise SettingsError(f"{path}: no such file", hint="check the path") from error
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}", hint="check the path") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: not a text in UTF-8", hint="save it as UTF-8") from error
    if len(data) > _MOST_BYTES:
        raise SettingsError(f"{path}: larger than 1 MiB", hint="give a list of genres")
    if "\0" in text:
        raise SettingsError(f"{path}: not a text file", hint="give a list of genres")
    return text


def _wrong(path: Path, node: yaml.Node, what: str, hint: str) -> SettingsError:
    return SettingsError(f"{path}: line {node.start_mark.line + 1}: {what}", hint=hint)


def _check_writable(node: yaml.ScalarNode, path: Path, hint: str) -> None:
    """Refuse a name that no tag can hold."""
    if not node.value.strip():
        raise _wrong(path, node, "an empty name", hint)
    if not spelling.is_storable(node.value.strip()):
        raise _wrong(path, node, f"a name with a control character: {node.value!r}", hint)


def _keys(names: Iterable[str]) -> list[str]:
    return [spelling.key(name) for name in names]
