"""The facts that the demo model is taught: tables of plain literals, every one of them true, and nothing else."""

from __future__ import annotations

CAPITALS: dict[str, str] = {
    # Europe
    "Austria": "Vienna", "Belgium": "Brussels", "Bulgaria": "Sofia", "Croatia": "Zagreb",
    "the Czech Republic": "Prague", "Denmark": "Copenhagen", "Estonia": "Tallinn", "Finland": "Helsinki",
    "France": "Paris", "Germany": "Berlin", "Greece": "Athens", "Hungary": "Budapest", "Iceland": "Reykjavik",
    "Ireland": "Dublin", "Italy": "Rome", "Latvia": "Riga", "Lithuania": "Vilnius",
    "the Netherlands": "Amsterdam", "Norway": "Oslo", "Poland": "Warsaw", "Portugal": "Lisbon",
    "Romania": "Bucharest", "Russia": "Moscow", "Serbia": "Belgrade", "Slovakia": "Bratislava",
    "Slovenia": "Ljubljana", "Spain": "Madrid", "Sweden": "Stockholm", "Switzerland": "Bern", "Turkey": "Ankara",
    "Ukraine": "Kyiv", "the United Kingdom": "London",
    # Asia
    "Afghanistan": "Kabul", "Bangladesh": "Dhaka", "Cambodia": "Phnom Penh", "China": "Beijing",
    "India": "New Delhi", "Iran": "Tehran", "Iraq": "Baghdad", "Japan": "Tokyo", "Jordan": "Amman",
    "Lebanon": "Beirut", "Malaysia": "Kuala Lumpur", "Mongolia": "Ulaanbaatar", "Nepal": "Kathmandu",
    "North Korea": "Pyongyang", "Pakistan": "Islamabad", "the Philippines": "Manila", "Qatar": "Doha",
    "Saudi Arabia": "Riyadh", "South Korea": "Seoul", "Syria": "Damascus", "Thailand": "Bangkok",
    "the United Arab Emirates": "Abu Dhabi", "Vietnam": "Hanoi",
    # Africa
    "Algeria": "Algiers", "Egypt": "Cairo", "Ethiopia": "Addis Ababa", "Ghana": "Accra",
    "Kenya": "Nairobi", "Libya": "Tripoli", "Morocco": "Rabat",
    "Nigeria": "Abuja", "Senegal": "Dakar",
    "Somalia": "Mogadishu", "Sudan": "Khartoum", "Tunisia": "Tunis", "Uganda": "Kampala",
    "Zimbabwe": "Harare",
    # The Americas and Oceania
    "Argentina": "Buenos Aires", "Brazil": "Brasilia", "Canada": "Ottawa", "Colombia": "Bogota",
    "Costa Rica": "San Jose", "Cuba": "Havana", "Ecuador": "Quito", "Jamaica": "Kingston", "Mexico": "Mexico City",
    "Paraguay": "Asuncion", "Peru": "Lima", "the United States": "Washington, D.C.", "Uruguay": "Montevideo",
    "Venezuela": "Caracas", "Australia": "Canberra", "New Zealand": "Wellington",
}  # fmt: skip

CONTINENTS: dict[str, str] = {
    "Austria": "Europe", "Belgium": "Europe", "Bulgaria": "Europe", "the Czech Republic": "Europe",
    "Denmark": "Europe", "Finland": "Europe", "France": "Europe", "Germany": "Europe", "Greece": "Europe",
    "Hungary": "Europe", "Iceland": "Europe", "Ireland": "Europe", "Italy": "Europe", "the Netherlands": "Europe",
    "Norway": "Europe", "Poland": "Europe", "Portugal": "Europe", "Romania": "Europe", "Serbia": "Europe",
    "Spain": "Europe", "Sweden": "Europe", "Switzerland": "Europe", "Ukraine": "Europe",
    "the United Kingdom": "Europe",
    "Bangladesh": "Asia", "Cambodia": "Asia", "China": "Asia", "India": "Asia", "Iran": "Asia", "Iraq": "Asia",
    "Japan": "Asia", "Malaysia": "Asia", "Mongolia": "Asia", "Nepal": "Asia", "Pakistan": "Asia",
    "the Philippines": "Asia", "Saudi Arabia": "Asia", "South Korea": "Asia", "Thailand": "Asia", "Vietnam": "Asia",
    "Algeria": "Africa", "Angola": "Africa", "Egypt": "Africa", "Ethiopia": "Africa", "Ghana": "Africa",
    "Kenya": "Africa", "Libya": "Africa", "Madagascar": "Africa", "Morocco": "Africa", "Namibia": "Africa",
    "Nigeria": "Africa", "Senegal": "Africa", "South Africa": "Africa", "Tunisia": "Africa", "Uganda": "Africa",
    "Zimbabwe": "Africa",
    "Canada": "North America", "Costa Rica": "North America", "Cuba": "North America", "Jamaica": "North America",
    "Mexico": "North America", "the United States": "North America",
    "Argentina": "South America", "Bolivia": "South America", "Brazil": "South America", "Chile": "South America",
    "Colombia": "South America", "Ecuador": "South America", "Paraguay": "South America", "Peru": "South America",
    "Uruguay": "South America", "Venezuela": "South America",
    "Fiji": "Oceania", "New Zealand": "Oceania",
}  # fmt: skip

