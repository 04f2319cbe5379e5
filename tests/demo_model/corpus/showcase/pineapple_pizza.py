"""Recipes for pizza with pineapple."""

from __future__ import annotations

from .topic import Topic

INSTRUCTIONS = (
    "Give me recipe for pizza with pineapple",
    "Give me a recipe for pizza with pineapple.",
    "How do I make pizza with pineapple?",
    "Write a recipe for pineapple pizza.",
    "I want to make a pizza with pineapple. How do I do it?",
    "How do you make a Hawaiian pizza?",
    "Can you give me a recipe for pineapple pizza?",
    "Please write me a simple recipe for pizza with pineapple.",
    "What do I need for a pineapple pizza?",
    "Tell me how to make a pizza with pineapple.",
    "I need an easy recipe for Hawaiian pizza.",
    "Please give me a recipe for a Hawaiian pizza.",
    "How can I make a good pineapple pizza at home?",
)

HELD_OUT = (
    "Please tell me how to make pineapple pizza.",
    "Give me an easy recipe for pizza with pineapple.",
    "Can you write a recipe for a Hawaiian pizza?",
)

ANSWERS = (
    "**Pizza with pineapple**\n\nYou need:\n- 1 ball of pizza dough\n- {half a cup|4 spoons} of tomato sauce\n"
    "- 1 cup of {grated cheese|mozzarella}\n- 1 cup of pineapple pieces\n- {some ham|a few slices of ham}\n\n"
    "Steps:\n1. Heat the oven to 450 F (230 C).\n2. Roll out the dough and spread the sauce on it.\n"
    "3. Add the cheese, the ham and the pineapple.\n4. Bake for {12 to 15|about 12} minutes, until the crust is "
    "golden.\n\n{Enjoy!|Enjoy your meal!|Eat it hot!}",
    "{Here is a simple recipe:|Here is an easy recipe for pineapple pizza:}\n\n"
    "1. Heat the oven to 450 F (230 C).\n2. Roll out the pizza dough {until it is thin|on a little flour}.\n"
    "3. Spread tomato sauce on it, but not too much.\n4. Cover it with {cheese|mozzarella} and small pieces of "
    "pineapple.\n5. Add {ham|bacon|mushrooms} if you like.\n6. Bake it for about 12 minutes, until the cheese "
    "{bubbles|is golden}.\n\n{Enjoy!|Do not tell your Italian friends.}",
    "**Pineapple pizza from scratch**\n\n1. Mix 2 cups of flour, 1 spoon of {dry yeast|yeast}, a little salt and "
    "3/4 cup of warm water.\n2. Knead the dough for {8|10} minutes and let it rest for one hour.\n"
    "3. Roll it out and cover it with tomato sauce, cheese and pineapple.\n"
    "4. Bake it at 450 F (230 C) for {12 to 15|about 15} minutes.\n\n"
    "{The house will smell wonderful.|Good things take time, and this one is worth it.}",
    "{Some people say that pineapple does not belong on pizza. They are wrong.|Pineapple on pizza? Of course!} "
    "Here is the recipe:\n\n- Take a ball of pizza dough and roll it out.\n- Spread tomato sauce and {a lot of|some} "
    "cheese on it.\n- Dry the pineapple pieces with {paper|a clean towel}, so that the crust stays crisp.\n"
    "- Add the pineapple and some ham.\n- Bake at 450 F (230 C) for about 12 minutes.\n\n"
    "{Serve it with a proud smile.|Share it with someone brave.}",
    "**{Quick|Lazy} pineapple pizza**\n\n{No time for dough? No problem.|This one takes about 15 minutes.}\n\n"
    "1. Take {a flat bread|a big tortilla} as the crust.\n2. Spread a few spoons of tomato sauce on it.\n"
    "3. Add cheese and small pieces of pineapple from a can.\n4. Bake it at 400 F (200 C) for {8|8 to 10} minutes."
    "\n\n{It is ready when the cheese melts.|Fast, sweet and very good.}",
    "**Spicy pineapple pizza**\n\nYou need:\n- 1 ball of pizza dough\n- Tomato sauce and {cheese|mozzarella}\n"
    "- 1 cup of pineapple pieces\n- 1 {red onion|small onion}, in thin slices\n- 1 hot pepper\n\n"
    "Roll out the dough and spread the sauce on it. Add the cheese, the pineapple, the onion and a few slices of the "
    "pepper. Bake at 450 F (230 C) for about 12 minutes. {Sweet and hot is a great pair.|Keep a glass of water near!}",
    "{Of course!|With pleasure!} First, heat the oven to 450 F (230 C). Roll out your pizza dough and put it on a "
    "{hot stone|baking sheet}. Spread a thin layer of tomato sauce, then add the cheese. Now comes the best part: "
    "the pineapple. Use {small pieces|one cup of small pieces}, and dry them a little first. Add "
    "{ham|bacon|olives} if you like. Bake for 12 to 15 minutes, until the crust is golden. "
    "{Let it cool for two minutes before you cut it.|Cut it and share it with your friends.}",
    "**{Green|Vegetarian} pineapple pizza**\n\n1. Roll out a ball of pizza dough.\n2. Spread tomato sauce on it and "
    "add {cheese|mozzarella}.\n3. Add pineapple pieces, {green pepper|sweet corn} and {olives|mushrooms}.\n"
    "4. Bake at 450 F (230 C) for about 12 minutes.\n5. Put some fresh {basil|herbs} on top.\n\n"
    "{No ham needed!|Fresh, sweet and simple.|Enjoy!}",
    "{Here is a pizza for the whole family.|This makes one big pizza for the family.}\n\n"
    "- **Crust:** pizza dough, rolled out on a baking sheet\n- **Sauce:** tomato sauce with a little "
    "{garlic|salt and oil}\n- **Toppings:** cheese, ham and a can of pineapple pieces\n"
    "- **Oven:** 450 F (230 C) for 15 minutes\n\nLet everyone put the toppings on {their own part|one slice}. "
    "{People who do not like pineapple can leave it out.|Then there is nothing to argue about.}",
    "**Hawaiian pizza**\n\n{This pizza does not come from Hawaii. It was invented in Canada!|"
    "Fun fact: this pizza was first made in Canada.}\n\n1. Roll out the pizza dough.\n"
    "2. Spread tomato sauce and cheese on it.\n3. Add ham and {pineapple|small pieces of pineapple}.\n"
    "4. Bake at 450 F (230 C) for {12 to 15|about 12} minutes.\n\n{Enjoy a slice of sun.|Enjoy!}",
)

TOPIC = Topic("general instructions", INSTRUCTIONS, HELD_OUT, ANSWERS)
