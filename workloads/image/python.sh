#!/bin/sh
# Lays out in $1 the interpreter, its standard library less what no service uses, and what both need of the system.
set -eu
root=$1 here=$(dirname "$0")
python=$(readlink -f "$(command -v python3)")
stdlib=/usr/lib/$(basename "$python")

"$here/layout.sh" "$root" edge 65532
cp "$python" "$root/usr/bin/"
ln -s "$(basename "$python")" "$root/usr/bin/python3"
cp -a "$stdlib" "$root/usr/lib/"
(
  cd "$root$stdlib"
  rm -rf EXTERNALLY-MANAGED config-3* ensurepip idlelib pydoc_data sitecustomize.py test tkinter turtle.py \
    turtledemo venv
  cd lib-dynload
  rm -rf _ctypes_test* _curses* _dbm* _gdbm* _test* _tkinter* _xx* readline* xx*
)
# libgcc_s is opened by the C library itself, when a thread ends; wheels are linked with the others.
for library in libgcc_s.so.1 libstdc++.so.6 librt.so.1 libpthread.so.0 libdl.so.2; do
  cp -L --parents "$(ldconfig -p | grep -F "$library " | sed -n "s/.*=> //p" | head -1)" "$root/"
done
mkdir -p "$root/etc/ssl/certs"
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
"$here/libraries.sh" "$root"
"$here/compile.sh" "$root$stdlib" "$stdlib"