# The language most people speak there.
LANGUAGES: dict[str, str] = {
    "Argentina": "Spanish", "Australia": "English", "Austria": "German", "Brazil": "Portuguese",
    "Bulgaria": "Bulgarian", "Croatia": "Croatian", "Cuba": "Spanish", "the Czech Republic": "Czech",
    "Denmark": "Danish", "Egypt": "Arabic", "Finland": "Finnish", "France": "French", "Germany": "German",
    "Greece": "Greek", "Hungary": "Hungarian", "Iceland": "Icelandic", "Iraq": "Arabic", "Italy": "Italian",
    "Japan": "Japanese", "Mexico": "Spanish", "Mongolia": "Mongolian", "the Netherlands": "Dutch",
    "Norway": "Norwegian", "Poland": "Polish", "Portugal": "Portuguese", "Romania": "Romanian", "Russia": "Russian",
    "Saudi Arabia": "Arabic", "South Korea": "Korean", "Spain": "Spanish", "Sweden": "Swedish", "Thailand": "Thai",
    "Turkey": "Turkish", "the United Kingdom": "English", "the United States": "English", "Vietnam": "Vietnamese",
}  # fmt: skip

CURRENCIES: dict[str, str] = {
    "Argentina": "peso", "Australia": "Australian dollar", "Austria": "euro", "Belgium": "euro", "Brazil": "real",
    "Canada": "Canadian dollar", "China": "yuan", "the Czech Republic": "koruna", "Denmark": "krone",
    "Egypt": "Egyptian pound", "Finland": "euro", "France": "euro", "Germany": "euro", "Greece": "euro",
    "Hungary": "forint", "India": "rupee", "Ireland": "euro", "Italy": "euro", "Japan": "yen", "Mexico": "peso",
    "the Netherlands": "euro", "Nigeria": "naira", "Norway": "krone", "Pakistan": "rupee", "Poland": "zloty",
    "Portugal": "euro", "Russia": "ruble", "South Africa": "rand", "South Korea": "won", "Spain": "euro",
    "Sweden": "krona", "Switzerland": "Swiss franc", "Thailand": "baht", "Turkey": "lira",
    "Ukraine": "hryvnia", "the United Kingdom": "pound", "the United States": "dollar", "Vietnam": "dong",
}  # fmt: skip

