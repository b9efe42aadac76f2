#!/bin/sh
# Makes the small files of this folder, with programs that are not ours: ImageMagick 6, libjpeg-turbo,
# libtiff's tools and libwebp's tools. For each FILE.ext there is a reference in PNM made by another decoder
# than the one under test. Run by people who add a file; the tests only read what is here.
set -e
cd "$(dirname "$0")"
# A picture with slopes, an edge and some texture, 37×29: neither side a multiple of 8.
convert -size 37x29 gradient:'#1040c0'-'#f0a020' \( -size 29x37 gradient:'#00ff40'-'#200010' -rotate 90 \) \
    -compose blend -define compose:args=50 -composite -fill '#d02050' -draw 'circle 24,12 30,15' \
    -seed 7 -attenuate 0.1 +noise gaussian -depth 8 -strip rgb.ppm
convert rgb.ppm -colorspace Gray -depth 8 gray.pgm

# PNG
for d in 1 2 4; do convert gray.pgm -depth $d -define png:bit-depth=$d -define png:color-type=0 -strip png_gray$d.png; convert png_gray$d.png -depth 8 png_gray$d.pgm; done
convert rgb.ppm -interlace PNG -strip png_interlaced.png; convert png_interlaced.png -depth 8 png_interlaced.ppm
convert gray.pgm -depth 2 -interlace PNG -define png:bit-depth=2 -define png:color-type=0 -strip png_gray2_interlaced.png
convert png_gray2_interlaced.png -depth 8 png_gray2_interlaced.pgm
convert rgb.ppm +dither -colors 13 -define png:color-type=3 -define png:bit-depth=4 -strip png_palette4.png; convert png_palette4.png -depth 8 png_palette4.ppm
convert rgb.ppm +dither -colors 200 -define png:color-type=3 -strip png_palette8.png; convert png_palette8.png -depth 8 png_palette8.ppm
convert -size 37x29 -depth 16 gradient:'#100040008000'-'#ffffabcd0001' -define png:bit-depth=16 -strip png_rgb16.png; convert png_rgb16.png -depth 16 png_rgb16.ppm

# JPEG
cjpeg -quality 90 -sample 1x1 rgb.ppm > jpeg_444.jpg
cjpeg -quality 75 -sample 2x1 rgb.ppm > jpeg_422.jpg
cjpeg -quality 75 -sample 2x2 rgb.ppm > jpeg_420.jpg
cjpeg -quality 75 -sample 1x2 rgb.ppm > jpeg_440.jpg
cjpeg -quality 75 -sample 4x1 rgb.ppm > jpeg_411.jpg
cjpeg -quality 75 -progressive -sample 2x2 rgb.ppm > jpeg_progressive.jpg
cjpeg -quality 90 -progressive -sample 1x1 rgb.ppm > jpeg_progressive_444.jpg
cjpeg -quality 80 -sample 1x1,2x2,1x2 rgb.ppm > jpeg_fine_chroma.jpg
cjpeg -quality 80 -sample 3x1,1x1,1x1 rgb.ppm > jpeg_thirds.jpg
cjpeg -quality 80 -restart 1 rgb.ppm > jpeg_restart.jpg
cjpeg -quality 80 -rgb rgb.ppm > jpeg_rgb.jpg
cjpeg -quality 80 -grayscale rgb.ppm > jpeg_gray.jpg
cjpeg -quality 80 -arithmetic rgb.ppm > jpeg_arithmetic.jpg
printf '0;\n1;\n2;\n' > scans.txt; cjpeg -quality 80 -scans scans.txt -sample 1x1 rgb.ppm > jpeg_scans.jpg; rm scans.txt
for f in 444 422 420 440 411 progressive progressive_444 fine_chroma thirds restart rgb scans; do djpeg -dct float jpeg_$f.jpg > jpeg_$f.ppm; done
djpeg -dct float jpeg_gray.jpg > jpeg_gray.pgm
convert rgb.ppm -colorspace CMYK -quality 90 -sampling-factor 1x1 -strip jpeg_cmyk.jpg; convert jpeg_cmyk.jpg -colorspace sRGB -depth 8 jpeg_cmyk.ppm

