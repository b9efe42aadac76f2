"""Writes golden/video/: ffprobe's answers for videos of every kind, so that tests run without it.

    python3 tools/make_probe_answers.py        # needs ffmpeg and ffprobe with libx264, libx265, libmp3lame, libaom

Each file holds the answers to both questions of crates/unband-video/src/probe.rs ("file", "frames"), without unused
parts: other pixel formats, dispositions that are 0, how FFmpeg was built.
"""

import copy
import json
import pathlib
import subprocess
import tempfile

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden" / "video"
SOURCE = ["-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=1"]
SOUND = ["-f", "lavfi", "-i", "sine=d=1"]
X264 = ["-c:v", "libx264", "-threads", "1", "-pix_fmt", "yuv420p"]
COVER = ["-f", "lavfi", "-i", "color=red:s=32x32:d=0.04"]
HDR10 = (
    "log-level=error:pools=1:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:hdr10=1:chromaloc=2:"
    "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):max-cll=1000,300"
)
VARIABLE = "select='not(eq(n,3)+eq(n,4)+eq(n,9)+eq(n,17))'"

# Name, file, ffmpeg's arguments.
CLIPS = [
    ("plain", "a.mp4", [*SOURCE, *SOUND, *X264, "-c:a", "aac", "-color_range", "tv", "-colorspace", "bt709",
                        "-color_primaries", "bt709", "-color_trc", "bt709"]),
    ("anamorphic", "a.mkv", [*SOURCE, "-vf", "setsar=64/45", *X264]),
    ("interlaced", "a.mp4", [*SOURCE, *X264, "-x264-params", "tff=1"]),
    ("interlaced_unsaid", "a.mkv", [*SOURCE, "-flags", "+ilme+ildct", "-c:v", "mpeg2video"]),
    ("variable", "a.mp4", [*SOURCE, "-vf", VARIABLE, "-fps_mode", "vfr", *X264]),
    ("ntsc", "a.mkv", ["-f", "lavfi", "-i", "testsrc2=s=64x48:r=24000/1001:d=3", *X264]),
    ("hdr10", "a.mkv", [*SOURCE, "-c:v", "libx265", "-x265-params", HDR10, "-pix_fmt", "yuv420p10le",
                        "-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc"]),
    ("cover", "a.mp4", [*COVER, *SOURCE, *SOUND, "-map", "0", "-map", "1", "-map", "2", "-c:v:0", "png", *X264[2:],
                        "-c:v:1", "libx264", "-c:a", "aac", "-disposition:v:0", "attached_pic"]),
    ("audio", "a.mp3", [*SOUND, *COVER, "-map", "0", "-map", "1", "-c:v", "png", "-disposition:v", "attached_pic"]),
    ("picture", "a.png", [*SOURCE, "-frames:v", "1"]),
    ("picture_avif", "a.avif", [*SOURCE, "-frames:v", "1", "-c:v", "libaom-av1"]),
    ("picture_gif", "a.gif", [*SOURCE, "-frames:v", "1"]),
    ("animation", "b.gif", [*SOURCE, "-frames:v", "5"]),
    ("mirrored", "a.mkv", [*SOURCE, *X264, "-bsf:v", "h264_metadata=display_orientation=insert:flip=horizontal"]),
]


def ffmpeg(args, out):
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-bitexact", *args, "-bitexact", out], check=True)


def ffprobe(path, question):
    command = ["ffprobe", "-v", "error", "-of", "json", "-protocol_whitelist", "file,crypto,data", *question, "-i"]
    return json.loads(subprocess.run([*command, f"file:{path}"], check=True, capture_output=True).stdout)


def answers(path, stream):
    whole = ["-show_program_version", "-show_library_versions", "-show_pixel_formats", "-show_streams",
             "-show_format", "-show_chapters"]
    first = ["-show_frames", "-select_streams", str(stream), "-read_intervals", "%+#8"]
    file, frames = ffprobe(path, whole), ffprobe(path, first)
    used = {stream.get("pix_fmt") for stream in file["streams"]}
    file["pixel_formats"] = [f for f in file["pixel_formats"] if f["name"] in used]
    file["library_versions"] = [v for v in file["library_versions"] if v["name"] == "libavcodec"]
    file["program_version"] = {"version": file["program_version"]["version"]}
    file["format"]["filename"] = path.name
    for stream in file["streams"]:
        stream["disposition"] = {key: 1 for key, value in stream["disposition"].items() if value}
    frames["frames"] = frames["frames"][:2]
    return {"file": file, "frames": frames}


def write(name, answer):
    (GOLDEN / f"{name}.json").write_text(json.dumps(answer, indent=1) + "\n")


def dynamic(name, hdr10, of_stream, of_frame):
    """No free encoder writes these; fields as print_pkt_side_data and show_frame of FFmpeg's fftools/ffprobe.c name them."""
    answer = copy.deepcopy(hdr10)
    if of_stream:
        answer["file"]["streams"][0].setdefault("side_data_list", []).append(of_stream)
    answer["frames"]["frames"][0]["side_data_list"].append(of_frame)
    write(name, answer)


def dolby(profile, compatibility):
    return {"side_data_type": "DOVI configuration record", "dv_version_major": 1, "dv_version_minor": 0,
            "dv_profile": profile, "dv_level": 3, "rpu_present_flag": 1, "el_present_flag": 0, "bl_present_flag": 1,
            "dv_bl_signal_compatibility_id": compatibility}


def main():
    GOLDEN.mkdir(exist_ok=True)
    made = {}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name, file, args in CLIPS:
            ffmpeg(args, folder / file)
            made[name] = answers(folder / file, 0)
            write(name, made[name])
        # A stream truncated before its first frame.
        (folder / "n.y4m").write_text("YUV4MPEG2 W64 H48 F25:1 Ip C420\n")
        write("no_frames", answers(folder / "n.y4m", 0))
        # A phone's orientation tag.
        ffmpeg([*SOURCE, *X264], folder / "b.mp4")
        ffmpeg(["-i", folder / "b.mp4", "-c", "copy", "-metadata:s:v", "rotate=90"], folder / "c.mp4")
        write("rotated", answers(folder / "c.mp4", 0))
        # Two angles of different size, subtitles and chapters.
        (folder / "s.srt").write_text("1\n00:00:00,100 --> 00:00:00,800\nhello\n")
        (folder / "c.txt").write_text(
            ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=500\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=500\nEND=1000\n")
        ffmpeg([*SOURCE, "-f", "lavfi", "-i", "testsrc2=s=96x64:r=25:d=1", *SOUND, "-i", folder / "s.srt", "-i",
                folder / "c.txt", "-map", "0", "-map", "1", "-map", "2", "-map", "3", "-map_chapters", "4", *X264,
                "-c:a", "libmp3lame", "-metadata:s:a", "language=eng", "-disposition:v", "0"], folder / "two.mkv")
        write("two_streams", answers(folder / "two.mkv", 1))
    rpu = {"side_data_type": "Dolby Vision RPU Data"}
    dynamic("dolby_vision_5", made["hdr10"], dolby(5, 0), rpu)
    dynamic("dolby_vision_8", made["hdr10"], dolby(8, 1), rpu)
    plus = {"side_data_type": "HDR Dynamic Metadata SMPTE2094-40 (HDR10+)", "application version": 1, "num_windows": 1,
            "targeted_system_display_maximum_luminance": "400/1"}
    dynamic("hdr10_plus", made["hdr10"], None, plus)


if __name__ == "__main__":
    main()
