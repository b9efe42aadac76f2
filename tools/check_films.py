#!/usr/bin/env python3
"""Tests the program on unusual videos of many kinds.

    tools/check_films.py PROGRAM [--only WORD] [--keep FOLDER]

Each is a second or two of a slow gradient with bands and a moving pattern, by FFmpeg's sources: containers, codecs, depths, colours, rates, times, streams,
and what must be refused. A row states the result: restored (the same number of frames at the same times, the same streams and tags, samples changed), copied
(nothing to repair), or refused (with the hint's first words). An unreported difference from the video, or an unexpected refusal, is a fault:
the exit status is then 1. Kinds whose encoder this FFmpeg lacks are skipped and counted. Needs ffmpeg and ffprobe."""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

# 8-bit steps in luma that drift, and a pattern that moves.
BANDS = "color=gray:s=320x240:r=24:d=1,format=yuv420p,geq=lum='60+X/16+Y/24+N/12':cb='118+X/40':cr='130+Y/40'"
MOVES = 'testsrc2=s=320x240:r=24:d=1,format=yuv420p'
SOUND = ['-f', 'lavfi', '-i', 'sine=440:d=1']
X264 = ['-c:v', 'libx264', '-crf', '22']
X265 = ['-c:v', 'libx265', '-crf', '22', '-x265-params', 'log-level=none']
BT709 = ['-color_primaries', 'bt709', '-color_trc', 'bt709', '-colorspace', 'bt709']
FULL = BT709 + ['-color_range', 'pc']

SRT = '1\n00:00:00,000 --> 00:00:01,000\nline\n'
CHAPTERS = ';FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=400\ntitle=one\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=400\nEND=1000\ntitle=two\n'


def video(args, source=BANDS, inputs=(), maps=()):
    """FFmpeg arguments that make a video from a source."""
    return ['-f', 'lavfi', '-i', source, *inputs, *maps, *args]


def as_format(fmt, source=BANDS):
    return f'{source},format={fmt}'


def joined(*parts):
    """Makes a video of parts, byte by byte: each is FFmpeg arguments."""
    def make_it(name, folder):
        data = b''
        for number, args in enumerate(parts):
            part = f'part_{number}_{name}'
            if run(['ffmpeg', '-nostdin', '-v', 'error', '-y', *args, part], folder).returncode:
                return False
            data += (folder / part).read_bytes()
        (folder / name).write_bytes(data)
        return True
    return make_it


def encrypted(name, folder):
    key = '76a6c65c5ea762046bd749a2e632ccbb'
    return run(['ffmpeg', '-nostdin', '-v', 'error', '-y', *video(X264), '-encryption_scheme', 'cenc-aes-ctr', '-encryption_key', key, '-encryption_kid', key, name],
               folder).returncode == 0


def timed(expression, frames=12):
    """A video whose frames are shown at these seconds."""
    return ['-vf', f"settb=1/90000,setpts='({expression})/TB'", '-fps_mode', 'passthrough', '-enc_time_base', '1/90000', '-frames:v', str(frames)]


AC3 = X264 + ['-c:a', 'ac3']
MPEG2 = ['-c:v', 'mpeg2video', '-q:v', '3', '-c:a', 'ac3']
PAUSE = timed('N/24+gte(N,4)*20+gte(N,8)*60')
SLIDES = timed('N*10')
RAW = ['-f', 'h264', '-c:v', 'libx264', '-crf', '22']

