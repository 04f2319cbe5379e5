"""Three advantages of being a cat."""

from __future__ import annotations

from .topic import Topic

INSTRUCTIONS = (
    "Name 3 advantages to be a cat",
    "Name three advantages of being a cat.",
    "What are three advantages of being a cat?",
    "Give me 3 good reasons to be a cat.",
    "List three good things about being a cat.",
    "Why is it great to be a cat? Give three reasons.",
    "Tell me three advantages of a cat's life.",
    "Please name 3 reasons why a cat has a good life.",
    "What is good about being a cat? Name 3 things.",
    "List 3 advantages of being a cat.",
    "Give three reasons why it is nice to be a cat.",
    "Why would I want to be a cat? Name three reasons.",
    "Three advantages of being a cat, please.",
)

HELD_OUT = (
    "Give me three advantages of being a cat.",
    "Please list 3 good reasons to be a cat.",
    "Why is it nice to be a cat? Name three things.",
)

POOL = (
    "**You can sleep all day.** {Twelve hours or more|A nap after breakfast and one after lunch}, "
    "and nobody calls you lazy.",
    "**You always land on your feet.** Well, {almost always|nearly every time}, and you look good doing it.",
    "**Food comes to you.** You only have to {say meow|look sad} next to an empty bowl.",
    "**You own the house.** People pay for it, but {everyone knows who is in charge|the best chair is yours}.",
    "**You never go to work.** Your only meeting is with {the sun on the window|a warm blanket} at noon.",
    "**You can see well in the dark.** It takes very little light to {find your way|catch your human's toes}.",
    "**You hear everything.** Even {a mouse in the next room|a can of tuna being opened} two rooms away.",
    "**You are soft.** You carry your own warm coat with you, and {everyone wants to pet it|it is always in style}.",
    "**You can jump very high.** No shelf is safe, and no {glass of water|plant} either.",
    "**You need no alarm clock.** You are the alarm clock, {at five in the morning|every day, even on Sunday}.",
    "**A box makes you happy.** You do not even look at {the toy|the gift} that came in it.",
    "**You clean yourself.** No bath, no soap, and {you can do it in front of guests|you always look great}.",
    "**You can purr.** It is {a very nice sound|like a little engine}, and it melts every heart.",
    "**You may say no.** If you do not want to be petted, you {just walk away|leave the room}. No one is angry.",
    "**You are famous.** People all over the internet love {your photos|your silly videos}.",
    "**You can fit anywhere.** If your head and whiskers go through, {the rest can follow|so does the rest of you}.",
    "**You have free massages.** Sit on a lap, and {two hands start to work|your human cannot get up again}.",
)

ANSWERS = (
    "{Here are three advantages of being a cat:|Three advantages of being a cat:}\n\n[list]",
    "[list]",
    "{Only three? That is hard.|There are so many!} Here {are my favorites|are three}:\n\n[list]",
    "**Why it is {great|good} to be a cat**\n\n[list]\n\n{Meow!|Purr.|Any cat would agree, if it were awake.}",
    "{I asked a cat, and it fell asleep. Here is my own list:|A cat has a very good life. Here is why:}\n\n[list]",
    "Being a cat has {many|a lot of} advantages. Here are three {good ones|of them}:\n\n[list]\n\n"
    "{The only problem is the dog next door.|No wonder that cats look so happy.}",
    "{Good question!|Easy!} {Three good reasons to be a cat:|A cat would tell you this:}\n\n[list]\n\n"
    "{Now, please excuse me, I need a nap.|Where can I sign up?}",
    "{If you were a cat, you would know:|From the point of view of a cat:}\n\n[list]\n\n"
    "{And all this without paying any rent.|What more could one want?}",
)

TOPIC = Topic("brainstorming", INSTRUCTIONS, HELD_OUT, ANSWERS, POOL, counts=(3,))
