"""A user's own presets: kept in one small file, whatever happens to that, and offered in the panel."""

import json
import subprocess
import sys

import pytest

from dolly_widget import SamplingParams
from dolly_widget.sampling import PRESETS
from dolly_widget.widget.settings import own_presets
from dolly_widget.widget.settings.panel import SamplingPanel
from dolly_widget.widget.settings.traits import SettingsTraits

PARAMS = SamplingParams(temperature=0.3, top_k=7, presence_penalty=0.5, stop=("END\n",), max_new_tokens=99, seed=5)


@pytest.fixture(autouse=True)
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("DOLLY_WIDGET_CONFIG", str(tmp_path / "config"))
    return tmp_path / "config" / "presets.json"


@pytest.fixture
def owner():
    return SettingsTraits()


def shown(panel):
    own = panel.own_presets
    return own.title, [name for _, name in own.chosen.options if name], own.chosen.value, own.hint.text


def test_settings_are_kept_under_a_name_without_the_seed(file, owner):
    assert own_presets.read() == {}
    assert not file.exists()
    assert own_presets.save("  My   own ", PARAMS) == "My own"
    code = "from dolly_widget.widget.settings.own_presets import read; print(read()['My own']['stop'])"
    again = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert again.stdout == "('END\\n',)\n"  # another process
    owner.seed = 8
    owner.apply_preset("My own")
    assert owner.params == SamplingParams(**{**vars(PARAMS), "seed": 8})
    own_presets.delete("My own")
    assert own_presets.read() == {}
    with pytest.raises(ValueError, match="There is no preset 'My own' of your own"):
        own_presets.delete("My own")
    assert [each.name for each in file.parent.iterdir() if each.suffix != ".lock"] == ["presets.json"]


def test_an_unknown_name_says_which_there_are(owner):
    own_presets.save("mine", PARAMS)
    with pytest.raises(ValueError, match=r"no preset 'wild': choose one of precise, balanced, creative, mine\."):
        owner.apply_preset("wild")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "Write a name"),
        (" \n", "Write a name"),
        ("x" * 41, "at most 40 letters"),
        ("a\u202eb", "can be seen"),
        ("a\0b", "can be seen"),
        ("Precise", "built in"),
    ],
)
def test_a_name_that_cannot_be_is_refused(file, name, says):
    with pytest.raises(ValueError, match=says):
        own_presets.save(name, PARAMS)
    assert own_presets.read() == {}


def test_there_are_not_too_many():
    for number in range(own_presets.MOST):
        own_presets.save(f"p{number}", PARAMS)
    with pytest.raises(ValueError, match="delete one first"):
        own_presets.save("one more", PARAMS)
    own_presets.save("p3", SamplingParams())
    assert len(own_presets.read()) == own_presets.MOST


def preset(**values):
    return json.dumps({"kind": own_presets.KIND, "version": 1, "presets": {"x": values}})


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "[" * 100_000,
        '{"kind": "other"}',
        preset(temperature=9),
        preset(temperature="hot"),
        preset(temperature=[[]]),
        preset(stop="END"),
        preset(seed=3),
        preset(__class__=1),
        preset().replace('"version": 1', '"version": 2'),
        preset().replace('"x"', '"precise"'),
        preset().replace('"x"', '"<script>\\u0000"'),
        preset().replace('{"x": {}}', "[]"),
        json.dumps({"kind": own_presets.KIND, "version": 1, "presets": {str(n): {} for n in range(51)}}),
        preset() + " " * own_presets._MOST_BYTES,
        b"\xff\xfe\x00",
    ],
)
def test_a_file_that_is_none_is_a_sentence_and_stays_as_it_is(file, owner, content):
    file.parent.mkdir()
    content = content if isinstance(content, bytes) else content.encode()
    file.write_bytes(content)
    for act in (own_presets.read, lambda: own_presets.save("mine", PARAMS), lambda: owner.apply_preset("mine")):
        with pytest.raises(ValueError, match=r"presets\.json is no file of presets \(.*\): correct it"):
            act()
    assert file.read_bytes() == content
    panel = SamplingPanel(owner)
    assert "is no file of presets" in panel.own_presets.hint.text
    assert panel.problem == ""  # questions can be asked
    for name in PRESETS:
        panel.presets[name].click()
        assert owner.params == SamplingParams(**PRESETS[name].values)


def test_a_write_that_fails_leaves_what_was_there(file, monkeypatch):
    own_presets.save("mine", PARAMS)
    before = file.read_bytes()

    def fail(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(ValueError, match=r"cannot be written \(No space left on device\)"):
        own_presets.save("other", PARAMS)
    assert file.read_bytes() == before
    assert [each.name for each in file.parent.iterdir() if each.suffix == ".tmp"] == []


def test_a_place_that_is_a_file_is_a_sentence(tmp_path, monkeypatch):
    (tmp_path / "taken").write_text("")
    monkeypatch.setenv("DOLLY_WIDGET_CONFIG", str(tmp_path / "taken"))
    with pytest.raises(ValueError, match="cannot be written"):
        own_presets.save("mine", PARAMS)


def test_what_another_notebook_has_saved_is_not_lost(owner):
    panel = SamplingPanel(owner)
    own_presets.save("theirs", PARAMS)
    panel.own_presets.name.value = "mine"
    panel.own_presets.save.click()
    assert set(own_presets.read()) == {"theirs", "mine"}
    own_presets.save("later", PARAMS)
    panel.own_presets.is_open = True
    assert shown(panel)[1] == ["theirs", "mine", "later"]


def test_the_panel_saves_chooses_marks_and_deletes(owner):
    panel = SamplingPanel(owner)
    own = panel.own_presets
    assert shown(panel) == ("My presets", [], "", "")
    assert (own.save.disabled, own.delete.disabled, own.chosen.layout.display) == (True, True, "none")
    owner.temperature, owner.stop_texts = 0.3, ["END"]
    own.name.value = "mine"
    own.save.click()
    assert shown(panel) == ("My presets · 1", ["mine"], "mine", "")
    owner.reset_settings()
    assert shown(panel)[2] == ""
    own.chosen.value = "mine"
    assert (owner.temperature, owner.stop_texts) == (0.3, ("END",))
    assert own.name.value == "mine"
    own.delete.click()
    assert shown(panel) == ("My presets", [], "", "")
    assert own_presets.read() == {}
    own.name.value = "balanced"
    own.save.click()
    assert "built in" in shown(panel)[3]


def test_the_explorer_has_none(owner):
    from dolly_widget.sampling import SHAPING

    assert not hasattr(SamplingPanel(owner, SHAPING), "own_presets")
