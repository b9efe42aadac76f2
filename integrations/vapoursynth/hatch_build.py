"""Puts the library and its manifest where VapourSynth looks for plug-ins, and names its system.

UNBAND_LIBRARY names a library that is built; else Cargo builds it.
"""

import os
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parents[2]
NAMES = {"win32": "unband_hosts.dll", "darwin": "libunband_hosts.dylib"}


def system_of(library: Path) -> str:
    """The tag of the oldest system that loads the library."""
    machine = platform.machine().lower()
    if sys.platform == "win32":
        return "win_arm64" if machine == "arm64" else "win_amd64"
    if sys.platform == "darwin":
        return f"macosx_{'11_0_arm64' if machine == 'arm64' else '10_12_x86_64'}"
    # The newest version of glibc's symbols that it asks for.
    versions = {int(minor) for minor in re.findall(rb"GLIBC_2\.(\d+)", library.read_bytes())}
    return f"manylinux_2_{max(versions | {17})}_{machine}"


class Plugin(BuildHookInterface):
    """The files of the wheel."""

    def initialize(self, version, build_data):
        library = os.environ.get("UNBAND_LIBRARY")
        if library is None:
            subprocess.run(["cargo", "build", "--release", "--package", "unband-hosts"], cwd=ROOT, check=True)
            library = ROOT / "target/release" / NAMES.get(sys.platform, "libunband_hosts.so")
        library = Path(library).resolve()
        stem = "unband" if sys.platform == "win32" else "libunband"
        self.made = tempfile.TemporaryDirectory()
        manifest = Path(self.made.name) / "manifest.vs"
        manifest.write_text(f"[VapourSynth Manifest V1]\n{stem}\n")
        folder = "vapoursynth/plugins/unband"
        build_data["force_include"] |= {
            str(library): f"{folder}/{stem}{library.suffix}",
            str(manifest): f"{folder}/manifest.vs",
            str(ROOT / "crates/unband-cli/licences/crates.txt"): f"{folder}/LICENCES.txt",
            str(ROOT / "LICENSE-MIT"): f"{folder}/LICENSE-MIT",
            str(ROOT / "LICENSE-APACHE"): f"{folder}/LICENSE-APACHE",
        }
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{system_of(library)}"
