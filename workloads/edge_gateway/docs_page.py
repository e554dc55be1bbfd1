"""The page at `/docs`: the OpenAPI document as plain HTML without external resources. Pure."""

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
section { border-top: 1px solid #8886; margin-top: 1.5rem; }
code, pre { font-family: ui-monospace, monospace; }
pre { background: #8882; padding: .75rem; overflow-x: auto; }
th, td { text-align: left; padding: .1rem 1rem .1rem 0; vertical-align: top; }
"""


def docs_page(document: Mapping[str, Any]) -> str:
    """Return the page of an OpenAPI document."""
    info = document["info"]
    about = "".join(f"<p>{_prose(line)}</p>" for line in info.get("description", "").split("\n\n"))
    routes = "".join(
        _route(method, path, route) for path, methods in document["paths"].items() for method, route in methods.items()
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        f"<title>{escape(info['title'])}</title><style>{_STYLE}</style>"
        f"<h1>{escape(info['title'])} <small>{escape(info['version'])}</small></h1>{about}"
        f'<p>For programs: <a href="openapi.json">openapi.json</a>.</p>{routes}</html>\n'
    )


def _route(method: str, path: str, route: Mapping[str, Any]) -> str:
    head = f"<h2><code>{escape(method.upper())} {escape(path)}</code></h2>"
    description = f"<p><strong>{escape(route.get('summary', ''))}.</strong> {_prose(route.get('description', ''))}</p>"
    return f"<section>{head}{description}{_who(route)}{_parameters(route)}{_body(route)}</section>"


def _who(route: Mapping[str, Any]) -> str:
    names = [name for way in route.get("security", ()) for name in way]
    return f"<p>Needs: {escape(' or '.join(names))}.</p>" if names else "<p>No login required.</p>"


def _parameters(route: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(each['name'])}</code></td><td>{escape(each['in'])}"
        f"{', needed' if each.get('required') else ''}</td><td>{_prose(each.get('description', ''))}</td></tr>"
        for each in route.get("parameters", ())
    )
    return f"<table>{rows}</table>" if rows else ""


def _body(route: Mapping[str, Any]) -> str:
    contents = route.get("requestBody", {}).get("content", {})
    examples = ((kind, content["example"]) for kind, content in contents.items() if "example" in content)
    return "".join(
        f"<p>Body, <code>{escape(kind)}</code>, such as:</p><pre>{escape(json.dumps(example, indent=2))}</pre>"
        for kind, example in examples
    )


def _prose(text: str) -> str:
    """Return text with its `code` marked as such."""
    return "".join(_marked(text))


def _marked(text: str) -> Iterator[str]:
    for number, part in enumerate(text.split("`")):
        yield f"<code>{escape(part)}</code>" if number % 2 else escape(part)
