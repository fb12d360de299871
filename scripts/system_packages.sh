#!/bin/sh
# Install the tests' browser, its Chinese fonts and PostgreSQL from Debian's packages where they are missing and that is allowed; else say so.
set -eu
missing=""
command -v chromium >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 || missing="$missing chromium"
{ command -v fc-list >/dev/null 2>&1 && fc-list :lang=zh | grep -q .; } || missing="$missing fontconfig fonts-noto-cjk"
command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
[ -n "$missing" ] || exit 0
root=""
if [ "$(id -u)" != 0 ]; then
    if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then root="sudo -n"; else root=no; fi
fi
if [ "$root" = no ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "missing, and may not be installed from here:$missing — the tests that need them will be skipped (in CI they fail)" >&2
    exit 0
fi
echo "installing from Debian's packages:$missing …"
$root apt-get update -qq
# shellcheck disable=SC2086  # words are wanted
DEBIAN_FRONTEND=noninteractive $root apt-get install -y -qq --no-install-recommends $missing >/dev/null
