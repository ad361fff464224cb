# shellcheck shell=bash disable=SC2034
# Read by the other scripts (`. scripts/env.sh`), never run: the project's folder, its own tools on PATH, words for errors.

set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
ROOT=$PWD
TOOLS=$ROOT/.tools

# Tools that the project installed for itself come first; those of the machine serve where their version is the right one.
export PATH="$TOOLS/bin:$TOOLS/node_modules/.bin:$PATH"
# One target folder for every build, and one set of features: a second set would compile everything twice.
export CARGO_TARGET_DIR=$ROOT/target
FEATURES=ssr,sandbox

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }

die() {
  printf 'boreal: %s\n' "$*" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# apt_install PACKAGE…: installs Debian packages as root; anybody else is told what is missing and how to get it.
apt_install() {
  if [ "$(id -u)" != 0 ] || ! have apt-get; then
    die "missing: $*. Install it with your package manager (on Debian: sudo apt-get install $*) and run this again."
  fi
  say "installing $*"
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"; } >&2 || die "apt-get could not install $*."
}

# need_node VERSION: Node and npm, of that major version at least.
need_node() {
  if ! have node || ! have npm; then
    apt_install nodejs npm
  fi
  [ "$(node -p 'process.versions.node.split(".")[0]')" -ge "$1" ] ||
    die "Node $1 or newer is needed and this is $(node --version): install a newer one and run this again."
}

# locked_version CRATE: the version that Cargo.lock holds.
locked_version() { grep -A1 "^name = \"$1\"\$" "$ROOT/Cargo.lock" | sed -n 's/^version = "\(.*\)"$/\1/p' | head -n 1; }

# free_port: a TCP port of the loopback that nobody listens on, below the range that clients get theirs from.
free_port() {
  local port
  while :; do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  echo "$port"
}

# install_end2end: the packages of the browser tests, when they are missing or another version is wanted.
install_end2end() {
  export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1
  local folder=$ROOT/end2end
  [ "$folder/node_modules/.package-lock.json" -nt "$folder/package-lock.json" ] ||
    (cd "$folder" && npm ci --no-audit --no-fund --loglevel=error >&2) || die "npm could not install the browser tests' packages."
}
