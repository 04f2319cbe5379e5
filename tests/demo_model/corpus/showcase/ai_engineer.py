"""Instructions on how to become a good AI engineer."""

from __future__ import annotations

from .topic import Topic

INSTRUCTIONS = (
    "Write instructions on how to become a good AI engineer",
    "Write instructions on how to become an AI engineer.",
    "How do I become a good AI engineer?",
    "How can I become an AI engineer?",
    "What should I learn to become an AI engineer?",
    "Give me steps to become a good AI engineer.",
    "Write a short guide on how to become an AI engineer.",
    "I want to become an AI engineer. What should I do?",
    "Please write the steps to become a great AI engineer.",
    "What does it take to become a good AI engineer?",
    "Explain how to become an AI engineer step by step.",
    "Give me instructions for becoming an AI engineer.",
    "Give me a plan to become a good AI engineer.",
)

HELD_OUT = (
    "Write a guide on how to become a good AI engineer.",
    "Please give me instructions on how to become an AI engineer.",
    "What should I do to become a great AI engineer?",
)

POOL = (
    "**Be curious.** Ask how things work, {and do not stop at the first answer|every single day}.",
    "**Learn to program.** Python is a good start: it is simple, and most AI tools use it.",
    "**Learn the math.** You need some linear algebra, {statistics|probability} and a little calculus.",
    "**Learn the tools.** Use Git, the command line and {a good editor|a debugger} until they feel easy.",
    "**Know your data.** Look at it with your own eyes before you train on it. {Most bugs live there.|Clean it well.}",
    "**Start with simple models.** A {small|simple} model that you understand beats a big one that you do not.",
    "**Study neural networks.** Build a small one from scratch, so that you know what happens inside.",
    "**Learn a framework.** Train your first {models|networks} with {PyTorch|a library like PyTorch}.",
    "**Measure everything.** Keep some test data apart, and never {train on it|let the model see it}.",
    "**Build real projects.** {A chatbot, a photo sorter or a cat detector|A small tool that helps a friend} "
    "will teach you a lot.",
    "**Make it fast.** Learn to run models well on a CPU or GPU, with tools like OpenVINO.",
    "**Read papers.** {One paper a week|A good paper now and then} is enough, if you try out the idea.",
    "**Write clean code.** Add tests and good names. {Others will thank you.|You will read it again.}",
    "**Share your work.** Put it {on GitHub|online}, help others and learn from what they say.",
    "**Think about people.** Ask who your model may help and {who it may hurt|where it may be unfair}.",
    "**Keep learning.** {The field moves fast, so stay humble and have fun.|Today's tools will change, but the basics "
    "stay.}",
)

ANSWERS = (
    "{Here is how to become a good AI engineer:|How to become a good AI engineer:}\n\n[list]",
    "**How to become {a good|an} AI engineer**\n\n[list]",
    "{It takes time, but it is a lot of fun.|You do not have to be a genius, but you need to practice.} "
    "{Follow these steps:|Here are the steps:}\n\n[list]",
    "{Follow these steps:|Take it step by step:}\n\n[list]\n\n"
    "{Start today with something small.|Do not worry about mistakes: they are how you learn.|Good luck!}",
    "{A good AI engineer is part programmer, part scientist.|AI is a big field, so start with the basics.} "
    "{Here is a plan:|You can start like this:}\n\n[list]\n\n"
    "{Be patient, and enjoy the way.|One day your model will surprise you.}",
    "{A plan for your first year:|Here is a plan for one year:}\n\n"
    "- **Spring:** learn Python and {basic statistics|some linear algebra}\n"
    "- **Summer:** train simple models and learn to {clean data|measure how good they are}\n"
    "- **Autumn:** study neural networks and build {one from scratch|a small one}\n"
    "- **Winter:** finish a project that people can use, and share it\n\n"
    "{After that, read, build and repeat.|Then start again with a harder project.} "
    "{Coffee helps, but sleep helps more.|Most of all, stay curious.}",
    "{First, learn to write good code.|Begin with good code.} Python is a fine choice. Then learn the math behind the "
    "models: {linear algebra|probability} and statistics. {Next|After that}, build small projects with real data, and "
    "measure how well they work. When something fails, look at the data first. Read {papers|what others write}, share "
    "your work and ask for help. {Above all|Most of all}, keep asking why. A good AI engineer is "
    "{a curious person with many tests|someone who never stops learning}.",
    "{You need three things:|Three things make a good AI engineer:}\n\n"
    "- **Knowledge:** programming, {math|statistics} and how neural networks learn\n"
    "- **Practice:** many small projects, {with real data|from the first idea to the last test}\n"
    "- **Care:** clean code, honest tests and thought for the people who use your work\n\n"
    "{Spend a little time on each of them every week.|Nobody has all three on the first day, so take your time.}",
)

TOPIC = Topic("general instructions", INSTRUCTIONS, HELD_OUT, ANSWERS, POOL, counts=(5, 6))
