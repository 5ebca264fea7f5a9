#!/usr/bin/env python3
"""Verifies a shikaku-audit-1 dump, written from docs/AUDIT-FORMAT.md alone.

    audit_verifier.py PUBLIC_KEY.pem DUMP...

Prints one line for each dump, "whole" or "broken: why", and exits 0 only if all are whole.
Needs Python 3 and OpenSSL 3 (for Ed25519).
"""

import hashlib
import json
import subprocess
import sys
import tempfile

ZEROS = "0" * 64
HEADER = ["format", "tree_size", "heads"]
HEAD = ["head_number", "tree_size", "root_hash", "previous_head_hash", "signed_at", "key_id", "signature"]
ENTRY = ["institution_code", "sequence", "recorded_at", "actor", "action", "object", "outcome", "detail",
         "previous_hash"]
NUMBERS = {"tree_size", "heads", "head_number", "signed_at", "sequence", "recorded_at"}
LENGTHS = {"root_hash": 64, "previous_head_hash": 64, "key_id": 64, "signature": 128, "previous_hash": 64}


class Broken(Exception):
    pass


def check(truth, why):
    if not truth:
        raise Broken(why)


def canonical(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def parse(line, keys, where):
    try:
        value = json.loads(line.decode())
    except (ValueError, RecursionError) as error:
        raise Broken(f"{where}: no JSON") from error
    check(isinstance(value, dict) and list(value) == keys, f"{where}: other fields")
    for key, field in value.items():
        check(type(field) is (int if key in NUMBERS else str), f"{where}: type of {key}")
        if key in NUMBERS:
            check(-2**63 <= field < 2**63, f"{where}: range of {key}")
        if key in LENGTHS:
            check(len(field) == LENGTHS[key] and set(field) <= set("0123456789abcdef"), f"{where}: {key}")
    try:
        written = canonical(value)
    except UnicodeEncodeError as error:
        raise Broken(f"{where}: lone surrogate") from error
    check(written == line, f"{where}: not canonical")
    return value


def sha256(data):
    return hashlib.sha256(data)


class Tree:
    """RFC 6962, leaf by leaf."""

    def __init__(self):
        self.size, self.frontier = 0, []

    def push(self, line):
        root, size = sha256(b"\0" + line).digest(), self.size
        while size & 1:
            root, size = sha256(b"\1" + self.frontier.pop() + root).digest(), size >> 1
        self.frontier.append(root)
        self.size += 1

    def root(self):
        if not self.frontier:
            return sha256(b"").hexdigest()
        root = self.frontier[-1]
        for left in reversed(self.frontier[:-1]):
            root = sha256(b"\1" + left + root).digest()
        return root.hex()


class Key:
    def __init__(self, path):
        self.path, self.known = path, {}
        der = subprocess.run(["openssl", "pkey", "-pubin", "-in", path, "-outform", "DER"],
                             check=True, capture_output=True).stdout
        self.id = sha256(der).hexdigest()

    def proves(self, message, signature):
        if (message, signature) not in self.known:
            with tempfile.NamedTemporaryFile() as text, tempfile.NamedTemporaryFile() as proof:
                text.write(message), text.flush()
                proof.write(signature), proof.flush()
                done = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", self.path, "-rawin",
                                       "-in", text.name, "-sigfile", proof.name], capture_output=True)
            self.known[(message, signature)] = done.returncode == 0
        return self.known[(message, signature)]


def verify(data, key):
    check(data.endswith(b"\n"), "no line feed at the end")
    lines = data[:-1].split(b"\n")
    header = parse(lines[0], HEADER, "line 1")
    check(header["format"] == "shikaku-audit-1", "format")
    check(header["heads"] >= 1, "no head")
    check(len(lines) == 1 + header["heads"] + header["tree_size"], "number of lines")
    roots, previous, last_hash = {}, None, ZEROS
    for number, line in enumerate(lines[1:1 + header["heads"]], start=2):
        head = parse(line, HEAD, f"line {number}")
        check(head["head_number"] == number - 1, f"line {number}: head number")
        check(head["previous_head_hash"] == last_hash, f"line {number}: previous head")
        check(previous is None or head["tree_size"] > previous["tree_size"], f"line {number}: size")
        check(head["key_id"] == key.id, f"line {number}: key")
        signed = canonical({name: head[name] for name in HEAD[:-1]})
        check(key.proves(b"shikaku-audit-1 tree head\n" + signed, bytes.fromhex(head["signature"])),
              f"line {number}: signature")
        roots[head["tree_size"]] = head["root_hash"]
        previous, last_hash = head, sha256(line).hexdigest()
    check(previous["tree_size"] == header["tree_size"], "the last head covers another size")
    tree, tips = Tree(), {}
    check(roots.get(0, tree.root()) == tree.root(), "root at 0")
    for number, line in enumerate(lines[1 + header["heads"]:], start=2 + header["heads"]):
        entry = parse(line, ENTRY, f"line {number}")
        sequence, tip = tips.get(entry["institution_code"], (0, ZEROS))
        check(entry["sequence"] == sequence + 1, f"line {number}: sequence")
        check(entry["previous_hash"] == tip, f"line {number}: previous entry")
        tips[entry["institution_code"]] = (entry["sequence"], sha256(line).hexdigest())
        tree.push(line)
        check(roots.get(tree.size, tree.root()) == tree.root(), f"line {number}: root")


def main(public_key, *paths):
    key, whole = Key(public_key), True
    for path in paths:
        try:
            with open(path, "rb") as dump:
                verify(dump.read(), key)
            print("whole")
        except Broken as broken:
            whole = False
            print(f"broken: {broken}")
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