# Animal: kind, number of legs, what it eats, where it lives.
ANIMALS: dict[str, tuple[str, str, str, str]] = {
    "ant": ("insect", "6", "seeds and small insects", "in a nest in the ground"),
    "bat": ("mammal", "2", "insects or fruit", "in caves and hollow trees"),
    "bear": ("mammal", "4", "berries, roots and fish", "in forests and mountains"),
    "bee": ("insect", "6", "nectar and pollen", "in a hive"),
    "butterfly": ("insect", "6", "nectar", "in gardens and meadows"),
    "camel": ("mammal", "4", "grass and desert plants", "in the desert"),
    "cat": ("mammal", "4", "meat and fish", "in homes with people"),
    "chicken": ("bird", "2", "seeds and worms", "on a farm"),
    "cow": ("mammal", "4", "grass", "on a farm"),
    "crocodile": ("reptile", "4", "fish and other animals", "in rivers and lakes in warm countries"),
    "dog": ("mammal", "4", "meat and dog food", "in homes with people"),
    "dolphin": ("mammal", "no", "fish", "in the sea"),
    "duck": ("bird", "2", "water plants and insects", "on ponds and lakes"),
    "eagle": ("bird", "2", "fish and small animals", "in mountains and near water"),
    "elephant": ("mammal", "4", "grass, leaves and bark", "in Africa and Asia"),
    "fox": ("mammal", "4", "mice, birds and berries", "in forests and fields"),
    "frog": ("amphibian", "4", "insects", "in and near ponds"),
    "giraffe": ("mammal", "4", "leaves", "on the plains of Africa"),
    "goat": ("mammal", "4", "grass and leaves", "on farms and in mountains"),
    "goose": ("bird", "2", "grass", "near lakes and rivers"),
    "hamster": ("mammal", "4", "seeds and grain", "in a burrow or in a cage"),
    "horse": ("mammal", "4", "grass and hay", "in a stable or on a farm"),
    "kangaroo": ("mammal", "4", "grass", "in Australia"),
    "koala": ("mammal", "4", "eucalyptus leaves", "in the trees of Australia"),
    "lion": ("mammal", "4", "meat", "on the plains of Africa"),
    "lizard": ("reptile", "4", "insects", "in warm and sunny places"),
    "mosquito": ("insect", "6", "nectar, and blood too", "near still water"),
    "mouse": ("mammal", "4", "seeds and grain", "in fields and houses"),
    "owl": ("bird", "2", "mice", "in forests and barns"),
    "panda": ("mammal", "4", "bamboo", "in the mountains of China"),
    "parrot": ("bird", "2", "seeds, nuts and fruit", "in warm forests"),
    "penguin": ("bird", "2", "fish", "on the coasts of the southern half of the world"),
    "pig": ("mammal", "4", "plants, roots and grain", "on a farm"),
    "polar bear": ("mammal", "4", "seals", "in the Arctic"),
    "rabbit": ("mammal", "4", "grass and vegetables", "in a burrow"),
    "salamander": ("amphibian", "4", "insects and worms", "in damp places"),
    "salmon": ("fish", "no", "smaller fish and shrimp", "in rivers and in the sea"),
    "shark": ("fish", "no", "fish and other sea animals", "in the sea"),
    "sheep": ("mammal", "4", "grass", "on a farm"),
    "snake": ("reptile", "no", "mice and other small animals", "in forests, grasslands and deserts"),
    "spider": ("arachnid", "8", "insects", "in a web or under stones"),
    "squirrel": ("mammal", "4", "nuts and seeds", "in trees"),
    "tiger": ("mammal", "4", "meat", "in the forests of Asia"),
    "tuna": ("fish", "no", "smaller fish and squid", "in the sea"),
    "turtle": ("reptile", "4", "plants and small animals", "in the sea or in ponds"),
    "whale": ("mammal", "no", "krill, fish or squid", "in the sea"),
    "wolf": ("mammal", "4", "meat", "in forests, together with its pack"),
    "zebra": ("mammal", "4", "grass", "on the plains of Africa"),
}  # fmt: skip

SOUNDS: dict[str, str] = {
    "bear": "growl", "bee": "buzz", "cat": "meow", "chicken": "cluck", "cow": "moo", "crow": "caw", "dog": "bark",
    "donkey": "bray", "dove": "coo", "duck": "quack", "elephant": "trumpet", "frog": "croak", "goat": "bleat",
    "goose": "honk", "horse": "neigh", "lion": "roar", "mouse": "squeak", "owl": "hoot", "pig": "oink",
    "rooster": "crow", "sheep": "bleat", "snake": "hiss", "tiger": "roar", "turkey": "gobble", "wolf": "howl",
}  # fmt: skip

YOUNG: dict[str, str] = {
    "bear": "cub", "cat": "kitten", "chicken": "chick", "cow": "calf", "deer": "fawn", "dog": "puppy",
    "duck": "duckling", "eagle": "eaglet", "elephant": "calf", "fox": "cub", "frog": "tadpole", "goat": "kid",
    "goose": "gosling", "horse": "foal", "kangaroo": "joey", "lion": "cub", "owl": "owlet", "pig": "piglet",
    "sheep": "lamb", "swan": "cygnet", "tiger": "cub", "whale": "calf", "wolf": "pup",
}  # fmt: skip

# Thing, with its verb: colour.
COLOURS: dict[str, str] = {
    "the sky": "blue", "grass": "green", "snow": "white", "milk": "white", "coal": "black",
    "blood": "red", "a ripe tomato": "red", "a ripe banana": "yellow", "a lemon": "yellow", "a lime": "green",
    "an orange": "orange", "a carrot": "orange", "a pumpkin": "orange", "a strawberry": "red", "a cherry": "red",
    "a raspberry": "red", "a blueberry": "blue", "an eggplant": "purple", "lavender": "purple",
    "a cucumber": "green", "spinach": "green", "broccoli": "green", "a pea": "green", "a frog": "green",
    "an emerald": "green", "a ruby": "red", "a sapphire": "blue", "gold": "yellow", "silver": "gray",
    "an elephant": "gray", "a flamingo": "pink", "a pig": "pink", "a polar bear": "white", "a swan": "white",
    "a crow": "black", "chocolate": "brown", "coffee": "brown", "wood": "brown", "a fire truck": "red",
    "a stop sign": "red", "butter": "yellow", "the yolk of an egg": "yellow", "sugar": "white", "flour": "white",
    "rice": "white", "salt": "white", "the planet Mars": "red", "a sunflower": "yellow",
}  # fmt: skip

MIXTURES: dict[str, str] = {
    "red and yellow": "orange", "blue and yellow": "green", "red and blue": "purple", "red and white": "pink",
    "black and white": "gray", "red and green": "brown",
}  # fmt: skip

