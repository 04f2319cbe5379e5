"""A history is searched, written and read again; what is read is checked, and does nothing."""

import json
import math
import sys
from dataclasses import fields, replace
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path

import pytest
from exchanges import HOSTILE, OWN, SCRIPT, all_kinds, answered
from markdown_it import MarkdownIt

from dolly_widget import GenerationResult, History, SamplingParams
from dolly_widget.engines import SETUP_FIELDS, EngineSetup
from dolly_widget.history.as_json import _READERS
from dolly_widget.sampling import SETTINGS
from dolly_widget.text.chat_template import ChatTemplate
from dolly_widget.text.template import PromptTemplate, Turn


def data_of(history):
    return json.loads(history.to_json())


def changed(**changes):
    """JSON of a history of one exchange, with other values at the top."""
    return json.dumps({**data_of(History([answered()])), **changes})


def damaged(*path, value):
    """JSON of a history of one exchange, with another value at a path into it."""
    data = data_of(History([answered()]))
    place = data["exchanges"][0]
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return json.dumps(data)


# searching


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "abc"),
        ("DOLLY", "a"),
        ("sheep", "abc"),
        ("sheep cloned", "b"),
        ("straße", "c"),
        ("STRASSE sheep", "c"),
        ("\N{SHEEP}", "c"),
        ("zebra", ""),
        ("GOOD sheep", "c"),
        ("sheep zebra", ""),
        ("  \n", "abc"),
    ],
)
def test_search_finds_all_words_anywhere_in_any_case(text, found):
    history = History(
        [
            answered("Who is Dolly?", "A sheep.", model_dir=Path("a")),
            answered("What?", "Cloned", "The Sheep", model_dir=Path("b")),
            answered("Straße", "\N{SHEEP} sheep", model_dir=Path("c"), label="a good one"),
        ]
    )
    result = history.search(text)
    assert isinstance(result, History)
    assert "".join(str(each.model_dir) for each in result) == found


def test_a_history_says_little_of_itself():
    assert [repr(History()), repr(History([answered()])), repr(History([answered()] * 2))] == [
        "History(0 exchanges)",
        "History(1 exchange)",
        "History(2 exchanges)",
    ]


# JSON


@pytest.mark.parametrize("exchange", all_kinds(), ids=lambda each: ascii(each.instruction[:9]))
def test_what_is_written_is_read_again(exchange):
    (read,) = History.from_json(History([exchange]).to_json())
    # Not ==: a NaN is not another NaN. Not of one's own machine: model_dir.
    for field in fields(exchange):
        if field.name != "model_dir":
            assert repr(getattr(read, field.name)) == repr(getattr(exchange, field.name))
    assert type(read.prompt) is type(exchange.prompt)
    assert read.prompt.adds_special_tokens == exchange.prompt.adds_special_tokens
    assert History([read]).to_json() == History([exchange]).to_json()


def test_what_has_no_nan_is_equal_when_it_is_read_again():
    history = History(each for each in all_kinds() if not math.isnan(each.result.ttft_s))
    assert History.from_json(history.to_json()) == history


def test_json_is_strict_ascii_with_a_line_for_each_exchange():
    text = History(all_kinds()).to_json()
    assert text.isascii()
    assert "NaN" not in text
    assert len(text.splitlines()) == len(all_kinds()) + 2
    assert json.loads(text)["version"] == 1


def test_json_leaves_out_how_long_each_step_took():
    assert '"pass_s"' not in History([answered(pass_s=(0.1, 0.2))]).to_json()


def test_json_tells_nothing_of_where_the_files_are():
    assert "somewhere" not in History(all_kinds()).to_json()


def test_a_file_is_read_whether_or_not_it_begins_with_a_mark(tmp_path):
    history = History([answered()])
    for encoding in ("utf-8", "utf-8-sig"):
        (tmp_path / "history.json").write_text(history.to_json(), encoding=encoding)
        assert History.from_json(tmp_path / "history.json") == history
    assert History.from_json(History().to_json()) == History()


