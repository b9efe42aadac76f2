# Sourced by the scripts that check: what they share.
# shellcheck shell=bash

step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

# The option of those that install: sets `install`.
read_options() {
  install=yes
  local argument
  for argument in "$@"; do
    case "$argument" in
      --no-install) install=no ;;
      *)
        echo "usage: scripts/$(basename "$0") [--no-install]" >&2
        exit 2
        ;;
    esac
  done
}

# Installs the packages that a function names, where that is possible and wanted; `missing` is what it names afterwards.
install_missing() {
  mapfile -t missing < <("$1")
  if ((${#missing[@]})) && [[ $install == yes ]] && command -v apt-get >/dev/null && ((EUID == 0)); then
    apt-get update -qq || true
    local package
    # One by one: a package that this release lacks must not keep the others out.
    for package in "${missing[@]}"; do
      DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null ||
        echo "could not install $package"
    done
    mapfile -t missing < <("$1")
  fi
}

# Rust may be installed and not yet on the path.
find_cargo() {
  if ! command -v cargo >/dev/null && [[ -f "$HOME/.cargo/env" ]]; then
    # shellcheck disable=SC1091
    . "$HOME/.cargo/env"
  fi
}