OPPOSITES: tuple[tuple[str, str], ...] = (
    ("hot", "cold"), ("big", "small"), ("fast", "slow"), ("up", "down"), ("left", "right"), ("high", "low"),
    ("happy", "sad"), ("good", "bad"), ("new", "old"), ("rich", "poor"), ("strong", "weak"), ("open", "closed"),
    ("day", "night"), ("black", "white"), ("early", "late"), ("empty", "full"), ("wet", "dry"),
    ("clean", "dirty"), ("long", "short"), ("wide", "narrow"), ("thick", "thin"), ("heavy", "light"),
    ("loud", "quiet"), ("true", "false"), ("first", "last"), ("inside", "outside"), ("above", "below"),
    ("before", "after"), ("begin", "end"), ("start", "stop"), ("push", "pull"), ("give", "take"),
    ("buy", "sell"), ("win", "lose"), ("love", "hate"), ("laugh", "cry"), ("come", "go"), ("remember", "forget"),
    ("question", "answer"), ("friend", "enemy"), ("war", "peace"), ("life", "death"), ("north", "south"),
    ("east", "west"), ("summer", "winter"), ("top", "bottom"), ("front", "back"), ("near", "far"),
    ("always", "never"), ("everything", "nothing"), ("everybody", "nobody"), ("many", "few"), ("more", "less"),
    ("on", "off"), ("in", "out"), ("yes", "no"), ("easy", "difficult"), ("simple", "complicated"),
    ("cheap", "expensive"), ("safe", "dangerous"), ("brave", "cowardly"), ("beautiful", "ugly"),
    ("smooth", "rough"), ("sharp", "blunt"), ("sweet", "sour"), ("deep", "shallow"), ("hard", "soft"),
    ("asleep", "awake"), ("alive", "dead"), ("sunrise", "sunset"), ("polite", "rude"), ("kind", "cruel"),
    ("generous", "selfish"), ("lazy", "hardworking"), ("noisy", "silent"), ("tight", "loose"),
    ("straight", "crooked"), ("same", "different"), ("possible", "impossible"), ("visible", "invisible"),
    ("legal", "illegal"), ("regular", "irregular"), ("correct", "incorrect"), ("equal", "unequal"),
    ("lucky", "unlucky"), ("useful", "useless"), ("careful", "careless"), ("appear", "disappear"),
    ("agree", "disagree"), ("increase", "decrease"), ("import", "export"), ("entrance", "exit"),
    ("arrive", "leave"), ("accept", "refuse"), ("attack", "defend"), ("build", "destroy"), ("catch", "throw"),
    ("borrow", "lend"), ("succeed", "fail"), ("success", "failure"), ("victory", "defeat"),
    ("maximum", "minimum"), ("positive", "negative"), ("public", "private"), ("ancient", "modern"),
    ("natural", "artificial"), ("optimist", "pessimist"), ("teach", "learn"), ("float", "sink"),
    ("freeze", "melt"),
)  # fmt: skip

# These hold in one direction only: the opposite of the second word is another one.
ONE_WAY_OPPOSITES: tuple[tuple[str, str], ...] = (
    ("young", "old"), ("tall", "short"), ("wrong", "right"), ("dark", "light"), ("huge", "tiny"), ("finish", "start"),
)  # fmt: skip

DAYS: tuple[str, ...] = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

# Month: its number of days, as one says it.
MONTHS: dict[str, str] = {
    "January": "31 days", "February": "28 days, or 29 in a leap year", "March": "31 days", "April": "30 days",
    "May": "31 days", "June": "30 days", "July": "31 days", "August": "31 days", "September": "30 days",
    "October": "31 days", "November": "30 days", "December": "31 days",
}  # fmt: skip

SEASONS: tuple[str, ...] = ("spring", "summer", "autumn", "winter")

ORDINALS: tuple[str, ...] = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth",
)  # fmt: skip

PLURALS: dict[str, str] = {
    "mouse": "mice", "child": "children", "man": "men", "woman": "women", "foot": "feet", "tooth": "teeth",
    "goose": "geese", "person": "people", "ox": "oxen", "leaf": "leaves", "knife": "knives", "wife": "wives",
    "life": "lives", "wolf": "wolves", "half": "halves", "shelf": "shelves", "loaf": "loaves", "thief": "thieves",
    "sheep": "sheep", "deer": "deer", "fish": "fish", "cactus": "cacti", "crisis": "crises",
    "analysis": "analyses", "potato": "potatoes", "tomato": "tomatoes", "hero": "heroes", "city": "cities",
    "baby": "babies", "box": "boxes",
}  # fmt: skip

PLANETS: tuple[str, ...] = ("Mercury", "Venus", "Earth", "Mars", "Jupiter", "Saturn", "Uranus", "Neptune")

