#!/usr/bin/env python3
"""Draws sentences that people read, for somebody who knows nothing else to say what each means.

    checks/sentences.py --seed 5eed            thirty sentences, numbered
    checks/sentences.py --seed 5eed --where    the same, each with the place that it comes from

They come from the documents, from the help of every command and from messages in the source, a third each. What somebody
understood is compared with a key that was written before; both are kept beside this script.
"""

import argparse
import pathlib
import random
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "target" / "debug" / "steadfast"


def sentences(text):
    """The sentences of a paragraph that can be read by themselves."""
    for sentence in re.split(r"(?<=[.!?])\s+(?=[A-Z`])", " ".join(text.split())):
        if 6 <= len(sentence.split()) <= 40 and sentence[-1] in ".!?":
            yield sentence


def of_documents():
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]:
        if path.name in ("SUMMARY.md", "verification.md"):
            continue
        text = re.sub(r"```.*?```", "", path.read_text(), flags=re.S)
        for paragraph in re.split(r"\n\s*\n", text):
            lines = paragraph.strip()
            if lines and not lines.startswith(("|", "#")):
                plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", re.sub(r"^\s*(?:[-*]|\d+\.)\s+", "", lines, flags=re.M))
                for sentence in sentences(plain):
                    yield path.name, sentence


def of_help():
    """The help of the program and of each of its commands."""
    run = lambda *arguments: subprocess.run([PROGRAM, *arguments, "--help"], capture_output=True, text=True).stdout
    commands = re.findall(r"^  ([a-z]+)  ", run(), flags=re.M)
    for command in commands:
        for line in re.findall(r"^ {2,}(?:-\w, )?--[\w-]+.*?(?=^ *$|^ {2,6}-)", run(command), flags=re.M | re.S):
            said = " ".join(line.split())
            match = re.match(r"(?:-\w, )?(--[\w-]+)(?:[ =]<[^>]*>)?(?:\.\.\.)?\s+(.*)", said)
            if match and len(match[2].split()) >= 6 and match[1] != "--help":
                yield f"{command} {match[1]}", re.sub(r" \[(?:default|env|possible).*", "", match[2])


def of_messages():
    """What errors and notes say: texts of the source that are long enough to be sentences."""
    for path in sorted((ROOT / "src").rglob("*.rs")):
        for text in re.findall(r'#\[error\(\s*"((?:[^"\\]|\\.)*)"', path.read_text()):
            said = re.sub(r"\{[^}]*\}", "X", re.sub(r"\\\n\s*", "", text))
            if len(said.split()) >= 7:
                yield str(path.relative_to(ROOT)), said


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", default="5eed")
    parser.add_argument("--where", action="store_true")
    given = parser.parse_args()
    drawn = random.Random(given.seed)
    chosen = [one for source in (of_documents, of_help, of_messages) for one in drawn.sample(sorted(set(source())), 10)]
    drawn.shuffle(chosen)
    for number, (where, sentence) in enumerate(chosen, 1):
        print(f"{number}. {sentence}" + (f"   [{where}]" if given.where else ""))


if __name__ == "__main__":
    main()
