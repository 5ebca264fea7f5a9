"""Makes card photos and camera pictures of portraits.

usage: cards.py orl FOLDER TO       FOLDER/sN/M.pgm -> TO/N-M.grey (230 x 280 bytes) and TO/N-M.jp2
       cards.py portraits TO JPEG...   -> TO/NAME.jp2
A card photo has 200 x 250 pixels, grey, as JPEG 2000 of a 25th of its bytes.
"""
import pathlib
import sys

from PIL import Image

CARD = (200, 250)


def write_card(picture, to):
    picture.convert("L").save(to, irreversible=True, quality_mode="rates", quality_layers=[25])


def orl(folder, to):
    for path in sorted(pathlib.Path(folder).glob("s*/*.pgm")):
        name = f"{path.parent.name[1:]}-{path.stem}"
        live = Image.open(path).convert("L").resize((230, 280), Image.Resampling.BICUBIC)
        (to / f"{name}.grey").write_bytes(live.tobytes())
        write_card(live.crop((15, 15, 215, 265)), to / f"{name}.jp2")


def portraits(paths, to):
    for path in map(pathlib.Path, paths):
        picture = Image.open(path)
        width = min(picture.width, picture.height * 4 // 5)
        left = (picture.width - width) // 2
        card = picture.crop((left, 0, left + width, width * 5 // 4)).resize(CARD, Image.Resampling.LANCZOS)
        write_card(card, to / f"{path.stem}.jp2")


if sys.argv[1] == "orl":
    orl(sys.argv[2], pathlib.Path(sys.argv[3]))
else:
    portraits(sys.argv[3:], pathlib.Path(sys.argv[2]))
