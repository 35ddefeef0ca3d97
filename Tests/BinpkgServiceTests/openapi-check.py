"""Checks recorded answers against an OpenAPI 3.1 document.

usage: openapi-check.py openapi.json answers.json

An answer is {"method", "path" (as the document has it), "status", "type", "body"}. Prints a line for each mistake.
"""

import json
import sys

import jsonschema


def references(value):
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for part in value.values():
            yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)


def resolve(document, value):
    while "$ref" in value:
        place = document
        for name in value["$ref"].removeprefix("#/").split("/"):
            place = place[name]
        value = place
    return value


def mistakes(document, answers):
    names = [call["operationId"] for path in document["paths"].values() for call in path.values()]
    if len(set(names)) != len(names):
        yield "an operationId is there twice"
    for reference in references(document):
        try:
            resolve(document, {"$ref": reference})
        except KeyError:
            yield f"{reference} leads nowhere"
    for name, schema in document["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        if f"#/components/schemas/{name}" not in references(document):
            yield f"nobody uses {name}"
    for answer in answers:
        call = f"{answer['method']} {answer['path']} → {answer['status']}"
        operation = document["paths"].get(answer["path"], {}).get(answer["method"].lower())
        if operation is None:
            yield f"{call}: no such operation"
            continue
        response = operation["responses"].get(str(answer["status"]))
        if response is None:
            yield f"{call}: no such status"
            continue
        content = resolve(document, response).get("content", {})
        if not content and not answer["body"]:
            continue
        media = content.get(answer["type"])
        if media is None:
            yield f"{call}: no media type {answer['type']}"
            continue
        if "json" not in answer["type"]:
            continue
        schema = {**media["schema"], "components": document["components"]}
        for error in jsonschema.Draft202012Validator(schema).iter_errors(json.loads(answer["body"])):
            yield f"{call}: {error.json_path}: {error.message}"


with open(sys.argv[1]) as file:
    document = json.load(file)
with open(sys.argv[2]) as file:
    answers = json.load(file)
found = list(mistakes(document, answers))
print("\n".join(found))
sys.exit(1 if found else 0)
