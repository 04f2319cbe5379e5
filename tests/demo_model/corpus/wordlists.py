"""The plain word lists that values are drawn from. Nothing else: who may use which word is decided in ``names``."""

from __future__ import annotations


def _list(text: str) -> list[str]:
    return [item.strip() for item in " ".join(text.split()).split(",") if item.strip()]


FIRST_NAMES = _list("""
Adam, Agnes, Aisha, Alan, Alba, Albert, Alice, Amara, Amir, Amy, Anders, Andrea, Anita, Anna, Anton, Arthur, Astrid,
Ava, Beatrix, Ben, Bianca, Boris, Bruno, Camila, Carla, Carlos, Carmen, Cecilia, Chen, Chloe, Claire, Clara, Conrad,
Cora, Cyrus, Daniel, Daria, David, Diego, Dina, Dora, Edith, Edgar, Elena, Elias, Elif, Ella, Emil, Emma, Enzo, Erik,
Esther, Eva, Fatima, Felix, Fiona, Flora, Frank, Freya, Gabriel, Gemma, George, Grace, Greta, Gustav, Hana, Hannah,
Harry, Hassan, Hector, Heidi, Helen, Henry, Hugo, Ida, Igor, Ines, Ingrid, Irene, Iris, Isaac, Ivan, Jack, Jana, Jasmin,
Jonas, Jorge, Judith, Julia, Kai, Karim, Karin, Kemal, Kira, Klaus, Lars, Laura, Layla, Lea, Leo, Lena, Liam, Linda,
Lucas, Lucy, Luis, Magda, Malik, Marco, Maria, Marla, Marta, Martin, Maya, Mei, Milan, Mira, Mohan, Mona, Nadia,
Naomi, Nico, Nina, Noah, Nora, Olga, Oliver, Omar, Oscar, Otto, Paul, Paula, Pedro, Petra, Priya, Rachel, Rafael,
Ravi, Rita, Robin, Rosa, Ruben, Ruth, Samir, Sara, Selma, Simon, Sofia, Stefan, Susan, Tariq, Tessa, Theo, Thomas,
Tina, Tom, Uma, Vera, Victor, Viola, Walter, Wanda, Yara, Yusuf, Zara, Zoe
""")
SURNAMES = _list("""
Abbott, Ahmed, Allen, Arnold, Barnes, Bauer, Bell, Bennett, Bianchi, Blake, Brandt, Brooks, Castro, Chavez, Clark,
Cohen, Cole, Cruz, Dahl, Diaz, Dixon, Dubois, Duran, Ellis, Evans, Farah, Fischer, Flores, Foster, Fuchs, Garcia,
Gibson, Gomez, Grant, Haas, Hansen, Harris, Hayes, Holm, Hughes, Ito, Jansen, Jensen, Jones, Kaya, Keller, Khan, Kim,
Klein, Kumar, Lang, Larsen, Lee, Lopez, Malone, Marino, Mendez, Meyer, Mills, Moreau, Morris, Nash, Nguyen, Novak,
Olsen, Ortiz, Owens, Park, Patel, Perry, Petrov, Quinn, Ramos, Reed, Reyes, Rossi, Santos, Sato, Schmidt, Shah, Silva,
Singh, Soto, Stein, Suzuki, Tanaka, Torres, Vargas, Vogel, Walsh, Weber, Wong, Yilmaz, Young, Zimmer
""")
TOWNS = _list("""
Aarhus, Amiens, Athens, Basel, Bath, Bergen, Berlin, Bilbao, Bologna, Boston, Bristol, Bruges, Cairo, Cardiff, Cork,
Delhi, Denver, Dresden, Dublin, Exeter, Florence, Geneva, Genoa, Ghent, Glasgow, Graz, Hamburg, Helsinki, Hobart,
Istanbul, Jena, Kyoto, Lagos, Leeds, Leipzig, Lima, Linz, Lisbon, London, Lyon, Madrid, Malaga, Manila, Milan, Mumbai,
Munich, Nairobi, Nantes, Naples, Oslo, Oxford, Padua, Paris, Perth, Porto, Prague, Quito, Riga, Rome, Salem, Seattle,
Sofia, Tallinn, Tokyo, Toronto, Turin, Utrecht, Valencia, Venice, Vienna, Warsaw, York, Zagreb, Zurich
""")
PET_NAMES = _list("""
Bella, Biscuit, Button, Caramel, Charlie, Coco, Cookie, Daisy, Domino, Fluffy, Ginger, Honey, Lucky, Maple, Max, Milo,
Misty, Mochi, Muffin, Nugget, Pebble, Pepper, Pickle, Pumpkin, Rocky, Rusty, Shadow, Smokey, Socks, Sparky, Teddy,
Tiger, Toffee, Waffles, Whiskers, Ziggy
""")
JOBS = _list("""
baker, nurse, teacher, painter, plumber, carpenter, gardener, cook, pilot, farmer, dentist, doctor, driver, tailor,
writer, singer, dancer, actor, lawyer, judge, librarian, engineer, architect, electrician, mechanic, waiter, butcher,
florist, photographer, journalist, translator, sailor, firefighter, police officer, postal worker, shop assistant,
chemist, biologist, accountant, programmer, musician, potter, jeweller, barber, optician, vet, coach, tour guide,
beekeeper, welder, roofer, clockmaker, shoemaker, museum guard, train driver, bank clerk, stage designer, historian
""")
HOBBIES = _list("""
playing chess, painting birds, baking bread, riding horses, singing in a choir, collecting stamps, growing roses,
climbing rocks, reading novels, playing the piano, playing the drums, swimming in lakes, running marathons, fishing,
knitting socks, sewing dresses, building model ships, watching stars, taking photos, learning languages, cycling,
hiking, dancing tango, playing tennis, playing football, cooking curries, writing poems, carving wood, juggling,
skating, surfing, sailing, solving puzzles, keeping bees, making candles, flying kites, drawing maps, making pottery,
playing the violin, playing cards, collecting coins, watching old films, repairing radios, folding paper, gardening
""")
ANIMALS = _list("""
cat, dog, rabbit, parrot, hamster, tortoise, goldfish, pony, canary, guinea pig, lizard, ferret, goat, duck, donkey,
mouse, snake, owl, hen, goose, iguana, llama
""")
COLOURS = _list("""
red, blue, green, yellow, orange, purple, pink, brown, black, white, grey, silver, golden, dark blue, dark green,
light blue, light green, dark red, pale yellow, turquoise, violet, beige, cream
""")
LOOKS = _list("""
old, small, large, round, heavy, tiny, tall, thin, striped, wooden, plastic, leather, folding, broken, new, modern,
square, cheap, long, plain, metal, simple
""")
OBJECTS = _list("""
lamp, bag, umbrella, bicycle, chair, table, desk, clock, guitar, suitcase, camera, wallet, scarf, mirror, ladder, tent,
basket, bookcase, sofa, radio, helmet, kettle, vase, drum, watch, jacket, hat, glove, notebook, backpack, toolbox,
scooter, trumpet, blanket, cupboard, carpet, telescope, teapot, bench, key ring, purse, sledge
""")
FLAVOURS = _list("""
tomato, mushroom, lemon, apple, potato, carrot, cheese, spinach, chicken, pumpkin, lentil, onion, bean, pepper, rice,
fish, egg, leek, plum, cherry, walnut, garlic, noodle, corn
""")
DISHES = _list("""
soup, pie, salad, stew, curry, pancakes, bread, dumplings, pasta, cake, tart, risotto, omelette, burgers
""")
GOODS = _list("""
bicycles, shoes, solar lamps, tea, wooden toys, furniture, office chairs, running shoes, honey, soap, water pumps,
raincoats, chocolate, headphones, board games, pencils, carpets, glasses, knives, candles, garden tools, paper bags,
umbrellas, ice cream, tents, watches, boots, mattresses, kitchen knives, bread machines, piano keys, maps, bricks,
window frames, spices, olive oil, paint, skis, hearing aids, robots, ladders, violins
""")
CROPS = _list("""
apples, cheese, honey, roses, wine, pottery, glass, lace, salt, cherries, tulips, bells, sausages, marble, wool, plums,
carpets, clocks, kites, pears, lavender, mustard, boats, violins, hot springs, caves, windmills, mushrooms
""")
SUBJECTS = _list("""
whales, bridges, the moon, gardening, a lost dog, old trains, bees, a shy wizard, mountain birds, life at sea, a bank
robbery, a haunted house, bread, two sisters, a school in the desert, volcanoes, deep caves, a chess match, ancient
ships, a missing painting, clouds, a brave postman, wolves, the history of salt, paper, a dancing bear, city trees,
a winter journey, a secret tunnel, lighthouses
""")
SPOTS = _list("""
town hall, city park, old library, school gym, market square, harbour, train station, museum, sports hall, church
garden, community centre, castle, concert hall, botanical garden, riverside cafe, football stadium, theatre, beach,
airport, swimming pool, shopping centre, bus stop, bakery, hospital, zoo, cinema, post office, university, playground
""")
AWARDS = _list("""
golden spoon, silver star, young talent award, city medal, green leaf award, bronze cup, blue ribbon, crystal globe,
best newcomer award, state prize, people's choice award, iron anchor, copper crown, glass feather, white rose medal,
bright idea prize, garden prize, silver bell, wooden plate, golden apple, design award, clean air prize, river cup,
mayor's medal, export award, quality seal, family firm award, young inventors prize
""")
EVENT_THEMES = _list("""
flower, book, jazz, lantern, summer, winter, spring, autumn, cheese, film, poetry, kite, family, street food, science,
pottery, chess, garden, charity, antique, harvest, music, art, robot, comic, folk, chocolate, bicycle
""")
EVENT_KINDS = _list("""
market, festival, fair, show, evening, party, workshop, contest, exhibition, parade, auction, weekend
""")
TOPIC_WORDS = _list("""
summer, new, yearly, monthly, holiday, office, school, safety, travel, marketing, garden, kitchen, winter, sales,
website, parking, energy, library
""")
TOPICS = _list("budget, schedule, project, rules, survey, campaign, report, plan, contract, repairs, training, layout")
ROOMS = _list("""
blue, green, red, north, south, east, west, upper, lower, main, glass, corner, garden, attic, river, small
""")
FIRMS = _list("Foods, Tools, Works, Group, Brothers, Systems, Partners, Trading, Studio, Industries, Workshop, Mills")
TITLE_WORDS = _list("""
Silent, Broken, Golden, Hidden, Last, Lost, Burning, Frozen, Paper, Crooked, Secret, Distant, Blue, Empty, Wandering,
Glass, Midnight, Hollow, Iron, Seventh, Sleeping, Salt, Forgotten, Little
""")
TITLE_NOUNS = _list("""
River, Garden, Clock, Harbour, Mountain, Letter, Orchard, Window, Forest, Bridge, Island, Castle, Train, Lantern,
Door, Sparrow, Kingdom, Key, Ocean, Tower, Winter, Bell, Fox, Map, Mirror, Crown
""")
VEHICLES = _list("train, bus, car, plane, ferry, bicycle, motorbike, taxi, boat, van, tram, coach")
MONTHS = _list("January, February, March, April, May, June, July, August, September, October, November, December")
WEEKDAYS = _list("Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday")