# Sources whose times are unusual, and the containers of the result: a row for each pair.
TIMES = {
    'sync.ts': video(AC3, inputs=SOUND),
    'recorded.ts': video(AC3 + ['-output_ts_offset', '72000'], inputs=SOUND),
    'wrap.ts': video(AC3 + ['-output_ts_offset', '95443.3', '-muxdelay', '0'], inputs=SOUND),
    'joined.vob': joined(video(MPEG2, inputs=SOUND), video(MPEG2, inputs=SOUND)),
    'joined.ts': joined(video(AC3, inputs=SOUND), video(AC3, inputs=SOUND)),
    'spliced.ts': joined(video(AC3, inputs=SOUND), video(AC3 + ['-output_ts_offset', '36000'], inputs=SOUND)),
    'pause.mp4': video(X264 + PAUSE),
    'pause_sound.mp4': video(AC3 + timed('N/24+gte(N,4)*20'), inputs=['-f', 'lavfi', '-i', 'sine=440:d=22']),
    'slides.mov': video(X264 + SLIDES),
    'slides.mkv': video(X264 + SLIDES),
    'late.mkv': video(AC3 + ['-output_ts_offset', '12345.678'], inputs=SOUND),
    'late_audio.mp4': video(AC3, inputs=['-itsoffset', '3'] + SOUND),
}
JUMPS = ('joined.vob', 'joined.ts', 'spliced.ts')
CONTAINERS = ('mkv', 'mp4', 'mov', 'ts', 'nut')

