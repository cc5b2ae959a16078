"""Which genres of the model a name in a tag may stand for.

A model knows a few broad genres, tags name hundreds of fine ones. A name stands for every genre that would not
be wrong to hear in its music, so that a tag is doubted rather too seldom than too often.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Sequence

from tagger.sinks.tags import spelling
from tagger.sinks.taxonomy import Taxonomy

_MOST_WORDS = 3
_WORDS = re.compile(r"[^\W_]+")

# Names that are told by their words, as "Symphonic Metal" is, need no place here.
_FINER = {
    "Blues": "boogie woogie, jump blues, delta, barrelhouse",
    "Classical": """
        klassik, classique, clásica, música clásica, musica classica, klassisch, klassiek, baroque, opera,
        operetta, symphony, symphonic, orchestral, orchestra, chamber music, kammermusik, choral, chorus,
        sonata, renaissance, early music, gregorian chant, romantic era, neoclassical, modern classical,
        contemporary classical, string quartet, concerto, lieder, cantata, requiem, minimalism
        """,
    "Country": "americana, bluegrass, honky tonk, western swing, alt country, outlaw, cowboy, country folk",
    "Disco": "funk, dance, nu disco, italo disco, eurodisco, boogie, hi nrg, disco polo, euro disco, house",
    "Electronic": """
        electronica, elektronik, elektro, electro, électronique, electronic dance music, dance, techno, house,
        trance, ambient, downtempo, chillout, chill out, breakbeat, breaks, drum and bass, jungle, dubstep,
        garage house, uk garage, two step, idm, intelligent dance music, ebm, electronic body music, industrial,
        eurodance, hardstyle, hardcore techno, gabber, happy hardcore, goa, psytrance, big beat, trip hop,
        glitch, synthwave, vaporwave, chiptune, 8 bit, dub techno, lounge, club, rave, acid, minimal, new beat,
        hi nrg, nu disco, italo disco, new wave, synth pop, electropop, electroclash, electro swing,
        electroswing, darkwave, dub, trap, grime, bass music, future bass, footwork, juke, schranz, eurodisco,
        euro techno, euro house, leftfield, folktronica, krautrock, drone, noise, new age, lo fi, witch house,
        moombahton
        """,
    "Folk": """
        volksmusik, folklore, folksong, folk rock, celtic, irish, singer songwriter, americana, bluegrass,
        traditional, sea shanty, klezmer, fado, polka, balkan, chanson, liedermacher, neofolk, acoustic,
        folktronica, country folk, skiffle
        """,
    "Hip-Hop": """
        hip hop, rap, trap, grime, drill, gangsta, gangsta rap, trip hop, turntablism, crunk, boom bap, g funk,
        reggaeton, conscious hip hop, lo fi, deutschrap, phonk, freestyle
        """,
    "Jazz": """
        bebop, bop, hard bop, swing, big band, dixieland, ragtime, fusion, cool, smooth jazz, bossa nova,
        electro swing, electroswing, acid jazz, jazz funk, easy listening, lounge, crooner, standards, manouche
        """,
    "Latin": """
        latino, latina, salsa, samba, bossa nova, tango, merengue, bachata, cumbia, mambo, rumba, bolero,
        reggaeton, mariachi, flamenco, cha cha, lambada, mpb, ranchera, son cubano, forró, tropicalia, tropical,
        norteño, vallenato, afro cuban
        """,
    "Metal": """
        metalcore, deathcore, grindcore, djent, nu metal, thrash, doom, black metal, death metal, hard rock,
        industrial, hardcore, sludge, stoner, metall, screamo, crossover thrash
        """,
    "Pop": """
        popmusik, pop music, dance, schlager, chanson, britpop, synth pop, electropop, indie, new wave, europop,
        soft rock, teen pop, k pop, j pop, singer songwriter, ballad, easy listening, oldies, top 40, vocal,
        motown, doo wop, power ballad, adult contemporary, disco polo, italo pop, lo fi, soul
        """,
    "R&B": """
        rnb, soul, funk, motown, neo soul, new jack swing, gospel, doo wop, quiet storm, disco, urban, crunk and
        b, boogie, northern soul, p funk
        """,
    "Reggae": "ska, dub, dancehall, rocksteady, ragga, raggamuffin, roots, lovers rock, reggaeton, ska punk",
    "Rock": """
        rockmusik, punk, post punk, grunge, alternative, indie, new wave, emo, hardcore, hard rock, rock and
        roll, rockabilly, psychedelic, psychedelia, prog, progressive, shoegaze, garage, britpop, krautrock,
        screamo, surf, folk rock, ska, ska punk, southern rock, stoner, singer songwriter, gothic, goth,
        industrial, psychobilly, post hardcore, noise, riot grrrl, doo wop, oldies, merseybeat, soft rock, adult
        contemporary
        """,
}

# Shelves, and names that mean less or more than their words.
_WHOLE: dict[str, tuple[str, ...]] = {
    "classic": ("Classical",),
    "poprock": ("Pop", "Rock", "Metal"),
    "rockpop": ("Pop", "Rock", "Metal"),
    "countryrock": ("Country", "Rock", "Folk"),
    "jazzandblues": ("Jazz", "Blues"),
    "world": (),
    "worldmusic": (),
}

# Words that are a genre only where they stand alone: "Classic Rock" is not classical.
_ALONE = frozenset(_WHOLE)


def _keys(names: str) -> list[str]:
    return [spelling.key(name) for name in names.split(",")]


@functools.cache
def _table() -> dict[str, tuple[str, ...]]:
    """Keys of names, and the genres of ours that each may stand for."""
    found: dict[str, list[str]] = {}
    for genre, names in _FINER.items():
        for key in (spelling.key(genre), *_keys(names)):
            found.setdefault(key, []).append(genre)
    return {key: tuple(dict.fromkeys(genres)) for key, genres in found.items()} | _WHOLE


_N_ID3 = 192  # names in ID3v1's list, with Winamp's extensions


@functools.cache
def known() -> frozenset[str]:
    """Keys of names that are established: none of them is a misspelling of another."""
    numbered = (name for number in range(_N_ID3) for name in spelling.names(str(number)))
    return frozenset([*_table(), *map(spelling.key, numbered)])


class Meanings:
    """Tells what names stand for.

    Args:
        genres: Of the model.
        taxonomy: What the user calls these, and what is a kind of what.
    """

    def __init__(self, genres: Sequence[str], taxonomy: Taxonomy | None = None) -> None:
        self._genres = tuple(genres)
        self._taxonomy = taxonomy or Taxonomy()
        self._ours: dict[str, list[str]] = {}
        for genre in genres:
            self._ours.setdefault(spelling.key(genre), []).append(genre)
        self._seen: dict[str, tuple[str, ...]] = {}

    def of(self, name: str) -> tuple[str, ...]:
        """The genres of the model that a name may stand for, in the model's order; perhaps none."""
        if name not in self._seen:
            found = set() if spelling.says_nothing(name) else self._found(name)
            self._seen[name] = tuple(genre for genre in self._genres if genre in found)
        return self._seen[name]

    def _found(self, name: str) -> set[str]:
        key = spelling.key(name)
        found = set(self._ours.get(key, ())) | self._users(name, key) | self._named(_table().get(key, ()))
        if found or key in _table():
            return found
        return set(itertools.chain.from_iterable(map(self._parts, re.split(r"[;,|/\\]", name))))

    def _users(self, name: str, key: str) -> set[str]:
        """What the user's map and tree say of a name."""
        mapped = self._taxonomy.map
        return {
            genre
            for genre in self._genres
            if mapped.get(spelling.key(genre)) == key or self._taxonomy.is_broader(genre, name)
        }

    def _named(self, genres: Sequence[str]) -> set[str]:
        return {own for genre in genres for own in self._ours.get(spelling.key(genre), ())}

    def _parts(self, name: str) -> set[str]:
        """What the words of a name stand for, the longest known runs of them first."""
        words = _WORDS.findall(re.sub("[&+]", " and ", name.casefold()))
        found: set[str] = set()
        start = 0
        while start < len(words):
            for length in range(min(_MOST_WORDS, len(words) - start), 0, -1):
                key = spelling.key(" ".join(words[start : start + length]))
                if key in self._ours or key in _table().keys() - _ALONE:
                    found |= set(self._ours.get(key, ())) | self._named(_table().get(key, ()))
                    start += length - 1
                    break
            start += 1
        return found