def test_every_setting_is_written():
    (data,) = data_of(History([answered()]))["exchanges"]
    assert set(data["params"]) == set(SETTINGS)
    assert set(data["setup"]) == set(SETUP_FIELDS)


def test_every_field_that_is_written_can_be_read():
    for kind in (EngineSetup, SamplingParams, GenerationResult, PromptTemplate, ChatTemplate):
        assert {str(field.type) for field in fields(kind) if field.compare} <= set(_READERS)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "[]",
        "3",
        '{"kind": "a notebook"}',
        "[" * 100_000,
        changed(version="1"),
        changed(kind=3),
        '{"a": NaN}',
        History([answered()]).to_json()[:300],
    ],
)
def test_a_text_of_another_kind_is_refused_in_a_sentence(text):
    with pytest.raises(
        ValueError,
        match=r"^This text is not a complete history: give the output of .*to_json, or the Path of its file\.$",
    ):
        History.from_json(text)


def test_a_newer_version_is_refused_with_what_to_do():
    with pytest.raises(ValueError, match=r"newer dolly-widget \(format 2, this one knows 1\): run .* --upgrade"):
        History.from_json(changed(version=2))


@pytest.mark.parametrize(
    "text",
    [
        changed(exchanges={}),
        changed(exchanges=[3]),
        changed(exchanges=[{}]),
        damaged("instruction", value=3),
        damaged("result", value=[]),
        damaged("result", value="text token_ids"),
        damaged("result", "token_ids", value=[1.5]),
        damaged("result", "token_ids", value=[True]),
        damaged("result", "token_ids", value="12"),
        damaged("result", "finish_reason", value="<b>"),
        damaged("result", "prefix_tokens", value=9),
        damaged("result", "ttft_s", value=10**400),
        damaged("result", "seed", value=None),
        damaged("params", "temperature", value=-1),
        damaged("params", "top_p", value="1"),
        damaged("prompt", "segments", value=[["a"]]),
        damaged("prompt", "segments", value=[["a", 1]]),
        damaged("turns", value=[["a", "b"]]),
        damaged("setup", value="demo"),
        damaged("setup", "model", value=None),
        damaged("params", "stop", value="end"),
        damaged("params", "stop", value=["end", 1]),
        damaged("params", "min_p", value=1),
        damaged("template_name", value=None),
        damaged("model_title", value=None),
        damaged("label", value=3),
        damaged("label", value=None),
        damaged("answered_at", value=1_700_000_000),
        damaged("answered_at", value="yesterday"),
        damaged("answered_at", value=""),
        damaged("answered_at", value="2026-03-01T14:03:00"),
        damaged("answered_at", value="0001-01-01T00:00:00+14:00"),
        damaged("setup", "model", value=" "),
        damaged("setup", "engine", value="torch"),
        damaged("setup", "weight_format", value="int3"),
        damaged("setup", "prompt_lookup", value="yes"),
        damaged("setup", "draft", value=3),
        damaged("setup", "template", value={"kind": "Popen", "name": "x"}),
        damaged("setup", "template", value={"kind": "PromptTemplate", "name": "x", "without_context": "no field"}),
        damaged("setup", "template", value={"kind": "PromptTemplate", "name": "x", "without_context": 3}),
        damaged("setup", "ov_config", value=[["A", ["list"]]]),
        damaged("result", "ttft_s", value=1.5).replace("1.5", "1e999"),
    ],
)
def test_a_damaged_history_is_refused_in_a_sentence(text):
    with pytest.raises(ValueError, match=r"^This text is damaged .*: export the history again\.$") as refused:
        History.from_json(text)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_missing_or_no_text_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"nowhere\.json cannot be read \(No such file"):
        History.from_json(tmp_path / "nowhere.json")
    (tmp_path / "picture.json").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(ValueError, match=r"picture\.json is not a complete history"):
        History.from_json(tmp_path / "picture.json")


