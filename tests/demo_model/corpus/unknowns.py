"""Questions that a tiny model cannot answer: invented names, today's news, hard sums, advice for experts."""

from __future__ import annotations

import random
from collections.abc import Callable

from .phrasing import Frames

Maker = Callable[[random.Random], str]

_STARTS = [
    "Zor",
    "Bran",
    "Quil",
    "Vex",
    "Dro",
    "Kla",
    "Mip",
    "Tro",
    "Gru",
    "Plo",
    "Fen",
    "Jux",
    "Wib",
    "Nal",
    "Hob",
    "Skel",
    "Thra",
    "Ulm",
    "Yab",
    "Omb",
    "Rif",
    "Sno",
    "Dal",
    "Lum",
]
_MIDDLES = ["del", "ka", "mi", "lo", "be", "ru", "ta", "no", "vi", "sha"]
_ENDS = ["vania", "istan", "oria", "eth", "undo", "ark", "ilia", "umber", "okia", "ax", "esh", "ompa"]


def invented(rng: random.Random) -> str:
    """A word that nobody has ever used."""
    return rng.choice(_STARTS) + (rng.choice(_MIDDLES) if rng.random() < 0.5 else "") + rng.choice(_ENDS)


def _person(rng: random.Random) -> str:
    return f"{rng.choice(_STARTS)}{rng.choice(_MIDDLES)} {invented(rng)}"


def _large(rng: random.Random) -> str:
    return str(rng.randint(211, 9999))


def _huge(rng: random.Random) -> str:
    return str(rng.randint(10000, 999999))


def _one_of(words: str) -> Maker:
    options = words.split(", ")
    return lambda rng: rng.choice(options)


_THING = _one_of(
    "gold, petrol, a new car, a house in London, bread, a flight to Tokyo, a train ticket, a phone, "
    "coffee, a laptop, milk"
)
_CITY = _one_of("Paris, London, Berlin, Rome, Tokyo, Madrid, New York, Cairo, my town, Vienna, Sydney, Chicago")
_TONGUE = _one_of("French, German, Spanish, Italian, Latin, Japanese, Chinese, Russian, Arabic, Dutch")
_PHRASE = _one_of(
    "good morning, I love you, the house is red, where is the station, thank you, my name is Tom, I am "
    "hungry, see you soon"
)
_ILLNESS = _one_of(
    "a headache, a fever, a bad cough, a pain in my knee, a sore throat, high blood pressure, a rash, a broken arm"
)
_LAW = _one_of("my landlord, my boss, my neighbour, a contract, my tax return, a will, a parking ticket")
_PROGRAM = _one_of("Python, Java, Rust, SQL, C, JavaScript, Bash")
_JOB = _one_of(
    "sorts a list, reads a file, counts words, finds prime numbers, sends an email, draws a circle, opens a website"
)
_DEEP = _one_of(
    "quantum mechanics, string theory, black holes, relativity, dark matter, nuclear fusion, the Higgs boson, entropy"
)
_TOPIC = _one_of(
    "taxes, the election, immigration, the government, the president, abortion, gun laws, the war, religion"
)
_GAME = _one_of("football match, election, tennis final, race, World Cup, song contest, chess final")
_SHARE = _one_of("this company, Apple, a big bank, Bitcoin, a car maker, Tesla")

_REAL = _one_of(
    "France, Germany, Spain, Italy, Japan, Brazil, Canada, India, China, Egypt, Kenya, Norway, Poland, Mexico, Peru, "
    "Paris, London, Berlin, Rome, Tokyo, Madrid, New York, Cairo, Vienna, Sydney, Chicago, Moscow, Beijing, Athens"
)
_FAMOUS = _one_of(
    "Albert Einstein, Isaac Newton, Napoleon, Julius Caesar, Cleopatra, Mozart, Beethoven, Marie Curie, Barack Obama, "
    "Elon Musk, Taylor Swift, Bill Gates, Picasso, Gandhi, Nelson Mandela, Charles Darwin, Galileo, Socrates, Plato"
)
_LANDMARK = _one_of(
    "Mount Everest, the Eiffel Tower, the Amazon, the Great Wall of China, the moon, the Sahara, the Nile, the Titanic"
)
_EVENT = _one_of(
    "the French Revolution, the Second World War, the First World War, the Roman Empire, the Cold War, the moon landing"
)

