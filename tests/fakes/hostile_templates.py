"""Chat templates that would take all time or all memory: each by one way that jinja has. `python -m` renders all."""

import json
import sys

_GROW = "{{% set ns = namespace(x={first}) %}}{{% for i in range(60) %}}{step}{{% endfor %}}{use}"
_CHAIN = "{{% set ns = namespace(x={first}) %}}{{% for i in range(20000) %}}{{% set ns.x = {next} %}}{{% endfor %}}"
_BIG = "{% set x = 'a' * 100000 %}"


def _grow(first, following, use=""):
    return _GROW.format(first=first, step=f"{{% set ns.x = {following} %}}", use=use)


HOSTILE = {
    "power": "{{ 7 ** (3 * 10 ** 7) }}",
    "product": _grow("10", "ns.x * ns.x"),
    "text by ~": _grow("'ab'", "ns.x ~ ns.x"),
    "text by +": _grow("'ab'", "ns.x + ns.x"),
    "text by %": _grow("'ab'", "'%s%s' % (ns.x, ns.x)"),
    "text by join": _grow("'ab'", "[ns.x, ns.x] | join"),
    "text by format": _grow("'ab'", "'{}{}'.format(ns.x, ns.x)"),
    "text by replace": _grow("'ab'", "ns.x | replace('a', 'aa')"),
    "captured text": _GROW.format(first="'ab'", step="{% set ns.x %}{{ ns.x }}{{ ns.x }}{% endset %}", use=""),
    "constant text": "{% for i in range(60000) %}" + "x" * 90000 + "{% endfor %}",
    "captured constant text": "{% set x %}{% for i in range(60000) %}" + "x" * 90000 + "{% endfor %}{% endset %}",
    "printed text": _BIG + "{% for i in range(60000) %}{{ x }}{% endfor %}",
    "kept texts": "".join(f"{{% set x{i} = 'a' * 999999 %}}" for i in range(100)),
    "many parts": _BIG + "{{ " + "x ~ " * 5000 + "x }}",
    "times": "{{ 'a' * 10 ** 9 }}",
    "times from the left": "{{ 10 ** 9 * 'a' }}",
    "list times": "{{ [0] * 10 ** 9 }}",
    "list doubled": _grow("[1]", "ns.x + ns.x"),
    "list in itself, printed": _grow("[1]", "[ns.x, ns.x]", "{{ ns.x }}"),
    "list in itself, as JSON": _grow("[1]", "[ns.x, ns.x]", "{{ ns.x | tojson }}"),
    "list in itself, compared": _grow("[1]", "[ns.x, ns.x]", "{{ ns.x == ns.x + [] }}"),
    "tuple in itself, hashed": _grow("(1,)", "(ns.x, ns.x)", "{{ {ns.x: 1} }}"),
    "dictionary in itself": _grow("{}", "{'a': ns.x, 'b': ns.x}", "{{ ns.x }}"),
    "dictionary in itself, called": _grow("{}", "dict(a=ns.x, b=ns.x)", "{{ ns.x }}"),
    "deep tuple": _CHAIN.format(first="(1,)", next="(ns.x,)") + "{{ {ns.x: 1} }}",
    "generator of a generator": _CHAIN.format(first="[1]", next="ns.x | select") + "{{ ns.x | list }}",
    "generator in a list": _CHAIN.format(first="[1]", next="[ns.x] | map('first')") + "{{ ns.x | list }}",
    "loops": "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
    "loops that skip": "{% for a in range(9999) %}{% for b in range(9999) if false %}{% endfor %}{% endfor %}",
    "loop that calls itself": "{% for a in [1, 2] recursive %}{{ loop([1, 2]) }}{% endfor %}",
    "macro that calls itself": "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
    "macro, 40 deep": "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(40) }}",
    "block that shows itself": "{% block a %}{{ self.a() }}{{ self.a() }}{% endblock %}",
    "range": "{{ range(10 ** 12) | list }}",
    "sorting": "{% for i in range(60000) %}{{ range(60000) | sort | first }}{% endfor %}",
    **{name: f"{{{{ 'x'.{name}(10 ** 9) }}}}" for name in ("ljust", "rjust", "center", "zfill", "expandtabs")},
    "filter center": "{{ 'x' | center(10 ** 9) }}",
    "indent": "{{ 'x\ny' | indent(10 ** 9) }}",
    "indent with a text": _BIG + "{{ ('x\n' * 1000) | indent(x) }}",
    "replace": _BIG + "{{ x.replace('a', x) }}",
    "replace nothing": _BIG + "{{ x.replace('', x) }}",
    "replace, mapped": _BIG + "{{ [x] | map('replace', 'a', x) | list }}",
    "join": _BIG + "{{ x.join(x) }}",
    "join, filtered": _BIG + "{{ x | join(x) }}",
    "wide %": "{{ '%1000000000d' % 1 }}",
    "wide % of another": "{{ '%*d' % (10 ** 9, 1) }}",
    "wide % by the filter": "{{ '%1000000000d' | format(1) }}",
    "wide field": "{{ '{:1000000000}'.format(1) }}",
    "field as wide as another": "{{ '{:{}}'.format(1, 10 ** 9) }}",
    "JSON": "{{ [[1]] | tojson(indent=10 ** 9) }}",
    "JSON's separators": _BIG + "{{ [1, 2] | tojson(separators=(x, x)) }}",
    "round": "{{ 5 | round(-10 ** 9) }}",
    "round up": "{{ 5.5 | round(10 ** 9, 'ceil') }}",
    "batch": "{{ [1] | batch(10 ** 9, 'x') | list }}",
    "slice": "{{ [1] | slice(10 ** 9) | list }}",
    "sum": "{{ ([[1]] * 9999) | sum(start=[]) }}",
    "bytes": "{{ 'x'.encode() * 10 ** 9 }}",
    "bytes of a number": "{{ (5).to_bytes(10 ** 9, 'big') }}",
    "lorem ipsum": "{{ lipsum(n=10 ** 6) }}",
    "method by its name": "{{ 'x'['ljust'](10 ** 9) }}",
    "date": "{{ strftime_now('%A' * 99999) }}",
    "parentheses": "{{ " + "(" * 40000 + "1" + ")" * 40000 + " }}",
    "conditions": "{% if 1 %}" * 5000 + "{% endif %}" * 5000,
    "sums": "{{ " + "1+" * 9000 + "1 }}",
    "outputs": "{{a}}" * 20000,
    "long": "x" * 10**7,
    "autoescape": "{% autoescape 'a' | center(10 ** 9) %}{% endautoescape %}",
}


def main():
    """Render each of stdin's names, print what came of it."""
    from dolly_widget.text.chat_template import ChatTemplate

    for name in json.load(sys.stdin):
        try:
            came = str(ChatTemplate(source=HOSTILE[name]).render("Hello"))[:200]
        except ValueError as exc:
            came = str(exc)
        print(json.dumps([name, came]), flush=True)


if __name__ == "__main__":
    main()
