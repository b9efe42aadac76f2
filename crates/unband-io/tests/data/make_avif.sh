#!/bin/sh
# Makes the AVIF files of this folder with libavif's avifenc 0.11 (libaom 3.6). The hashes in
# `tests/avif.rs` are of what avifdec writes from them through dav1d (`avifdec --codec dav1d FILE OUT.y4m`): all codes as
# 16-bit numbers, turned, mirrored and cut as the properties say, alpha from its own item through FFmpeg's libdav1d.
set -e
cd "$(dirname "$0")"
PICTURES=${1:?a folder with a.png (67×45), b.png (256×192), c.png (64×48), alpha.png (37×29) and l.png (21×13)}
q="--min 20 --max 40 -s 4"
make() { name=$1; shift; avifenc "$@" "avif_$name.avif" > /dev/null; }
for d in 8 10 12; do for y in 400 420 422 444; do make ${d}_$y -d $d -y $y $q "$PICTURES/a.png"; done; done
make limited -d 8 -y 420 -r limited $q "$PICTURES/a.png"
make limited10_2020 -d 10 -y 422 -r limited --cicp 9/16/9 $q "$PICTURES/a.png"
make limited_mono -d 8 -y 400 -r limited $q "$PICTURES/a.png"
make alpha10 -d 10 -y 444 $q --minalpha 0 --maxalpha 20 "$PICTURES/alpha.png"
make alpha8 -d 8 -y 420 $q --minalpha 0 --maxalpha 30 "$PICTURES/alpha.png"
make lossless -l "$PICTURES/l.png"
for r in 1 2 3; do make irot$r -d 8 -y 420 $q --irot $r "$PICTURES/c.png"; done
make irot1_odd -d 8 -y 420 $q --irot 1 "$PICTURES/a.png"
make irot3_imir1 -d 8 -y 420 $q --irot 3 --imir 1 "$PICTURES/c.png"
make irot1_imir0 -d 8 -y 422 $q --irot 1 --imir 0 "$PICTURES/a.png"
for m in 0 1; do make imir$m -d 8 -y 444 $q --imir $m "$PICTURES/a.png"; done
make clap -d 10 -y 420 $q --clap 40,1,32,1,4,1,2,1 "$PICTURES/c.png"
make grid -d 8 -y 420 $q --grid 2x2 "$PICTURES/b.png"
# p.icc is a header and an empty table, e.exif says a maker and orientation 6, x.xmp is an empty packet.
make metadata -d 8 -y 420 --min 40 --max 50 --icc "$PICTURES/p.icc" --exif "$PICTURES/e.exif" --xmp "$PICTURES/x.xmp" \
    --cicp 12/16/6 "$PICTURES/c.png"
make animated -d 8 -y 420 $q "$PICTURES/c.png" "$PICTURES/c.png"
