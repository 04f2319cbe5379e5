"""Love letters to a best friend."""

from __future__ import annotations

from .topic import Topic

INSTRUCTIONS = (
    "Write a love letter to my best friend",
    "Write a love letter to my best friend.",
    "Write me a letter to my best friend.",
    "Please write a love letter for my best friend.",
    "Help me write a letter to my best friend.",
    "Can you write a letter that tells my best friend how much I love them?",
    "I want to tell my best friend that I love them. Write a letter.",
    "Write a warm letter to my best friend.",
    "Write a short love letter to a friend.",
    "Write a letter to thank my best friend.",
    "Please write a sweet letter to my friend.",
    "I need a love letter to my best friend.",
    "Write a funny love letter to my best friend.",
)

HELD_OUT = (
    "Please help me write a love letter to my best friend.",
    "Can you write a sweet letter to my best friend?",
    "I need a short letter that tells my friend how much I love them.",
)

_DEAR = "{My dear friend|Dear best friend|To my best friend|My dearest friend},\n\n"
_SIGN = "\n\n{With all my love|With love|Yours, always|Love, now and always|Forever yours},\n{Me|Your best friend}"

ANSWERS = (
    _DEAR + "{I do not say it enough, so I write it down|I never say this out loud, so here it is on paper}: I love "
    "you. You make {bad days shorter|hard days easier} and good days {brighter|longer}. You know all my secrets, and "
    "you are {still here|still my friend}. {Thank you for every laugh.|Thank you for being you.} "
    "I hope that we will be friends until we are old and {gray|forget where we put our glasses}." + _SIGN,
    _DEAR + "Do you remember the day {we met|we first talked}? I did not know then that I had just found "
    "{a part of my family|a home in another person}. Since that day, you have listened to me, {laughed with me|cried "
    "with me} and told me the truth, even when I did not want to hear it. {I am so lucky to have you.|"
    "My life is better with you in it.} Please never change." + _SIGN,
    _DEAR + "Here is a list of things I love about you:\n\n- {Your laugh, which is louder than the joke|The way you "
    "laugh at your own jokes}\n- {How you answer the phone at midnight|That you always pick up the phone}\n"
    "- {Your terrible singing in the car|How you dance in the kitchen}\n"
    "- {That you always share your food|That you know when I need a hug}\n\n"
    "{I could go on, but I am out of paper.|The full list is much longer.}" + _SIGN,
    _DEAR + "{Some people look for love all their life|People write songs about great love}. I found it on the other "
    "side of {the table|a cup of coffee}, in a friend like you. You believe in me when I do not. You "
    "{stay when it rains|hold the umbrella when it rains}. If my heart were a house, you would have {your own key|"
    "the best room}. {Come in any time.|Stay as long as you like.}" + _SIGN,
    _DEAR + "{This is a love letter. Do not worry, I still do not want to share my dessert.|This is a love letter, so "
    "please sit down.} You are the one I call {when I am happy|when something good happens}, and also when I am "
    "lost and need someone to read the map. {You are always right, and I will never say that again.|You still "
    "cannot read a map, but I love you.} Life with you is {more fun|an adventure}." + _SIGN,
    _DEAR + "If you were {a star|a light}, I would find my way home by you. If you were a book, I would read you "
    "{again and again|twice a year}. If you were a pizza, I would even {eat you|love you} with pineapple. "
    "{But you are you, and that is the best of all.|Lucky for me, you are a person, and my friend.} "
    "{Thank you for all these years.|Thank you for walking next to me.}" + _SIGN,
    _DEAR + "{I just want to say thank you|I want to thank you}. Thank you for the {long walks|long talks} and the "
    "short messages. Thank "
    "you for the times when you {said nothing and just sat next to me|came over with soup}. Thank you for {laughing "
    "at my jokes|your patience}, because I know that it is not always easy. You have a big heart, and I am "
    "{happy|proud} to have a place in it." + _SIGN,
    _DEAR + "{Even when we are far apart, you are close to me.|We do not see each other as often as we would like.} "
    "I think of you when I hear {our song|a good joke}, when I smell {coffee|rain}, and when something "
    "{silly|funny} happens that only you would understand. {Distance is only a number.|Some friends do not need to be "
    "near to be close.} I {miss you|love you}, and I cannot wait to see you." + _SIGN,
    _DEAR + "{Roses are red, and violets are blue|The sky is wide, and the sea is, too},\n"
    "{no friend in the world is as lovely as you|there is no one on earth I would trade for you}.\n"
    "{You laugh when I laugh, and you stay when I cry|You know when I joke, and you know when I lie},\n"
    "{and you never once asked me the reason why|and you bring me some cake, and you never ask why}.\n"
    "{So here is my heart, in a letter for you|I am sending a hug, and a big kiss or two}." + _SIGN,
    _DEAR + "{When I am old, I want to sit on a bench with you|One day we will be old, and sit on a bench together} "
    "and feed the {ducks|birds}. We will {tell the same stories again and again|laugh about all our silly plans}, and "
    "nobody will believe {a word|half of them}. Until then, I promise to {listen to you|be on your side}, to tell you "
    "the truth about {your hair|your new hat}, and to love you just as you are." + _SIGN,
)

TOPIC = Topic("creative writing", INSTRUCTIONS, HELD_OUT, ANSWERS)
