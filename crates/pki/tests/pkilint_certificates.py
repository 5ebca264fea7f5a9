"""Lints every *.der file of a folder with pkilint, in one process, and prints findings as JSON lines.

Usage: pkilint_certificates.py FOLDER
Each line: {"file", "severity", "code", "message"}; the last line: {"linted": N}.
"""

import json
import pathlib
import sys

from pkilint import loader
from pkilint.pkix import certificate, extension, name


def validator():
    return certificate.create_pkix_certificate_validator_container(
        certificate.create_decoding_validators(
            name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS
        ),
        [
            certificate.create_issuer_validator_container([]),
            certificate.create_validity_validator_container(),
            certificate.create_subject_validator_container([]),
            certificate.create_extensions_validator_container([]),
            certificate.create_spki_validator_container([]),
        ],
    )


def main(folder):
    rules = validator()
    linted = 0
    for path in sorted(pathlib.Path(folder).glob("*.der")):
        document = loader.load_certificate(path.read_bytes(), path.name)
        linted += 1
        for result in rules.validate(document.root):
            for found in result.finding_descriptions:
                line = {
                    "file": path.name,
                    "severity": found.finding.severity.name,
                    "code": found.finding.code,
                    "message": found.message or "",
                }
                print(json.dumps(line, ensure_ascii=False))
    print(json.dumps({"linted": linted}))


if __name__ == "__main__":
    main(sys.argv[1])
