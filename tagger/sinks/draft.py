"""A changed version of a file that is not written yet: what a tag library would do, seen before it is done."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, TypeAlias

_PAGE_BYTES = 1 << 16
_MOST_PAGES = 512  # 32 MiB in memory, then on disk

Edit: TypeAlias = tuple[int, bytes, bytes]
"""Offset, the old bytes there, and as many new ones."""


class Draft(io.RawIOBase):
    """A file object that reads as the original and keeps what is written to itself.

    Changes stay in memory up to 32 MiB; more, as when a first tag moves all the audio of a long file, go into a
    whole copy on disk.

    Args:
        original: Open for reading; never written.
        spill: Opens an empty file for reading and writing, when memory is not to grow any further.
    """

    def __init__(self, original: BinaryIO, spill: Callable[[], BinaryIO]) -> None:
        self._original, self._spill = original, spill
        self._original_size = original.seek(0, io.SEEK_END)
        self._kept = self._size = self._original_size  # bytes from `_kept` on are not the original's any more
        self._pages: dict[int, bytearray] = {}
        self._place = 0
        self.copy: BinaryIO | None = None

    def readable(self) -> bool:
        """Yes."""
        return True

    def writable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move; as in any file, past the end too."""
        if self.copy is not None:
            return self.copy.seek(offset, whence)
        place = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        if place < 0:
            raise ValueError(f"negative seek position {place}")
        self._place = place
        return place

    def tell(self) -> int:
        """Give the position."""
        return self._place if self.copy is None else self.copy.tell()

    def read(self, size: int | None = -1, /) -> bytes:
        """Read as many bytes as there are, up to `size`."""
        if self.copy is not None:
            return self.copy.read(-1 if size is None else size)
        left = max(0, self._size - self._place)
        size = left if size is None or size < 0 else min(size, left)
        parts = [self._part(place, n) for place, n in _pieces(self._place, size)]
        self._place += size
        return b"".join(parts)

    def readall(self) -> bytes:
        """Read to the end."""
        return self.read()

    def write(self, data: Any, /) -> int:
        """Write into memory, or into the copy."""
        view = memoryview(data).cast("B")
        if self.copy is None:
            done = 0
            for place, n in _pieces(self._place, len(view)):
                page = self._page(place // _PAGE_BYTES)
                page[place % _PAGE_BYTES : place % _PAGE_BYTES + n] = view[done : done + n]
                done += n
            self._place += done
            self._size = max(self._size, self._place)
            if len(self._pages) > _MOST_PAGES:
                self._to_disk()
            return done
        return self.copy.write(view)

    def truncate(self, size: int | None = None, /) -> int:
        """Cut, or lengthen with zeros."""
        if self.copy is not None:
            return self.copy.truncate(size)
        size = self._place if size is None else size
        if size < self._size:
            self._kept = min(self._kept, size)
            last, n_last = divmod(size, _PAGE_BYTES)
            for number in [number for number in self._pages if number >= last]:
                if number > last:
                    del self._pages[number]
                else:
                    self._pages[number][n_last:] = bytes(_PAGE_BYTES - n_last)
        self._size = size
        return size

    def flush(self) -> None:
        """Nothing waits."""
        if self.copy is not None and not self.copy.closed:
            self.copy.flush()

    def size(self) -> int:
        """Length in bytes."""
        if self.copy is None:
            return self._size
        place = self.copy.tell()
        size = self.copy.seek(0, io.SEEK_END)
        self.copy.seek(place)
        return size

    def edits(self) -> list[Edit] | None:
        """What differs from the original, a stretch a page; None if the length does, or there is a copy."""
        if self.copy is not None or self._size != self._original_size or self._kept < self._size:
            return None
        edits: list[Edit] = []
        for number in sorted(self._pages):
            place = number * _PAGE_BYTES
            new = bytes(self._pages[number][: self._size - place])
            old = self._original_bytes(place, len(new))
            if old != new:
                first = _n_equal(old, new)
                last = len(old) - _n_equal(old[::-1], new[::-1])
                edits.append((place + first, old[first:last], new[first:last]))
        return edits

    def _to_disk(self) -> None:
        """Make a whole copy, and go on there."""
        place, self._place = self._place, 0
        copy = self._spill()
        shutil.copyfileobj(self, copy, 1 << 20)
        copy.seek(place)
        self.copy = copy
        self._pages.clear()

    def _part(self, place: int, n: int) -> bytes:
        page = self._pages.get(place // _PAGE_BYTES)
        if page is not None:
            return bytes(page[place % _PAGE_BYTES : place % _PAGE_BYTES + n])
        return self._original_bytes(place, n)

    def _page(self, number: int) -> bytearray:
        if number not in self._pages:
            self._pages[number] = bytearray(self._original_bytes(number * _PAGE_BYTES, _PAGE_BYTES))
        return self._pages[number]

    def _original_bytes(self, place: int, n: int) -> bytes:
        """Bytes of the original, zeros from where it was cut off."""
        self._original.seek(place)
        return self._original.read(max(0, min(n, self._kept - place))).ljust(n, b"\0")


def _pieces(place: int, n: int) -> Iterator[tuple[int, int]]:
    """Place and length of the parts of a range, cut where pages end."""
    end = place + n
    while place < end:
        length = min(end, (place // _PAGE_BYTES + 1) * _PAGE_BYTES) - place
        yield place, length
        place += length


def _n_equal(one: bytes, other: bytes) -> int:
    """Length of the common start."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle - 1
    return low
