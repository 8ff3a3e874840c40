"""RESULTS.md: what the runs left in results/, as tables; nothing in it is written by hand."""

import json
import tomllib
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
RESULTS = HERE / "results"
PAGE = HERE / "RESULTS.md"
COMMANDS = "`python compat/run.py all && python compat/run.py files && python compat/run.py report`"


def cells():
    """(library, cell, its result), for every cell that was run."""
    from run import MATRIX

    for library in MATRIX["libraries"]:
        path = RESULTS / f"{library}.json"
        if path.exists():
            for name, result in json.loads(path.read_text("utf-8")).items():
                yield library, name, result


def files():
    path = RESULTS / "files.json"
    table = tomllib.loads((HERE / "files.toml").read_text("utf-8"))["files"]
    expected = {(package, name): expect for package, name, _, expect in table}
    found = json.loads(path.read_text("utf-8")) if path.exists() else []
    return [row | {"expect": expected[row["package"], row["path"]]} for row in found]


def word(case):
    """works | with PROFILE | blocked by design | known gap | no file: what becomes of one case."""
    if case["outcome"] == "not loadable":
        return "no file"
    if case["outcome"] == "refused" and case["expect"].startswith("blocked"):
        return "blocked by design"
    return case["outcome"] if case["outcome"].startswith(("works", "with ")) else "known gap"


def reason(case):
    return case["expect"].partition(": ")[2] if word(case) == "blocked by design" else case["text"][:300]


def file_word(row):
    if row["loaded"].startswith("neither"):
        return "no file"
    if row["loaded"].startswith("differs"):
        return "known gap"
    return word(row)


def share(words):
    """The headline's rows: how many load by default, with one profile, with several."""
    total = sum(n for w, n in words.items() if w != "no file")
    by_default = words["works"]
    one = sum(n for w, n in words.items() if w.startswith("with ") and "," not in w)
    more = sum(n for w, n in words.items() if w.startswith("with ") and "," in w)
    return total, by_default, by_default + one, by_default + one + more


def headline():
    shipped = Counter(map(file_word, files()))
    saved = Counter(word(case) for *_, result in cells() for case in result.get("cases", {}).values())
    yield "| honest files | in all | default policy | or one named profile | or the profiles the refusal names |"
    yield "| --- | --- | --- | --- | --- |"
    parts = (("shipped by packages on the registry", shipped), ("saved by the libraries' own functions", saved))
    for name, words in (*parts, ("both", shipped + saved)):
        total, *counts = share(words)
        if total:
            yield f"| {name} | {total} | " + " | ".join(f"{n} ({100 * n / total:.1f} %)" for n in counts) + " |"
    yield ""
    yield "A file that does not load without safeload either is counted nowhere."
    tried = Counter(row["loaded"].partition(":")[0] for row in files())
    yield f"The shipped files, loaded by both processes or not yet in this run (judged alone): {dict(tried)}."


def matrix():
    yield "| library | version | Python | works | with a profile | blocked by design | known gap |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for library, name, result in cells():
        version, _, python = name.partition(" on ")
        if "problem" in result:
            yield f"| {library} | {version} | {python} | could not be run | | | |"
            continue
        words = Counter(map(word, result["cases"].values()))
        profiles = ", ".join(f"{n} {w}" for w, n in sorted(words.items()) if w.startswith("with "))
        row = (words["works"], profiles, words["blocked by design"] or "", words["known gap"] or "")
        yield f"| {library} | {version} | {python} | " + " | ".join(map(str, row)) + " |"


def explained():
    """Every case that does not load, with the reason; the same in several cells once."""
    found = {}
    for library, name, result in cells():
        for case, told in result.get("cases", {}).items():
            if word(told) in ("blocked by design", "known gap"):
                found.setdefault((library, case, word(told), reason(told)), []).append(name.partition(" on ")[0])
    for (library, case, what, why), versions in found.items():
        yield f"- **{library}: {case}** ({', '.join(dict.fromkeys(versions))}): {what}. {why}"


def unrun():
    for library, name, result in cells():
        if "problem" in result:
            yield f"- {library} {name}: {' '.join(result['problem'].split())[-300:]}"


def shipped():
    yield "| package | file | sha256 | outcome | loaded by both |"
    yield "| --- | --- | --- | --- | --- |"
    for row in files():
        loaded = row["loaded"].partition(":")[0] if row["loaded"].startswith(("differs", "refused")) else row["loaded"]
        loaded = loaded.replace("|", " ")
        yield f"| {row['package']} | {row['path']} | {row['sha256'][:16]} | {file_word(row)} | {loaded} |"
    yield ""
    for row in files():
        if file_word(row) in ("blocked by design", "known gap"):
            yield f"- **{row['path']}** of {row['package']}: {file_word(row)}. {reason(row)}"


def needed():
    """Names that some file of the laboratory asked for."""
    names = {name for row in files() for name in row["names"]}
    for *_, result in cells():
        names.update(name for case in result.get("cases", {}).values() for name in case["names"])
    return names


def unneeded():
    from safeload.allowlists import PROFILES, profile_entries

    asked = needed()
    yield "| list | names | asked for by a file here | by none |"
    yield "| --- | --- | --- | --- |"
    rest = {}
    for profile in PROFILES:
        entries = profile_entries(profile)
        rest[profile] = sorted(ref for ref in entries if str(ref) not in asked)
        yield f"| {profile} | {len(entries)} | {len(entries) - len(rest[profile])} | {len(rest[profile])} |"
    yield ""
    for profile, refs in rest.items():
        modules = {}
        for ref in refs:
            modules.setdefault(ref.module, []).append(ref.qualname)
        yield f"<details><summary>{profile}</summary>\n"
        yield from (f"- `{module}`: {' '.join(names)}" for module, names in modules.items())
        yield "\n</details>\n"


PARTS = {
    "The headline": headline,
    "Library by version": matrix,
    "What does not load, and why": explained,
    "What could not be run": unrun,
    "Files that packages ship": shipped,
    "Names that no file here needed": unneeded,
}


def write():
    """The whole page."""
    import sys

    sys.path.insert(0, str(HERE.parent))
    text = f"# Results of the laboratory\n\nGenerated by {COMMANDS}: do not edit.\n"
    for title, part in PARTS.items():
        text += f"\n## {title}\n\n" + "\n".join(part()) + "\n"
    PAGE.write_text(text, "utf-8")
    print(*headline(), sep="\n")
