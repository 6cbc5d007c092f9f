"""Reads questions: JSON lines, MathVista's testmini.json, or the tables (TSV) that VLMEvalKit uses."""
from __future__ import annotations

import ast
import base64
import csv
import json
import string
import sys
from pathlib import Path


def read(path: Path) -> tuple[list[dict], Path]:
    """All questions, each with an id, and the directory that their pictures' names are relative to."""
    if path.is_dir():
        names = [path / name for name in ("questions.jsonl", "requests.jsonl") if (path / name).exists()]
        names = names or sorted(p for p in path.glob("*.jsonl") if not p.name.startswith("answers"))
        if len(names) != 1:
            sys.exit(f"evaluate: {path} has {len(names)} files of questions, expected one, such as questions.jsonl")
        path = names[0]
    try:
        if path.suffix == ".tsv":
            found = table(path)
        elif path.suffix == ".json":
            found = mathvista(json.loads(path.read_text("utf-8")))
        else:
            found = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    except (OSError, ValueError, KeyError, csv.Error) as error:
        sys.exit(f"evaluate: {path} cannot be read: {error}")
    for number, question in enumerate(found):
        question["id"] = str(question.get("id", number))
        if "question" not in question and "messages" not in question:
            sys.exit(f"evaluate: {path}: question {question['id']} has no \"question\"")
    if len({q["id"] for q in found}) != len(found):
        sys.exit(f"evaluate: {path}: an id occurs twice")
    return found, path.parent


def mathvista(given) -> list[dict]:
    """MathVista's own file: an object from problem ids to problems; `query`, which has the published hint, is asked."""
    rows = given.values() if isinstance(given, dict) else given
    return [{"id": row["pid"], "picture": row["image"], "question": row.get("query") or row["question"],
             "answer": row["answer"], "kind": (row.get("metadata") or {}).get("task") or row["question_type"],
             "choices": row.get("choices"), **judged(row)} for row in rows]


def judged(row: dict) -> dict:
    """By the option's text for a choice, else by the number, to so many places."""
    if row["question_type"] == "multi_choice":
        # The options stand in the query; the answer is the text of one.
        return {"score": "choice", "options": row["choices"], "style": "plain"}
    if row["answer_type"] in ("integer", "float"):
        return {"score": "number", "precision": int(row.get("precision") or 0)}
    return {"score": "text"}


def table(path: Path) -> list[dict]:
    """A line a question: index, image (base64, a list of them, or the index of another line), question, A, B, …, answer."""
    csv.field_size_limit(1 << 30)
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    images = {row["index"]: row["image"] for row in rows if row.get("image")}
    found = []
    for row in rows:
        given = row.get("image") or ""
        if len(given) < 64 and given in images:
            given = images[given]
        listed = ast.literal_eval(given) if given.startswith("[") else [given] if given else []
        options = {key: row[key] for key in string.ascii_uppercase if row.get(key)}
        question = {"id": row["index"], "pictures": [base64.b64decode(one) for one in listed],
                    "question": row["question"], "answer": row.get("answer", ""),
                    "kind": row.get("category") or row.get("split") or "all", "hint": row.get("hint") or ""}
        if options:
            question["options"] = options
        found.append(question)
    return found
