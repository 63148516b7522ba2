# shellcheck shell=bash
# Installs what a command of tools/dev needs and the machine lacks, with the system's own packages.
# Sourced by tools/dev.
#
# Nothing is done when nothing is missing. What a purpose needs is probed, not looked up among the
# installed packages, so that things built by hand count.

# PURPOSE  PROBE  DEBIAN'S PACKAGE  FEDORA'S PACKAGE ("-": it has none)
needs() {
  cat <<'TABLE'
build   command:g++                g++                     gcc-c++
build   command:meson              meson                   meson
build   command:ninja              ninja-build             ninja-build
build   command:pkg-config         pkg-config              pkgconf-pkg-config
build   header:liburing.h          liburing-dev            liburing-devel
build   header:mimalloc.h          libmimalloc-dev         mimalloc-devel
build   header:xxhash.h            libxxhash-dev           xxhash-devel
build   header:CLI/CLI.hpp         libcli11-dev            cli11-devel
test    header:doctest/doctest.h   doctest-dev             doctest-devel
test    command:memcached          memcached               memcached
test    command:memccapable        libmemcached-tools      libmemcached-awesome-tools
test    python:pymemcache          python3-pymemcache      python3-pymemcache
test    python:pylibmc             python3-pylibmc         python3-pylibmc
test    command:php                php-cli                 php-cli
test    php:memcached              php-memcached           php-pecl-memcached
test    perl:Cache::Memcached      libcache-memcached-perl perl-Cache-Memcached
test    command:clang-format       clang-format            clang-tools-extra
test    command:shellcheck         shellcheck              ShellCheck
all     command:clang++            clang                   clang
all     command:node               nodejs                  nodejs
all     command:npm                npm                     nodejs-npm
all     python:memcache            python3-memcache        python3-memcached
all     python:bmemcached          python3-binary-memcached -
all     python:django              python3-django          python3-django
all     php:memcache               php-memcache            php-pecl-memcache
all     perl:Cache::Memcached::Fast libcache-memcached-fast-perl perl-Cache-Memcached-Fast
all     command:ruby               ruby                    ruby
all     ruby:dalli                 ruby-dalli              rubygem-dalli
all     command:/usr/bin/go        golang-go               golang-bin
all     go:github.com/bradfitz/gomemcache golang-github-bradfitz-gomemcache-dev -
all     command:javac              default-jdk-headless    java-devel
all     file:/usr/share/java/spymemcached.jar libspymemcached-java -
format  command:clang-format       clang-format            clang-tools-extra
tidy    command:clang-tidy         clang-tidy              clang-tools-extra
bench   command:memcached          memcached               memcached
TABLE
}

# The clients are Debian's packages and belong to the system's own interpreter, which need not be
# the first python3 of PATH.
present() {
  local name=${1#*:}
  case $1 in
    command:*) command -v "$name" >/dev/null ;;
    file:*) [ -e "$name" ] ;;
    header:*) [ -e "/usr/include/$name" ] || [ -e "/usr/local/include/$name" ] ;;
    python:*) /usr/bin/python3 -c "import $name" 2>/dev/null ;;
    perl:*) perl "-M$name" -e1 2>/dev/null ;;
    go:*) [ -e "/usr/share/gocode/src/$name" ] ;;
    ruby:*) ruby -e "require '$name'" 2>/dev/null ;;
    php:*) command -v php >/dev/null && php -m 2>/dev/null | grep -qx "$name" ;;
  esac
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    printf 'tools/dev: error: root is needed, and there is no sudo; as root, run\n  %s\n' "$*" >&2
    exit 1
  fi
}

# A packaged memcached starts at once and takes port 11211. The tests start their own on other
# ports, so services stay down while packages are installed: this is Debian's switch for it.
hold_services() {
  local policy=/usr/sbin/policy-rc.d
  if [ -e $policy ]; then
    "$@"
    return
  fi
  printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
  as_root chmod +x $policy
  local status=0
  "$@" || status=$?
  as_root rm -f $policy
  # Nor at the next start of the machine, if it was us who installed it.
  if [ -d /run/systemd/system ] && [[ " $* " == *" memcached "* ]]; then
    as_root systemctl disable --quiet memcached || true
  fi
  return $status
}

apt_updated=
install_apt() {
  if [ -z "$apt_updated" ]; then
    as_root apt-get update -q </dev/null ||
      echo "some package lists could not be refreshed; going on with those that are here"
    apt_updated=yes
  fi
  hold_services as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends "$@" </dev/null
}

# need PURPOSE..: makes sure that everything for these purposes is there.
need() {
  local purpose probe debian fedora packages=() manager=
  if command -v apt-get >/dev/null; then manager=apt; fi
  if [ -z "$manager" ] && command -v dnf >/dev/null; then manager=dnf; fi
  while read -r purpose probe debian fedora; do
    if [[ " $* " != *" $purpose "* ]] || present "$probe"; then continue; fi
    local package=$debian
    if [ "$manager" = dnf ]; then package=$fedora; fi
    if [ "$package" != - ]; then packages+=("$package"); fi
  done < <(needs)
  if [ ${#packages[@]} -eq 0 ]; then return; fi
  printf '\n== installing what %s needs and this machine lacks: %s\n' "$*" "${packages[*]}"
  case $manager in
    apt) install_apt "${packages[@]}" ;;
    dnf) as_root dnf install -y "${packages[@]}" </dev/null ;;
    *)
      echo "tools/dev: error: neither apt-get nor dnf is here; install these by hand" >&2
      exit 1
      ;;
  esac
}
