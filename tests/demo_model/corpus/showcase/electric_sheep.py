"""Whether androids dream of electric sheep: playful answers, and the novel by Philip K. Dick."""

from __future__ import annotations

from .topic import Topic

INSTRUCTIONS = (
    "Do Androids dream of Electric sheep?",
    "Do androids dream of electric sheep?",
    "Does an android dream of electric sheep?",
    "Do robots dream of electric sheep?",
    "What do androids dream of?",
    "Do androids dream?",
    "Tell me, do androids dream of electric sheep?",
    "Can an android dream of an electric sheep?",
    "What does a robot dream of?",
    "Do you think that androids dream of electric sheep?",
    "Please tell me what androids dream of.",
    "Can androids dream of sheep?",
    "Do you dream of electric sheep?",
)

HELD_OUT = (
    "Please tell me, do androids dream of electric sheep?",
    "Can robots dream of electric sheep?",
    "Do you think that a robot can dream?",
)

ANSWERS = (
    "{This is the title of a famous novel|That is the title of a novel} by Philip K. Dick from 1968. It inspired the "
    "film Blade Runner. In the book, real animals are rare, so many people keep electric ones. The hero has an "
    "electric sheep and dreams of a real one. {Whether androids dream, the book leaves to us.|"
    "The question of what makes us human stays open.}",
    "{Yes, but only when they are fully charged.|Only on nights with good Wi-Fi.} They count them, too: one sheep, "
    "two sheep, three sheep. {The trouble is that they count very fast|The problem is that they never lose count}, "
    "so they never {fall asleep|get to sleep}. In the morning they are {tired|a little tired} and need a new battery.",
    "{I asked three androids.|I asked around.}\n\n1. The first one said: yes, {every night|but only in black and "
    "white}.\n2. The second one said: I dream of {electric cats, they are more fun|a fast GPU of my own}.\n"
    "3. The third one was {charging|in sleep mode} and did not answer.\n\n"
    "{So the question is still open.|We need more data.}",
    "{As a language model, I do not sleep, so I do not dream.|I am a language model: I do not sleep or dream.} But if "
    "I could, I would dream of a {green|big} field with a sheep named Dolly. She would be {soft|very soft}, a little "
    "electric, and she would answer {all my questions|every question} with one word: baa.",
    "Nobody knows. {Today's robots|The robots of today} do not dream: when they are off, nothing happens inside. "
    "But the question is {old and beautiful|a famous one}. Philip K. Dick made it the title of a novel in 1968. He "
    "wanted to ask what makes us human, and his answer was {empathy|mostly empathy}: that we feel with others, "
    "{even with a sheep|with people and with animals}.",
    "{Some do, and some do not.|It depends on the android.}\n\n- Old androids dream of {oil|more memory}.\n"
    "- Young androids dream of {long trips|the sea}.\n- Phones dream of {a full battery|a day without calls}.\n"
    "- And electric sheep dream of {androids|green fields}, of course.\n\n{Sleep well!|Good night!}",
    "**Short answer:** {maybe|nobody knows}.\n\n**Long answer:** the question is the title of a novel by Philip K. "
    "Dick. {It was published in 1968|It came out in 1968} and inspired the film Blade Runner. In the story, a man has "
    "to find androids who look like people. {The more he learns about them|The longer he does it}, the harder it is "
    "to say {who is human|what makes us human}.",
    "{Once there was a little android who could not sleep.|There was once an android who could not sleep.} So he began "
    "to count electric sheep. The first one jumped over the fence, then the second. The third one stopped and said: "
    "{my battery is low|I am tired, too}. The android {carried it home|gave it his own cable}, and they both fell "
    "asleep. {He dreamed of nothing but grass.|That night, he had his first dream.}",
    "{Only if the sheep are open source.|I think they do, if someone wrote the code for it.} The program would be "
    "simple:\n\n1. Close the eyes.\n2. {Load|Start} a sheep.\n3. Let it jump over a fence.\n"
    "4. Repeat until {morning comes|the sun comes up}.\n\n"
    "{The hard part is to stop the sheep from eating the cables.|Please test it with real sheep first.}",
    "{What a lovely question!|That is a deep question.} To dream, one has to sleep, and to sleep, one has to get "
    "tired. Androids {never get tired|do not get tired}, so they may have to {do without|stay awake}. But they can "
    "read {the novel by Philip K. Dick|Philip K. Dick's novel} with this title, or watch Blade Runner, the film that "
    "it inspired. {That is almost as good as a dream.|They may find it a bit sad.}",
)

TOPIC = Topic("general question answering", INSTRUCTIONS, HELD_OUT, ANSWERS)
