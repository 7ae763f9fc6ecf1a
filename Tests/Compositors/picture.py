"""What is on the screen."""


class Picture:
    """A binary PPM."""

    def __init__(self, data):
        kind, width, height, depth, self.pixels = data.split(maxsplit=4)
        assert (kind, depth) == (b"P6", b"255")
        self.width, self.height = int(width), int(height)
        # What separates head and pixels is one byte, and pixels may look like more of it.
        self.pixels = data[-self.width * self.height * 3 :]

    def pixel(self, x, y):
        offset = (y * self.width + x) * 3
        return tuple(self.pixels[offset : offset + 3])

    def count(self, color, box, tolerance=12):
        """How many pixels within (left, top, right, bottom) are of about that colour."""
        left, top, right, bottom = box
        return sum(
            all(abs(a - b) <= tolerance for a, b in zip(self.pixel(x, y), color))
            for y in range(max(top, 0), bottom) for x in range(max(left, 0), right))  # fmt: skip
