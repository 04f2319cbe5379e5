"""Tweets about a new OpenVINO release."""

from __future__ import annotations

from .topic import Topic

INSTRUCTIONS = (
    "Write me a tweet about new OpenVINO release",
    "Write me a tweet about the new OpenVINO release.",
    "Write a tweet about a new release of OpenVINO.",
    "Please write a short tweet about the new OpenVINO version.",
    "Can you write a tweet for the new OpenVINO release?",
    "I need a tweet about the latest OpenVINO release.",
    "Write a tweet that says a new OpenVINO is out.",
    "Give me a tweet about the OpenVINO release.",
    "Write a funny tweet about the new OpenVINO release.",
    "Write a post about the latest release of OpenVINO.",
    "Tweet about the new version of OpenVINO.",
    "Please give me a short post about the new OpenVINO.",
    "A new OpenVINO release is out. Write a tweet about it.",
)

HELD_OUT = (
    "Please write me a tweet about the latest OpenVINO version.",
    "Give me a funny tweet about a new OpenVINO release.",
    "Can you write a short post about the new OpenVINO release?",
)

_TAGS = "{#OpenVINO #AI|#OpenVINO #OpenSource|#OpenVINO|#OpenVINO #DeepLearning|#AI #OpenVINO #Intel}"

ANSWERS = (
    "{Big news|Great news|Good news}! A new OpenVINO release is {here|out}. {Optimize|Convert} your models and run "
    "them on CPU, GPU or NPU. {Try it today!|Tell us what you build!|Happy coding!} " + _TAGS,
    "{The new OpenVINO is out|The new OpenVINO has landed}! {Open source|Free and open source}, {easy to install|"
    "easy to use}, and ready to run your AI models on the hardware you {already have|have at home}. " + _TAGS,
    "{My weekend plans: a picnic and a walk.|My weekend plans were simple.} Then the new OpenVINO release came out. "
    "{New plan|Plan B}: run {every model I know|a chatbot} on my laptop. " + _TAGS,
    "{Your laptop called.|Your CPU just called.} It wants the new OpenVINO release, {and it wants to run a chatbot|"
    "and some models to play with}. {Do not make it wait!|Be nice to it!} " + _TAGS,
    "Three reasons to {try|love} the new OpenVINO:\n- It is open source\n- It runs on CPU, GPU and NPU\n"
    "- {It makes your models run well|It helps you make your models smaller}\n\n" + _TAGS,
    "{Did you hear?|Have you seen it?} A new {version|release} of OpenVINO is {out|here}! "
    "{Write once, run on CPU, GPU or NPU.|One toolkit for CPU, GPU and NPU.} "
    "{Which model will you run first?|What will you build with it?} " + _TAGS,
    "{Thank you to everyone who helped|A big thank you to all who helped} with the new OpenVINO release! "
    "{Open source is a team sport.|Open source is at its best when we build together.} "
    "{Now go and try it!|We cannot wait to see what you make.} " + _TAGS,
    "{Roses are red, violets are blue, {a|the} new OpenVINO is waiting for you|"
    "Models are big, laptops are small, {a|the} new OpenVINO can run them all}! " + _TAGS,
    "{Me:|Me at midnight:} just one more model, then I go to bed.\nThe new OpenVINO release: {hello there|hi}.\n"
    "Me: {sleep can wait|who needs sleep}! " + _TAGS,
    "{No cloud? No problem!|Who needs the cloud?} With the new OpenVINO release, you can run AI models "
    "{on your own computer|on your own laptop}. {Your data stays with you.|Your data stays at home.} " + _TAGS,
    "{Release day!|It is release day!} The new OpenVINO is {here|out} to {help you optimize and run|help you run} "
    "AI models on Intel hardware. {Download it, try it, love it.|Install it and have fun!} " + _TAGS,
    "{Keep calm|Stop everything} and update OpenVINO! The new release is {out|here}, and {your models|your favorite "
    "models} are {ready to run|waiting}. {Coffee is not included.|Please bring your own coffee.} " + _TAGS,
)

TOPIC = Topic("creative writing", INSTRUCTIONS, HELD_OUT, ANSWERS)