# TIFF
for c in none lzw zip; do convert rgb.ppm -compress $c -strip tiff_$c.tif; done
convert rgb.ppm -compress rle tiff_packbits.tif
tiffcp -c lzw:2 -r 7 tiff_none.tif tiff_lzw_predictor.tif
tiffcp -c zip:2 -t -w 16 -l 16 tiff_none.tif tiff_tiles.tif
tiffcp -c lzw -t -w 64 -l 16 tiff_none.tif tiff_lzw_tiles.tif; tiffcp -c lzw:2 -t -w 16 -l 16 tiff_none.tif tiff_lzw_tiles_predictor.tif
tiffcp -B -c lzw -t -w 32 -l 32 -p separate tiff_big_endian.tif tiff_lzw_tiles_big_endian.tif
tiffcp -c lzw -f lsb2msb tiff_none.tif tiff_reversed.tif
tiffcp -p separate -c lzw -r 5 tiff_none.tif tiff_planar.tif
convert rgb.ppm -endian MSB -compress none tiff_big_endian.tif
tiffcp -8 -c lzw tiff_none.tif tiff_big.tif
convert rgb.ppm +dither -colors 200 -type Palette -compress lzw tiff_palette.tif; convert tiff_palette.tif -depth 16 tiff_palette.ppm
convert rgb.ppm +dither -colors 11 -type Palette -depth 4 -compress lzw tiff_palette4.tif; convert tiff_palette4.tif -depth 16 tiff_palette4.ppm
convert gray.pgm -define quantum:polarity=min-is-white -compress lzw tiff_white_is_zero.tif; convert tiff_white_is_zero.tif -depth 8 tiff_white_is_zero.pgm
convert gray.pgm -threshold 45% -type Bilevel -compress Group4 tiff_fax4.tif; convert tiff_fax4.tif -depth 8 tiff_fax4.pgm
convert png_rgb16.png -compress lzw tiff_rgb16.tif
convert png_rgb16.png -endian MSB -compress zip tiff_rgb16_big_endian.tif
convert png_rgb16.png -depth 32 -define quantum:format=floating-point -compress zip tiff_float.tif
convert rgb.ppm \( -size 37x29 gradient:white-black \) -compose CopyOpacity -composite -depth 8 -compress lzw tiff_alpha.tif
convert tiff_alpha.tif -define tiff:alpha=associated -compress lzw tiff_associated.tif
convert tiff_alpha.tif -depth 8 pam:tiff_alpha.pam; convert tiff_associated.tif -depth 8 pam:tiff_associated.pam
convert rgb.ppm -colorspace CMYK -compress lzw tiff_cmyk.tif; convert tiff_cmyk.tif -colorspace sRGB -depth 8 tiff_cmyk.ppm
convert rgb.ppm -compress jpeg -quality 90 tiff_jpeg.tif; convert tiff_jpeg.tif -depth 8 tiff_jpeg.ppm
convert rgb.ppm gray.pgm tiff_two_pages.tif

# WebP
cwebp -quiet -lossless rgb.ppm -o webp_lossless.webp
cwebp -quiet -q 80 rgb.ppm -o webp_lossy.webp; dwebp -quiet webp_lossy.webp -ppm -o webp_lossy.ppm
convert tiff_alpha.tif a.png; cwebp -quiet -q 80 a.png -o webp_lossy_alpha.webp; dwebp -quiet webp_lossy_alpha.webp -pam -o webp_lossy_alpha.pam
cwebp -quiet -exact -lossless a.png -o webp_lossless_alpha.webp; rm a.png

# GIF
convert rgb.ppm +dither -colors 100 gif_still.gif; convert gif_still.gif -depth 8 gif_still.ppm
convert rgb.ppm +dither -colors 100 -interlace GIF -set comment 'made by hand' gif_interlaced.gif; convert gif_interlaced.gif -depth 8 gif_interlaced.ppm
convert rgb.ppm -fuzz 20% -transparent '#d02050' +dither -colors 60 gif_transparent.gif; convert gif_transparent.gif -depth 8 pam:gif_transparent.pam
convert -delay 10 rgb.ppm \( rgb.ppm -negate \) +dither -colors 60 gif_animated.gif

# BMP
convert rgb.ppm -type TrueColor BMP3:bmp_24.bmp
convert rgb.ppm +dither -colors 200 -compress none BMP3:bmp_8.bmp; convert bmp_8.bmp -depth 8 bmp_8.ppm
convert rgb.ppm +dither -colors 12 -type Palette -compress none BMP3:bmp_4.bmp; convert bmp_4.bmp -depth 8 bmp_4.ppm
convert gray.pgm -threshold 45% -type Bilevel -compress none BMP3:bmp_1.bmp; convert bmp_1.bmp -depth 8 bmp_1.pgm
convert rgb.ppm +dither -colors 9 -compress rle BMP3:bmp_rle8.bmp; convert bmp_rle8.bmp -depth 8 bmp_rle8.ppm
convert rgb.ppm +dither -colors 9 -type Palette -define bmp:format=bmp4 -compress none bmp_v4_8.bmp; convert bmp_v4_8.bmp -depth 8 bmp_v4_8.ppm
convert rgb.ppm -define bmp:subtype=RGB555 bmp_555.bmp; convert bmp_555.bmp -depth 8 bmp_555.ppm
convert rgb.ppm -define bmp:subtype=RGB565 bmp_565.bmp; convert bmp_565.bmp -depth 8 bmp_565.ppm
convert rgb.ppm BMP2:bmp_os2.bmp
convert tiff_alpha.tif bmp_alpha.bmp; convert bmp_alpha.bmp -depth 8 pam:bmp_alpha.pam

# Animated WebP
gif2webp -quiet gif_animated.gif -o webp_animated.webp

