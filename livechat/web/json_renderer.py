"""The JSON renderer, for responses and for JSON within pages: UTF-8, without escapes."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.renderers import JSON

from ..utf8_json import encoded


def includeme(config: Configurator) -> None:
    config.add_renderer("json", JSON(encoded))

    def in_pages() -> None:
        policies = config.get_jinja2_environment().policies
        policies["json.dumps_kwargs"] = {"ensure_ascii": False, "sort_keys": True}

    config.action("livechat.utf8_json", in_pages, order=1000)
