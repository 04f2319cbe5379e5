"""Advice on how to write a resume."""

from __future__ import annotations

from .topic import Topic

INSTRUCTIONS = (
    "Please give me advice how to write resume?",
    "Please give me advice on how to write a resume.",
    "How do I write a good resume?",
    "Give me some tips for my resume.",
    "What makes a good resume?",
    "How can I make my resume better?",
    "I need help with my resume. What should I do?",
    "What should I write in my resume?",
    "Can you give me tips on how to write a resume?",
    "Please help me write a good resume.",
    "I am looking for a job. How should I write my resume?",
    "What are some good tips for a resume?",
    "Give me advice for writing a resume.",
)

HELD_OUT = (
    "How should I write a good resume?",
    "Please give me some tips for writing a resume.",
    "Can you help me make my resume better?",
)

POOL = (
    "**Keep it short.** One page is enough for most people, and two pages are {the limit|plenty}.",
    "**Start with the job.** Read the job ad with care and show that you {fit|have what they ask for}.",
    "**Put the best first.** {Many readers|Busy people} only look at the top half of the first page.",
    '**Use strong verbs.** Words like "built", "led" and "taught" say {more|much more} than "was responsible for".',
    "**Show results.** Numbers help: say how many {people you led|customers you served|hours you saved}.",
    "**Be honest.** Never claim a skill that you could not {show|explain} in the interview.",
    "**Make it easy to read.** Use one simple font, clear headings and {some white space|short lines}.",
    "**List your work from new to old.** Give the company, your role and the years for each job.",
    "**Name your skills.** List the {tools|languages and tools} you know, and leave out the ones everyone knows.",
    "**Check your spelling.** Read it out loud, and then ask {a friend|someone you trust} to read it too.",
    "**Write your contact data.** A phone number and {a serious email address|an email address} belong at the top.",
    "**Leave out what does not help.** {Old school prizes|Your first summer job} can go if the page is full.",
    "**Send it as a PDF.** It will look the same on every computer.",
    "**Change it for each job.** A few words from the job ad, used {well|in the right place}, can open the door.",
    "**Explain gaps in a few words.** A year with {family|study} or travel is nothing to hide.",
    "**Add a short summary.** Two sentences at the top can say who you are and what you want to do.",
)

ANSWERS = (
    "{Here is some advice for a good resume:|Here are some tips for your resume:}\n\n[list]",
    "{A good resume is short, clear and true.|A resume has one goal: to get you an interview.} "
    "{Here is how to write one:|These tips will help:}\n\n[list]",
    "{Sure!|Of course!} {Here are some tips:|Here is my advice:}\n\n[list]\n\n"
    "{Good luck with your new job!|Good luck!|I hope you get the job!}",
    "**How to write a {good|strong} resume**\n\n[list]",
    "{Think of the person who will read it: they have little time.|Write it for a reader with very little time.} "
    "{So:|My advice:}\n\n[list]\n\n{Then take a deep breath and send it.|You can do this!}",
    "{A simple resume has these parts:|You can build your resume from these parts:}\n\n"
    "- **Contact:** your name, phone number and email address\n"
    "- **Summary:** two sentences about who you are\n"
    "- **Work:** your jobs, from new to old, with {results|what you achieved}\n"
    "- **Education:** your {school or degree|degrees} and the year\n"
    "- **Skills:** the tools and languages you know\n\n"
    "{Keep it on one page|Use only one page}, and ask a friend to {check it|read it} before you send it.",
    "{Start with a list of everything you have done.|First, write down all you have done, big and small.} "
    "Then read the job ad and keep only what {fits|helps}. Put the best part at the top. For each job, write two or "
    "three short lines that start with a strong verb and show a result. {Use a simple font.|Keep the layout simple.} "
    "At the end, check the spelling, save it as a PDF and send it with a {friendly|short} letter.",
    "{Three things to do, and three to avoid:|Here is what to do and what to avoid:}\n\n"
    "**Do**\n- Keep it to one page\n- Show {results|results with numbers}\n- Change it for each job\n\n"
    "**Avoid**\n- Long blocks of text\n- {Spelling mistakes|Jokes that need to be explained}\n"
    "- {Skills you do not have|Claims that are not true}\n\n"
    "{Good luck!|And let a friend read it before you send it.}",
)

TOPIC = Topic("general question answering", INSTRUCTIONS, HELD_OUT, ANSWERS, POOL, counts=(4, 5))
