"""Books on a shelf, found by a word of their title."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Book:
    """One book."""

    title: str
    author: str
    year: int

    def words(self) -> set[str]:
        """The words of the title, in lower case."""
        return {word.strip(".,:;!?").lower() for word in self.title.split()}


@dataclass
class Shelf:
    """Books, and an index over the words of their titles."""

    books: list[Book] = field(default_factory=list)
    index: dict[str, list[Book]] = field(default_factory=lambda: defaultdict(list))

    def add(self, book: Book) -> None:
        """Put a book on the shelf."""
        self.books.append(book)
        for word in book.words():
            self.index[word].append(book)

    def find(self, word: str) -> list[Book]:
        """Every book whose title has the word, the oldest first."""
        return sorted(self.index[word.lower()], key=lambda book: book.year)

    def authors(self) -> list[str]:
        """Every author once, by name."""
        return sorted({book.author for book in self.books})
