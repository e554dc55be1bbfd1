#!/bin/sh
# Copies into the root directory $1 the shared libraries that its programs and modules are linked with, then the
# licences of all packages that its files are from and their state: scanners for known faults read status.d.
set -eu
root=$1
find "$root" -type f \( -perm -u+x -o -name '*.so' -o -name '*.so.*' \) | while read -r file; do
  ldd "$file" 2>/dev/null || true
done | grep -oE '/[^ ):]+\.so[^ ):]*' | sort -u | while read -r library; do
  [ -e "$root$library" ] || { mkdir -p "$root$(dirname "$library")" && cp -L "$library" "$root$library"; }
done

(cd "$root" && find . -type f | sed 's/^\.//') | { xargs dpkg-query -S 2>/dev/null || true; } | sed 's/: .*//; s/:.*//' |
  sort -u | while read -r package; do
  dpkg-query -s "$package" >"$root/var/lib/dpkg/status.d/$package"
  mkdir -p "$root/usr/share/doc/$package"
  cp -L "/usr/share/doc/$package/copyright" "$root/usr/share/doc/$package/"
done