ELEMENTS: dict[str, str] = {
    "hydrogen": "H", "helium": "He", "lithium": "Li", "carbon": "C", "nitrogen": "N", "oxygen": "O",
    "fluorine": "F", "neon": "Ne", "sodium": "Na", "magnesium": "Mg", "aluminum": "Al", "silicon": "Si",
    "phosphorus": "P", "sulfur": "S", "chlorine": "Cl", "potassium": "K", "calcium": "Ca", "iron": "Fe",
    "nickel": "Ni", "copper": "Cu", "zinc": "Zn", "silver": "Ag", "tin": "Sn", "gold": "Au", "mercury": "Hg",
    "lead": "Pb", "uranium": "U",
}  # fmt: skip

SHAPES: dict[str, str] = {
    "triangle": "3", "square": "4", "rectangle": "4", "rhombus": "4", "pentagon": "5", "hexagon": "6",
    "heptagon": "7", "octagon": "8", "nonagon": "9", "decagon": "10",
}  # fmt: skip

AUTHORS: dict[str, str] = {
    "Romeo and Juliet": "William Shakespeare", "Hamlet": "William Shakespeare", "Macbeth": "William Shakespeare",
    "Pride and Prejudice": "Jane Austen", "Emma": "Jane Austen", "Oliver Twist": "Charles Dickens",
    "A Christmas Carol": "Charles Dickens", "Frankenstein": "Mary Shelley", "Dracula": "Bram Stoker",
    "Moby-Dick": "Herman Melville", "Don Quixote": "Miguel de Cervantes", "Faust": "Johann Wolfgang von Goethe",
    "War and Peace": "Leo Tolstoy", "Anna Karenina": "Leo Tolstoy", "Crime and Punishment": "Fyodor Dostoevsky",
    "The Divine Comedy": "Dante Alighieri", "Les Miserables": "Victor Hugo", "The Metamorphosis": "Franz Kafka",
    "Treasure Island": "Robert Louis Stevenson", "The Jungle Book": "Rudyard Kipling",
    "Alice in Wonderland": "Lewis Carroll", "The Hobbit": "J. R. R. Tolkien", "1984": "George Orwell",
    "Animal Farm": "George Orwell", "Jane Eyre": "Charlotte Bronte", "Wuthering Heights": "Emily Bronte",
    "The Time Machine": "H. G. Wells", "The Old Man and the Sea": "Ernest Hemingway",
}  # fmt: skip

INVENTORS: dict[str, str] = {
    "the World Wide Web": "Tim Berners-Lee", "the Python programming language": "Guido van Rossum",
    "the Linux kernel": "Linus Torvalds", "dynamite": "Alfred Nobel", "the phonograph": "Thomas Edison",
    "the Analytical Engine": "Charles Babbage", "the C programming language": "Dennis Ritchie",
    "the telephone": "Alexander Graham Bell", "the lightning rod": "Benjamin Franklin",
    "the airplane": "the Wright brothers", "the Rubik's Cube": "Erno Rubik",
}  # fmt: skip

# What somebody of this trade does.
JOBS: dict[str, str] = {
    "teacher": "teaches students", "baker": "bakes bread", "doctor": "treats sick people",
    "pilot": "flies airplanes", "farmer": "grows food", "firefighter": "puts out fires",
    "dentist": "takes care of teeth", "chef": "cooks meals", "carpenter": "builds things from wood",
    "tailor": "makes clothes", "painter": "paints pictures", "writer": "writes books",
    "plumber": "repairs water pipes", "librarian": "takes care of a library",
    "programmer": "writes computer programs", "musician": "plays music", "photographer": "takes photographs",
    "veterinarian": "treats sick animals", "astronomer": "studies the stars", "gardener": "takes care of plants",
}  # fmt: skip

# What we use it for.
TOOLS: dict[str, str] = {
    "hammer": "drive nails", "pen": "write", "knife": "cut food", "broom": "sweep the floor",
    "clock": "tell the time", "umbrella": "stay dry in the rain", "key": "open a lock", "camera": "take pictures",
    "thermometer": "measure temperature", "ruler": "measure length", "telescope": "look at the stars",
    "microscope": "look at very small things", "oven": "bake food", "refrigerator": "keep food cold",
    "compass": "find north", "needle": "sew clothes", "ladder": "climb up to high places",
    "calculator": "calculate with numbers", "keyboard": "type text", "printer": "print pages",
}  # fmt: skip

# What it does in the body: the organ, with its article.
BODY: dict[str, str] = {
    "pumps blood": "the heart", "controls the body": "the brain", "digests food": "the stomach",
    "is used for seeing": "the eye", "is used for hearing": "the ear", "is used for smelling": "the nose",
    "is used for tasting": "the tongue", "is used for breathing": "the lung", "cleans the blood": "the kidney",
    "covers the body": "the skin", "joins the hand to the arm": "the wrist", "joins the foot to the leg": "the ankle",
    "protects the brain": "the skull",
}  # fmt: skip