def test_a_time_is_written_in_utc_and_read_from_any_zone():
    tokyo = timezone(timedelta(hours=9))
    history = History([answered(answered_at=datetime(2026, 3, 1, 23, 3, 5, tzinfo=tokyo))])
    (data,) = data_of(history)["exchanges"]
    assert data["answered_at"] == "2026-03-01T14:03:05+00:00"
    assert History.from_json(history.to_json()) == history
    for text in ("2026-03-01T14:03:05Z", "2026-03-01T15:03:05+01:00"):
        (read,) = History.from_json(damaged("answered_at", value=text))
        assert read.answered_at == history[0].answered_at
        assert read.time_text == "2026-03-01T14:03:05+00:00"


def test_a_file_of_before_knows_no_times_and_no_labels():
    data = data_of(History([answered()]))
    for name in ("answered_at", "label"):
        del data["exchanges"][0][name]
    (read,) = History.from_json(json.dumps(data))
    assert (read.answered_at, read.time_text, read.label) == (None, "", "")


def test_a_label_of_a_file_is_one_short_line():
    (read,) = History.from_json(damaged("label", value=f" a\n\u2028b \ud800{'x' * 100_000}"))
    assert read.label == f"a b \N{REPLACEMENT CHARACTER}{'x' * 75}"


def test_a_chat_is_kept_when_an_answer_in_it_is_deleted():
    first = answered("One", "1")
    second = answered("Two", "2", turns=first.turns_after)
    third = answered("Three", "3", turns=second.turns_after)
    for left in ([first, third], [second, third], [third]):
        assert History.from_json(History(left).to_json()) == History(left)


# Markdown


def chapters(markdown):
    """The document's top-level headings and fences, as another reader of Markdown sees them."""
    tokens = MarkdownIt("commonmark").parse(markdown)
    headings = [
        content.content
        for opening, content in pairwise(tokens)
        if opening.type == "heading_open" and opening.level == 0
    ]
    return headings, [token.content for token in tokens if token.type == "fence"], tokens


def has_html(tokens):
    return any(each.type.startswith("html") for token in tokens for each in (token, *(token.children or ())))


def test_instruction_and_context_stay_text_whatever_is_in_them():
    headings, fences, tokens = chapters(History([answered(HOSTILE, "Fine.", HOSTILE), answered(SCRIPT)]).to_markdown())
    assert headings == ["History", "1", "2"]
    assert fences == [f"{HOSTILE}\n", f"{HOSTILE}\n", f"{SCRIPT}\n"]
    assert not has_html(tokens)


def test_an_answer_keeps_its_own_markdown():
    answer = "Some **bold** words, [a link](https://example.com):\n\n- one\n- two\n\n```python\nx < y\n```"
    assert f"\n{answer}\n" in History([answered(answer=answer)]).to_markdown()


