# Shared functions of the check scripts; sourced by them.
# shellcheck shell=bash

# Begins a step and says how long the one before took.
step_name="" step_start=$SECONDS step_times=()
step() {
  local seconds=$((SECONDS - step_start))
  if [[ -n $step_name ]]; then
    printf -- '-- %s: %d s\n' "$step_name" "$seconds"
    step_times+=("$(minutes "$seconds")  $step_name")
  fi
  step_name=$* step_start=$SECONDS
  printf '\n\033[1m== %s\033[0m\n' "$*"
}

# Seconds as minutes, for columns of times.
minutes() { printf '%4d.%d' $(($1 / 60)) $(($1 % 60 / 6)); }

# Minutes of all steps so far that took some, and their sum.
report_times() {
  step "minutes by step"
  printf '%s\n' "${step_times[@]}" | grep -v '^   0\.0 ' || true
  echo "$(minutes "$SECONDS")  together"
}

# One set of features for lints and tests, so that nothing is compiled twice: the program's, and images of the `image` crate.
# Without the crates for browsers, whose macros take other features of `syn`; scripts/test checks them for their target.
# shellcheck disable=SC2034
tests_workspace=(--workspace --exclude unband-bindgen --exclude unband-web --features unband/image)

# Cargo with the profile of the tests (scripts/tests.toml), in the build folder of `cargo build --release`: crates from
# elsewhere are compiled once for both. Programs go to a folder of their own, so that target/release/unband stays.
tests_cargo() {
  local target=${CARGO_TARGET_DIR:-$PWD/target}
  CARGO_BUILD_BUILD_DIR=${CARGO_BUILD_BUILD_DIR:-$target} CARGO_TARGET_DIR=$target/tests \
    cargo "$1" --release --config scripts/tests.toml "${@:2}"
}

# Crates from elsewhere in Cargo's messages, sorted: with `false` the compiled ones, with `true` those that were there.
artifacts() {
  sed -n "/\"reason\":\"compiler-artifact\",\"package_id\":\"registry/{/\"fresh\":$1/s/.*\"package_id\":\"[^#]*#\([^\"]*\)\".*/\1/p}" |
    sort -u
}

# Tracked files by paths or patterns of git, one a line: a clone also holds results and notes. Outside a clone, all files.
tracked() {
  if git -c safe.directory='*' ls-files --error-unmatch -- Cargo.toml >/dev/null 2>&1; then
    git -c safe.directory='*' ls-files -- "$@"
  else
    local pattern
    for pattern in "$@"; do
      find . -path ./target -prune -o -type f \( -path "./$pattern" -o -path "./$pattern/*" \) -print | sed 's|^\./||'
    done | sort
  fi
}

# Parses the options of scripts that install packages: sets `install` and `complete`.
read_options() {
  install=yes complete=no
  local argument
  for argument in "$@"; do
    case "$argument" in
      --no-install) install=no ;;
      --complete) complete=yes ;;
      *)
        echo "usage: scripts/$(basename "$0") [--no-install] [--complete]" >&2
        exit 2
        ;;
    esac
  done
}

# Installs the packages listed by a function, if possible and allowed; sets `missing` to its list afterwards.
install_missing() {
  mapfile -t missing < <("$1")
  if ((${#missing[@]})) && [[ $install == yes ]] && command -v apt-get >/dev/null && ((EUID == 0)); then
    apt-get update -qq || true
    local package
    # One by one: a package missing from this release must not block the others.
    for package in "${missing[@]}"; do
      DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null ||
        echo "could not install $package"
    done
    mapfile -t missing < <("$1")
  fi
  if ((${#missing[@]})) && command -v apt-get >/dev/null; then
    echo "install them with: sudo apt-get install ${missing[*]}"
  fi
}

# Tests record skips in this file (crates/unband-skips).
note_skips() {
  UNBAND_SKIPPED=$(mktemp)
  export UNBAND_SKIPPED
  trap 'rm -f "$UNBAND_SKIPPED"' EXIT
}

# Lists skipped tests. With `--complete`, fails if a test was skipped only because a program is missing.
report_skips() {
  local kind title lines total
  total=$(cut -f 2 "$UNBAND_SKIPPED" | sort -u | wc -l)
  step "$total tests skipped, in whole or in part"
  for kind in program:"a program is not installed" machine:"not possible on this machine" \
    file:"needs files that may not be distributed"; do
    title=${kind#*:} kind=${kind%%:*}
    lines=$(sort -u "$UNBAND_SKIPPED" | awk -F '\t' -v kind="$kind" '$1 == kind { print "  " $2 ": " $3 }')
    if [[ -n $lines ]]; then printf '%s:\n%s\n' "$title" "$lines"; fi
  done
  if [[ $complete == yes ]] && grep -q '^program' "$UNBAND_SKIPPED"; then
    echo "these programs can be installed; see the list at the top of scripts/test" >&2
    exit 1
  fi
}

# Whether rustc has the standard library of a target.
has_target() { [[ -d "$(rustc --print sysroot)/lib/rustlib/$1/lib" ]]; }

# Installs a target of rustc, if possible and allowed; fails where it is missing afterwards.
need_target() {
  if ! has_target "$1" && [[ $install == yes ]] && command -v rustup >/dev/null; then rustup target add "$1" || true; fi
  has_target "$1"
}

# Rust may be installed and not yet on the path. Ends the script where it is missing or too old.
need_rust() {
  if ! command -v cargo >/dev/null && [[ -f "$HOME/.cargo/env" ]]; then
    # shellcheck disable=SC1091
    . "$HOME/.cargo/env"
  fi
  local need found
  need=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
  found=$(rustc --version 2>/dev/null | cut -d ' ' -f 2)
  if [[ -z $found ]] || [[ $(printf '%s\n' "$need" "$found" | sort -V | head -n 1) != "$need" ]]; then
    echo "Rust $need or later is needed, found ${found:-none}: install it from https://rustup.rs" >&2
    exit 1
  fi
}
