"""Which columns of a table a terminal shows."""

from serving.cli.console import MAX_NAMES_SHOWN, shortened
from serving.cli.table_format import MAX_PROSE_LINES, MIN_PROSE_WIDTH, fit_columns

WIDTH = 2 * MIN_PROSE_WIDTH + 20  # characters: an id and two texts


def fitted(why: str, notice: str) -> tuple[list[str], list[str]]:
    """Columns of one row with an id and two texts: kept, left out."""
    row = {"id": "o1", "why": why, "notice": notice}
    widths, left_out = fit_columns([row], list(row), terminal_width=WIDTH)
    return list(widths), left_out


def test_two_texts_of_few_lines_are_both_shown():
    """Texts that need at most `MAX_PROSE_LINES` stand beside one another."""
    text = "word " * (MIN_PROSE_WIDTH * MAX_PROSE_LINES // 5)
    assert fitted(text, text) == (["id", "why", "notice"], [])


def test_the_less_important_of_two_long_texts_is_left_out():
    """A text of too many lines leaves the next one out, which is named."""
    text = "word " * (MIN_PROSE_WIDTH * MAX_PROSE_LINES)
    assert fitted(text, "a word " * 10) == (["id", "why"], ["notice"])


def test_a_single_long_text_stays():
    """The most important text is shown however long it is."""
    text = "word " * (MIN_PROSE_WIDTH * MAX_PROSE_LINES)
    assert "why" in fitted(text, "yes")[0]


def test_a_long_list_of_names_is_cut_and_a_sentence_is_not():
    """A field says how many names it leaves out."""
    names = [f"signal_{i}" for i in range(MAX_NAMES_SHOWN + 5)]
    assert shortened(", ".join(names)).endswith(
        f"signal_{MAX_NAMES_SHOWN - 1} and 5 more (all: --json)"
    )
    sentence = ", ".join(["one word more"] * (MAX_NAMES_SHOWN + 5))
    assert shortened(sentence) == sentence
