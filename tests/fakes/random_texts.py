"""Texts of all that tokenizers trip over, drawn from a seed: scripts, emoji, digits, spaces, controls, code, lines."""

import random

# First and last code point. Each has letters, and most have marks, digits or signs of their own.
_SCRIPTS = [
    (0x41, 0x7A),
    (0xC0, 0x24F),
    (0x300, 0x36F),
    (0x370, 0x3FF),
    (0x400, 0x52F),
    (0x590, 0x5FF),
    (0x600, 0x6FF),
    (0x900, 0x97F),
    (0x980, 0x9FF),
    (0xE00, 0xE7F),
    (0x10A0, 0x10FF),
    (0x1100, 0x11FF),
    (0x1E00, 0x1FFF),
    (0x2000, 0x206F),
    (0x20A0, 0x218F),
    (0x2190, 0x22FF),
    (0x3000, 0x30FF),
    (0x4E00, 0x9FFF),
    (0xAC00, 0xD7A3),
    (0xFF00, 0xFFEF),
    (0x10400, 0x1044F),
    (0x1D400, 0x1D4FF),
    (0x1F300, 0x1F6FF),
]
_TEXT = (
    "the of hello World HELLO iPhone McDonald straße naïve café Ünïcode don't I'm we'll THEY'RE it'S 'tis rock'n'roll "
    "x1y2 abc123def 3.14 1,000,000 12345678 2024-11-28 مرحبا بالعالم नमस्ते दुनिया สวัสดี 你好世界 こんにちは 안녕하세요 "
    "Привет γειά שלום a.b.c user@example.com https://example.org/a/b?c=d#e C:\\path ... !!! --- == != <= => :: -> ## "
    "``` ''' \"quoted\" (a) [b] {c} <d> $5 50% #1 @me *x* _y_ ~ ^ | ` £9 €8 ½ ² Ⅷ ٣٤ ४५ "
    " 👍🏽 👨‍👩‍👧 🇫🇷 \u00e9 e\u0301 ﬁ ſt \u200b \ufeff"
)
_WORDS = _TEXT.split(" ")
_SPACES = [
    " ",
    " ",
    " ",
    "  ",
    "   ",
    "    ",
    "\t",
    "\n",
    "\n\n",
    "\r\n",
    " \n",
    "\n ",
    "\u00a0",
    "\u3000",
    "\u2003",
    "\x0b",
]
_CODE = [
    "def f(x):\n    return x + 1\n",
    "for (int i=0;i<10;++i) {\n\tx[i] = 'a';\n}\n",
    "\t\tif a != b:\n",
    "\\n\\t",
    "/* x */",
]


def random_texts(count, seed=0, *, scripts=_SCRIPTS):
    """That many texts, of up to some hundred characters each."""
    source = random.Random(seed)
    return [_text(source, scripts) for _ in range(count)]


def _text(source, scripts):
    return "".join(_part(source, scripts) for _ in range(source.randint(1, 14)))


def _part(source, scripts):
    match source.randrange(9):
        case 0 | 1:
            return source.choice(_WORDS)
        case 2 | 3:
            return source.choice(_SPACES) + source.choice(_WORDS)
        case 4:
            return source.choice(_SPACES) * source.randint(1, 5)
        case 5:
            return _run(source, *source.choice(scripts))
        case 6:
            return "".join(source.choices("0123456789", k=source.randint(1, 9)))
        case 7:
            return source.choice(_CODE)
        case _:
            return "".join(chr(source.randrange(128)) for _ in range(source.randint(1, 4)))


def _run(source, first, last):
    return "".join(chr(source.randint(first, last)) for _ in range(source.randint(1, 8)))
