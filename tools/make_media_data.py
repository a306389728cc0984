#!/usr/bin/env python3
"""Writes tests/data/media/pictures, small pictures of every kind and beside each what Pillow makes of it, and videos/.

NAME.EXT is the picture, NAME.ppm what ImageOps.exif_transpose(picture).convert("RGB") gives. bomb.png, a header of 60000 x 60000 with no pixels behind, has none. Needs Pillow and numpy
(python3-pil, python3-numpy). Run with the folder to write to; the committed files were written with Pillow 9.4.
"""
import io
import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

import numpy as np
from PIL import Image, ImageOps

WIDTH, HEIGHT = 21, 14


def scene(width=WIDTH, height=HEIGHT, seed=1):
    y, x = np.mgrid[0:height, 0:width]
    noise = np.random.default_rng(seed).integers(0, 40, (height, width, 3))
    base = np.stack([x * 255 // width, y * 255 // height, (x + y) * 255 // (width + height)], -1)
    base[3:8, 4:11] = (200, 30, 90)
    return Image.fromarray(np.clip(base + noise - 20, 0, 255).astype(np.uint8))


def encoded(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def exif(orientation):
    return b"Exif\0\0MM\0*" + struct.pack(">I", 8) + struct.pack(">HHHIHHI", 1, 0x0112, 3, 1, orientation, 0, 0)


def png(width, height, depth, color, rows, chunks=(), interlace=0):
    """A PNG from raw rows (bytes each), with further chunks before the pixels."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    data = b"".join(b"\0" + row for row in rows)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlace))
            + b"".join(chunk(k, d) for k, d in chunks) + chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b""))


def bmp(bits, pixels, header=40, compression=0, masks=b"", palette=b"", height=HEIGHT, width=WIDTH):
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression, len(pixels), 0, 0,
                           len(palette) // 4, 0)
        info += masks + b"\0" * (header - 40 - len(masks))
    offset = 14 + max(len(info), header) + len(palette)
    return b"BM" + struct.pack("<IHHI", offset + len(pixels), 0, 0, offset) + info + palette + pixels


def padded(row):
    return row + b"\0" * (-len(row) % 4)


def pictures():
    rgb = scene()
    grey = rgb.convert("L")
    alpha = Image.fromarray((np.arange(WIDTH * HEIGHT) % 256).astype(np.uint8).reshape(HEIGHT, WIDTH))
    rgba = rgb.copy()
    rgba.putalpha(alpha)
    noise = np.random.default_rng(5).integers(0, 65536, (HEIGHT, WIDTH, 4)).astype(">u2")
    yield "jpeg_444.jpg", encoded(rgb, "JPEG", quality=80, subsampling=0)
    yield "jpeg_422.jpg", encoded(rgb, "JPEG", quality=70, subsampling=1)
    yield "jpeg_420.jpg", encoded(rgb, "JPEG", quality=60, subsampling=2)
    yield "jpeg_progressive.jpg", encoded(scene(43, 35), "JPEG", quality=75, progressive=True)
    yield "jpeg_grey.jpg", encoded(grey, "JPEG", quality=75)
    yield "jpeg_cmyk.jpg", encoded(rgb.convert("CMYK"), "JPEG", quality=85)
    for orientation in range(1, 9):
        yield f"jpeg_exif{orientation}.jpg", encoded(rgb, "JPEG", quality=80, exif=exif(orientation))
    yield "png_rgb.png", encoded(rgb, "PNG")
    yield "png_rgba.png", encoded(rgba, "PNG")
    yield "png_grey.png", encoded(grey, "PNG")
    yield "png_grey_alpha.png", encoded(rgba.convert("LA"), "PNG")
    yield "png_1bit.png", encoded(rgb.convert("1"), "PNG")
    yield "png_palette.png", encoded(rgb.quantize(16), "PNG", transparency=3)
    yield "png_palette_alphas.png", encoded(rgb.quantize(7), "PNG", transparency=bytes(range(0, 210, 30)))
    grey2 = np.asarray(grey) >> 6
    yield "png_grey2.png", png(20, HEIGHT, 2, 0, [bytes(sum(int(v) << (6 - 2 * i) for i, v in enumerate(row[k:k + 4]))
                                                      for k in range(0, 20, 4)) for row in grey2])
    grey4 = np.asarray(grey) >> 4
    yield "png_grey4.png", png(20, HEIGHT, 4, 0, [bytes(int(row[k]) << 4 | int(row[k + 1]) for k in range(0, 20, 2))
                                                  for row in grey4])
    low = (noise[..., 0] >> 7).astype(">u2")  # around 255: what lies above is clamped
    yield "png_grey16.png", png(WIDTH, HEIGHT, 16, 0, [row.tobytes() for row in low])
    yield "png_rgb16.png", png(WIDTH, HEIGHT, 16, 2, [row.tobytes() for row in noise[..., :3].copy()])
    yield "png_rgba16.png", png(WIDTH, HEIGHT, 16, 6, [row.tobytes() for row in noise])
    yield "png_grey_alpha16.png", png(WIDTH, HEIGHT, 16, 4, [row.tobytes() for row in noise[..., :2].copy()])
    yield "png_transparent_color.png", png(WIDTH, HEIGHT, 8, 2, [row.tobytes() for row in np.asarray(rgb)],
                                           [(b"tRNS", struct.pack(">HHH", 200, 30, 90))])
    yield "png_short_palette.png", png(8, 2, 8, 3, [bytes(range(8)), bytes([250, 9, 3, 2, 1, 0, 7, 255])],
                                       [(b"PLTE", bytes(range(100, 118)))])
    yield "png_exif6.png", encoded(rgb, "PNG", exif=exif(6))
    xmp = b'XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta><rdf:Description tiff:Orientation="8"/></x:xmpmeta>'
    yield "png_xmp8.png", png(WIDTH, HEIGHT, 8, 2, [row.tobytes() for row in np.asarray(rgb)], [(b"iTXt", xmp)])
    raw = exif(3)[6:].hex()
    profile = b"Raw profile type exif\0" + f"\nexif\n{len(raw) // 2:8}\n{raw}\n".encode()
    yield "png_raw_profile3.png", png(WIDTH, HEIGHT, 8, 2, [row.tobytes() for row in np.asarray(rgb)], [(b"tEXt", profile)])
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    cut = np.asarray(rgb)
    yield "png_interlaced.png", png(WIDTH, HEIGHT, 8, 2, [row.tobytes() for x, y, dx, dy in passes
                                                          for row in cut[y::dy, x::dx]], interlace=1)
    yield "apng.png", encoded(rgb, "PNG", save_all=True, append_images=[scene(seed=2), scene(seed=3)], duration=100)
    yield "webp_lossy.webp", encoded(rgb, "WEBP", quality=70)
    yield "webp_lossless.webp", encoded(rgb, "WEBP", lossless=True)
    yield "webp_alpha.webp", encoded(rgba, "WEBP", lossless=True, exact=True)
    yield "webp_exif6.webp", encoded(rgb, "WEBP", lossless=True, exif=exif(6))
    yield "webp_animated.webp", encoded(rgb, "WEBP", save_all=True, append_images=[scene(seed=2)], lossless=True)
    yield "gif.gif", encoded(rgb.quantize(32), "GIF")
    yield "gif_transparent.gif", encoded(rgb.quantize(16), "GIF", transparency=5)
    yield "gif_animated.gif", encoded(rgb.quantize(16), "GIF", save_all=True, duration=200,
                                      append_images=[scene(seed=2).quantize(16), scene(seed=3).quantize(16)])
    yield "gif_grey.gif", encoded(grey, "GIF")
    yield "gif_interlaced.gif", encoded(rgb.quantize(32), "GIF", interlace=True)
    plain = encoded(rgb.quantize(16), "GIF")
    yield "gif_small_frame.gif", plain[:6] + struct.pack("<HH", WIDTH + 4, HEIGHT + 3) + plain[10:]
    yield "bmp_24.bmp", encoded(rgb, "BMP")
    yield "bmp_8.bmp", encoded(rgb.quantize(200), "BMP")
    yield "bmp_grey.bmp", encoded(grey, "BMP")
    yield "bmp_1.bmp", encoded(rgb.convert("1"), "BMP")
    data = np.asarray(rgba)
    bgra = data[::-1, :, [2, 1, 0, 3]]
    yield "bmp_32.bmp", bmp(32, bgra.tobytes())
    yield "bmp_32_fields.bmp", bmp(32, data[::-1].tobytes(), 124, 3, struct.pack("<IIII", 0xFF, 0xFF00, 0xFF0000, 0xFF000000))
    yield "bmp_top_down.bmp", bmp(24, b"".join(padded(row.tobytes()) for row in bgra[::-1, :, :3]), height=-HEIGHT)
    words = noise[..., 0].astype("<u2")
    lines = b"".join(padded(row.tobytes()) for row in words)
    yield "bmp_555.bmp", bmp(16, lines)
    yield "bmp_565.bmp", bmp(16, lines, 40, 3, struct.pack("<III", 0xF800, 0x7E0, 0x1F))
    colors = bytes(np.random.default_rng(2).integers(0, 256, 64).astype(np.uint8))
    four = b"".join(padded(bytes(row)) for row in np.random.default_rng(3).integers(0, 256, (HEIGHT, 11)).astype(np.uint8))
    yield "bmp_4.bmp", bmp(4, four, palette=colors)
    yield "bmp_os2.bmp", b"BM" + struct.pack("<IHHI", 0, 0, 0, 26 + 48) + struct.pack("<IHHHH", 12, WIDTH, HEIGHT, 1, 4) \
        + colors[:48] + four
    runs = b"\x05\x01\x00\x04\x01\x02\x03\x04\x0c\x07\x00\x00" * (HEIGHT - 2) + b"\x15\x02\x00\x00" * 2 + b"\x00\x01"
    yield "bmp_rle8.bmp", bmp(8, runs, compression=1, palette=colors)
    runs4 = b"\x05\x12\x00\x04\x12\x34\x0b\x78\x00\x00" * HEIGHT + b"\x00\x01"
    yield "bmp_rle4.bmp", bmp(4, runs4, compression=2, palette=colors)


def clips(folder):
    """12 frames of 32 x 24: frame i is grey of 20 * i, with a red corner at the top left. Needs ffmpeg."""
    def run(*arguments):
        subprocess.run(["ffmpeg", "-y", "-loglevel", "error", *arguments], check=True)
    with tempfile.TemporaryDirectory() as temporary:
        for i in range(12):
            frame = np.full((24, 32, 3), 20 * i, np.uint8)
            frame[:8, :8] = (250, 10, 10)
            Image.fromarray(frame).save(f"{temporary}/{i:02}.png")
        source = ("-framerate", "4", "-i", f"{temporary}/%02d.png")
        exact = ("-bitexact", "-map_metadata", "-1", "-threads", "1")
        h264 = (*exact, "-c:v", "libx264", "-crf", "12", "-bf", "2", "-pix_fmt", "yuv420p", "-x264-params", "keyint=6")
        run(*source, *h264, f"{folder}/h264.mp4")
        run(*source, *h264, f"{folder}/h264.mkv")
        run(*source, *h264, "-movflags", "faststart", f"{folder}/faststart.mov")
        run("-i", f"{folder}/h264.mp4", "-c", "copy", *exact[:3], "-metadata:s:v", "rotate=270", f"{folder}/rotated.mp4")
        run(*source, *exact, "-c:v", "mpeg4", "-q:v", "2", f"{folder}/mpeg4.mp4")
        run(*source, *exact, "-c:v", "libvpx-vp9", "-crf", "10", "-b:v", "0", f"{folder}/vp9.webm")
        first, *others = [Image.open(f"{temporary}/{i:02}.png").quantize(8) for i in range(12)]
        first.save(f"{folder}/animated.gif", save_all=True, append_images=others, duration=250)
        first, *others = [Image.open(f"{temporary}/{i:02}.png") for i in range(12)]
        first.save(f"{folder}/animated.webp", save_all=True, append_images=others, duration=250, lossless=True)
        run(*source, *exact, "-f", "apng", f"{folder}/animated.png")
        run("-f", "lavfi", "-i", "sine=duration=0.2", *exact, "-c:a", "aac", f"{folder}/sound.mp4")


def main(folder):
    clips(pathlib.Path(folder) / "videos")
    folder = pathlib.Path(folder) / "pictures"
    bomb = png(60000, 60000, 8, 2, [b""])
    (folder / "bomb.png").write_bytes(bomb)
    for name, data in pictures():
        (folder / name).write_bytes(data)
        picture = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
        (folder / name).with_suffix(".ppm").write_bytes(
            b"P6 %d %d 255\n" % picture.size + picture.tobytes())


if __name__ == "__main__":
    main(sys.argv[1])
