#!/usr/bin/env python3
"""Draws the test photos: three cartoon faces, nobody real. Needs python3 and opj_compress (libopenjp2-tools).

Run here: ./draw.py  -> drawn-1.jp2 drawn-2.jp2 drawn-3.jp2, each 378x472, 8-bit grey, below 3 kB:
5/3 reversible wavelet, six resolutions, one layer, as the photos on cards are.
"""
import os, subprocess, tempfile

W, H = 378, 472
FACES = [  # hair shade, skin shade, head half-width, eye distance, mouth curve, hair line, glasses
    (60, 205, 92, 40, 14, 150, False),
    (150, 215, 84, 36, -4, 160, True),
    (95, 190, 100, 46, 22, 135, False),
]

def ellipse(x, y, cx, cy, rx, ry):
    return ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2

def pixel(x, y, face):
    hair, skin, half, eyes, curve, line, glasses = face
    cx, cy = W / 2, 225
    for side in (-1, 1):
        ex = cx + side * eyes
        if ellipse(x, y, ex, 215, 6, 7) < 1:
            return 30
        if glasses and 0.82 < ellipse(x, y, ex, 215, 26, 20) < 1.12:
            return 50
        if ellipse(x, y, ex, 190 - abs(x - ex) * 0.12, 24, 4) < 1:
            return hair
    if abs(x - cx) < 46 and abs(y - (292 + curve * (1 - ((x - cx) / 46) ** 2))) < 4:
        return 90
    if ellipse(x, y, cx, 252, 9, 12) < 1 and x > cx:
        return skin - 30
    inside = ellipse(x, y, cx, cy, half, 128)
    if inside < 1:
        return hair if y < line + abs(x - cx) * 0.25 else skin
    if ellipse(x, y, cx, 190, half + 16, 125) < 1 and y < 250:
        return hair
    if abs(x - cx) < 36 and y < 390:
        return skin - 20 if y > 330 else 240
    if ellipse(x, y, cx, 480, 160, 110) < 1:
        return 70 if abs(x - cx) > 22 + (y - 370) * 0.05 else 235
    return 240

for number, face in enumerate(FACES, 1):
    with tempfile.TemporaryDirectory() as folder:
        pgm = os.path.join(folder, "face.pgm")
        with open(pgm, "wb") as out:
            out.write(b"P5\n%d %d\n255\n" % (W, H))
            for y in range(H):
                # Four samples a pixel: soft edges take fewer bytes.
                out.write(bytes(sum(pixel(x + dx, y + dy, face) for dx in (.25, .75) for dy in (.25, .75)) // 4
                                for x in range(W)))
        target = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"drawn-{number}.jp2")
        subprocess.run(["opj_compress", "-i", pgm, "-o", target, "-r", "96", "-n", "6"], check=True,
                       stdout=subprocess.DEVNULL)
