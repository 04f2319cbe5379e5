"""A store of one's own in the kernel, with models of which only one can be run, and a file that Ollama keeps."""

SOURCE = '''
import hashlib, json, os, shutil, tempfile
from pathlib import Path
from dolly_widget import DollyWidget
from dolly_widget.models import CATALOGUE, store
from dolly_widget.models.demo import OPENVINO_DIR
from dolly_widget.models.files import REQUIRED_FILES

home = Path(tempfile.mkdtemp())
os.environ["DOLLY_WIDGET_CACHE"] = str(home / "cache")
os.environ["OLLAMA_MODELS"] = str(home / "ollama")
os.environ["HF_HUB_CACHE"] = str(home / "hub")

def put(model_id, weight_format, size_bytes, commit="0" * 40, **facts):
    """A model whose weights are a hole in a file."""
    key = store.Key(model_id, commit, weight_format)
    with store.making(key) as staging:
        for name in REQUIRED_FILES:
            with (staging / name).open("wb") as file:
                file.truncate(size_bytes if name.endswith(".bin") else 0)
        files = {path.name: {"bytes": path.stat().st_size, "sha256": ""} for path in staging.iterdir()}
        return store.publish(staging, key, "main", {}, files, **facts)

def put_demo_as(name):
    """The demonstration model under a name of the catalogue, so that it can be run."""
    source = next(model.source for model in CATALOGUE if model.name == name)
    with store.making(store.Key(name, source.sha256[:40], "int8")) as staging:
        for path in OPENVINO_DIR.iterdir():
            shutil.copyfile(path, staging / path.name)
        store.publish(staging, store.Key(name, source.sha256[:40], "int8"), "", {}, store.describe(staging))

def keep_with_ollama(name, tag, size_bytes):
    digest = hashlib.sha256(name.encode()).hexdigest()
    manifest = home / "ollama/manifests/registry.ollama.ai/library" / name / tag
    blob = home / f"ollama/blobs/sha256-{digest}"
    for path in (manifest, blob):
        path.parent.mkdir(parents=True, exist_ok=True)
    layer = {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{digest}"}
    manifest.write_text(json.dumps({"layers": [layer]}))
    with blob.open("wb") as file:
        file.write(b"GGUF")
        file.truncate(size_bytes)

put_demo_as("smollm2")
put("OpenVINO/dolly-v2-3b-int8-ov", "published", 2_800_000_000)
put("databricks/dolly-v2-3b", "int4-g64", 1_600_000_000)
put("HuggingFaceTB/SmolLM2-1.7B-Instruct", "int8", 1_713_000_000, licence="apache-2.0")
put("/home/me/checkpoints/a-model-of-my-own", "fp16", 271_000_000)
keep_with_ollama("llama3.2", "1b", 1_321_000_000)
'''
MAKE = SOURCE + 'widget = DollyWidget("smollm2")\nwidget'
