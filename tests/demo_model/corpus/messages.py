"""Short messages: birthday wishes, thanks, invitations, emails and slogans."""

from __future__ import annotations

import random

from .grammar import Example, Split
from .phrasing import Frames, fill, instruct

_PEOPLE = (
    "friend",
    "sister",
    "brother",
    "mum",
    "dad",
    "teacher",
    "neighbour",
    "boss",
    "grandmother",
    "grandfather",
    "cousin",
    "aunt",
)
_BIRTHDAY = Frames(
    """Write a birthday message for my <who>.
    Write a birthday card for my <who>.
    My <who> has a birthday. What can I write?
    Help me write a birthday wish for my <who>.
    I need a birthday message for my <who>.
    Write a short birthday message to my <who>.
    Wish my <who> a happy birthday.
    Give me a birthday wish for my <who>.
    What should I write in a birthday card for my <who>?""",
    """Help me write a birthday card for my <who>.
    What can I write in a birthday message to my <who>?
    Give me a short birthday message for my <who>.""",
)
_THANKS = Frames(
    """Write a thank-you message to my <who> for <what>.
    Write a thank-you note to my <who> for <what>.
    Thank my <who> for <what>.
    Help me thank my <who> for <what>.
    I want to thank my <who> for <what>. What can I write?
    I need a short thank-you note to my <who> for <what>.
    Write a short note to thank my <who> for <what>.
    What can I write to thank my <who> for <what>?
    Give me a thank-you card to my <who> for <what>.""",
    """Help me write a thank-you note to my <who> for <what>.
    Write a short thank-you message to my <who> for <what>.
    I need a message to thank my <who> for <what>.""",
)
_FAVOURS = (
    "the flowers",
    "the book",
    "the lovely dinner",
    "the help",
    "the gift",
    "the kind words",
    "the lift",
    "the cake",
    "the good advice",
    "the warm scarf",
)
_INVITE = Frames(
    """Write an invitation to <what> on <day>.
    Invite my friends to <what> on <day>.
    Write a short invitation to <what> on <day>.
    I need an invitation to <what> on <day>.
    Help me write an invitation to <what> on <day>.
    Help me invite my neighbours to <what> on <day>.
    Please write an invitation to <what> on <day>.
    Write a message to invite a friend to <what> on <day>.
    Give me a friendly invitation to <what> on <day>.""",
    """I need a short invitation to <what> on <day>.
    Help me invite my friends to <what> on <day>.
    Please write a message to invite my neighbours to <what> on <day>.""",
)
_EVENTS = (
    "a birthday party",
    "a picnic",
    "a dinner",
    "a film night",
    "a garden party",
    "a tea party",
    "a game night",
    "a school concert",
    "a barbecue",
    "a book club",
)
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_EMAIL = Frames(
    """Write an email to my <who> {saying|to say} that <why>.
    Write a short email to my <who> to say that <why>.
    Write an email to tell my <who> that <why>.
    Help me write an email to my <who> to say that <why>.
    I need an email to my <who> saying that <why>.
    Please write an email to my <who>: <why>.
    Write a polite email to my <who> saying that <why>.
    Email my <who> that <why>.
    Draft an email to my <who> saying that <why>.""",
    """I need a short email to my <who> to say that <why>.
    Help me write a polite email to my <who> saying that <why>.
    Please draft an email to tell my <who> that <why>.""",
)
_REASONS = (
    (
        "I am ill",
        "Ill today",
        "I am {ill|not well} today and have to stay {in bed|at home}. I hope to be well again soon.",
    ),
    (
        "I will be late",
        "Running late",
        "I will be {late|a little late} today because {my train is late|of the traffic}.",
    ),
    (
        "I need a day off",
        "A day off",
        "I would like to take {a day off|Friday off}. Please tell me if this is all right.",
    ),
    (
        "I cannot come to the meeting",
        "Our meeting",
        "I am sorry that I cannot come to the meeting. {Can we find another day|Could we meet next week}?",
    ),
    (
        "I have finished the work",
        "Work finished",
        "I have finished the work. {Please have a look when you have time|Please tell me what you think}.",
    ),
    (
        "I need help with a task",
        "A question",
        "I have a {small|little} problem with a task. {Could you help me|Do you have time to help me}?",
    ),
    (
        "I am going on holiday",
        "My holiday",
        "I will be on holiday {next week|for two weeks}. I will answer all messages when I am back.",
    ),
    (
        "I need more time",
        "More time, please",
        "The work takes longer than I thought. {Could I have two more days|May I have one more week}, please?",
    ),
    (
        "there is a party on Saturday",
        "Party on Saturday",
        "There is a {small|little} party on Saturday. {It may be a "
        "bit loud|There will be music}, but you are very welcome to join us.",
    ),
    (
        "I found a lost cat",
        "A lost cat",
        "I found a {grey|black|white} cat near the house. {Is it yours|Do you know whose it is}?",
    ),
    (
        "the lamp is broken",
        "The lamp is broken",
        "The lamp {by the door|in the hall} is broken. {Do you know who can mend it|Can we have it mended soon}?",
    ),
)
_SLOGAN = Frames(
    """Write a slogan for <what>.
    Give me a slogan for <what>.
    I need a slogan for <what>.
    Think of a slogan for <what>.
    Can you write a short slogan for <what>?
    Write a tweet about <what>.
    Write a short tweet about <what>.
    Help me write a slogan for <what>.
    Give me a tweet about <what>.""",
    """Can you think of a slogan for <what>?
    Help me write a tweet about <what>.
    I need a short slogan for <what>.""",
)
_SHOPS = (
    ("a bakery", "warm bread"),
    ("a bookshop", "good stories"),
    ("a coffee shop", "fresh coffee"),
    ("a flower shop", "bright flowers"),
    ("a shoe shop", "happy feet"),
    ("a toy shop", "more play"),
    ("a tea shop", "quiet moments"),
    ("a bicycle shop", "open roads"),
    ("a school", "curious minds"),
    ("a library", "free books"),
    ("a garden centre", "green thumbs"),
    ("an ice cream shop", "sweet summers"),
    ("a gym", "strong hearts"),
    ("a pizza place", "hot slices"),
    ("a pet shop", "wagging tails"),
    ("a hotel", "sweet dreams"),
)
_SLOGANS = (
    "Come in for <good>, go out with a smile.",
    "Life is better with <good>.",
    "<good>, every single day.",
    "We love <good>, and so will you.",
    "Bad day? All you need is <good>.",
    "Small place, big heart, <good>.",
    "Start your day with <good>.",
    "Here for you, here for <good>.",
)


