"""Measure the word filter: ``python -m tests.load.word_filter``. The target: 20 us a message of 100 characters.

It also tells for how long a new list holds all that the process does else, although it is read in a thread.
"""

import random
import threading
import time
from collections.abc import Callable

from common.word_filter import WordFilter
from tests.load.results import Row

WORDS = 40_000
CHARACTERS = 100
ROUNDS = 5
TIMES = 20_000
SEED = 7
SCRIPTS = {"Latin": "abcdefghijklmnopqrstuvwxyz", "Cyrillic": "абвгдежзийклмнопрстуфхцчшщъыьэюя",
           "Chinese": "".join(map(chr, range(0x4E00, 0x5200)))}


def microseconds(words: int = WORDS) -> dict[str, float]:
    """Return the CPU time of ``mask`` for a message of 100 characters, by what is in it: the best of some rounds."""
    chance = random.Random(SEED)
    listed = words_of(chance, words)
    found = WordFilter(listed)
    harmless = {script: _message(chance, letters) for script, letters in SCRIPTS.items()}
    texts = {**harmless, "Latin, two words to mask": f"{listed[0]} {listed[1]} {harmless['Latin']}"[:CHARACTERS]}
    return {name: _best(lambda text=text: found.mask(text)) for name, text in texts.items()}  # type: ignore[misc]


def milliseconds_held(words: int = WORDS) -> float:
    """Return the longest time for which no other thread came to its turn while a list was made ready."""
    listed, latest, longest = words_of(random.Random(SEED), words), time.perf_counter(), 0.0
    making = threading.Thread(target=WordFilter, args=(listed,))
    making.start()
    while making.is_alive():
        time.sleep(0.0005)
        now = time.perf_counter()
        longest, latest = max(longest, now - latest), now
    return longest * 1000


def words_of(chance: random.Random, number: int) -> list[str]:
    """Return so many words of all scripts."""
    listed = [_word(chance, letters) for letters in SCRIPTS.values() for _ in range(number // len(SCRIPTS))]
    return [*listed, *(f"extra{count}" for count in range(number - len(listed)))]


def measure() -> Row:
    """Return a row: masking is all that is done, so its time is all of the CPU."""
    figures = microseconds()
    slowest = max(figures.values())
    return Row(f"a word filter of {WORDS:,} words, us a message of {CHARACTERS} characters", per_second=1e6 / slowest,
               cpu={"filter": slowest / 1000}, more=figures)


def _word(chance: random.Random, letters: str) -> str:
    return "".join(chance.choices(letters, k=chance.randint(3, 10)))


def _message(chance: random.Random, letters: str) -> str:
    words: list[str] = []
    while len(" ".join(words)) < CHARACTERS:
        words.append("".join(chance.choices(letters, k=chance.randint(11, 14))))
    return " ".join(words)[:CHARACTERS]


def _best(work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.process_time()
        for _ in range(TIMES // ROUNDS):
            work()
        best = min(best, (time.process_time() - begun) / (TIMES // ROUNDS))
    return best * 1e6


def main() -> None:
    begun = time.perf_counter()
    figures = microseconds()
    print(f"{WORDS} words, {CHARACTERS} characters a message; all in {time.perf_counter() - begun:.1f} s")
    for name, figure in figures.items():
        print(f"{name}: {figure:.1f} us")
    print(f"everything else waited for at most {min(milliseconds_held() for _ in range(ROUNDS)):.0f} ms")


if __name__ == "__main__":
    main()
