"""Images are decoded and written anew: what is kept comes from our own encoder and holds pixels, nothing else."""

from __future__ import annotations

import warnings
from io import BytesIO

import pillow_heif
from PIL import Image, ImageOps, UnidentifiedImageError

from bot.documents.image_frames import Picture, check_frame
from bot.documents.model import LARGEST_KEPT_BYTES, Reason, Refused

MOST_PIXELS = 60_000_000
LONGEST_SIDE = 30_000
MOST_FRAMES = 10
JPEG_QUALITY = 90
# On photographs hardly larger than the default of 6, in a third of the time.
PNG_LEVEL = 3
WHITE = "white"
AS_THEY_ARE = {Picture.PNG: ("1", "L", "LA", "RGB", "RGBA"), Picture.JPEG: ("L", "RGB"), Picture.HEIC: ("L", "RGB")}


def prepare() -> None:
    """Tell the decoders our limits. Sets what holds for the whole process."""
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)
    Image.init()


def check_image(content: bytes, kind: Picture) -> bytes:
    """The image written anew, turned upright, without any metadata: a PNG as PNG, all others as JPEG. Raises Refused."""
    check_frame(content, kind)
    try:
        with Image.open(BytesIO(content), formats=(kind.value,)) as image:
            _refuse_huge(image)
            image.load()
            _refuse_huge(image)  # a HEIC may turn out larger than it said
            return _written(_plain(image, kind), kind)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refused(Reason.BOMB) from None
    except (UnidentifiedImageError, OSError, SyntaxError, EOFError):
        raise Refused(Reason.DAMAGED) from None


def _refuse_huge(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MOST_PIXELS or max(width, height) > LONGEST_SIDE:
        raise Refused(Reason.BOMB)
    if getattr(image, "n_frames", 1) > MOST_FRAMES:
        raise Refused(Reason.BOMB)


def _plain(image: Image.Image, kind: Picture) -> Image.Image:
    """Upright, in a mode that the format has, without what came with the pixels. Each step lets go of the one before."""
    ImageOps.exif_transpose(image, in_place=True)
    has_holes = "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "RGBa", "La")
    image.info = {}
    if image.mode in AS_THEY_ARE[kind]:
        return image
    if image.mode.startswith("I"):
        return image.convert("I").point(lambda value: value / 256).convert("L")
    if kind is Picture.PNG:
        return image.convert("RGBA" if has_holes else "RGB")
    return _on_white(image) if has_holes else image.convert("RGB")


def _on_white(image: Image.Image) -> Image.Image:
    paper = Image.new("RGB", image.size, WHITE)
    paper.paste(image, mask=image.convert("RGBA").getchannel("A"))
    return paper


def _written(image: Image.Image, kind: Picture) -> bytes:
    written = BytesIO()
    if kind is Picture.PNG:
        image.save(written, "PNG", compress_level=PNG_LEVEL)
    else:
        image.save(written, "JPEG", quality=JPEG_QUALITY)
    if written.tell() > LARGEST_KEPT_BYTES:
        raise Refused(Reason.TOO_LARGE)
    return written.getvalue()