# File name: FFmpeg arguments, arguments for the program, and the expected result: '' for a video, else part of the refusal.
KINDS = {
    'h264.mkv': (video(X264), [], ''),
    'h264_sound.mp4': (video(X264 + ['-c:a', 'aac'], inputs=SOUND), [], ''),
    'h264.ts': (video(X264), [], ''),
    'h264.mov': (video(X264), [], ''),
    'h264.flv': (video(X264), [], ''),
    'h264_fragmented.mp4': (video(X264 + ['-movflags', 'frag_keyframe+empty_moov']), [], ''),
    'h264.264': (video(X264 + ['-f', 'h264']), [], ''),
    'h265.hevc': (video(X265 + ['-f', 'hevc']), [], ''),
    'hi10.mkv': (video(X264, as_format('yuv420p10le')), [], ''),
    'h264_444.mp4': (video(X264, as_format('yuv444p')), [], ''),
    'h264_422.ts': (video(X264, as_format('yuv422p10le')), [], ''),
    'h265_10.mp4': (video(X265, as_format('yuv420p10le')), [], ''),
    'h265_12.mkv': (video(X265, as_format('yuv420p12le')), [], ''),
    'hdr10.mkv': (video(['-c:v', 'libx265', '-crf', '22', '-color_primaries', 'bt2020', '-color_trc', 'smpte2084', '-colorspace', 'bt2020nc', '-x265-params',
                         'log-level=none:master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1):max-cll=1000,400'],
                        as_format('yuv420p10le')), [], ''),
    'hlg.mov': (video(X265 + ['-color_primaries', 'bt2020', '-color_trc', 'arib-std-b67', '-colorspace', 'bt2020nc'], as_format('yuv420p10le')), [], ''),
    'vp9.webm': (video(['-c:v', 'libvpx-vp9', '-crf', '30', '-b:v', '0', '-cpu-used', '8']), [], ''),
    'vp9_10.webm': (video(['-c:v', 'libvpx-vp9', '-crf', '30', '-b:v', '0', '-cpu-used', '8', '-profile:v', '2'], as_format('yuv420p10le')), [], ''),
    'av1.mkv': (video(['-c:v', 'libsvtav1', '-preset', '10']), [], ''),
    'av1.mp4': (video(['-c:v', 'libsvtav1', '-preset', '10'], as_format('yuv420p10le')), [], ''),
    'prores.mov': (video(['-c:v', 'prores_ks', '-profile:v', '3'], as_format('yuv422p10le')), [], ''),
    'prores_alpha.mov': (video(['-c:v', 'prores_ks', '-profile:v', '4'], as_format('yuva444p10le')), [], ''),
    'dnxhr.mov': (video(['-c:v', 'dnxhd', '-profile:v', 'dnxhr_hqx'], as_format('yuv422p10le')), [], ''),
    'dnxhr.mxf': (video(['-c:v', 'dnxhd', '-profile:v', 'dnxhr_hq'], as_format('yuv422p')), ['-o', 'dnxhr_mxf.mkv'], ''),
    'v210.mov': (video(['-c:v', 'v210'], as_format('yuv422p10le')), [], ''),
    'cineform.mov': (video(['-c:v', 'cfhd'], as_format('yuv422p10le')), [], ''),
    'ffv1.mkv': (video(['-c:v', 'ffv1']), ['--lossless'], ''),
    'ffv1_full.mkv': (video(['-c:v', 'ffv1'] + FULL), ['--lossless'], ''),
    'ffv1_full.mov': (video(['-c:v', 'ffv1'] + FULL), ['--lossless'], ''),
    'ffv1_rgb.mkv': (video(['-c:v', 'ffv1'], as_format('bgr0')), [], ''),
    'ffv1_rgb48.mkv': (video(['-c:v', 'ffv1', '-colorspace', 'rgb'], as_format('gbrp16le')), ['--lossless'], ''),
    'x264_rgb.mkv': (video(['-c:v', 'libx264rgb', '-crf', '16'], as_format('rgb24')), [], ''),
    'pal_gamma.mkv': (video(X264 + ['-color_primaries', 'bt470bg', '-color_trc', 'gamma28', '-colorspace', 'bt470bg']), [], ''),
    'ntsc.mkv': (video(X264 + ['-color_primaries', 'smpte170m', '-color_trc', 'smpte170m', '-colorspace', 'smpte170m']), [], ''),
    'untagged.mp4': (video(X264), ['--for', 'web'], ''),
    'full_601.mp4': (video(X264 + ['-color_primaries', 'bt470bg', '-color_trc', 'smpte170m', '-colorspace', 'smpte170m', '-color_range', 'pc']), [], ''),
    'chroma_topleft.mkv': (video(X264 + ['-x264-params', 'chromaloc=2']), [], ''),
    'grey.mkv': (video(['-c:v', 'ffv1'], as_format('gray')), [], ''),
    'grey_10.mkv': (video(['-c:v', 'ffv1'], as_format('gray10le')), [], ''),
    'four_one_one.mov': (video(['-c:v', 'ffv1'], as_format('yuv411p')), ['--lossless'], ''),
    'four_one_zero.mkv': (video(['-c:v', 'ffv1'], as_format('yuv410p')), ['--lossless'], ''),
    'four_four_zero.mkv': (video(['-c:v', 'ffv1'], as_format('yuv440p')), [], ''),
    'odd.mkv': (video(['-c:v', 'ffv1'], BANDS.replace('320x240', '319x241')), [], ''),
    'odd.webm': (video(['-c:v', 'libvpx-vp9', '-crf', '30', '-b:v', '0', '-cpu-used', '8'], BANDS.replace('320x240', '319x241')), [], ''),
    'mjpeg.avi': (video(['-c:v', 'mjpeg', '-q:v', '3'], as_format('yuvj420p')), ['-o', 'mjpeg_avi.mkv'], ''),
    'xvid.avi': (video(['-c:v', 'mpeg4', '-q:v', '4']), ['-o', 'xvid_avi.mkv'], ''),
    'huffyuv.avi': (video(['-c:v', 'huffyuv'], as_format('yuv422p')), ['-o', 'huffyuv_avi.mkv'], ''),
    'utvideo.avi': (video(['-c:v', 'utvideo']), ['-o', 'utvideo_avi.mkv'], ''),
    'mpeg2.mpg': (video(['-c:v', 'mpeg2video', '-q:v', '3']), ['-o', 'mpeg2_mpg.mkv'], ''),
    'theora.ogv': (video(['-c:v', 'libtheora', '-q:v', '7']), ['-o', 'theora_ogv.mkv'], ''),
    'wmv.wmv': (video(['-c:v', 'wmv2', '-q:v', '3']), ['-o', 'wmv_wmv.mkv'], ''),
    'j2k.mxf': (video(['-c:v', 'jpeg2000', '-q:v', '3'], as_format('yuv422p')), ['-o', 'j2k_mxf.mkv'], ''),
    'y4m.y4m': (video(['-f', 'yuv4mpegpipe']), ['-o', 'y4m_y4m.mkv'], ''),
    'y4m_10.y4m': (video(['-f', 'yuv4mpegpipe', '-strict', '-1'], as_format('yuv420p10le')), ['-o', 'y4m_10_y4m.mkv'], ''),
    'nut.nut': (video(['-c:v', 'ffv1']), [], ''),
    'rate_23976.mp4': (video(X264, BANDS.replace('r=24', 'r=24000/1001')), [], ''),
    'rate_ffv1.mkv': (video(X264, BANDS.replace('r=24', 'r=24000/1001')), ['--lossless'], ''),
    'rate_vp9.webm': (video(['-c:v', 'libvpx-vp9', '-crf', '30', '-b:v', '0', '-cpu-used', '8'], BANDS.replace('r=24', 'r=30000/1001')), [], ''),
    'rate_av1.mkv': (video(X264, BANDS.replace('r=24', 'r=30000/1001')), ['--ffmpeg-args', '-c:v libsvtav1 -preset 12'], ''),
    'rate_5994.mkv': (video(X264, BANDS.replace('r=24', 'r=60000/1001')), [], ''),
    'variable.mkv': (video(X264 + ['-vf', "setpts='(N+floor(N/3)*0.5)/24/TB'", '-fps_mode', 'vfr']), [], ''),
    'variable.mp4': (video(X264 + ['-vf', "setpts='(N+floor(N/3)*0.5)/24/TB'", '-fps_mode', 'vfr']), [], ''),
    'late_start.mkv': (video(X264 + ['-c:a', 'aac', '-output_ts_offset', '5.5'], inputs=SOUND), [], ''),
    'recording.ts': (video(X264 + ['-c:a', 'aac', '-output_ts_offset', '36000'], inputs=SOUND), ['-o', 'recording_ts.mkv'], ''),
    'late_sound.mkv': (video(X264 + ['-c:a', 'aac'], inputs=['-itsoffset', '3'] + SOUND), [], ''),
    'late_pictures.mp4': (video(X264 + ['-c:a', 'aac', '-vf', 'setpts=PTS+0.5/TB'], inputs=SOUND), [], ''),
    'one_frame.mp4': (video(X264 + ['-frames:v', '1']), [], ''),
    'rotated.mp4': (video(X264 + ['-metadata:s:v', 'rotate=90']), [], ''),
    'anamorphic.mp4': (video(X264 + ['-vf', 'setsar=4/3']), [], ''),
    'subtitles.mkv': (video(X264 + ['-c:s', 'srt', '-metadata:s:s:0', 'language=fra'], inputs=['-i', 'text.srt']), [], ''),
    'subtitles.mp4': (video(X264 + ['-c:s', 'mov_text'], inputs=['-i', 'text.srt']), ['-o', 'subtitles_mp4.mkv'], ''),
    'chapters.mkv': (video(X264, inputs=['-i', 'chapters.txt'], maps=['-map_metadata', '1']), [], ''),
    'chapters.mp4': (video(X264, inputs=['-i', 'chapters.txt'], maps=['-map_metadata', '1']), ['-o', 'chapters_mp4.mkv'], ''),
    'chapters_again.mp4': (video(X264, inputs=['-i', 'chapters.txt'], maps=['-map_metadata', '1']), [], ''),
    'two_sounds.mkv': (video(X264 + ['-c:a', 'flac'], inputs=SOUND + SOUND, maps=['-map', '0', '-map', '1', '-map', '2']), [], ''),
    'attached.mkv': (video(X264 + ['-attach', 'text.srt', '-metadata:s:t', 'mimetype=text/plain']), [], ''),
    'two_pictures.mkv': (video(X264, inputs=['-f', 'lavfi', '-i', MOVES], maps=['-map', '0', '-map', '1']), [], ''),
    'nothing_to_repair.mkv': (video(['-c:v', 'ffv1'], 'color=gray:s=320x240:r=24:d=1,format=yuv420p,noise=all_seed=1:alls=30:allf=t'), [], ''),
    'interlaced.ts': (video(['-c:v', 'mpeg2video', '-q:v', '3', '-flags', '+ilme+ildct', '-vf', 'setfield=tff']), [], 'interlaced'),
    'psf.mov': (video(['-c:v', 'prores_ks', '-vf', 'setfield=tff', '-flags', '+ilme'], as_format('yuv422p10le')), ['--progressive'], ''),
    'gif.gif': (video([]), ['-o', 'gif.mkv'], 'not a video'),
    'grey_alpha.mkv': (video(['-c:v', 'png'], as_format('ya8')), [], 'ya8'),
    'change_depth.264': (joined(video(RAW), video(RAW, as_format('yuv420p10le'))), ['-o', 'change_depth.mkv'], 'change in the middle'),
    'change_chroma.264': (joined(video(RAW), video(RAW, as_format('yuv422p'))), ['-o', 'change_chroma.mkv'], 'change in the middle'),
    'change_shape.264': (joined(video(RAW), video(RAW, BANDS + ',setsar=4/3')), ['-o', 'change_shape.mkv'], 'change in the middle'),
    'change_size.264': (joined(video(RAW), video(RAW, BANDS + ',scale=160:120')), ['-o', 'change_size.mkv'], 'change in the middle'),
    'rgb_crf10.mkv': (video(['-c:v', 'libx264rgb', '-crf', '10'], as_format('gbrp', BANDS.replace('N/12', '0'))), [], ''),
    'rgb_crf20.mkv': (video(['-c:v', 'libx264rgb', '-crf', '20'], as_format('gbrp')), [], ''),
    'hap.mov': (video(['-c:v', 'hap'], as_format('rgba')), [], ''),
    'cineform_rgb.mov': (video(['-c:v', 'cfhd'], as_format('gbrp12le')), [], ''),
    'prores_tags.mov': (video(['-c:v', 'prores_ks', '-profile:v', '3'] + BT709, as_format('yuv422p10le')), ['--ffmpeg-args', '-c:v prores_ks -profile:v 3'], ''),
    'partly_tagged.mov': (video(X264 + ['-color_primaries', 'bt709']), ['--lossless'], ''),
    'cover.mkv': (video(X264 + ['-c:v:1', 'mjpeg', '-disposition:v:1', 'attached_pic'], inputs=['-f', 'lavfi', '-i', 'testsrc=d=0.04'], maps=['-map', '0', '-map', '1']), [], ''),
    'encrypted.mp4': (encrypted, [], 'encrypted'),
    'aac.mkv': (video(X264 + ['-c:a', 'aac'], inputs=SOUND), ['-o', 'aac_mkv.webm'], 'Opus'),
    'constant_luminance.mkv': (video(X265 + ['-color_primaries', 'bt2020', '-color_trc', 'bt2020-10', '-colorspace', 'bt2020c'], as_format('yuv420p10le')), [], '2020_ncl'),
    'damaged.mkv': (None, [], 'damaged'),
    'damaged_kept.mkv': (None, ['--keep-going'], ''),
}