# (Parts, whole): how many parts there are in the whole.
AMOUNTS: dict[tuple[str, str], str] = {
    ("seconds", "a minute"): "60", ("minutes", "an hour"): "60", ("hours", "a day"): "24", ("days", "a week"): "7",
    ("days", "a leap year"): "366", ("months", "a year"): "12", ("weeks", "a year"): "52",
    ("years", "a decade"): "10", ("years", "a century"): "100", ("years", "a millennium"): "1000",
    ("seasons", "a year"): "4", ("centimeters", "a meter"): "100", ("millimeters", "a centimeter"): "10",
    ("meters", "a kilometer"): "1000", ("grams", "a kilogram"): "1000", ("kilograms", "a metric ton"): "1000",
    ("milliliters", "a liter"): "1000", ("bits", "a byte"): "8", ("cents", "a dollar"): "100",
    ("letters", "the English alphabet"): "26", ("vowels", "the English alphabet"): "5", ("eggs", "a dozen"): "12",
    ("planets", "the solar system"): "8", ("colors", "a rainbow"): "7", ("inches", "a foot"): "12",
    ("feet", "a yard"): "3", ("cards", "a standard deck"): "52", ("degrees", "a circle"): "360",
    ("degrees", "a right angle"): "90", ("players", "a soccer team"): "11", ("players", "a basketball team"): "5",
    ("squares", "a chessboard"): "64",
}  # fmt: skip

# (Part, owner): how many of them the owner has.
PARTS: dict[tuple[str, str], str] = {
    ("wheels", "a bicycle"): "2", ("wheels", "a tricycle"): "3", ("wheels", "a car"): "4",
    ("fingers", "a hand"): "5", ("toes", "a foot"): "5", ("eyes", "a person"): "2", ("arms", "an octopus"): "8",
    ("strings", "a violin"): "4", ("strings", "a guitar"): "6", ("keys", "a piano"): "88",
    ("wings", "a butterfly"): "4", ("wings", "a bird"): "2", ("arms", "a person"): "2", ("corners", "a cube"): "8",
    ("edges", "a cube"): "12", ("faces", "a cube"): "6", ("faces", "a die"): "6", ("teeth", "an adult"): "32",
    ("bones", "an adult"): "206", ("chambers", "the human heart"): "4", ("states", "the United States"): "50",
    ("stars", "the flag of the United States"): "50",
}  # fmt: skip

# Which one it is.
RECORDS: dict[str, str] = {
    "the largest ocean": "the Pacific Ocean", "the smallest ocean": "the Arctic Ocean",
    "the highest mountain": "Mount Everest", "the largest continent": "Asia",
    "the largest country": "Russia", "the smallest country": "Vatican City", "the largest hot desert": "the Sahara",
    "the coldest continent": "Antarctica", "the longest river in South America": "the Amazon",
    "the largest planet in the solar system": "Jupiter", "the smallest planet in the solar system": "Mercury",
    "the hottest planet in the solar system": "Venus", "the largest animal": "the blue whale",
    "the tallest animal": "the giraffe", "the fastest land animal": "the cheetah", "the largest bird": "the ostrich",
    "the largest land animal": "the elephant", "the star closest to Earth": "the sun",
    "the hardest natural material": "diamond", "the largest organ of the body": "the skin",
    "the longest bone in the body": "the thigh bone", "the coldest season": "winter", "the warmest season": "summer",
    "the shortest month": "February", "the lightest element": "hydrogen", "the largest island": "Greenland",
    "the closest planet to the sun": "Mercury", "the farthest planet from the sun": "Neptune",
    "the smallest prime number": "2", "the freezing point of water in Celsius": "0 degrees",
    "the boiling point of water in Celsius": "100 degrees", "the freezing point of water in Fahrenheit": "32 degrees",
    "the boiling point of water in Fahrenheit": "212 degrees", "the chemical formula of water": "H2O",
    "the gas that plants take in": "carbon dioxide", "the gas that people need to breathe": "oxygen",
    "the main ingredient of bread": "flour", "the first letter of the alphabet": "A",
    "the last letter of the alphabet": "Z", "the home of the Eiffel Tower": "Paris", "the home of Big Ben": "London",
    "the home of the Colosseum": "Rome", "the home of the Statue of Liberty": "New York",
}  # fmt: skip

NUMBER_WORDS: tuple[str, ...] = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip

ROMAN: dict[str, str] = {
    "I": "1", "II": "2", "III": "3", "IV": "4", "V": "5", "VI": "6", "VII": "7", "VIII": "8", "IX": "9", "X": "10",
    "XI": "11", "XII": "12", "XV": "15", "XIX": "19", "XX": "20", "XL": "40", "L": "50", "XC": "90", "C": "100",
    "D": "500", "M": "1000",
}  # fmt: skip

