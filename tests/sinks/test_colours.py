"""Laws of the colours of genres."""

from rich.color import Color

from tagger.sinks import colours


def test_a_page_has_the_colours_of_the_terminal() -> None:
    """The same genre has the same red, green and blue in both."""
    genres = tuple(f"Genre {number}" for number in range(len(colours.PALETTE)))
    for genre in genres:
        drawn = Color.parse(f"color({colours.number(genre, genres)})").get_truecolor()
        assert colours.css(genre, genres) == drawn.hex


def test_what_is_no_genre_is_grey() -> None:
    """In a page; in a terminal it has no colour."""
    assert colours.css("Polka", ("Jazz",)) == "#808080"
    assert colours.number("Polka", ("Jazz",)) is None
