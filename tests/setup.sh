# SPDX-License-Identifier: MIT
#
# setup.sh - finds and installs what a build needs; for tests/check and
# examples/demo to source, from the source folder. Talks on standard error only.
# shellcheck shell=sh

# have NAME: a tool is on the path.
have() {
    command -v "$1" >/dev/null 2>&1
}

# setup_missing [tests|bench|peers [valgrind]]: prints the Debian packages that are
# not there yet. Where there is no dpkg only tools are looked for; Meson reports the libraries.
setup_missing() {
    have cc || have gcc || echo gcc
    have meson || echo meson
    have ninja || echo ninja-build
    have pkg-config || echo pkg-config
    case ${1-} in tests | peers) have g++ || echo g++ ;; esac
    [ -z "${1-}" ] || have python3 || echo python3
    [ "${1-}" != tests ] || have strace || echo strace
    [ "${1-}" != tests ] || have ip || echo iproute2
    [ "${2-}" != valgrind ] || have valgrind || echo valgrind
    if have dpkg-query; then
        packages="libc6-dev libnng-dev libmsgpack-dev nettle-dev"
        [ "${1-}" != tests ] || packages="$packages libcmocka-dev openssl nng-utils clang libclang-rt-14-dev"
        [ "${1-}" != peers ] || packages="$packages libcaf-dev erlang-base golang-go libzmq3-dev libglib2.0-dev"
        for package in $packages; do
            dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
        done
    fi
}

# setup_packages YES [KIND [valgrind]]: makes sure that the packages are there. As root or
# with YES=yes it installs, on a terminal it asks; else it ends the script with 69.
setup_packages() {
    setup_yes=$1
    shift
    missing=$(setup_missing "$@" | tr '\n' ' ')
    missing=${missing% }
    [ -n "$missing" ] || return 0

    sudo=
    [ "$(id -u)" -eq 0 ] || sudo="sudo "
    line="${sudo}apt-get install --yes --no-install-recommends $missing"
    echo "Missing packages. To install them: $line" >&2
    if [ -n "$sudo" ] && [ "$setup_yes" != yes ]; then
        if ! [ -t 0 ] || ! [ -t 2 ]; then
            setup_give_up "not root, and nobody to ask: run the line above, or pass --yes"
        fi
        printf 'Run it now? [y/N] ' >&2
        read -r answer || answer=
        case $answer in [yY]*) ;; *) setup_give_up "not installed" ;; esac
    fi
    have apt-get || setup_give_up "there is no apt-get on this system: install the equivalents of these packages"
    [ -z "$sudo" ] || have sudo || setup_give_up "there is no sudo: run the line above as root"
    setup_install "$line" >&2 || setup_give_up "apt-get failed: see above"
    [ -z "$(setup_missing "$@")" ] || setup_give_up "still missing after the installation: $(setup_missing "$@" | tr '\n' ' ')"
}

# A machine just installed has no package lists, an old one has stale ones.
setup_install() {
    install=${1#sudo }
    # shellcheck disable=SC2086 # lists, split on purpose
    if ! apt-cache show $missing >/dev/null 2>&1; then
        setup_as_root apt-get update || return 1
    fi
    # shellcheck disable=SC2086
    setup_as_root $install || { setup_as_root apt-get update && setup_as_root $install; }
}

setup_as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        env DEBIAN_FRONTEND=noninteractive "$@" </dev/null
    else
        sudo env DEBIAN_FRONTEND=noninteractive "$@"
    fi
}

setup_give_up() {
    echo "$(basename "$0"): $1" >&2
    echo "$line" >&2
    exit 69
}

# setup_configure FOLDER [MESON OPTION...]: a build folder with these options,
# whatever it was before. Both of setup_configure and setup_build show the log
# when they fail, and it stays at FOLDER.log.
setup_configure() {
    folder=$1
    shift
    if [ ! -f "$folder/build.ninja" ]; then
        meson setup "$folder" "$@"
    else
        # The second way is for a folder of another Meson version.
        meson setup --reconfigure "$folder" "$@" || meson setup --wipe "$folder" "$@"
    fi >"$folder.log" 2>&1 || { cat "$folder.log" >&2; return 1; }
}

setup_build() {
    ninja -C "$1" >"$1.log" 2>&1 || { cat "$1.log" >&2; return 1; }
}
