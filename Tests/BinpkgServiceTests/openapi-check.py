"""Checks recorded answers against an OpenAPI 3.1 document.

usage: openapi-check.py openapi.json answers.json

An answer is {"method", "path" (as the document has it), "sent" (the body of the request), "status", "type", "body"}.
Prints a line for each mistake. Of every operation there must be an answer that is no error. What is in a value must be in
its schema, also where the document lets clients send or expect more.
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


def strict(value):
    """The schema without room for what it does not name."""
    if isinstance(value, list):
        return [strict(part) for part in value]
    if not isinstance(value, dict):
        return value
    parts = {name: strict(part) for name, part in value.items()}
    if isinstance(parts.get("properties"), dict) and "additionalProperties" not in parts and "type" in parts:
        parts["additionalProperties"] = False
    return parts


def mismatches(document, media, text):
    """How a JSON text differs from the schema of its media type."""
    schema = {**strict(media["schema"]), "components": strict(document["components"])}
    for error in jsonschema.Draft202012Validator(schema).iter_errors(json.loads(text)):
        yield f"{error.json_path}: {error.message}"


def of_operations(document, answers):
    """What is wrong with the operations as a whole."""
    answered = {(answer["method"].lower(), answer["path"]) for answer in answers if answer["status"] < 400}
    for path, calls in document["paths"].items():
        for method, operation in calls.items():
            if (method, path) not in answered:
                yield f"{method.upper()} {path}: no answer of it was seen"
            if "requestBody" in operation and "408" not in operation["responses"]:
                yield f"{method.upper()} {path}: nothing is said of a body that does not come"


def mistakes(document, answers):
    yield from of_operations(document, answers)
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
        taken = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if taken is not None and answer["status"] < 400:
            for mismatch in mismatches(document, taken, answer["sent"]):
                yield f"{call}: what was sent: {mismatch}"
        if answer["method"] == "HEAD":
            if answer["body"]:
                yield f"{call}: it has a body"
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
        for mismatch in mismatches(document, media, answer["body"]):
            yield f"{call}: {mismatch}"


with open(sys.argv[1]) as file:
    document = json.load(file)
with open(sys.argv[2]) as file:
    answers = json.load(file)
found = list(mistakes(document, answers))
print("\n".join(found))
sys.exit(1 if found else 0)
