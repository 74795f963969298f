"""Validate every kept mail/send body against SendGrid's published schema: `validate_bodies.py FOLDER SCHEMA.json`."""

import json
import sys
from pathlib import Path

import jsonschema_rs


def main(folder, schema):
    validator = jsonschema_rs.validator_for(json.loads(Path(schema).read_text(encoding="utf-8")))
    lines = [line for path in Path(folder).glob("*.jsonl") for line in path.read_bytes().splitlines()]
    bodies = [json.loads(line) for line in lines]
    faults = [error.message for body in bodies for error in validator.iter_errors(body)]
    for fault in faults[:10]:
        print(f"mail/send body is not valid: {fault}")
    print(f"mail/send bodies: {len(bodies)} checked against the published schema, {len(faults)} faults")
    return 1 if faults or not bodies else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
