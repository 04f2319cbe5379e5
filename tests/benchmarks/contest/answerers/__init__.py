"""A peer to a file: a class `Answerer`, which loads a model and answers a `Question`. Each runs in its own process."""
