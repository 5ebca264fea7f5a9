"""Japanese for the card reader: each text of texts.json spoken by Open JTalk into OUT/LANGUAGE/KEY.wav.

usage: voices.py texts.json OUT. Voice: Mei (normal) of MMDAgent, inside pyopenjtalk-plus, as is the dictionary."""

import json
import sys
import wave
from pathlib import Path

import numpy
import pyopenjtalk

# A little slower than people speak: who listens may be old.
SPEED = 0.9
LANGUAGES = ("ja", "ja-easy")


def say(words: str, file: Path) -> None:
    # The spaces of easy Japanese are for the eye.
    sound, rate = pyopenjtalk.tts(words.replace(" ", ""), speed=SPEED)
    loudest = numpy.abs(sound).max()
    if not loudest > 0:
        raise SystemExit(f"nothing is heard of: {words}")
    # Half of the samples are enough for speech; two become one.
    sound = sound[: len(sound) // 2 * 2].reshape(-1, 2).mean(axis=1)
    samples = (sound / loudest * 26000).astype("<i2")
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate // 2)
        out.writeframes(samples.tobytes())


def main() -> None:
    texts, out = Path(sys.argv[1]), Path(sys.argv[2])
    languages = json.loads(texts.read_text(encoding="utf-8"))["languages"]
    for language in LANGUAGES:
        folder = out / language
        folder.mkdir(parents=True, exist_ok=True)
        for key, words in languages[language].items():
            say(words, folder / f"{key}.wav")


main()