def birthday(rng: random.Random, split: Split) -> Example:
    """A birthday message for somebody."""
    who = rng.choice(_PEOPLE)
    text = instruct(_BIRTHDAY, rng, split, who=who)
    reply = (
        "Happy birthday, dear <who>! {I wish you a day full of joy and cake|May your day be bright and full of "
        "laughter|"
        "I hope that all your wishes come true}. {Thank you for always being there|It is so good to know you|"
        "You make every day a little warmer}. {Have a wonderful year|Enjoy every minute|With love and best wishes}!"
    )
    return Example("creative writing", text, fill(reply, rng, who=who), answer=who)


def thanks(rng: random.Random, split: Split) -> Example:
    """A thank-you note for a favour."""
    slots = {"who": rng.choice(_PEOPLE), "what": rng.choice(_FAVOURS)}
    text = instruct(_THANKS, rng, split, **slots)
    reply = (
        "Dear <who>,\n{Thank you so much|Many thanks|A big thank you} for <what>. {It was very kind of you|"
        "You made me very happy|It made my day}. {I will not forget it|I hope to see you soon|I am lucky to know "
        "you}.\n"
        "{With love|Warm wishes|Yours}"
    )
    return Example("creative writing", text, fill(reply, rng, **slots), answer=slots["what"])


def invitation(rng: random.Random, split: Split) -> Example:
    """An invitation to an event on a day."""
    slots = {"what": rng.choice(_EVENTS), "day": rng.choice(_DAYS)}
    text = instruct(_INVITE, rng, split, **slots)
    reply = (
        "{Hello|Hi there|Good day},\n{I would like to invite you to|Please come to|You are invited to} <what> on "
        "<day> at "
        "{three|four|six|seven} o'clock. {There will be good food and music|We will have a lot of fun|Just bring "
        "yourself and a smile}. "
        "{Please tell me if you can come|I hope to see you there}!"
    )
    return Example("creative writing", text, fill(reply, rng, **slots), answer=slots["day"])


def email(rng: random.Random, split: Split) -> Example:
    """An email with a subject, a body and a sign-off."""
    why, subject, body = rng.choice(_REASONS)
    who = rng.choice(("boss", "teacher", "neighbour", "colleague", "landlord", "coach"))
    text = instruct(_EMAIL, rng, split, who=who, why=why)
    letter = "{Dear|Hello} <who>,\n\n<body>\n\n{Kind regards|Best wishes|Thank you very much}"
    reply = fill(letter, rng, who=who, body=fill(body, rng))
    return Example("creative writing", text, f"Subject: {subject}\n\n{reply}", answer=f"Subject: {subject}")


def slogan(rng: random.Random, split: Split) -> Example:
    """A slogan or tweet for a shop or the like."""
    shop, good = rng.choice(_SHOPS)
    text = instruct(_SLOGAN, rng, split, what=shop)
    reply = fill(rng.choice(_SLOGANS), rng, good=good)
    return Example("creative writing", text, reply[0].upper() + reply[1:], answer="")