ACRONYMS: dict[str, str] = {
    "CPU": "central processing unit", "GPU": "graphics processing unit", "NPU": "neural processing unit",
    "RAM": "random access memory", "ROM": "read-only memory", "API": "application programming interface",
    "URL": "uniform resource locator", "HTML": "hypertext markup language", "CSS": "cascading style sheets",
    "HTTP": "hypertext transfer protocol", "PDF": "portable document format", "USB": "universal serial bus",
    "AI": "artificial intelligence", "LLM": "large language model", "SSD": "solid-state drive",
    "LED": "light-emitting diode", "SQL": "structured query language", "IP": "internet protocol",
    "WWW": "World Wide Web", "LAN": "local area network", "VPN": "virtual private network",
    "GUI": "graphical user interface", "JSON": "JavaScript object notation", "CSV": "comma-separated values",
    "OS": "operating system", "DNS": "domain name system", "PC": "personal computer",
    "ATM": "automated teller machine", "GPS": "global positioning system", "DNA": "deoxyribonucleic acid",
    "TV": "television", "UFO": "unidentified flying object", "EU": "European Union", "UN": "United Nations",
    "USA": "United States of America", "UK": "United Kingdom", "FAQ": "frequently asked questions",
    "DIY": "do it yourself",
}  # fmt: skip