UNTIMED = ('.264', '.hevc', '.mpg')


def run(args, where):
    return subprocess.run(args, cwd=where, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=600)


def probe(path):
    """Times of the images from the first on in milliseconds, kinds of streams, chapters, and tags of colour."""
    asked = ['-show_entries', 'stream=index,codec_type,codec_name,color_range,color_space,color_transfer,color_primaries,r_frame_rate,avg_frame_rate:stream_disposition=attached_pic'
             ':packet=pts_time', '-show_chapters', '-of', 'json']
    answer = json.loads(subprocess.run(['ffprobe', '-v', 'error', '-select_streams', 'v:0', '-show_packets', *asked, path], stdout=subprocess.PIPE).stdout or '{}')
    every = json.loads(subprocess.run(['ffprobe', '-v', 'error', '-show_entries', 'stream=codec_type,codec_name', '-of', 'json', path], stdout=subprocess.PIPE).stdout or '{}')
    times = sorted(float(p['pts_time']) for p in answer.get('packets', []) if 'pts_time' in p)
    kinds = sorted(s['codec_type'] for s in every.get('streams', []) if s.get('codec_name') != 'bin_data')
    tags = {k: v for k, v in (answer.get('streams') or [{}])[0].items() if (k.startswith('color_') or k.endswith('_rate') and path.name.startswith('rate_') and path.suffix != '.mp4') and v not in ('unknown', 'reserved')}
    return [round(1000 * (t - times[0])) for t in times], kinds, len(answer.get('chapters', [])), tags