@pytest.mark.parametrize(
    "answer",
    [
        SCRIPT,
        "text <b onclick=x>more</b>",
        "```python\nnever closed",
        "~~~\nnever closed",
        "Text.\n\n- one\n\n```\nnever closed",
        "<!-- never closed",
        "[a](javascript:alert(1))",
        "[a](javascript&#58;alert(1))",
        "[a](java%73cript%3Aalert(1))",
        "<javascript:alert(1)>",
        "![a](data:text/html,x)",
        "[a][b]\n\n[b]: vbscript:x",
        "[a]()",
        "[a](#b)",
        "[a](//b.example)",
        "![a](relative.png)",
        "![a\nb `c` ![d](https://e.example)](https://f.example)",
        "`![a](https://b.example)` ![a](https://b.example)",
        "|a|b|c|\n|-|-|-|\n|`b | ![c](https://d.example) | e`|",
        "[^1]\n\n[^1]: ![a](https://b.example)",
        "It costs $5 in May and $10 in June.",
        "It costs \\$5 in May and \\$10 in June.",
        "$\\href{javascript:alert(1)}{x}$",
        "\\\\(x\\\\)",
        "\\begin{equation}x\\end{equation}",
        "[a](https://b.example/$c) [d](https://e.example/$f)",
        "```{python}\nimport os\n```",
        "``` {=html}\nx\n```",
        "> " * 70 + "<script>",
        "*a" * 20_000,
        "",
    ],
)
def test_an_answer_that_could_do_harm_or_go_on_is_quoted(answer):
    headings, fences, tokens = chapters(History([answered(answer=answer), answered()]).to_markdown())
    assert headings == ["History", "1", "2"]
    assert fences[1] == f"{answer}\n"
    assert not has_html(tokens)


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ("A cat: ![a cat](https://a.example/b.png).", "A cat: [a cat](<https://a.example/b.png>)."),
        ("![](https://a.example)", "[https\\:\\/\\/a\\.example](<https://a.example>)"),
        ('![a] b](https://a.example "c")', '![a] b](https://a.example "c")'),
        ('![*a*](https://a.example "c")', '[\\*a\\*](<https://a.example> "c")'),
        ("[![a badge](https://a.example)](https://b.example)", "[a badge](https://b.example)"),
        ("- ![a](https://a.example)\n\n      ![code](x)", "- [a](<https://a.example>)\n\n      ![code](x)"),
        ("# One\n\n## Two\n\n##### Five #", "### One\n\n#### Two\n\n###### Five #"),
        ("> # One\n\n- ## Two", "> ### One\n\n- #### Two"),
        ("One\n===\n\n> Two\n> ---", "### One\n\n> #### Two"),
        ("```\n# no heading\n```", "```\n# no heading\n```"),
        ("It costs $5, and `$HOME` is `$USER`'s.", "It costs $5, and `$HOME` is `$USER`'s."),
    ],
)
def test_images_become_links_and_headings_stand_below_those_of_the_document(answer, shown):
    assert f"**Answer**\n\n{shown}\n\n*`demo`" in History([answered(answer=answer)]).to_markdown()


def test_a_chat_that_goes_on_from_an_earlier_answer_says_so_and_tells_nothing_twice():
    first = answered("One", "1")
    second = answered("Two", "2", turns=first.turns_after)
    branch = answered("Three", "3", turns=first.turns_after)
    other = answered("Four", "4", turns=(Turn("Elsewhere", "", "0"),))
    markdown = History([first, second, branch, other]).to_markdown()
    assert markdown.count("\nOne\n") == 1
    assert markdown.count("*Goes on from answer 1.*") == 1
    assert markdown.index("## 3") < markdown.index("*Goes on from answer 1.*") < markdown.index("Three")
    assert markdown.count("**Earlier in this chat**") == 1


def test_markdown_names_model_settings_and_seed_and_can_be_written():
    markdown = History(all_kinds()).to_markdown()
    assert "`demo` · `CPU` · max_new_tokens 256, temperature 0.8, top_p 0.92" in markdown
    assert "seed 7" in markdown
    assert "Hello \N{SHEEP}" in markdown  # an earlier turn's
    assert markdown.encode("utf-8")


def test_a_label_stands_in_the_heading_and_a_time_with_the_facts():
    time = datetime(2026, 3, 1, 14, 3, 5, tzinfo=timezone.utc)
    text = History([answered(label="Größe 2, हिन्दी?", answered_at=time), answered()]).to_markdown()
    assert chapters(text)[0] == ["History", "1 · Größe 2, हिन्दी?", "2"]
    assert text.count("seed 7 · 2026-03-01 14:03 UTC*") == 1


@pytest.mark.parametrize(
    "label",
    ["**b** _i_", SCRIPT[:79], "![a](https://b.example)", "$x$", "`a` ``b``", "www.a.example", "x #", "&lt;", "\\"],
)
def test_a_label_cannot_be_more_than_text(label):
    headings, _, tokens = chapters(History([answered(label=label)]).to_markdown())
    assert len(headings) == 2
    assert not has_html(tokens)
    inline = next(each for each in tokens if each.content.startswith("1 · "))
    assert [(each.type, each.content.strip()) for each in inline.children] == [("text", "1 ·"), ("code_inline", label)]


