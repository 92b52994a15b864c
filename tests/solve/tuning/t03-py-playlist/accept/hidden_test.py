import subprocess
import sys
import tempfile
import unittest

from plst.m3u import Entry, parse_playlist

TEXT = "#EXTM3U\n#EXTINF:187\nMUSIC/A01.MP3\n#EXTINF:204,\nMUSIC/A02.MP3\n#EXTINF:100,Real, title\nMUSIC/A03.MP3\nMUSIC/A04.MP3\n"


class Hidden(unittest.TestCase):
    def test_parse(self):
        self.assertEqual(parse_playlist(TEXT), [
            Entry("MUSIC/A01.MP3", "A01", 187),
            Entry("MUSIC/A02.MP3", "A02", 204),
            Entry("MUSIC/A03.MP3", "Real, title", 100),
            Entry("MUSIC/A04.MP3", "A04", None),
        ])

    def test_unknown_length_and_spaces(self):
        self.assertEqual(parse_playlist("#EXTINF:-1\na/b.ogg\n#EXTINF:12,   \nc.ogg\n"), [Entry("a/b.ogg", "b", None), Entry("c.ogg", "c", 12)])

    def test_command(self):
        with tempfile.NamedTemporaryFile("w", suffix=".m3u") as f:
            f.write(TEXT)
            f.flush()
            show = subprocess.run([sys.executable, "-m", "plst", "show", f.name], capture_output=True, text=True)
            length = subprocess.run([sys.executable, "-m", "plst", "length", f.name], capture_output=True, text=True)
        self.assertEqual(show.stdout, "1. A01 [3:07]\n2. A02 [3:24]\n3. Real, title [1:40]\n4. A04 [-:--]\n")
        self.assertEqual(length.stdout, "8:11 (and 1 of unknown length)\n")


if __name__ == "__main__":
    unittest.main()