def make(name, how, folder):
    if callable(how):
        return how(name, folder)
    if how is not None:
        return run(['ffmpeg', '-nostdin', '-v', 'error', '-y', *how, name], folder).returncode == 0
    made = run(['ffmpeg', '-nostdin', '-v', 'error', '-y', *video(X264), 'whole.mkv'], folder).returncode == 0
    if made:
        data = bytearray((folder / 'whole.mkv').read_bytes())
        middle = len(data) // 2
        data[middle:middle + 600] = bytes(600)
        (folder / name).write_bytes(data)
    return made


def check(program, name, args, wanted, folder):
    """The result in a word, a description, and whether it is a fault."""
    output = args[args.index('-o') + 1] if '-o' in args else f'{pathlib.Path(name).stem}_unband{pathlib.Path(name).suffix}'
    if '-o' not in args and pathlib.Path(name).suffix not in ('.mkv', '.mp4', '.mov', '.webm', '.ts', '.nut'):
        output = f'{pathlib.Path(name).stem}_unband.mkv'
    ran = run([program, name, *args, '--overwrite', '--json'], folder)
    told = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith('{')]
    if ran.returncode:
        said = (told[0].get('error') if told else None) or ran.stderr.strip().splitlines()[0] if (told or ran.stderr.strip()) else 'no word'
        return 'refused', said[:110], not (wanted and wanted in said + ran.stderr)
    if wanted:
        return 'taken', f'was to be refused: {wanted}', True
    record = told[0]
    source, result = probe(folder / name), probe(folder / (record.get('output') or output))
    faults = []
    if any(name.endswith(end) for end in UNTIMED):
        # Packets of these have no timestamps, or only some do.
        pass
    elif len(source[0]) != len(result[0]) and '--keep-going' not in args:
        faults.append(f'{len(result[0])} frames of {len(source[0])}')
    elif any(abs(a - b) > 1 for a, b in zip(source[0], result[0])) and '--keep-going' not in args:
        faults.append('other times')
    if source[1] != result[1]:
        faults.append(f'streams {source[1]} → {result[1]}')
    if source[2] != result[2]:
        faults.append(f'{result[2]} of {source[2]} chapters')
    lost = {k: (v, result[3].get(k)) for k, v in source[3].items() if result[3].get(k) != v}
    if lost:
        faults.append(f'tags {lost}')
    notes = record.get('notes') or []
    word = 'copied' if record['status'] == 'copied' else 'restored' if record['changed'] else 'encoded'
    text = f"{record['changed']} of {record['frames']} frames, {record['encoder']}" + ''.join(f'; {note}' for note in notes + faults)
    return word, text[:170], bool(faults)