# JPEG XL, with libjxl 0.7; the references are what went in, or what djxl makes of it.
cjxl rgb.ppm jxl_rgb8.jxl -d 0 --quiet; cjxl png_rgb16.ppm jxl_rgb16.jxl -d 0 --quiet; cjxl gray.pgm jxl_gray.jxl -d 0 --quiet
cjxl tiff_alpha.pam jxl_alpha.jxl -d 0 --quiet
# (What PPM calls 10 bits libjxl 0.7 takes for 16.)
python3 - << 'END'
pixels = open("rgb.ppm", "rb").read()[-37 * 29 * 3:]
ten = [v * 4 + v // 64 for v in pixels]
for name, most, codes in [("jxl_rgb10.ppm", 1023, ten), ("wide.ppm", 65535, [v << 6 | v >> 4 for v in ten])]:
    open(name, "wb").write(b"P6\n37 29\n%d\n" % most + b"".join(v.to_bytes(2, "big") for v in codes))
END
cjxl wide.ppm jxl_rgb10.jxl -d 0 --override_bitdepth=10 --quiet; rm wide.ppm
cjxl rgb.ppm jxl_lossy.jxl -d 1 --quiet; djxl jxl_lossy.jxl jxl_lossy.ppm --quiet
cjxl jpeg_444.jpg jxl_jpeg.jxl -j 1 --quiet; djxl jxl_jpeg.jxl jxl_jpeg.ppm --bits_per_sample 8 --quiet
cjxl gif_animated.gif jxl_animated.jxl --quiet
exiftool -q -o oriented.jpg -Orientation#=6 -Artist=nobody jpeg_444.jpg
cjxl oriented.jpg jxl_oriented.jxl -j 1 --quiet; djxl jxl_oriented.jxl jxl_oriented.ppm --bits_per_sample 8 --quiet; rm oriented.jpg

# OpenEXR, with OpenImageIO 2.4; the references are what it reads.
oiiotool rgb.ppm -mulc 4 -subc 0.1 -d half --compression piz -o exr_piz.exr
for c in none rle zip zips b44 dwaa; do oiiotool exr_piz.exr -d half --compression $c -o exr_$c.exr; done
oiiotool exr_piz.exr -d half --tile 16 16 --compression zip -o exr_tiles.exr
oiiotool exr_piz.exr -mulc 0.3 -d float --compression pxr24 -o exr_pxr24.exr
oiiotool exr_piz.exr -ch G --chnames Y -d half --compression zip -o exr_gray.exr
oiiotool exr_piz.exr --crop 20x10+5+7 -d half --compression zip -o exr_window.exr
oiiotool exr_piz.exr --fullsize 20x10+5+7 -d half --compression zip -o exr_overscan.exr
oiiotool exr_gray.exr exr_gray.exr --siappend -d half -o exr_parts.exr
oiiotool tiff_alpha.tif --chnames R,G,B,A -d half --compression zip -o exr_alpha.exr
reference() { oiiotool $1 $3 -d float --compression zip --nosoftwareattrib --eraseattrib '.*' -o $2; }
reference exr_piz.exr exr_half.tif; reference exr_b44.exr exr_b44.tif; reference exr_dwaa.exr exr_dwaa.tif
reference exr_pxr24.exr exr_pxr24.tif; reference exr_gray.exr exr_gray.tif; reference exr_alpha.exr exr_alpha.tif '--ch R,G,B'
reference exr_window.exr exr_window.tif --croptofull; reference exr_overscan.exr exr_overscan.tif --croptofull

# YUV4MPEG2, with ffmpeg
# (of more than 8 bits and an odd width it writes too little chroma)
for f in yuv420p:420 yuv422p10le:422p10 gray12le:mono12 yuv411p:411 yuva444p:444alpha; do
    ffmpeg -v error -y -i rgb.ppm -vf crop=36:29:0:0:exact=1 -pix_fmt ${f%:*} -strict -1 -f yuv4mpegpipe y4m_${f#*:}.y4m
done

# HEIC, with pillow-heif 1.x for its rotation and libheif 1.15; read where its decoder is installed, so in a folder of its own.
exiftool -q -o oriented.jpg -Orientation#=6 -Artist=nobody jpeg_444.jpg
python3 -c 'import pillow_heif as h; from PIL import Image; h.register_heif_opener(); i = Image.open("oriented.jpg"); i.save("program/oriented.heic", quality=95, chroma=444, exif=i.info["exif"])'
rm oriented.jpg
heif-enc -q 95 -p chroma=444 -b 10 png_rgb16.png -o program/deep.heic

# Radiance HDR, and its samples as OpenCV reads them
python3 -c "
import cv2
cv2.imwrite('hdr_runs.hdr', (cv2.imread('rgb.ppm') / 255.0).astype('float32') ** 2.2 * 3)
cv2.imwrite('hdr_runs.pfm', cv2.imread('hdr_runs.hdr', -1))"
