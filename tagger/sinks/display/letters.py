"""Words in big letters made of blocks."""

from __future__ import annotations

import unicodedata
from itertools import zip_longest

_HEIGHT = 5

_LETTERS = """
A .##. #..# #### #..# #..#
B ###. #..# ###. #..# ###.
C .### #... #... #... .###
D ###. #..# #..# #..# ###.
E ### #.. ##. #.. ###
F ### #.. ##. #.. #..
G .### #... #.## #..# .###
H #..# #..# #### #..# #..#
I # # # # #
J ..# ..# ..# #.# ###
K #..# #.#. ##.. #.#. #..#
L #.. #.. #.. #.. ###
M #...# ##.## #.#.# #...# #...#
N #..# ##.# #.## #..# #..#
O .##. #..# #..# #..# .##.
P ###. #..# ###. #... #...
Q .##. #..# #..# #.## .###
R ###. #..# ###. #.#. #..#
S .### #... .##. ...# ###.
T ### .#. .#. .#. .#.
U #..# #..# #..# #..# .##.
V #...# #...# .#.#. .#.#. ..#..
W #...# #...# #.#.# ##.## #...#
X #..# #..# .##. #..# #..#
Y #.# #.# .#. .#. .#.
Z ### ..# .#. #.. ###
0 .#. #.# #.# #.# .#.
1 .#. ##. .#. .#. ###
2 ##. ..# .#. #.. ###
3 ##. ..# ##. ..# ##.
4 #.# #.# ### ..# ..#
5 ### #.. ##. ..# ##.
6 .## #.. ### #.# ###
7 ### ..# .#. .#. .#.
8 ### #.# ### #.# ###
9 ### #.# ### ..# ##.
& .#.. #.#. .#.# #.#. .#.#
' # # . . .
- ... ... ### ... ...
. . . . . #
, .. .. .. .# #.
/ ..# ..# .#. #.. #..
+ ... .#. ### .#. ...
? ##. ..# .#. ... .#.
! # # # . #
( .# #. #. #. .#
) #. .# .# .# #.
"""

_DOTS = {line[0]: line[2:].split() for line in _LETTERS.strip().splitlines()} | {" ": ["."] * _HEIGHT}
_FULL = {".": " ", "#": "█"}
_HALVES = {(".", "."): " ", ("#", "."): "▀", (".", "#"): "▄", ("#", "#"): "█"}


def n_rows(scale: int) -> int:
    """Height of words, in rows, for a scale of `drawn`."""
    return _HEIGHT * scale if scale else (_HEIGHT + 1) // 2


def drawn(word: str, scale: int) -> list[str]:
    """Draw a word in capitals, without accents; rows of equal width.

    Args:
        word: What to draw.
        scale: 0 for dots of one cell in width and half of one in height; else a dot is so many rows high, and
            twice as many cells wide.

    Returns:
        The rows; none where there is no big letter for one of the word's.
    """
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", word) if not unicodedata.combining(sign))
    signs = [_DOTS[sign] for sign in plain.upper() if sign in _DOTS]
    if not signs or len(signs) < len(plain.upper()):
        return []
    if scale:
        return [_wide(row, scale) for row in zip(*signs, strict=True) for _ in range(scale)]
    rows = [*(".".join(row) for row in zip(*signs, strict=True)), ""]
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return ["".join(_HALVES[dots] for dots in zip_longest(*pair, fillvalue=".")) for pair in pairs]


def _wide(row: tuple[str, ...], scale: int) -> str:
    """Draw one row of each letter; half a dot parts them, which reads as well as a whole one and needs less."""
    return (" " * scale).join("".join(_FULL[dot] * 2 * scale for dot in letter) for letter in row)