def shown(path, stream):
    """Times of the packets that a player shows, in seconds."""
    asked = ['ffprobe', '-v', 'error', '-select_streams', stream, '-show_entries', 'packet=pts_time,dts_time,flags', '-of', 'json', path]
    packets = json.loads(subprocess.run(asked, stdout=subprocess.PIPE).stdout or '{}').get('packets', [])
    return sorted(float(p.get('pts_time', p.get('dts_time', 0))) for p in packets if 'D' not in p['flags'])


def check_times(program, name, container, folder):
    """Times of frames and audio of a result in a container: the same distances as in the source, and the same offset."""
    output = f'{pathlib.Path(name).stem}_{pathlib.Path(name).suffix[1:]}_times.{container}'
    ran = run([program, name, '-o', output, '--overwrite', '--json', '--ffmpeg-args', '-preset ultrafast'], folder)
    if ran.returncode:
        return 'refused', (ran.stderr.strip().splitlines() or ['no word'])[0][:110], True
    (was, sound), (now, heard) = [[shown(folder / path, stream) for stream in ('v:0', 'a:0')] for path in (name, output)]
    faults = []
    if len(was) != len(now) or len(sound) != len(heard):
        faults.append(f'{len(now)} frames of {len(was)}, {len(heard)} packets of audio of {len(sound)}')
    elif name in JUMPS:
        steps = [b - a for a, b in zip(now, now[1:])]
        if max(steps) > 0.15 or min(steps) < 0.02:
            faults.append(f'steps of {min(steps):.3f} to {max(steps):.3f} s')
    else:
        moved = now[0] - was[0]
        for times, before in ((now, was), (heard, sound)):
            worst = max((abs(b - a - moved) for a, b in zip(before, times)), default=0)
            if worst > 0.02:
                faults.append(f'{worst:.3f} s off')
    if now and (now[0] < -0.001 or now != sorted(now)):
        faults.append(f'begins at {now[0]:.3f} s')
    offset = f', audio {heard[0] - now[0]:+.3f} s (source {sound[0] - was[0]:+.3f})' if heard and sound and now else ''
    return 'in time', f'{len(now)} frames from {now[0]:.3f} to {now[-1]:.3f} s{offset}' + ''.join(f'; {fault}' for fault in faults), bool(faults)


