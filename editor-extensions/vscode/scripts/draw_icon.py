"""Draw media/icon.png, the extension's icon: what is typed, the cursor, and the ghost text behind it. Needs Pillow."""

from pathlib import Path

from PIL import Image, ImageDraw

SIZE, SCALE = 256, 4
FILE = Path(__file__).resolve().parent.parent / "media" / "icon.png"
NIGHT, TYPED, GHOST, CURSOR = "#1b2233", "#f3f5fa", "#66718c", "#ffb454"


def main() -> None:
    """Drawn four times as large, and made smaller, so that its edges are smooth."""
    image = Image.new("RGBA", (SIZE * SCALE, SIZE * SCALE))
    draw = ImageDraw.Draw(image)

    def bar(left: int, top: int, right: int, bottom: int, colour: str, radius: int) -> None:
        draw.rounded_rectangle([edge * SCALE for edge in (left, top, right, bottom)], radius * SCALE, fill=colour)

    bar(0, 0, SIZE - 1, SIZE - 1, NIGHT, 52)
    bar(40, 66, 150, 88, TYPED, 11)
    bar(40, 117, 104, 139, TYPED, 11)
    bar(116, 104, 124, 152, CURSOR, 4)
    bar(136, 117, 216, 139, GHOST, 11)
    bar(40, 168, 168, 190, GHOST, 11)
    image.resize((SIZE, SIZE), Image.Resampling.LANCZOS).save(FILE, optimize=True)


if __name__ == "__main__":
    main()
