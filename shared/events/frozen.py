"""The stored JSON Schema of each event type, and what makes a change of it compatible both ways.

`schemas/<type>.json` is what is written now; `schemas/earlier/<type>.<n>.json` are those that were, oldest first. `make
schemas` stores a compatible change and refuses another: that needs a new type (`….v2`).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shared.events import REGISTRY

FOLDER = Path(__file__).parent / "schemas"
EARLIER = FOLDER / "earlier"

Schema = dict[str, Any]


class SchemaBreaks(ValueError):
    """A change that an old reader or an old event would not survive."""


def generated(type_: str) -> Schema:
    """The schema of the type's model as it stands in the code."""
    return REGISTRY[type_].model_json_schema()


def stored(type_: str) -> Schema:
    """Raises FileNotFoundError where none was stored."""
    schema: Schema = json.loads((FOLDER / f"{type_}.json").read_text(encoding="utf-8"))
    return schema


def earlier(type_: str) -> list[Schema]:
    """The earlier schemas of a type, oldest first."""
    paths = sorted(EARLIER.glob(f"{type_}.*.json"), key=lambda path: int(path.suffixes[-2][1:]))
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def breaks(old: Schema, new: Schema) -> list[str]:
    """What breaks between two schemas of a type, both ways: a new reader with old events, an old reader with new ones."""
    return [
        *(f"old events, new reader: {fault}" for fault in _unreadable(writer=old, reader=new)),
        *(f"new events, old reader: {fault}" for fault in _unreadable(writer=new, reader=old)),
    ]


def _unreadable(writer: Schema, reader: Schema) -> Iterator[str]:
    yield from _compare(writer, reader, writer, reader, "")


def _compare(writer: Schema, reader: Schema, writer_root: Schema, reader_root: Schema, path: str) -> Iterator[str]:
    writer, reader = _resolve(writer, writer_root), _resolve(reader, reader_root)
    gone = set(_variants(writer, writer_root)) - set(_variants(reader, reader_root))
    if gone and not _any(reader):
        yield f"{path or '/'} may be {sorted(gone)}, which the reader does not take"
    properties = writer.get("properties", {})
    for name in sorted(set(reader.get("required", ())) - set(writer.get("required", ()))):
        yield f"{path}/{name} is needed by the reader and may be missing"
    for name in sorted(set(properties) & set(reader.get("properties", {}))):
        yield from _compare(properties[name], reader["properties"][name], writer_root, reader_root, f"{path}/{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(writer.get(key), dict) and isinstance(reader.get(key), dict):
            yield from _compare(writer[key], reader[key], writer_root, reader_root, f"{path}/*")
    writers, readers = _objects(writer, writer_root), _objects(reader, reader_root)
    if "anyOf" in writer and len(writers) == len(readers) == 1:
        yield from _compare(writers[0], readers[0], writer_root, reader_root, path)


def _resolve(schema: Schema, root: Schema) -> Schema:
    if "$ref" in schema:
        return dict(root["$defs"][schema["$ref"].rsplit("/", 1)[-1]])
    return schema


def _any(schema: Schema) -> bool:
    return not {"type", "enum", "const", "anyOf"} & set(schema)


def _objects(schema: Schema, root: Schema) -> list[Schema]:
    found = (_resolve(one, root) for one in schema.get("anyOf", ()))
    return [one for one in found if one.get("type") == "object"]


def _variants(schema: Schema, root: Schema) -> Iterator[str]:
    """The kinds of value a schema takes: its types, or each value of an enumeration."""
    if "anyOf" in schema:
        for one in schema["anyOf"]:
            yield from _variants(_resolve(one, root), root)
    elif "enum" in schema:
        yield from (f"={value}" for value in schema["enum"])
    elif "const" in schema:
        yield f"={schema['const']}"
    elif "type" in schema:
        yield schema["type"] + (":" + schema["format"] if "format" in schema else "")


def freeze() -> list[str]:
    """Store what changed; returns the types. Raises SchemaBreaks, with nothing stored, for an incompatible change."""
    changed = {}
    for type_ in sorted(REGISTRY):
        new = generated(type_)
        if not (FOLDER / f"{type_}.json").exists():
            changed[type_] = new
            continue
        old = stored(type_)
        if old == new:
            continue
        if faults := breaks(old, new):
            raise SchemaBreaks(f"{type_}: " + "; ".join(faults))
        changed[type_] = new
    EARLIER.mkdir(parents=True, exist_ok=True)
    for type_, schema in changed.items():
        path = FOLDER / f"{type_}.json"
        if path.exists():
            path.rename(EARLIER / f"{type_}.{len(earlier(type_)) + 1}.json")
        path.write_text(json.dumps(schema, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return list(changed)


def main() -> None:
    """`make schemas`."""

    for type_ in freeze():
        sys.stdout.write(f"stored {type_}\n")


if __name__ == "__main__":
    main()
