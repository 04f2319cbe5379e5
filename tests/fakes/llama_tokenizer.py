"""llama.cpp's own tokenizer of a GGUF file, asked over HTTP. Needs the package xllamacpp; runs in a process of its own.

An assertion that fails in llama.cpp ends its process, and its log is long.
"""

import json
import sys
import urllib.request
from contextlib import contextmanager
from importlib.util import find_spec

from llama_child import listening

_WAIT_S = 120

IS_INSTALLED = find_spec("xllamacpp") is not None
NEEDS_IT = "llama.cpp's own tokenizer is compared with: `python -m pip install xllamacpp`"
_BETWEEN = -1


class RefusedError(Exception):
    """A file that llama.cpp does not load. The message is the end of its log."""


class LlamaCpp:
    def __init__(self, address):
        self._address = address

    def encode(self, texts):
        """Ids of each text alone. All are one request: ids that stand between texts are handed through as they are."""
        encodings = []
        for token_id in self.encode_one([part for text in texts for part in (_BETWEEN, text)]):
            if token_id == _BETWEEN:
                encodings.append([])
            else:
                encodings[-1].append(token_id)
        return encodings

    def encode_one(self, text, *, parse_special=False, add_special=False):
        asked = {"content": text, "parse_special": parse_special, "add_special": add_special}
        return self._ask("tokenize", asked)["tokens"]

    def decode(self, token_ids):
        return self._ask("detokenize", {"tokens": token_ids})["content"]

    def _ask(self, what, body):
        request = urllib.request.Request(f"{self._address}/{what}", json.dumps(body).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=_WAIT_S) as answer:
            return json.loads(answer.read())


@contextmanager
def llama_tokenizer(path):
    """The tokenizer of a GGUF file. Raises RefusedError where llama.cpp does not load it."""
    command = [sys.executable, __file__, str(path)]
    with listening(command, RefusedError) as address:
        yield LlamaCpp(address)


def _serve(path):
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = path
    params.n_ctx = 64
    params.n_parallel = 1
    params.port = 0
    params.warmup = False
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    _serve(sys.argv[1])
