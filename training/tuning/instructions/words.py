"""Words and numbers that sentences and names are made of."""

from __future__ import annotations

import random
from dataclasses import dataclass

from training.tuning.instructions.functions import Name, Num

_THINGS = """
locker|umbrella|fitting room|choir rehearsal|bakery stall|harbour berth|violin lesson|tool chest|bread oven|bookcase
greenhouse|reading lamp|tennis court|puppet show|ferry ticket|photo print|telescope|jukebox|hammock|lighthouse tour
pony ride|clay kiln|sewing table|garden bed|chess lesson|film reel|laundry load|bicycle stand|canoe|cello case
museum guide|parade float|poster|piano tuning|rowing boat|sauna cabin|ski pass|snow plough|surf board|tandem
toolbox|translation|trumpet|vineyard tour|wedding cake|window pane|workshop seat|yoga mat|zoo visit|atelier
balloon ride|beach chair|bowling lane|camp site|carousel|cheese wheel|climbing wall|coat rack|dance class|darkroom
data plan|easel|escape room|exhibit|farm stand|fishing pier|flower box|football pitch|fountain|gallery wall
go-kart|guest bed|gym hall|hay bale|honey jar|horse stable|ice rink|invoice|jar of jam|karaoke booth
kayak|kite class|ladder|letter|library card|loom|magic show|meeting room|mill stone|moving van
music stand|newspaper|night shift|oil change|orchard plot|order|package|paint pot|party tent|pet sitter
picnic basket|pottery wheel|printer|projector|radio slot|raffle|record player|repair|report|river cruise
rug cleaning|school bus|screening|seminar|server rack|shuttle|skate park|sleigh|sound studio|spa day
stage light|storage bin|street sign|subscription|sundial|survey|swim lane|tailor visit|tea set|theatre box
ticket desk|toy train|tractor|tree house|trophy|tutoring|upgrade|vault|vending spot|voucher
walking tour|watch strap|water tank|web page|wood stack|wool spool|writing desk|xylophone|yacht mooring|zip line
"""
THINGS = tuple(_THINGS.strip().replace("\n", "|").split("|"))

_ADJECTIVES = """
small large old new red blue green plain fancy local foreign early late short long narrow wide heavy light
cheap quiet loud northern southern eastern western spare shared private public rented reserved damaged
polished seasonal standard deluxe urgent double single outer inner upper lower yearly monthly weekly daily
hidden gentle bright dark
"""
ADJECTIVES = tuple(_ADJECTIVES.split())

