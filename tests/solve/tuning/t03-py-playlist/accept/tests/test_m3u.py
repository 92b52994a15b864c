import unittest

from plst.cli import clock
from plst.m3u import Entry, duplicates, parse_playlist, title_of, total_seconds

TEXT = """#EXTM3U
#EXTINF:213,Some Band - Song, the long one
music/song.mp3

#EXTINF:-1,Radio
https://radio.example/stream
C:\\Music\\other one.flac
"""


class PlaylistTest(unittest.TestCase):
    def test_parse(self):
        self.assertEqual(parse_playlist(TEXT), [
            Entry("music/song.mp3", "Some Band - Song, the long one", 213),
            Entry("https://radio.example/stream", "Radio", None),
            Entry("C:\\Music\\other one.flac", "other one", None),
        ])

    def test_total(self):
        self.assertEqual(total_seconds(parse_playlist(TEXT)), 213)

    def test_duplicates(self):
        self.assertEqual(duplicates(parse_playlist("a\nb\na\nc\nb\nb\n")), ["a", "b"])

    def test_title_of(self):
        self.assertEqual(title_of("x/y.z/Track 01.live.mp3"), "Track 01.live")
        self.assertEqual(title_of("noext"), "noext")


class ClockTest(unittest.TestCase):
    def test_clock(self):
        self.assertEqual([clock(None), clock(5), clock(600), clock(3661)], ["-:--", "0:05", "10:00", "1:01:01"])
