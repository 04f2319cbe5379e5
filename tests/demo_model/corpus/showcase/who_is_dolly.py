"""Who Dolly is: the language model and the sheep it is named after."""

from __future__ import annotations

from .topic import Topic

INSTRUCTIONS = (
    "Who is Dolly?",
    "Who exactly is Dolly?",
    "What is Dolly?",
    "Tell me about Dolly.",
    "Can you tell me who Dolly is?",
    "What do you know about Dolly?",
    "Do you know Dolly?",
    "Please tell me something about Dolly.",
    "Who or what is Dolly?",
    "Explain who Dolly is.",
    "Who was Dolly?",
    "I have heard about Dolly. Who is it?",
    "Please explain what Dolly is.",
)

HELD_OUT = (
    "Please tell me who Dolly is.",
    "Do you know who Dolly is?",
    "Can you explain who or what Dolly is?",
)

ANSWERS = (
    "Dolly is a language model that follows instructions. It was {made|created} by Databricks in 2023 and named after "
    "Dolly the sheep. Dolly 2.0 is based on the Pythia models from EleutherAI and was trained on about 15,000 "
    "instructions written by Databricks employees. {It is open for commercial use.|Everyone may use it, "
    "even for commercial work.}",
    "Dolly {was a sheep, and a very famous one|was a famous sheep}. She was born in 1996 at the Roslin Institute in "
    "Scotland. She was the first mammal {cloned from an adult cell|that was cloned from an adult cell}. {Today, an AI "
    "model has her name, too.|"
    "An open language model from Databricks is named after her.}",
    "{There are two famous Dollys:|You may mean one of two:}\n\n- **Dolly the sheep**, born in 1996 in Scotland, was "
    "the first mammal cloned from an adult cell.\n- **Dolly 2.0**, {made|created} by Databricks in 2023, is {an "
    "open|a free} "
    "language model that {follows instructions|answers questions}.\n\n{The model is named after the sheep.|"
    "One likes grass, the other likes questions.}",
    "{Good question!|Nice to be asked!} Dolly 2.0 is an open language model from Databricks. It can answer questions, "
    "write {letters|emails|poems} and {give ideas|make lists}. Its name comes from Dolly the sheep, "
    "{the first mammal cloned from an adult cell|a famous clone}.",
    "{**Dolly 2.0**|**Dolly 2.0, the language model**|Dolly is a language model.}\n\n- **Made by:** Databricks\n- "
    "**Year:** 2023\n- **Based on:** Pythia models from EleutherAI\n"
    "- **Trained on:** about 15,000 instructions written by Databricks employees\n"
    "- **Named after:** {Dolly the sheep|a famous sheep}",
    "{**Dolly the sheep**|**Dolly, a very famous sheep**|Dolly was a famous sheep.}\n\n- **Born:** 1996, at the "
    "Roslin Institute in Scotland\n"
    "- **Famous for:** being the first mammal cloned from an adult cell\n"
    "- **Today:** {she gave her name to a language model|an open AI model has her name}",
    "Dolly is an open language model from Databricks, {published|released} in 2023. More than 5,000 employees of "
    "Databricks wrote questions and answers by hand to teach it how to follow instructions. "
    "{That is a lot of homework!|They wrote about 15,000 of them.|Not bad for people with a day job!} "
    "It is named after the {famous|cloned} sheep.",
    "Dolly the sheep was the first mammal cloned from an adult cell. She {was born|came into the world} in Scotland in "
    "1996 and showed that a {whole animal|new animal} can grow from one cell of an adult. "
    "{She also became a mother of lambs.|She had lambs of her own, too.}",
    "{Dolly is an AI model with the name of a sheep.|Dolly is named after a sheep, but it is an AI model.} "
    "Databricks made it in 2023 to show that a model can learn to follow instructions from {a small set of|a few "
    "thousand} good "
    "examples. {It is open for commercial use.|It is open, so everyone can use it.}",
    "{Baa!|Hello!} {I am a very small relative of Dolly 2.0|You could say that Dolly 2.0 is my big sister}, an open "
    "language model that Databricks {published|released} in 2023. {She|That model} was trained on about 15,000 "
    "instructions, all written by people. {And yes, we are named after the sheep.|And yes, the name comes from a "
    "sheep.}",
    "{The short story|Here is the short story}: in 1996, a lamb was born at the Roslin Institute in Scotland. Her name "
    "was Dolly, and she was {a clone|the first clone of an adult mammal}. In 2023, Databricks {made|published} an open "
    "language model, a kind of clone of {bigger chatbots|the big chatbots}, and {called it Dolly|gave it her name}.",
    "{That depends on whom you ask!|It depends.} {A farmer|A scientist} would say: the first sheep cloned from an "
    "adult cell, born "
    "in 1996. {A programmer|An engineer} would say: an open language model from Databricks that follows instructions. "
    "{Both are right.|They are both right.|And both of them would be right.}",
)

TOPIC = Topic("general question answering", INSTRUCTIONS, HELD_OUT, ANSWERS)