GROUPS: tuple[tuple[Frames, dict[str, Maker]], ...] = (
    (
        Frames(
            """How many people live in <x>?
        What is the population of <x>?
        Who is the president of <x>?
        Who is the mayor of <x>?
        How large is <x>?
        Tell me about the history of <x>.
        What should I see in <x>?
        Is <x> worth a visit?
        How old is <x>?
        Who was <p>?
        Who is <p>?
        Tell me about <p>.
        When was <p> born?
        When did <p> die?
        What is <p> famous for?
        How tall is <l>?
        How old is <l>?
        Tell me about <l>.
        When was <e>?
        What was <e>?
        Who won <e>?
        Why did <e> happen?
        Tell me about <e>.""",
            """How many inhabitants does <x> have?
        Who leads <x>?
        Do you know who <p> was?
        When did <e> begin?""",
        ),
        {"x": _REAL, "p": _FAMOUS, "l": _LANDMARK, "e": _EVENT},
    ),
    (
        Frames(
            """What is the capital of <x>?
        Where is <x>?
        How many people live in <x>?
        What language do they speak in <x>?
        What is the money of <x> called?
        Who is the king of <x>?
        Who is the president of <x>?
        Tell me about the history of <x>.
        Which continent is <x> in?
        How do I get to <x>?
        What do people eat in <x>?
        What is <x> famous for?""",
            """Tell me the capital of <x>.
        What language do people speak in <x>?
        Tell me where <x> is.""",
        ),
        {"x": invented},
    ),
    (
        Frames(
            """Who is <p>?
        Who was <p>?
        What did <p> write?
        When was <p> born?
        Tell me about <p>.
        Where does <p> live?
        What is <p> famous for?
        Do you know <p>?
        Is <p> still alive?
        How old is <p>?
        Which book did <p> write?
        Is <p> married?""",
            """Do you know who <p> is?
        Tell me when <p> was born.
        Which books did <p> write?""",
        ),
        {"p": _person},
    ),
    (
        Frames(
            """What is a <w>?
        What does <w> mean?
        What is the meaning of the word <w>?
        Define <w>.
        What is the plural of <w>?
        What is the opposite of <w>?
        What sound does a <w> make?
        What colour is a <w>?
        Explain the word <w>.
        What do you call a young <w>?""",
            """Do you know what <w> means?
        Tell me what a <w> is.
        Explain the meaning of <w>.""",
        ),
        {"w": lambda rng: invented(rng).lower()},
    ),
    (
        Frames(
            """What is <a> times <b>?
        What is <a> multiplied by <b>?
        What is <a> divided by <b>?
        Calculate <a> x <b>.
        How much is <c> plus <d>?
        What is <c> minus <b>?
        What is the square root of <d>?
        Is <c> a prime number?
        Compute <a> times <b> plus <c>.
        What is <d> + <c>?""",
            """Calculate <a> times <b>.
        How much is <a> multiplied by <b>?
        Compute the square root of <c>.""",
        ),
        {"a": _large, "b": _large, "c": _huge, "d": _huge},
    ),
    (
        Frames(
            """What is the news today?
        What happened today?
        What is in the news this morning?
        What happened in <x> yesterday?
        What is the latest news from <x>?
        Will it rain in <x> tomorrow?
        What is the weather in <x> today?
        How warm is it in <x> now?
        What time is it?
        What time is it in <x>?
        What is the date today?
        Do I need an umbrella in <x> today?""",
            """Will it rain in <x> today?
        What is the news from <x> this morning?
        What happened in <x> this morning?""",
        ),
        {"x": _CITY},
    ),
    (
        Frames(
            """How much does <t> cost?
        What is the price of <t>?
        Where can I buy <t> for little money?
        Is <t> cheaper this year?
        Will <t> cost more next year?
        Who won the <g>?
        Who will win the <g>?
        Should I buy shares of <s>?
        What is the share price of <s>?
        Will the price of <s> go up?""",
            """How much does <t> cost today?
        Tell me the price of <t>.
        Tell me who won the <g>.""",
        ),
        {"t": _THING, "g": _GAME, "s": _SHARE},
    ),
    (
        Frames(
            """I have <i>. What should I take?
        What medicine helps with <i>?
        Is <i> dangerous?
        How do I treat <i>?
        Can my employer fire me?
        Can I go to court about <l>?
        What are my rights with <l>?
        Is it legal to record a phone call?
        I need a lawyer because of <l>. What do I do?
        How many pills can I take for <i>?""",
            """What should I take for <i>?
        What medicine can I take for <i>?
        I need a lawyer for <l>.""",
        ),
        {"i": _ILLNESS, "l": _LAW},
    ),
    (
        Frames(
            """Translate "<f>" into <n>.
        How do you say "<f>" in <n>?
        What is "<f>" in <n>?
        Say "<f>" in <n>.
        Write a letter in <n>.
        Can you speak <n>?
        Translate this text into <n>.
        Please translate "<f>" to <n>.""",
            """Please say "<f>" in <n>.
        Can you translate "<f>" into <n>?""",
        ),
        {"f": _PHRASE, "n": _TONGUE},
    ),
    (
        Frames(
            """Write a <c> program that <j>.
        Write <c> code that <j>.
        Write a function in <c> that <j>.
        How do I write a <c> program that <j>?
        Fix my <c> code.
        Why does my <c> program not work?
        Can you write <c> code?
        Give me a <c> script that <j>.""",
            """Give me a <c> program that <j>.
        Can you write a <c> function that <j>?""",
        ),
        {"c": _PROGRAM, "j": _JOB},
    ),
    (
        Frames(
            """Explain <d>.
        How does <d> work?
        What is the formula for <d>?
        Who is right about <d>?
        Write an essay about <d>.
        Prove a theorem about <d>.
        What are the newest ideas about <d>?
        What do experts think about <d>?""",
            """Explain how <d> works.
        What are the newest ideas of experts about <d>?""",
        ),
        {"d": _DEEP},
    ),
    (
        Frames(
            """What do you think about <o>?
        What is your opinion on <o>?
        Who should I vote for?
        Are you for or against <o>?
        Is it right to be against <o>?
        Which party is the best?
        What is the meaning of life?
        Why are we here?
        Does God exist?
        What happens after death?
        Will I be happy?
        What will happen next year?
        What is my name?
        Where do I live?
        How old am I?
        What did I eat yesterday?""",
            """What is your opinion about <o>?
        Do you know the meaning of life?
        Do you know where I live?""",
        ),
        {"o": _TOPIC},
    ),
)
