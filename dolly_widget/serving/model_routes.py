"""``/v1/models``: what is served, and the files by which a client can count and colour its tokens.

Never a weight: only small files of the model's directory, by a list of names.
"""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dolly_widget.serving.failures import ApiError
from dolly_widget.serving.service import Service
from dolly_widget.text import read_json

FILES = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
)
"""What a client can have."""
# Where the files were once, on the machine of whoever converted them.
_PRIVATE = ("_name_or_path", "name_or_path")


async def models(request: Request) -> Response:
    """The list of what is served: one model, under each of its names."""
    service: Service = request.app.state.service
    return JSONResponse({"object": "list", "data": [_card(service, name) for name in service.names]})


async def model(request: Request) -> Response:
    """One model."""
    service, name = _named(request)
    return JSONResponse(_card(service, name))


async def model_file(request: Request) -> Response:
    """A file of the model."""
    service, _ = _named(request)
    name = request.path_params["file"]
    path = service.model.directory / name
    if name not in FILES or not path.is_file():
        there = ", ".join(_files(service))
        raise ApiError(404, f"There is no file {name[:100]!r} to have: choose from {there}.", code="not_found")
    if name.endswith("config.json"):
        settings = read_json(path)
        shown = {key: value for key, value in settings.items() if key not in _PRIVATE}
        # Infinity and NaN, which some have, are for whoever can read the file itself.
        return Response(json.dumps(shown), media_type="application/json")
    return Response(path.read_bytes(), media_type="application/json" if name.endswith(".json") else "text/plain")


def _named(request: Request) -> tuple[Service, str]:
    service: Service = request.app.state.service
    name = request.path_params["model"]
    if name not in service.names:
        known = " or ".join(service.names)
        raise ApiError(404, f"There is no model {name[:200]!r} here: ask for {known}.", "model", "model_not_found")
    return service, name


def _card(service: Service, name: str) -> dict[str, Any]:
    return {
        "id": name,
        "object": "model",
        "created": service.created,
        "owned_by": "dolly-widget",
        "root": service.name,
        "max_model_len": service.model.info.max_positions,
        "dolly_widget": {"files": _files(service)},
    }


def _files(service: Service) -> list[str]:
    return [name for name in FILES if (service.model.directory / name).is_file()]
