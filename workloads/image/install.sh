#!/bin/sh
# Installs into $2 what the lock file $1 pins: wheels only, the hash of each checked. Leaves out what only serves tests,
# compilers and type checkers, and the further folders that are named. Fails on a wheel that needs a library which the
# system in /system does not have.
set -eu
lock=$1 packages=$2
shift 2
python3 -m venv /tmp/venv
/tmp/venv/bin/pip install --disable-pip-version-check --quiet --no-compile --only-binary :all: --require-hashes \
  --target "$packages" -r "$lock"
rm -rf /tmp/venv "${packages:?}/bin"
for folder; do rm -r "${packages:?}/$folder"; done
find "$packages" \( -name '*.pyi' -o -name '*.pyx' -o -name '*.pxd' -o -name '*.c' -o -name '*.h' -o -name tests -o -name test \) \
  -prune -exec rm -rf {} +

find "$packages" -name '*.so*' -type f -exec ldd {} + | sed -n 's/^\t\(.*\.so[^ ]*\) => \(\/\|not\).*/\1/p' | sort -u |
  while read -r library; do
    [ -n "$(find /system/usr/lib "$packages" -name "$library")" ] ||
      { echo "a wheel of $lock needs $library: add it to python.sh" >&2 && exit 1; }
  done
"$(dirname "$0")/compile.sh" "$packages" /usr/lib/python3/dist-packages