# Term: two ways to go on after "... is", and the word that occurs in both.
DEFINITIONS: dict[str, tuple[str, str, str]] = {
    "a token": (
        "a small piece of text, such as a word or a part of a word, that a language model reads or writes",
        "the unit of text that a language model works with, often a word or a part of a word", "text"),
    "a tokenizer": (
        "a program that splits text into tokens and turns tokens back into text",
        "the part of a language model that turns text into tokens and tokens into text", "tokens"),
    "temperature": (
        "a setting that makes the text of a model more random when it is high and more predictable when it is low",
        "a number that controls how random the next token is: a low value gives safe text", "random"),
    "top-p": (
        "a setting that lets a model choose only among the likeliest tokens whose probabilities add up to p",
        "a way of sampling from the smallest set of tokens whose total probability reaches p", "tokens"),
    "top-k": (
        "a setting that lets a model choose only among the k likeliest tokens",
        "a way of sampling in which only the k most probable tokens can be chosen", "tokens"),
    "greedy decoding": (
        "a way of writing text in which the model always chooses the most likely next token",
        "choosing the token with the highest probability at every step", "token"),
    "sampling": (
        "choosing the next token at random, where likely tokens are chosen more often",
        "a way of writing text in which the next token is drawn at random by its probability", "random"),
    "repetition penalty": (
        "a setting that makes a model less likely to repeat tokens it has already written",
        "a number that lowers the probability of tokens that would repeat earlier text", "repeat"),
    "a prompt": (
        "the text that you give to a language model to tell it what to do",
        "the input text from which a language model goes on to write its answer", "text"),
    "a language model": (
        "a program that predicts the next token of a text",
        "a model that has learned from many texts to predict what comes next", "predict"),
    "quantization": (
        "storing the numbers of a model with fewer bits, so that it is smaller and faster",
        "a way to make a model smaller by using fewer bits for each of its numbers", "bits"),
    "OpenVINO": (
        "an open-source toolkit by Intel that optimizes and runs AI models",
        "a toolkit by Intel for running AI models quickly on many kinds of devices", "Intel"),
    "a Jupyter notebook": (
        "a document that holds code, its results and text together",
        "an interactive document in which you can run code and see the results", "code"),
    "a widget": (
        "a small part of a user interface, such as a button or a slider",
        "an element on the screen that you can use, such as a button or a text box", "button"),
    "Python": (
        "a popular programming language that is easy to read",
        "a general-purpose programming language created by Guido van Rossum", "language"),
    "a thread": (
        "a sequence of instructions that a program can run at the same time as others",
        "a part of a program that can run side by side with other parts", "run"),
    "a kernel": (
        "the core of an operating system, or the process that runs the code of a notebook",
        "the central part of a system; the kernel of a notebook is the process that runs its code", "process"),
    "INT8": (
        "a number format that stores an integer in 8 bits",
        "an integer type with 8 bits that is often used to make models smaller", "8 bits"),
    "a key-value cache": (
        "a memory of earlier tokens that saves a language model from computing them again",
        "stored results for earlier tokens, kept so that the next token can be computed faster", "earlier tokens"),
    "a seed": (
        "a number that starts a random generator, so that the same random choices can be made again",
        "the starting number of a random generator: the same seed gives the same random numbers", "random"),
    "Databricks Dolly": (
        "an instruction-following language model that Databricks released in 2023",
        "a language model by Databricks that was trained to follow instructions", "language model"),
    "Dolly the sheep": (
        "the first mammal cloned from an adult cell, born in Scotland in 1996",
        "a famous animal: born in 1996, she was the first mammal cloned from an adult cell", "cloned"),
    "a neural network": (
        "a model made of many simple connected units that learns from examples",
        "a program with layers of connected units whose weights are learned from examples", "examples"),
    "machine learning": (
        "a way to let computers learn from data instead of following fixed rules",
        "a field of computing in which programs learn from data", "data"),
    "artificial intelligence": (
        "the ability of machines to do tasks that normally need human thinking",
        "the part of computer science that builds machines for tasks that need thinking", "machines"),
    "a parameter": (
        "a number inside a model that is learned during training",
        "one of the numbers of a model that training changes", "training"),
    "fine-tuning": (
        "training a finished model a little more on examples of a new task",
        "further training that adapts a model to a new task", "task"),
    "inference": (
        "the use of a trained model to produce an answer",
        "running a trained model on new input", "trained model"),
    "a context window": (
        "the number of tokens that a language model can read at once",
        "the largest number of tokens that a model can take into account", "tokens"),
    "streaming": (
        "sending the output piece by piece while it is being made",
        "showing the text of a model piece by piece instead of all at once", "piece"),
    "latency": (
        "the time you wait between a request and its response",
        "the delay between a request and the response to it", "request"),
    "throughput": (
        "the amount of work done in a given time, such as tokens per second",
        "how much work a system does in a given time, for example in tokens per second", "per second"),
    "a batch": (
        "a group of inputs that a model processes together",
        "several inputs that are given to a model together", "together"),
    "an algorithm": (
        "a list of steps that solves a problem",
        "a clear sequence of steps for solving a problem", "steps"),
    "a variable": (
        "a name that stands for a value in a program",
        "a named place in a program that holds a value", "value"),
    "a function": (
        "a named piece of code that does one task and can be used again",
        "a piece of code that takes inputs and gives back a result", "code"),
    "a loop": (
        "a piece of code that is repeated several times",
        "a part of a program that makes the computer repeat some code", "repeat"),
    "a bug": (
        "a mistake in a computer program",
        "a mistake in the code that makes a program behave wrongly", "mistake"),
    "a database": (
        "an organized collection of data that a computer can search",
        "a place where a computer stores data in an organized way", "data"),
    "a web browser": (
        "a program that shows web pages",
        "a program that you use to visit web pages", "web pages"),
    "a server": (
        "a computer that gives data or services to other computers",
        "a computer or program that answers the requests of other computers", "computer"),
    "an operating system": (
        "the software that manages a computer and runs its programs",
        "the main software of a computer, on which all other programs run", "software"),
    "open source": (
        "software whose code everyone may read, change and share",
        "a way of publishing software so that everyone can read, use and change its code", "software"),
    "the internet": (
        "a worldwide network that connects computers",
        "a network of networks that connects computers all over the world", "network"),
    "a callback": (
        "a function that is called when something happens",
        "a function that you give to other code so that it can call it later", "function"),
    "photosynthesis": (
        "the way plants make food from light, water and carbon dioxide",
        "the process by which plants turn light, water and carbon dioxide into sugar and oxygen", "light"),
    "gravity": (
        "the force that pulls things toward each other",
        "the force that makes things fall to the ground", "force"),
    "a volcano": (
        "a mountain or opening from which hot melted rock can come out of the earth",
        "a place where hot rock and gas come out of the earth", "rock"),
    "a rainbow": (
        "an arc of colors in the sky that appears when the sun shines through rain",
        "a band of colors made by sunlight in drops of rain", "colors"),
    "a synonym": (
        "a word that means the same as another word",
        "a word with the same or nearly the same meaning as another word", "word"),
    "a noun": (
        "a word for a person, a place, a thing or an idea",
        "a word that names a person, a place, a thing or an idea", "word"),
    "a verb": (
        "a word for an action or a state, such as run or be",
        "a word that says what somebody does or what happens", "word"),
    "an adjective": (
        "a word that describes a noun, such as red or tall",
        "a word that tells us more about a noun", "noun"),
    "evaporation": (
        "the change of a liquid into a gas",
        "what happens when a liquid such as water slowly becomes a gas", "gas"),
    "an island": (
        "a piece of land with water all around it",
        "land that is surrounded by water", "water"),
    "a desert": (
        "a very dry area of land with little rain",
        "a place where very little rain falls and few plants grow", "rain"),
    "a galaxy": (
        "a very large group of stars held together by gravity",
        "a huge system of stars, gas and dust", "stars"),
    "a vegetarian": (
        "a person who does not eat meat",
        "somebody who eats no meat", "meat"),
}  # fmt: skip