def test_a_model_s_name_cannot_leave_its_line():
    name = "a` *b* `` <script>\n# heading"
    headings, _, tokens = chapters(History([answered(setup=EngineSetup(name))]).to_markdown())
    assert headings == ["History", "1"]
    assert not has_html(tokens)


@pytest.mark.parametrize("text", [HOSTILE, SCRIPT, "*", "_a_ `b` ``", "![a](data:text/html,x)", "### End"])
def test_a_stop_text_cannot_leave_its_line(text):
    headings, _, tokens = chapters(History([answered(stop=(text, "\n\n"))]).to_markdown())
    assert headings == ["History", "1"]
    assert not has_html(tokens)
    facts = tokens[-2].children
    assert [each.type for each in facts if each.type != "text"] == ["em_open", *["code_inline"] * 4, "em_close"]
    stops = [each.content.strip() for each in facts if each.type == "code_inline"][2:]
    assert stops == [" ".join(repr(each).split()) for each in (text, "\n\n")]


def test_no_stop_texts_are_not_spoken_of():
    assert "stop" not in History([answered()]).to_markdown().partition("max_new_tokens")[2]


# The table


def test_a_table_has_plain_values_with_units_in_the_names():
    table = History([answered(), answered("Given", setup=None, turns=(Turn("Hi", "", "Hello"),))]).to_dataframe()
    assert list(table.columns[:5]) == ["instruction", "context", "system", "answer", "earlier_turns"]
    assert {"ttft_s", "tpot_s", "tokens_per_s"} <= set(table.columns)
    assert table.loc[0, ["answer", "model", "device", "temperature", "seed", "new_tokens", "ttft_s"]].tolist() == [
        *("A sheep.", "demo", "CPU"),
        *(0.8, 7, 3, 0.25),
    ]
    assert table["model"].isna().tolist() == [False, True]
    assert table["earlier_turns"].tolist() == [0, 1]
    assert table["label"].tolist() == ["", ""]


@pytest.mark.parametrize("year", [1, 2026, 9999])
def test_a_table_has_times_with_their_zone(year):
    time = datetime(year, 3, 1, 14, 3, 5, tzinfo=timezone.utc)
    table = History([answered(answered_at=time), answered()]).to_dataframe()
    assert table.loc[0, "answered_at"] == time
    assert table["answered_at"].isna().tolist() == [False, True]


def test_every_history_becomes_a_table():
    assert len(History(all_kinds()).to_dataframe()) == len(all_kinds())
    assert list(History().to_dataframe().columns) == list(History([answered()]).to_dataframe().columns)


def test_without_pandas_the_install_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"pip install pandas$"):
        History([answered()]).to_dataframe()


def test_an_own_template_is_kept_whole():
    (exchange,) = History.from_json(History([answered(setup=EngineSetup("demo", template=OWN))]).to_json())
    assert exchange.setup.template == OWN


def test_a_greedy_answer_says_so_in_place_of_a_seed_also_in_older_files():
    exchange = answered(temperature=0)
    history = History([exchange])
    older = json.loads(history.to_json())
    assert older["exchanges"][0]["result"].pop("is_greedy")
    for each in (history, History.from_json(json.dumps(older))):
        assert each == history
        text = each.to_markdown()
        assert "greedy*" in text
        assert "seed" not in text


def test_settings_of_an_older_file_stay_as_they_were_and_are_not_taken_again():
    data = json.loads(History([answered()]).to_json())
    data["exchanges"][0]["params"]["temperature"] = 9
    del data["exchanges"][0]["params"]["presence_penalty"]
    (exchange,) = History.from_json(json.dumps(data))
    assert (exchange.params.temperature, exchange.params.presence_penalty) == (9, 0)
    with pytest.raises(ValueError, match=r"^temperature must be 0 to 5, not 9"):
        replace(exchange.params, seed=None)
    data["exchanges"][0]["params"]["temperature"] = 900
    with pytest.raises(ValueError, match="damaged at exchange 1"):
        History.from_json(json.dumps(data))
