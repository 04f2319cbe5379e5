"""Lists of ideas: so many of a kind as were asked for, numbered or with dashes, no idea twice."""

from __future__ import annotations

import random

from .grammar import Example, Split, expand
from .phrasing import Frames, capital, fill, frame, in_order, instruct

_WORDS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}
_TOPICS = (
    (
        "names for a {cat|kitten}",
        "Luna, Misty, Tiger, Shadow, Pepper, Whiskers, Ginger, Milo, Smokey, Snowball, Coco, Felix",
    ),
    ("names for a {dog|puppy}", "Rex, Buddy, Bella, Rusty, Max, Daisy, Rocky, Biscuit, Charlie, Honey, Bruno, Scout"),
    (
        "{gifts|gift ideas|presents} for a friend",
        "a good book, a box of chocolates, a warm scarf, a nice mug, a plant "
        "in a pot, "
        "a photo album, a board game, a scented candle, a home-made cake, a notebook, a ticket to a concert, a puzzle",
    ),
    (
        "uses for an old box",
        "store your toys in it, make a bed for the cat, build a toy house, keep old letters in it, "
        "use it as a drum, grow herbs in it, make a puppet theatre, pack a present in it, cut it up for a card, carry "
        "books in it",
    ),
    (
        "ways to relax",
        "take a warm bath, go for a slow walk, listen to soft music, read a good book, drink a cup of "
        "tea, "
        "breathe slowly and deeply, sit in the garden, stretch your arms and legs, call a friend, "
        "paint a picture, watch "
        "the clouds",
    ),
    (
        "{things to do|activities} for a rainy day",
        "bake some biscuits, read a story, play a board game, build a fort "
        "from blankets, "
        "watch a film, draw a picture, write a letter, do a puzzle, tidy your room, jump in the "
        "puddles, sing some songs",
    ),
    (
        "{healthy breakfasts|ideas for a healthy breakfast}",
        "porridge with berries, yoghurt with nuts, a boiled egg on "
        "toast, "
        "fruit salad, toast with avocado, a banana smoothie, muesli with milk, an omelette with "
        "spinach, rye bread with "
        "cheese, "
        "oat pancakes with apple",
    ),
    (
        "things to pack for a trip",
        "a toothbrush, a warm jacket, a phone charger, clean socks, a water bottle, a good "
        "book, "
        "your passport, a map, sun cream, a small towel, an umbrella, some snacks",
    ),
    (
        "{themes for a birthday party|birthday party themes}",
        "pirates, outer space, the jungle, fairy tales, "
        "superheroes, under the sea, "
        "dinosaurs, the circus, the farm, wizards, a garden tea party, the colours of the rainbow",
    ),
    (
        "ways to save energy",
        "switch off the lights, wash clothes in cold water, close the windows in winter, take "
        "shorter showers, "
        "use a bicycle, unplug the charger, dry clothes in the sun, put a lid on the pot, use LED lamps, turn down the "
        "heating",
    ),
    (
        "questions for {an|a job} interview",
        "What do you like about your work?, What are you good at?, Why do you want "
        "this job?, "
        "How do you work in a team?, What would you like to learn?, When can you start?, What was your last job like?, "
        "What are you proud of?, How do you plan your day?, What do you do when you are stuck?",
    ),
    ("colours", "red, blue, green, yellow, orange, purple, pink, brown, black, white, grey"),
    ("fruits", "apple, pear, banana, cherry, grape, peach, plum, mango, lemon, melon, strawberry, orange"),
    ("vegetables", "carrot, potato, onion, cabbage, broccoli, spinach, leek, lettuce, radish, celery"),
    ("animals {that live on|you can see on} a farm", "cow, pig, sheep, horse, goat, hen, duck, goose, donkey, turkey"),
    (
        "{wild animals|animals that live in the wild}",
        "lion, tiger, elephant, zebra, giraffe, wolf, bear, fox, monkey, deer",
    ),
    ("animals that live in the sea", "whale, shark, dolphin, octopus, crab, seal, jellyfish, lobster, starfish, squid"),
    (
        "countries in Europe",
        "France, Germany, Spain, Italy, Portugal, Poland, Norway, Sweden, Greece, Austria, Ireland",
    ),
    (
        "hobbies {|to try|for the evening}",
        "painting, gardening, cooking, knitting, reading, chess, photography, singing, yoga, baking, drawing",
    ),
    ("sports", "football, tennis, swimming, rugby, basketball, hockey, golf, volleyball, rowing, running"),
    ("musical instruments", "piano, violin, guitar, flute, drum, trumpet, cello, harp, clarinet, banjo"),
    ("jobs", "teacher, doctor, baker, farmer, nurse, pilot, cook, painter, gardener, plumber, writer"),
    (
        "ways to make new friends",
        "join a club, smile and say hello, take a class, help a neighbour, play a team "
        "sport, invite someone for tea, "
        "ask people about their hobbies, walk a dog in the park, be a good listener, go to a local event",
    ),
    (
        "ways to save money",
        "cook at home, write down what you spend, make a shopping list, borrow books from the "
        "library, walk instead of driving, "
        "buy things second-hand, mend old clothes, take lunch to work, wait a day before you buy, grow your own herbs",
    ),
    (
        "{snacks|healthy snacks}",
        "carrot sticks, a handful of nuts, apple slices, yoghurt, rice cakes, a banana, a "
        "boiled egg, grapes, cheese cubes, dried fruit",
    ),
    (
        "{pizza toppings|toppings for a pizza}",
        "mushrooms, olives, onions, peppers, tomatoes, ham, spinach, sweetcorn, pineapple, extra cheese",
    ),
    (
        "things {you find|that are} in a kitchen",
        "spoon, pot, fork, plate, oven, kettle, cup, knife, bowl, toaster, fridge",
    ),
    ("things {you find|that are} in a school", "desk, pencil, book, ruler, map, chair, board, clock, paper, bag"),
    (
        "ways to {stay|keep} healthy",
        "eat fresh fruit, sleep eight hours, drink enough water, walk every day, wash "
        "your hands, laugh with friends, "
        "eat less sugar, ride a bicycle, stretch in the morning, spend time outside",
    ),
    (
        "{topics|ideas} for a short story",
        "a lost key, a dragon who is afraid of fire, a letter from the past, a door "
        "in a tree, a robot who learns to cook, "
        "a boat without a captain, the last shop on the street, a cat who can talk, a rainy day on the moon, a secret "
        "garden",
    ),
    (
        "names for a {café|coffee shop}",
        "The Warm Cup, Bean and Leaf, Morning Light, The Quiet Corner, Sugar and "
        "Spice, The Little Spoon, Blue Door, "
        "The Happy Bean, Crumbs, The Old Mill",
    ),
    (
        "{weekend plans|plans for the weekend}",
        "visit a museum, have a picnic, go for a bike ride, cook a new dish, "
        "meet old friends, plant some flowers, "
        "watch a film, go swimming, sleep late, walk in the forest",
    ),
    (
        "ways to help the planet",
        "plant a tree, use less plastic, ride a bicycle, recycle paper and glass, pick up "
        "litter, save water, buy local food, "
        "repair broken things, share a car, eat less meat",
    ),
    (
        "subjects for a picture book",
        "a brave mouse, the busy bee, a house by the sea, a bear who cannot sleep, the "
        "slow train, "
        "a garden in winter, the boy and the kite, a very small king, the kind giant, a day at the farm",
    ),
)
_FRAMES = Frames(
    """Give me <n> <what>.
    Name <n> <what>.
    List <n> <what>.
    Tell me <n> <what>.
    I need <n> <what>.
    Can you think of <n> <what>?
    Can you give me <n> <what>?
    What are <n> <what>?
    Write down <n> <what>.
    Suggest <n> <what>.
    Make a list of <n> <what>.
    Give me a list of <n> <what>.
    Please name <n> <what>.
    Give me <n> <what> as bullet points.
    List <n> <what> with bullets.
    Write <n> <what> in a bulleted list.""",
    """Please give me <n> <what>.
    Can you name <n> <what>?
    Make me a list of <n> <what>.
    Please list <n> <what> as bullet points.""",
)


def draw(rng: random.Random, split: Split = Split.TRAIN) -> Example:
    """Draw one request for ideas; outside training in a wording that training never shows."""
    what, pool = rng.choice(_TOPICS)
    number = rng.randint(2, 6)
    topic = expand(what, rng).strip()
    wording = Frames(*(frame(_FRAMES, rng, split),) * 2)
    text = instruct(wording, rng, split, n=rng.choice((str(number), _WORDS[number])), what=topic)
    ideas = [capital(idea) for idea in in_order(pool.split(", "), number, rng)]
    marks = ["-"] * number if "bullet" in wording.train else [f"{place}." for place in range(1, number + 1)]
    lines = [f"{mark} {idea}" for mark, idea in zip(marks, ideas, strict=True)]
    if "Can you" in wording.train or "I need" in wording.train:
        lines.insert(0, fill("{Here are|Sure, here are} <n> <what>:", rng, n=_WORDS[number], what=topic))
    return Example("brainstorming", text, "\n".join(lines))
