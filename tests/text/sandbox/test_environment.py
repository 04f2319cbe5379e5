"""The sandbox: whatever a template tries, it ends with a sentence; what it may use does what jinja's does."""

import contextlib
import json
import os
import subprocess
import sys

import pytest
from chats import CHATS, users_text
from hostile_templates import HOSTILE

from dolly_widget.text import ChatTemplate, Segment, Turn

LIMITED = "import resource; resource.setrlimit(resource.RLIMIT_AS, (2 << 30,) * 2)\n" if sys.platform == "linux" else ""
RUN = f"{LIMITED}import hostile_templates; hostile_templates.main()"


@pytest.fixture(scope="module")
def outcomes():
    """What came of each, in a process that could be ended."""
    ran = subprocess.run(
        [sys.executable, "-c", RUN],
        input=json.dumps(list(HOSTILE)),
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    return dict(map(json.loads, ran.stdout.splitlines())), ran


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_template_is_refused_in_one_sentence(name, outcomes):
    came, ran = outcomes
    assert name in came, f"the process ended before: {ran.returncode} {ran.stderr[-500:]}"
    assert came[name].startswith("The model's chat template ")
    assert came[name].endswith(": pass your own PromptTemplate as template=.")
    assert "leaves out" not in came[name], "it was rendered"


def test_what_is_never_run_is_never_computed():
    template = ChatTemplate(
        source="{% if false %}{{ 7 ** (3 * 10 ** 7) ~ 'a' * 10 ** 9 }}{% endif %}{{ messages[0].content }}"
    )
    assert str(template.render("Hello")) == "Hello"


def test_a_namespace_in_itself_is_printed_without_end():
    source = "{% set ns = namespace() %}{% set ns.x = [ns, ns] %}{{ ns }}{{ ns.x }}{{ messages[0].content }}"
    assert str(ChatTemplate(source=source).render("Hello")) == "<Namespace>[<Namespace>, <Namespace>]Hello"


def test_long_messages_are_rendered():
    message = "A word or two. " * 100_000
    source = "{% for m in messages %}<|{{ m.role }}|>{{ m.content.split('</think>')[-1] | trim }}{% endfor %}"
    assert str(ChatTemplate(source=source).render(message)) == f"<|user|>{message.strip()}"


def test_a_long_chat_is_rendered():
    turns = [Turn(f"Question {i}", "", f"<think>{i}</think>Answer {i}") for i in range(500)]
    prompt = ChatTemplate(source=CHATS["qwen3"]).render("And now?", turns=turns)
    expected = [text for i in range(500) for text in (f"Question {i}", f"Answer {i}")]
    assert users_text(prompt) == [*expected, "And now?"]


def test_what_the_models_files_bring_gives_a_template_no_more():
    template = ChatTemplate(source="{{ a }}{{ messages[0].content }}", special_tokens=(("a", "x" * 2_000_000),))
    with pytest.raises(ValueError, match="makes too large a value"):
        template.render("Hello")


EXPRESSIONS = [
    *(
        "1 + 2 * 3 - 4 / 5 // 6 % 7 ** 2",
        "-2 ** 2",
        "7 // 2 ~ 7 % 4",
        "'%s is %d, %5.2f%% %(x)' % ('a', 5, 2.5) if false",
    ),
    *("'%s, %r and %05d' % ('a', 'b', 42)", "'%(a)s-%(b)s' % {'a': 1, 'b': [2]}", "'%d%%' % 5", "'%s' | format(c)"),
    *(
        "'{} {}'.format(1, c)",
        "'{1}{0}{{}}'.format('a', 'b')",
        "'{x:>5}{y!r}'.format(x=1, y='z')",
        "'{:.2f}'.format(2.5)",
    ),
    *("c.split()", "c.split(None, 1)", "c.split('l')", "c.split('l', 1)", "c.rsplit('l', 1)", "c.rsplit(None, 1)"),
    *("c.splitlines()", "c.splitlines(true)", "c.partition('l')", "c.rpartition('l')", "c.partition('?')"),
    *("c.strip()", "c.lstrip(' H')", "c.rstrip('d \\n')", "c | trim", "c | trim('H')", "c.replace('l', '--')"),
    *("c.replace('l', '-', 2)", "c.replace('', '.')", "c | replace('l', 5)", "c | replace('l', '', 1)", "c.title()"),
    *("c | title", "c | upper", "c.lower()", "c | capitalize", "c.swapcase()", "c.center(20, '*')", "c.zfill(20)"),
    *(
        "c.ljust(20) ~ '|'",
        "c.rjust(20)",
        "c.removeprefix(' ')",
        "c.removesuffix('\\n')",
        "c.count('l')",
        "c.find('l')",
    ),
    *(
        "c.startswith(' ')",
        "c.endswith(('a', '\\n'))",
        "c.index('l')",
        "c.isalpha()",
        "c[1:4]",
        "c[::-1]",
        "c[0]",
        "c[-1]",
    ),
    *("c | length", "c | list", "c | first", "c | last", "c | reverse", "c | int", "c | e", "c | string", "c | tojson"),
    *("c | indent", "c | indent(2, true)", "c | indent('> ', blank=true)", "c * 2", "3 * c", "c ~ 1 ~ none", "c + c"),
    *("[c, 1] | tojson", "{'a': c} | tojson(indent=2)", "[1, 2] | tojson(separators=(',', ':'))", "[c]", "{'a': c}"),
    *("[3, 1, 2] | sort", "[3, 1] | max", "[1, 2] | sum", "[1, 1] | unique | list", "2.567 | round(2)", "2.5 | round"),
    *(
        "2.1 | round(0, 'ceil')",
        "'-'.join(['a', 'b'])",
        "['a', c] | join(', ')",
        "[{'n': 1}, {'n': 2}] | join('+', 'n')",
    ),
    *("[{'n': 1}] | map(attribute='n') | list", "['a'] | map('upper') | join", "[1, 2] | select('odd') | list"),
    *("[{'n': 1}, {}] | selectattr('n', 'defined') | list", "[0, 1] | reject | list", "{'b': 1, 'a': 2} | dictsort"),
    *(
        "{'a': 1} | items | list",
        "{'a': 1}.items() | list",
        "{'a': 1}.get('b', 2)",
        "{'a': 1}.keys() | list",
        "x | default(3)",
    ),
    *(
        "x is defined",
        "c is string",
        "'l' in c",
        "'l' not in c",
        "c == 'x'",
        "c > 'a'",
        "messages is iterable",
        "loop is defined",
    ),
    *(
        "[1, 2, 3][1:]",
        "[1, 2][5]",
        "[1] + [2]",
        "(1, 2) + (3,)",
        "(1, 2)",
        "range(3) | list",
        "dict(a=1)",
        "none",
        "true",
    ),
    *(
        "messages[0].role",
        "messages[0]['content'] | length",
        "messages[0].get('x') is none",
        "messages[0].nothing",
        "c.x",
    ),
    *(
        "namespace(a=5).a",
        "[c, c].index(c)",
        "[1, 1].count(1)",
        "c.split('l') | join('L')",
        "'a' if x else 'b'",
        "'%%' % ()",
    ),
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
@pytest.mark.parametrize("message", [" Hello world \n", "", '<b>"ß"</b>\r\nl\tl\x85\u2028ŉ'])
def test_an_expression_means_what_it_means_in_jinja(expression, message):
    from jinja2.sandbox import ImmutableSandboxedEnvironment
    from transformers.utils.chat_template_utils import _cached_compile_jinja_template

    source = f"{{% set c = messages[0].content %}}{{{{ c }}}}|{{{{ {expression} }}}}"
    assert issubclass(type(_cached_compile_jinja_template(source).environment), ImmutableSandboxedEnvironment)
    expected = _outcome(
        lambda: _cached_compile_jinja_template(source).render(messages=[{"role": "user", "content": message}])
    )
    assert _outcome(lambda: str(ChatTemplate(source=source).render(message))) == expected


def _outcome(render):
    try:
        return render()
    except Exception:
        return "an error"


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_no_character_of_a_message_is_the_templates(expression):
    source = f"{{% set c = messages[0].content %}}<c>{{{{ c }}}}</c>{{{{ {expression} }}}}"
    message = "\ue100l\ue101 \ue102lo\n"
    with contextlib.suppress(ValueError):  # as in jinja
        prompt = ChatTemplate(source=source).render(message)
        assert prompt[:2] == (Segment("<c>", True), Segment(message, False))
        assert not set("\ue100\ue101\ue102") & {c for segment in prompt if segment.is_template for c in segment.text}


# What is done to a text with a message in it, and what of the result is the message's.
PARTS = {
    "'<a>' ~ c ~ '<b>'": ["c"],
    "'<a>' + c + '<b>'": ["c"],
    "('<a>' + c + '<b>') | trim": ["c"],
    "'<a>%s<b>%s' % (c, c)": ["c", "c"],
    "'<a>%s<b>' | format(c)": ["c"],
    "'<a>{}<b>{x}'.format(c, x=c)": ["c", "c"],
    "'<a>#<b>'.replace('#', c)": ["c"],
    "'<a>#<b>' | replace('#', c)": ["c"],
    "['<a>', c, '<b>'] | join": ["c"],
    "'<a>'.join([c, c])": ["c", "c"],
    "'<a>%2s%r' % (c, c)": [" c'c'"],
    "'<a>{:>2}'.format(c)": [" c"],
    "('<a><c>' ~ c).split('<c>')[1]": ["c"],
    "('<a><c>' ~ c).rsplit('<c>', 1)[1]": ["c"],
    "('<a>' ~ c ~ '<b>').split('<b>')[0]": ["c"],
    "('<a>' ~ c)[3:] ~ '<b>'": ["c"],
    "('<a>' ~ c) | upper": ["C"],
    "c | replace('c', '<b>')": ["<b>"],
    "('<a>' ~ c ~ '<b>') | tojson": ["c"],
    "['<a>', c, '<b>']": ["['<a>', 'c', '<b>']"],
}


@pytest.mark.parametrize(("expression", "users"), PARTS.items())
def test_what_a_template_writes_beside_a_message_is_the_templates(expression, users):
    source = f"{{% set c = messages[0].content %}}{{{{ {expression} }}}}"
    prompt = ChatTemplate(source=source).render("c")
    assert [segment.text for segment in prompt if not segment.is_template] == users


LOOP = "{% for m in messages %}{{ loop.index }}{{ loop.first }}{{ loop.last }}"
STATEMENTS = {
    "loop": LOOP + "{{ loop.length }}{{ loop.cycle('a', 'b') }}{% endfor %}",
    "nested loop": "{% for a in [1, 2] %}{% for b in [3, 4] if b > 3 %}{{ a ~ b }}{{ loop.revindex }}{% else %}none"
    "{% endfor %}{% endfor %}",
    "loop over nothing": "{% for a in nothing %}{% else %}none{% endfor %}",
    "loop over letters": "{% for a in messages[0].content %}{{ a }},{% endfor %}",
    "loop over pairs": "{% for k, v in {'a': 1}.items() %}{{ k }}={{ v }}{% endfor %}",
    "recursive loop": "{% for a in [[1, [2]], [3]] recursive %}[{{ a if a is number else loop(a) }}]{% endfor %}",
    "break": "{% for a in range(9) %}{% if a == 3 %}{% break %}{% endif %}{{ a }}{% endfor %}",
    "continue": "{% for a in range(9) %}{% if a == 3 %}{% continue %}{% endif %}{{ a }}{% endfor %}",
    "neighbours": "{% for m in [1, 2, 3] %}{{ loop.previtem }}{{ loop.nextitem }}{{ loop.changed(m) }}{% endfor %}",
    "set": "{% set a, b = 1, 'x' %}{{ a }}{{ b }}{% set a %}[{{ b }}]{% endset %}{{ a }}",
    "set by a filter": "{% set a | upper %}{{ messages[0].content }}{% endset %}{{ a }}",
    "namespace": "{% set ns = namespace(n=0) %}{% for i in range(3) %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}",
    "macro": "{% macro f(a, b=2) %}{{ a }}{{ b }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ f(1, 3, 4, c=5) }}",
    "call": "{% macro f() %}<{{ caller() }}>{% endmacro %}{% call f() %}{{ messages[0].content }}{% endcall %}",
    "call with arguments": "{% macro f() %}<{{ caller(5) }}>{% endmacro %}{% call(x) f() %}{{ x }}{% endcall %}",
    "filter": "{% filter upper %}{{ messages[0].content }} and b{% endfilter %}",
    "block": "{% block a %}{{ messages[0].content }}{% endblock %}{{ self.a() }}",
    "with": "{% with a = 5 %}{{ a }}{% endwith %}{{ a }}",
    "generation": "{% generation %}{{ messages[0].content }}{% endgeneration %}",
    "raw": "{% raw %}{{ x }}{% endraw %}{# note #}",
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_means_what_it_means_in_jinja(name):
    from transformers.utils.chat_template_utils import _cached_compile_jinja_template

    source = STATEMENTS[name] + "|{{ messages[0].content }}"
    expected = _cached_compile_jinja_template(source).render(messages=[{"role": "user", "content": "Hello"}])
    prompt = ChatTemplate(source=source).render("Hello")
    assert str(prompt) == expected
    templates = "".join(segment.text for segment in prompt if segment.is_template)
    assert "Hello" not in templates
    assert "HELLO" not in templates