PRICES = ("fee", "price", "cost", "charge", "total", "due", "bill", "rate", "fare", "amount", "toll", "sum")
NOUNS = ("score", "bonus", "limit", "count", "level", "share", "quota", "refund", "rebate", "deposit", "stock", "value")
MONEY = ("", "", "", "", " EUR", " euros", " dollars", " coins", " points", " credits", " francs")
_PEOPLE = """
members students children seniors guests neighbours volunteers teachers subscribers owners nurses pilots residents
regulars founders
"""
PEOPLE = tuple(_PEOPLE.split())


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that is counted or measured: its name in code, one and several of it."""

    name: Name
    one: str
    many: str


_MEASURES = """
hours|hour|hours; minutes|minute|minutes; days|day|days; nights|night|nights; weeks|week|weeks;
months|month|months; distance|kilometre|kilometres; miles|mile|miles; length|metre|metres; area|square
metre|square metres; weight|kilogram|kilograms; tonnes|tonne|tonnes; volume|litre|litres; pages|page|pages;
words|word|words; lines|line|lines; guests|guest|guests; seats|seat|seats; visitors|visitor|visitors;
copies|copy|copies; boxes|box|boxes; crates|crate|crates; pieces|piece|pieces; items|item|items;
parcels|parcel|parcels; stops|stop|stops; floors|floor|floors; rooms|room|rooms; windows|window|windows;
trees|tree|trees; animals|animal|animals; songs|song|songs; photos|photo|photos; users|user|users;
requests|request|requests; messages|message|messages; calls|call|calls; size|gigabyte|gigabytes; energy|kilowatt
hour|kilowatt hours; points|point|points; laps|lap|laps; rides|ride|rides; lessons|lesson|lessons;
portions|portion|portions; bottles|bottle|bottles; cups|cup|cups; tiles|tile|tiles; rows|row|rows;
cables|cable|cables; keys|key|keys
"""
MEASURES = tuple(
    Measure(tuple(name.split()), one, many)
    for name, one, many in (line.split("|") for line in " ".join(_MEASURES.split()).split("; "))
)
_ONSETS = """
b c d f g h j k l m n p qu r s t v w x z bl br cl cr dr fl fr gl gr pl pr sk sl sp st str tr
"""
_VOWELS = "a e i o u a e i o u ai au ea ei ia io oa ou"
_SOUNDS = (_ONSETS.split(), _VOWELS.split())
_CODAS = ("", "", "", "l", "m", "n", "r", "s", "t", "x", "nd", "rk", "st", "lm", "nt", "sk")
_RESERVED = """
abs abstract alias and array as assert async await bool break case catch class const count def default defer
del delete do double dyn elif else end enum except export extends extern false final finally float fn for from
function global goto guard if impl import in include init int interface is item lambda len length let letrec
list local loop macro main map match math max method min module move name new nil none noraise not null number
object of or override package panic pass print println priv private protected pub public raise ref repeat
result return round sealed self set share static str string struct suberror sum super switch table test text
then this throw total trait true try type typeof unsafe until use using value var virtual void where while
with yield
"""
RESERVED = frozenset(_RESERVED.split())
"""Words that one of the languages keeps for itself, or that printers use."""


class Words:
    """Draws words and numbers. `invented` is the share of names with an invented word."""

    def __init__(self, rng: random.Random, invented: float = 0.4) -> None:
        self.rng = rng
        self._invented = invented

    def invented(self) -> str:
        """A word that no language has: one to three syllables, four letters at least."""
        while True:
            count = self.rng.choice((1, 2, 2, 2, 3))
            parts = [self.rng.choice(_SOUNDS[0]) + self.rng.choice(_SOUNDS[1]) for _ in range(count)]
            word = "".join(parts) + self.rng.choice(_CODAS)
            if len(word) >= 4 and word not in RESERVED:
                return word

    def thing(self) -> str:
        """What something is about, such as `old locker` or `velmar`."""
        if self.rng.random() < self._invented:
            thing = self.invented()
            return f"{thing} {self.rng.choice(THINGS).split()[-1]}" if self.rng.random() < 0.3 else thing
        thing = self.rng.choice(THINGS)
        return f"{self.rng.choice(ADJECTIVES)} {thing}" if self.rng.random() < 0.45 else thing

    def function_name(self, thing: str, what: str) -> Name:
        """A function's name from what it is about; now and then any words."""
        words = thing.replace("-", " ").replace(" of ", " ").split()
        draw = self.rng.random()
        if draw < 0.15:
            return tuple(self.invented() for _ in range(self.rng.choice((1, 2))))
        if draw < 0.25:
            return (what, "of", *words[-2:])
        if draw < 0.3:
            return (*words[-1:], what, "for", self.invented())
        if draw < 0.4:
            return (*words[-1:], self.rng.choice(NOUNS), what)
        return (*words, what)

    def measure(self) -> Measure:
        """A measure; now and then an invented one."""
        if self.rng.random() < self._invented / 2:
            word = self.invented()
            many = word + ("es" if word[-1] in "sxz" else "s")
            return Measure((many,), word, many)
        found = self.rng.choice(MEASURES)
        if self.rng.random() < 0.2:
            return Measure((self.rng.choice(ADJECTIVES), *found.name), found.one, found.many)
        return found

    def name(self) -> Name:
        """A parameter's or local's name of one or two words."""
        draw = self.rng.random()
        if draw < self._invented:
            return (self.invented(),)
        word = self.rng.choice(THINGS).replace("-", " ").split()[-1]
        if draw < 0.8 and word not in RESERVED:
            return (word,)
        return (self.rng.choice(ADJECTIVES), word)

    def names(self, count: int) -> list[Name]:
        """Names that differ."""
        found: list[Name] = []
        while len(found) < count:
            name = self.name()
            if name not in found:
                found.append(name)
        return found

    def message(self) -> str:
        """A short text that a program says."""
        words = [
            self.rng.choice((self.invented(), *self.rng.choice(THINGS).split()[-1:], self.rng.choice(ADJECTIVES)))
            for _ in range(self.rng.choice((1, 2, 2, 3)))
        ]
        return " ".join(words)

    def number(self, whole: bool, low: int = 1, high: int = 400) -> Num:
        """A number with as many digits as people write."""
        rng = self.rng
        if whole or rng.random() < 0.4:
            most = min(high, low + 20) if rng.random() < 0.35 else high
            return Num(str(rng.randint(low, most)))
        if rng.random() < 0.3:
            return Num(f"0.{rng.randint(1, 99):02d}")
        return Num(
            f"{rng.randint(low, min(high, low + 90))}.{rng.choice((5, 25, 75, 10, 20, 40, 60, 80, 90, 95, 99)):02d}"
        )

    def ascending(self, count: int, whole: bool) -> list[Num]:
        """Whole numbers, each larger than the one before."""
        values = sorted(self.rng.sample(range(2, self.rng.choice((20, 60, 500))), count))
        return [Num(str(value)) for value in values]
