"""The difference between a CPU and a GPU."""

from __future__ import annotations

from .topic import Topic

INSTRUCTIONS = (
    "Explain difference between CPU and GPU",
    "Explain the difference between a CPU and a GPU.",
    "What is the difference between CPU and GPU?",
    "How is a GPU different from a CPU?",
    "What is a CPU and what is a GPU?",
    "Tell me the difference between a GPU and a CPU.",
    "CPU or GPU: what is the difference?",
    "Can you explain how a CPU and a GPU are different?",
    "Please explain CPU and GPU in simple words.",
    "How do a CPU and a GPU differ?",
    "What can a GPU do better than a CPU?",
    "Compare a CPU and a GPU.",
    "Please tell me how CPU and GPU differ.",
)

HELD_OUT = (
    "Can you explain the difference between CPU and GPU?",
    "Please compare a GPU and a CPU in simple words.",
    "Tell me how a GPU is different from a CPU.",
)

ANSWERS = (
    "A CPU (central processing unit) is the {brain|heart} of a computer. It has a few strong cores, which are good at "
    "doing many different tasks one after another. A GPU (graphics processing unit) has {thousands of|many} small "
    "cores, which do the same kind of work on a lot of data at the same time. {That is why|This is the reason why} "
    "GPUs are used for {games|graphics} and for training AI models.",
    "{Think of a kitchen.|Imagine a restaurant.} The CPU is a great cook who can make any dish, but only a few at a "
    "time. The GPU is a {big team|room full} of helpers who can only do simple things, like cutting onions, but they "
    "all do it at once. {For a fine dinner|For one special dish}, you want the cook. For {ten thousand|a million} "
    "onions, you want the helpers. A computer needs both.",
    "**CPU**\n- Central processing unit\n- A few {strong|fast} cores\n- Good at many different tasks\n"
    "- Runs the operating system and {your programs|most programs}\n\n"
    "**GPU**\n- Graphics processing unit\n- {Many small cores|Thousands of small cores}\n"
    "- Good at doing the same task many times at once\n- Used for {graphics and AI|games, video and AI}\n\n"
    "{Most computers have both, and they work together.|In short: the CPU is flexible, the GPU is wide.}",
    "{Here are the main differences:|There are three main differences:}\n\n"
    "1. **Cores:** a CPU has a few strong cores, a GPU has {many|thousands of} small ones.\n"
    "2. **Work:** a CPU is good at different tasks one after another, a GPU does {the same|one} task on a lot of data "
    "at once.\n3. **Use:** a CPU runs {the operating system and programs|your programs}, a GPU draws images and "
    "trains AI models.\n\n{Both are important, and they work as a team.|They are best when they work together.}",
    "{In short|In simple words}: a CPU does a few hard things quickly, and a GPU does many simple things at the same "
    "time. {Your computer uses|A computer uses} the CPU to run programs and to make decisions. It uses the GPU to draw "
    "{images|games} on the screen, because each point of a picture can be computed at the same time. "
    "{Neural networks|AI models} need the same kind of math, so they like GPUs too.",
    "{Imagine that you have to move house.|Imagine a long road.} The CPU is a sports car: very fast, but it carries "
    "only a little on each trip. The GPU is a {big bus|long train}: it needs more time to start, but it carries "
    "{a lot|very much} at once. {For one small task, take the car.|With little to carry, take the car.} "
    "If you have a lot of data, and the same work to do on all of it, take the GPU.",
    "Both are processors, but they are made for different {work|tasks}. The CPU is a {generalist|flexible worker}: it "
    "runs the operating system, opens your files and decides what to do next. The GPU is a specialist: it was first "
    "made for {graphics|games and graphics}, and it does the same math on many numbers at once. "
    "{Today it is also used to train neural networks.|Today AI uses it a lot, too.} Small AI models, like me, "
    "also run {well|just fine} on a CPU.",
    "{A school can help to explain it.|Let us think of a school.} The CPU is {a professor|a very good teacher} who can "
    "solve any problem, one by one. The GPU is a hall with a thousand pupils who can only add and multiply. Give the "
    "teacher the hard questions, and give the pupils a long list of simple sums. "
    "{Drawing a picture|Training an AI model} is mostly a long list of simple sums, so the GPU is "
    "{faster|done first} there.",
    "A CPU is built to finish each task {quickly|as fast as it can}. It has a few strong cores and a lot of fast "
    "memory close to them. A GPU is built to finish {many|a lot of} tasks together. It has many simple cores that "
    "work side by side.\n\n- Use a CPU for: {documents|web pages}, programs and small models\n"
    "- Use a GPU for: {games|video}, graphics and big AI models\n\n"
    "{Tools like OpenVINO can run a model on both.|With OpenVINO, the same model can run on both.}",
    "{The question is how many things happen at once.|It is all about how the work is shared.} A CPU has a few cores, "
    "and each of them is {smart and fast|strong}. It is good when one step needs the result of the step before. A GPU "
    "has {many more|far more} cores, and each of them is simple. It is good when all steps can be done at the same "
    "time, as in {graphics|images}, video and neural networks.",
)

TOPIC = Topic("general question answering", INSTRUCTIONS, HELD_OUT, ANSWERS)
