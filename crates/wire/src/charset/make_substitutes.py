#!/usr/bin/env python3
"""Makes substitutes.txt: for kanji Windows-31J lacks, the nearest one it has (縮退). Not part of the build.

    make_substitutes.py UCD_FOLDER > substitutes.txt

UCD_FOLDER holds Unihan_Variants.txt of the Unicode Character Database (Unicode licence v3). The tax agency's
JIS縮退マップ (CC BY 4.0) comes from the Python package jntajis-python. The packages named here were used in the
versions the header of the table tells. The 文字情報基盤 maps in the same package are CC BY-SA and are not used.

A character gets the target of the first source that has one Windows-31J can write:
1 the tax agency's map, 2 compatibility variant, 3 z-variant, 4 the z-variant of one of these,
5 semantic variant, 6 the traditional form of a simplified character, if there is one only.
Among several the one that stands first in JIS X 0208 wins.
"""
import collections
import importlib.metadata
import pathlib
import re
import sys

import jntajis

VARIANTS = re.compile(r"^U\+([0-9A-F]+)\t(k\w+)\t(.+)$")


def code(c):
    """The double-byte code Windows-31J writes, or None."""
    try:
        encoded = c.encode("cp932")
    except UnicodeEncodeError:
        return None
    return int.from_bytes(encoded, "big") if len(encoded) == 2 else None


def read(folder):
    """Every relation of the database, by name and character."""
    relations = collections.defaultdict(lambda: collections.defaultdict(list))
    for line in (pathlib.Path(folder) / "Unihan_Variants.txt").read_text("utf-8").splitlines():
        if found := VARIANTS.match(line):
            c = chr(int(found[1], 16))
            for target in found[3].split():
                relations[found[2]][c].append(chr(int(target.split("<")[0][2:], 16)))
    return relations


def both_ways(relation):
    """A relation and its reverse."""
    wider = collections.defaultdict(set)
    for c, targets in relation.items():
        for target in targets:
            wider[c].add(target)
            wider[target].add(c)
    return wider


def is_kanji(c):
    return 0x3400 <= ord(c) <= 0x9FFF or 0xF900 <= ord(c) <= 0xFAFF or 0x20000 <= ord(c) <= 0x3FFFF


def best(targets, only_one=False):
    """The target that stands first in JIS X 0208; those of NEC and IBM come last."""
    known = sorted({t for t in targets if code(t) and is_kanji(t)}, key=lambda t: (code(t) >= 0xED00, code(t)))
    return None if not known or (only_one and len(known) > 1) else known[0]


def tax_agency(c):
    try:
        shrunk = jntajis.jnta_shrink_translit(c, "")
    except jntajis.TransliterationError:
        return []
    return [shrunk] if len(shrunk) == 1 and shrunk != c else []


def main(folder):
    relations = read(folder)
    z = both_ways(relations["kZVariant"])
    semantic = both_ways(relations["kSemanticVariant"])
    compatible = relations["kCompatibilityVariant"]
    traditional = relations["kTraditionalVariant"]
    table = {}
    for number in (*range(0x3400, 0xA000), *range(0xF900, 0xFB00), *range(0x20000, 0x32000)):
        c = chr(number)
        if code(c):
            continue
        near = set(compatible[c]) | z[c]
        target = (
            best(tax_agency(c))
            or best(compatible[c])
            or best(z[c])
            or best({far for t in near for far in z[t]} - {c})
            or best(semantic[c])
            or best({t for t in traditional[c] if t != c}, only_one=True)
        )
        if target:
            table[c] = target
    groups = collections.defaultdict(list)
    for c, target in table.items():
        groups[target].append(c)
    version = importlib.metadata.version("jntajis-python")
    print("# Made by make_substitutes.py; do not edit. A line: a kanji Windows-31J has, then those written as it.")
    print(f"# From: JIS縮退マップ, 国税庁 (CC BY 4.0), by jntajis-python {version}, adapted; Unihan_Variants.txt,")
    print("# Unicode Character Database 14.0.0, (c) 1991-2021 Unicode, Inc. (Unicode licence v3), adapted.")
    for target in sorted(groups):
        print(target + "".join(sorted(groups[target])))


if __name__ == "__main__":
    main(sys.argv[1])
