"""Plots of figures over time, one below the other, as an SVG that needs nothing else."""

from xml.sax.saxutils import escape

WIDTH, PANEL_HEIGHT = 960, 320
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 56, 40
POINTS_MAX = 2000
_TEXT = 'font-family="sans-serif" font-size="12" fill="#333"'


def nice_step(largest, steps=5):
    """1, 2 or 5 times a power of ten, so that about `steps` of them reach `largest`."""
    step = 10.0 ** -6
    while True:
        for factor in (1, 2, 5):
            if factor * step * steps >= largest:
                return factor * step
        step *= 10


def thinned(points):
    """At most POINTS_MAX of them; of those left out, none was the largest of its neighbours."""
    stride = -(-len(points) // POINTS_MAX)
    groups = [points[at : at + stride] for at in range(0, len(points), stride)]
    return [max(group, key=lambda point: point[1]) for group in groups]


class Panel:
    """One plot. Times are in seconds, figures in `unit`."""

    def __init__(self, title, unit, until_s, largest):
        self.title, self.unit = title, unit
        self.until_s, self.largest = max(until_s, 1e-9), max(largest, 1e-9) * 1.05
        self.curves, self.levels, self.marks = [], [], []

    def curve(self, name, colour, points):
        self.curves.append((name, colour, thinned(points)))

    def level(self, name, colour, figure):
        """A horizontal line: something not to cross."""
        self.levels.append((name, colour, figure))

    def mark(self, name, time_s):
        """A vertical line, with the name of what ends there to its left."""
        self.marks.append((name, time_s))

    def x(self, time_s):
        return LEFT + time_s / self.until_s * (WIDTH - LEFT - RIGHT)

    def y(self, figure):
        return PANEL_HEIGHT - BOTTOM - figure / self.largest * (PANEL_HEIGHT - TOP - BOTTOM)

    def _line(self, x1, y1, x2, y2, style):
        return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {style}/>'

    def _label(self, x, y, text, more=""):
        return f'<text x="{x:.1f}" y="{y:.1f}" {_TEXT} {more}>{escape(text)}</text>'

    def _axes(self):
        grid = 'stroke="#ddd"'
        step = nice_step(self.largest)
        for n in range(int(self.largest / step) + 1):
            y = self.y(n * step)
            yield self._line(LEFT, y, WIDTH - RIGHT, y, grid)
            yield self._label(LEFT - 6, y + 4, f"{n * step:g}", 'text-anchor="end"')
        step = nice_step(self.until_s, 10)
        for n in range(int(self.until_s / step) + 1):
            x, y = self.x(n * step), PANEL_HEIGHT - BOTTOM
            yield self._label(x, y + 16, f"{n * step:g} s", 'text-anchor="middle"')

    def _drawn(self):
        previous_s = 0.0
        for name, time_s in self.marks:
            x = self.x(time_s)
            yield self._line(x, TOP, x, PANEL_HEIGHT - BOTTOM, 'stroke="#999"')
            middle = self.x((previous_s + time_s) / 2)
            yield self._label(middle, TOP - 6, name, 'text-anchor="middle"')
            previous_s = time_s
        for _, colour, figure in self.levels:
            y = self.y(figure)
            style = f'stroke="{colour}" stroke-dasharray="6 4"'
            yield self._line(LEFT, y, WIDTH - RIGHT, y, style)
        for _, colour, points in self.curves:
            path = " ".join(f"{self.x(t):.1f},{self.y(v):.1f}" for t, v in points)
            yield f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{path}"/>'

    def _legend(self):
        x = LEFT
        yield self._label(x, 18, f"{self.title} ({self.unit})", 'font-weight="bold"')
        x += 8 * len(f"{self.title} ({self.unit})") + 10
        for name, colour, _ in [*self.curves, *self.levels]:
            yield f'<rect x="{x}" y="9" width="10" height="10" fill="{colour}"/>'
            yield self._label(x + 14, 18, name)
            x += 14 + 8 * len(name) + 10

    def svg(self):
        return "\n".join([*self._axes(), *self._drawn(), *self._legend()])


def svg(panels):
    height = PANEL_HEIGHT * len(panels)
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
    ]
    for number, panel in enumerate(panels):
        drawn.append(f'<g transform="translate(0 {number * PANEL_HEIGHT})">\n{panel.svg()}\n</g>')
    return "\n".join([*drawn, "</svg>\n"])