def main():
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument('program', type=pathlib.Path)
    ask.add_argument('--only', default='')
    ask.add_argument('--keep', type=pathlib.Path)
    asked = ask.parse_args()
    program = str(asked.program.resolve())
    with tempfile.TemporaryDirectory() as own:
        folder = (asked.keep or pathlib.Path(own)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / 'text.srt').write_text(SRT)
        (folder / 'chapters.txt').write_text(CHAPTERS)
        counts, faults = {}, 0
        print('| film | | |\n|---|---|---|')
        for name, (how, args, wanted) in KINDS.items():
            if asked.only not in name:
                continue
            if not make(name, how, folder):
                counts['not made here'] = counts.get('not made here', 0) + 1
                print(f'| {name} | not made | this FFmpeg cannot |', flush=True)
                continue
            word, text, fault = check(program, name, args, wanted, folder)
            counts[word] = counts.get(word, 0) + 1
            faults += fault
            print(f"| {name} {' '.join(args)} | {word} | {'FAULT: ' if fault else ''}{text} |", flush=True)
        for name, how in TIMES.items():
            if asked.only not in name:
                continue
            if not make(name, how, folder):
                counts['not made here'] = counts.get('not made here', 0) + 1
                print(f'| {name} | not made | this FFmpeg cannot |', flush=True)
                continue
            for container in CONTAINERS:
                word, text, fault = check_times(program, name, container, folder)
                counts[word] = counts.get(word, 0) + 1
                faults += fault
                print(f"| {name} → {container} | {word} | {'FAULT: ' if fault else ''}{text} |", flush=True)
        print('\n' + ', '.join(f'{count} {word}' for word, count in sorted(counts.items())) + f', {faults} faults')
        return 1 if faults else 0


if __name__ == '__main__':
    sys.exit(main())
