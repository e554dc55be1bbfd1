#!/bin/sh
# Makes the bare root directory $1: the usual folders, and the user $2 with the number $3.
set -eu
mkdir -p "$1/usr/bin" "$1/usr/sbin" "$1/usr/lib" "$1/usr/lib64" "$1/etc" "$1/tmp" "$1/var/lib/dpkg/status.d"
for dir in bin sbin lib lib64; do ln -s "usr/$dir" "$1/$dir"; done
chmod 1777 "$1/tmp"
printf 'root:x:0:0::/:/sbin/nologin\n%s:x:%s:%s::/:/sbin/nologin\n' "$2" "$3" "$3" >"$1/etc/passwd"
printf 'root:x:0:\n%s:x:%s:\n' "$2" "$3" >"$1/etc/group"
echo 'hosts: files dns' >"$1/etc/nsswitch.conf"
cp /etc/os-release "$1/etc/"
